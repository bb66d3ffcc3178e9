"""A validation as text: the table for a terminal, the page for a reader, the data for a program."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sim.validation.acceptance import About, Covers, Equal, Rule
from sim.validation.run import Finding, Outcome
from sim.validation.target import Target
from sim.views.tables import aligned

HEAD = ["check", "observable", "expected", "simulated", "resolution", "verdict"]


def by_target(outcomes: Iterable[Outcome]) -> list[tuple[Target, list[Outcome]]]:
    """Outcomes of each target."""
    return [(target, list(group)) for target, group in groupby(outcomes, key=lambda o: o.target)]


def counts(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """(checks passed, checks failed)."""
    passed = sum(o.passed for o in outcomes)
    return passed, len(outcomes) - passed


def closing(outcomes: Sequence[Outcome]) -> str:
    """The last line."""
    passed, failed = counts(outcomes)
    return f"{passed} passed, {failed} failed"


def number(x: float) -> str:
    """Five digits: what is compared agrees in three or four of them."""
    return "-" if math.isnan(x) else f"{x:.5g}"


def simulated(f: Finding) -> str:
    """Mean and interval; the interval with two digits, the mean to the same place."""
    mean, half = f.found.mean, f.found.half
    if math.isnan(mean) or math.isnan(half) or half == 0.0:
        return number(mean)
    places = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{places}f} ±{half:.{places}f}"


def resolution(f: Finding) -> str:
    """The half width as a share of the expected value, and how wide it may be."""
    if isinstance(f.expected.rule, Equal) or math.isnan(f.found.resolution):
        return "-"
    return f"{100 * f.found.resolution:.2f}% of {100 * most(f.expected.rule):.3g}%"


def most(rule: Rule) -> float:
    """The widest interval that a rule accepts, as a share of the expected value."""
    if isinstance(rule, Equal):
        return 0.0
    return rule.tolerance if isinstance(rule, About | Covers) else rule.cap


def rows(outcomes: Iterable[Outcome]) -> list[list[str]]:
    """A row per observable; the check's name beside its first one."""
    out = []
    for o in outcomes:
        for i, f in enumerate(o.findings):
            expected = number(f.value) + (f" ({f.expected.published})" if f.expected.published else "")
            again = " (second round)" if o.first is not None else ""
            out.append(
                [o.check.name if i == 0 else "", f.expected.observable, expected, simulated(f), resolution(f),
                 f.found.verdict + again]
            )  # fmt: skip
    return out


def table_text(outcomes: Sequence[Outcome]) -> str:
    """Every target with its source, its checks, and the closing line."""
    lines: list[str] = []
    body = [HEAD, *rows(outcomes)]
    cells = iter(aligned(body, left=2))
    head = next(cells)
    for target, group in by_target(outcomes):
        lines += [f"{target.name}: {target.about}", f"  source: {target.source}", f"  {head}"]
        lines += [f"  {next(cells)}" for o in group for _ in o.findings]
        lines.append("")
    return "\n".join([*lines, closing(outcomes)])


def validation_data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything, for programs."""
    targets = [
        {
            "target": target.name, "about": target.about, "source": target.source, "remarks": target.remarks,
            "checks": [_check(o) for o in group],
        }
        for target, group in by_target(outcomes)
    ]  # fmt: skip
    passed, failed = counts(outcomes)
    return {"targets": targets, "passed": passed, "failed": failed}


def _check(o: Outcome) -> dict[str, Any]:
    effort = o.effort
    out = {
        "check": o.check.name, "passed": o.passed, "scenario": o.check.scenario or None, "variant": o.check.variant,
        "set": [*o.check.settings, *effort.settings], "engine": o.engine or None, "seeds": list(o.seeds),
        "observables": [_finding(f) for f in o.findings],
    }  # fmt: skip
    if o.first is not None:
        out["first_round"] = _check(o.first)
    return out


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "observable": f.expected.observable, "x": f.x, "expected": f.value, "published": f.expected.published or None,
        "simulated": f.found.mean, "half_width": f.found.half, "resolution": f.found.resolution,
        "at_most": most(f.expected.rule), "rule": type(f.expected.rule).__name__.lower(),
        "verdict": f.found.verdict,
    }  # fmt: skip
