"""The files of a validation: a page with a figure per target, the same as data, and where it comes from."""

from collections.abc import Sequence
from typing import Any

from sim.store.run import to_json
from sim.validation.run import Outcome
from sim.views.validation_plots import figure_png
from sim.views.validation_text import (
    HEAD,
    LeftOut,
    by_target,
    claims,
    closing,
    counts,
    not_run,
    rows,
    table_text,
    validation_data,
)

PAGE = "README.md"
_PAGE = """\
# Validation

**{{ closing }}**{% if manifest.interrupted %} (interrupted: what is missing below was not run){% endif %}, \
{{ manifest.date }}, cascadelab {{ manifest.version }}, {{ manifest.engines | join(" and ") }} engine, \
Python {{ manifest.python }}, {{ manifest.wall_s | round | int }} s. Again: `{{ manifest.command }}`.

A value passes if the exact one lies within the interval of the replications (four standard errors; Student's t for
so few replications), and if that interval is no wider than the resolution that is demanded: a noisy run fails as
"not resolved". What fails is run once more with fresh seeds and four times the replications before it counts.
Observables of the same runs are one check. The interval stands behind ±; `resolution` is its half width as a share
of the expected value, beside the most that is allowed. Scenarios, settings and seeds of every check are in
[validation.json](validation.json).

| target | checks | failed | source |
|---|---|---|---|
{% for t in targets -%}
| [{{ t.name }}](#{{ t.name }}) | {{ t.passed + t.failed }} | {{ t.failed }} | {{ t.source }} |
{% endfor %}
{%- for line in not_run %}
* Not run: {{ line }}.
{%- endfor %}
{%- if claims %}

## Where a published claim is wrong

| source | claim | simulated here |
|---|---|---|
{% for row in claims -%}
| {{ row | join(" | ") }} |
{% endfor %}
{%- endif %}
{% for t in targets %}
## {{ t.name }}

{{ t.about }}
Source: {{ t.source }}.
{% for remark in t.remarks %}
* {{ remark }}
{%- endfor %}

![{{ t.name }}: simulated values with their intervals on the theoretical curves](figures/{{ t.name }}.png)

| {{ head | join(" | ") }} |
|{{ "---|" * (head | length) }}
{% for row in t.rows -%}
| {{ row | join(" | ") }} |
{% endfor %}
{%- endfor %}
"""


def validation_files(
    outcomes: Sequence[Outcome], manifest: dict[str, Any], left_out: Sequence[LeftOut] = ()
) -> dict[str, str | bytes]:
    """The files of its folder by name."""
    files: dict[str, str | bytes] = {
        PAGE: _page(outcomes, manifest, left_out),
        "validation.txt": table_text(outcomes, left_out) + "\n",
        "validation.json": to_json(validation_data(outcomes, left_out)),
        "manifest.json": to_json(manifest),
    }
    for target, group in by_target(outcomes):
        files[f"figures/{target.name}.png"] = figure_png(target, group)
    return files


def _page(outcomes: Sequence[Outcome], manifest: dict[str, Any], left_out: Sequence[LeftOut]) -> str:
    from jinja2 import Template

    targets = []
    for target, group in by_target(outcomes):
        passed, failed = counts(group)
        cells = [[cell.replace("|", "\\|") for cell in row] for row in rows(group)]
        targets.append(
            {"name": target.name, "about": target.about, "source": target.source, "remarks": target.remarks,
             "rows": cells, "passed": passed, "failed": failed}
        )  # fmt: skip
    page: str = Template(_PAGE, keep_trailing_newline=True).render(
        closing=closing(outcomes, left_out),
        manifest=manifest,
        targets=targets,
        head=HEAD,
        claims=claims(outcomes),
        not_run=not_run(left_out),
    )
    return page
