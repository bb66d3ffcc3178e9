"""The spread of the avalanche: who failed when, and how far from the fault."""

import math
from typing import TYPE_CHECKING, Any

from sim.measures import avalanche
from sim.measures.selection import fault_span
from sim.views import palette
from sim.views.canvas import new_figure
from sim.views.shortened import first_by
from sim.views.tables import lag

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMED = 30
"""Points have names for so many endpoints, those with the most failed calls."""
MOST_TOGETHER = 6
"""Names at one place."""
COLUMN = 2.3
"""Inches that a column and its names take."""
LEADER = {"arrowstyle": "-", "color": "#888888", "linewidth": 0.6, "relpos": (0, 0.5), "shrinkA": 1}
"""From a point to its names."""
LINE = 0.14
"""Inches of a line of names."""

Place = tuple[int, float]
"""(column, seconds)"""


def spread(run: Any) -> "Figure":
    """First failing time after the fault's start, by distance from the fault; dependants with excess loss."""
    asked = (run.record, run.topology, run.scenario.healthy_share, run.twin)
    found = avalanche.failing(*asked)
    named, others = _worst(run, found)
    hops = [e.distance for e in found if e.distance is not None]
    apart = max(hops, default=0) + 1
    labels = _labels(run, named, apart)
    columns = apart + (len(hops) < len(found)) - min(hops, default=0)
    longest = max((sum(map(len, column.values())) for column in labels.values()), default=0)
    size = max(8.0, COLUMN * (columns + 0.7)), max(4.4, 2.0 + LINE * longest)
    figure = new_figure(*size, f"{run.title}: spread of the failure{_note(run, len(named), len(others))}")
    ax = figure.subplots()
    for marker, colour, label, dependant in (
        ("o", "#0072B2", "dependants (excess loss)", True),
        ("X", palette.FAILING, "bystanders: the avalanche", False),
    ):
        chosen = [e for e in found if e.dependant == dependant]
        _points(ax, run, chosen, apart, marker=marker, color=colour, label=label)
    if not found:
        ax.annotate("nothing failed", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=12)
    ax.axhline(0, color=palette.FAULT, linestyle="--", linewidth=0.8, label="the fault begins")
    ax.set_xlabel("distance from the fault [hops; negative: downstream]")
    ax.set_ylabel("first failing after [s]")
    _limits(ax, run, found, hops, apart)
    _write(ax, labels, (size[1] - 1.6) / LINE)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _note(run: Any, named: int, others: int) -> str:
    parts = []
    if others:
        parts.append(f"{named} of {named + others:,} named: those with the most failed calls")
    doubtful = avalanche.doubtful(run.record, run.topology, run.scenario.healthy_share, run.twin)
    if doubtful:
        parts.append(f"{len(doubtful):,} more low, too briefly or with too few calls to be called failing")
    return f" ({'; '.join(parts)})" if parts else ""


def _worst(
    run: Any, found: list[avalanche.Verdict]
) -> tuple[list[avalanche.Verdict], list[avalanche.Verdict]]:
    """(those that are told by name, the others), by failed calls."""

    def gained(e: avalanche.Verdict) -> int:
        good, calls = e.calls(run.record, e.since_ns, run.record.arrivals_end_ns)
        return good - calls

    return first_by(found, gained, MOST_NAMED)


def _place(run: Any, e: avalanche.Verdict, apart: int) -> Place:
    """A time is known to the bucket: the point stands in its middle. Without a path to the fault, at `apart`."""
    span, width = fault_span(run.record), run.record.bucket_ns
    after = e.since_ns - (span[0] if span else 0) + width / 2
    return (apart if e.distance is None else e.distance, after / 1e9)


def _points(ax: Any, run: Any, chosen: list[avalanche.Verdict], apart: int, **look: Any) -> None:
    """Endpoints as points; a bar spans the bucket."""
    width = run.record.bucket_ns / 1e9
    places = sorted({_place(run, e, apart) for e in chosen})
    xs, ys = [x for x, _ in places], [y for _, y in places]
    ax.scatter(xs, ys, s=60, **look)
    ax.vlines(
        xs, [y - width / 2 for y in ys], [y + width / 2 for y in ys], color=look["color"], linewidth=1.5
    )


def _labels(run: Any, named: list[avalanche.Verdict], apart: int) -> dict[int, dict[Place, list[str]]]:
    """By column and place: the names of those that failed there, and when."""
    span, width = fault_span(run.record), run.record.bucket_ns / 1e9
    columns: dict[int, dict[Place, list[str]]] = {}
    for e in named:
        name, at = run.topology.endpoints[e.endpoint].name, _place(run, e, apart)
        loss = run.measure(f"excess_loss({name})") if e.dependant else math.nan
        more = "" if math.isnan(loss) else f", excess {loss:+,.0f}"
        after = (e.since_ns - (span[0] if span else 0)) / 1e9
        columns.setdefault(at[0], {}).setdefault(at, []).append(f"{name}: {lag(after, width)}{more}")
    return {hops: {at: _few(names) for at, names in column.items()} for hops, column in columns.items()}


def _few(names: list[str]) -> list[str]:
    more = len(names) - MOST_TOGETHER
    return [*names[:MOST_TOGETHER], f"and {more} more"] if more > 1 else names


def _write(ax: Any, labels: dict[int, dict[Place, list[str]]], lines: float) -> None:
    """Names beside their points, moved up where they would stand on each other. The axis is so many lines high."""
    low, high = ax.get_ylim()
    line = (high - low) / lines
    left, right = ax.get_xlim()
    for places in labels.values():
        free = low
        for at, names in sorted(places.items()):
            bottom = max(free, at[1] - line * len(names) / 2)
            free = bottom + line * len(names)
            ax.annotate(
                "\n".join(names), at, xytext=(at[0] + 0.012 * (right - left), (bottom + free) / 2),
                fontsize=7, va="center", arrowprops=LEADER,
            )  # fmt: skip


def _limits(ax: Any, run: Any, found: list[avalanche.Verdict], hops: list[int], apart: int) -> None:
    """Room for the names at the right; all at once is a second at least, not an axis of its own rounding."""
    span, width = fault_span(run.record), run.record.bucket_ns
    latest = max((e.since_ns + width for e in found), default=0) - (span[0] if span else 0)
    ax.set_ylim(-0.12 * max(1.0, latest / 1e9), 1.15 * max(1.0, latest / 1e9))
    ticks = list(range(min(hops, default=0), max(hops, default=0) + 1))
    labels = [str(tick) for tick in ticks]
    if len(hops) < len(found):
        ticks, labels = [*ticks, apart], [*labels, "no path"]
    ax.set_xticks(ticks, labels)
    columns = ticks[-1] - ticks[0] + 1
    ax.set_xlim(ticks[0] - 0.1 * columns, ticks[-1] + min(1.1, 0.45 * columns))
