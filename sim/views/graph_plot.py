"""The call graph coloured by health at chosen times, and the spread of the avalanche."""

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.measures import avalanche
from sim.measures.graph import touched
from sim.measures.selection import fault_span
from sim.views import palette
from sim.views.canvas import new_figure
from sim.views.layout import positions
from sim.views.tables import lag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST_NAMED = 30


def _moments(run: Any) -> list[tuple[str, int, int]]:
    """(title, start, end in ns): before, early and late in the fault, the end of the run."""
    last = run.record.arrivals_end_ns
    span = fault_span(run.record)
    if span is None:
        return [("whole run", run.topology.warmup_ns, last)]
    width = run.record.bucket_ns
    start, end = span[0], min(last, max(span[1], span[0] + width))
    third = max(width, (end - start) // 3 // width * width)
    found = [
        ("before the fault", run.topology.warmup_ns, start),
        ("early in the fault", start, min(end, start + third)),
        ("late in the fault", max(start, end - third), end),
        ("the end of the run", max(end, last - third), last),
    ]
    return [(title, a, b) for title, a, b in found if b > a]


STATES = {
    avalanche.HEALTHY: ("o", palette.HEALTHY, "healthy"),
    avalanche.LOW: ("^", palette.LOW, "low, too briefly or\nwith too few calls\nto be called failing"),
    avalanche.FAILING: ("s", palette.FAILING, "failing"),
    avalanche.NO_CALLS: ("o", palette.NO_DATA, "no calls"),
}
"""Marker, colour and words, so that it can be read without colour too."""


def _graph(ax: "Axes", run: Any, start: int, stop: int, place: Any, found: list[avalanche.Verdict]) -> None:
    hit = touched(run.topology)
    for site in run.topology.sites:
        if site.endpoint >= 0:
            (x0, y0), (x1, y1) = place[site.endpoint], place[site.callee]
            style = "--" if site.optional or not site.wait or site.has_fallback else "-"
            ax.plot([x0, x1], [y0, y1], color="#AAAAAA", linewidth=0.8, linestyle=style, zorder=1)
    for v in found:
        x, y = place[v.endpoint]
        marker, colour, _ = STATES[v.state(run.record, start, stop)]
        ax.scatter([x], [y], s=90, marker=marker, color=colour, edgecolor="#444444", linewidth=0.8, zorder=2)
        if v.endpoint in hit:
            ax.scatter(
                [x], [y], s=230, marker="o", facecolor="none", edgecolor=palette.FAULT_EDGE, linewidth=2
            )
        if len(found) <= MOST_NAMED:
            good, calls = v.calls(run.record, start, stop)
            share = f" {100 * good / calls:.0f}%" if calls else ""
            name = run.topology.endpoints[v.endpoint].name.removesuffix(".main")
            text = ax.annotate(
                f"{name}{share}", (x, y), xytext=(0, 10), textcoords="offset points", fontsize=7, ha="center"
            )
            text.set_path_effects(palette.rim())  # lines cross it
    ax.set_xlim(-0.18, 1.18)
    heights = [y for _, y in place.values()]
    ax.set_ylim(min(heights) - 0.08, max(heights) + 0.12)
    ax.set_axis_off()


def health(run: Any) -> "Figure":
    """Small multiples: the verdicts of `avalanche` at chosen times; the fault is a ring."""
    moments = _moments(run)
    columns = min(2, len(moments))
    rows = -(-len(moments) // columns)
    nodes = [e.id for e in run.topology.endpoints]
    edges = [(s.endpoint, s.callee) for s in run.topology.sites if s.endpoint >= 0 and s.endpoint != s.callee]
    place = positions(nodes, edges)
    tall = max(2.6, 0.45 * max(Counter(x for x, _ in place.values()).values()))
    title = f"{run.title}: success share of calls into each endpoint"
    figure = new_figure(5.5 * columns, 0.9 + tall * rows, title)
    found = avalanche.verdicts(run.record, run.topology, run.scenario.healthy_share, run.twin)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (title, a, b) in zip(grid, moments, strict=False):
        _graph(ax, run, a, b, place, found)
        ax.set_title(f"{title} ({a / 1e9:g} to {b / 1e9:g} s)")
    for ax in grid[len(moments) :]:
        ax.set_axis_off()
    figure.legend(handles=_handles(run), loc="outside lower center", ncols=6)
    return figure


def _handles(run: Any) -> "list[Line2D]":
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=marker, linestyle="", color=colour, markeredgecolor="#444444", label=words)
        for marker, colour, words in STATES.values()
    ]
    if touched(run.topology):
        ring = Line2D([], [], marker="o", markersize=10, linestyle="", label="the fault strikes here")
        ring.set(markerfacecolor="none", markeredgecolor=palette.FAULT_EDGE, markeredgewidth=2)
        handles.append(ring)
    handles.append(Line2D([], [], color="#AAAAAA", linestyle="--", label="optional call"))
    return handles


def spread(run: Any) -> "Figure":
    """First failing time after the fault's start, by distance from the fault; dependants with excess loss."""
    asked = (run.record, run.topology, run.scenario.healthy_share, run.twin)
    found = avalanche.failing(*asked)
    doubtful = len(avalanche.doubtful(*asked))
    note = (
        f" ({doubtful} more low, too briefly or with too few calls to be called failing)" if doubtful else ""
    )
    figure = new_figure(8, 4.4, f"{run.title}: spread of the failure{note}")
    ax = figure.subplots()
    hops = [e.distance for e in found if e.distance is not None]
    apart = max(hops, default=0) + 1
    for marker, colour, label, dependant in (
        ("o", "#0072B2", "dependants (excess loss)", True),
        ("X", palette.FAILING, "bystanders: the avalanche", False),
    ):
        chosen = [e for e in found if e.dependant == dependant]
        _failed(ax, run, chosen, apart, marker=marker, color=colour, label=label)
    if not found:
        ax.annotate("nothing failed", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=12)
    ax.axhline(0, color=palette.FAULT, linestyle="--", linewidth=0.8, label="the fault begins")
    ax.set_xlabel("distance from the fault [hops; negative: downstream]")
    ax.set_ylabel("first failing after [s]")
    _limits(ax, run, found, hops, apart)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


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
    ax.set_xlim(ticks[0] - 0.1 * columns, ticks[-1] + 0.45 * columns)


def _failed(ax: Any, run: Any, chosen: list[avalanche.Verdict], apart: int, **look: Any) -> None:
    """Endpoints as points, with one label for those at one place; without a path to the fault at `apart`.

    A time is known to the bucket: the point stands in its middle, a bar spans it.
    """
    span, width = fault_span(run.record), run.record.bucket_ns / 1e9
    places: dict[tuple[int, float], list[str]] = {}
    for e in chosen:
        name = run.topology.endpoints[e.endpoint].name
        loss = run.measure(f"excess_loss({name})") if e.dependant else math.nan
        after = (e.since_ns - (span[0] if span else 0)) / 1e9
        more = "" if math.isnan(loss) else f", excess {loss:+,.0f}"
        at = (apart if e.distance is None else e.distance, after + width / 2)
        places.setdefault(at, []).append(f"{name}: {lag(after, width)}{more}")
    xs, ys = [x for x, _ in places], [y for _, y in places]
    ax.scatter(xs, ys, s=60, **look)
    ax.vlines(
        xs, [y - width / 2 for y in ys], [y + width / 2 for y in ys], color=look["color"], linewidth=1.5
    )
    for at, names in places.items():
        ax.annotate("\n".join(names), at, xytext=(7, 0), textcoords="offset points", fontsize=7, va="center")
