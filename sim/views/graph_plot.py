"""The call graph coloured by health at chosen times."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.measures import avalanche
from sim.measures.graph import touched
from sim.measures.selection import fault_span
from sim.views import palette
from sim.views.canvas import new_figure
from sim.views.layout import layers, positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST_NAMED = 30
"""Endpoints that are drawn, of more the most telling."""


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
        if site.endpoint in place and site.callee in place:
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


def _shown(run: Any, found: list[avalanche.Verdict]) -> list[avalanche.Verdict]:
    """Every endpoint; of too many those that the fault touches, then those that fail, are low in the fault or stand
    next to what it touches, those of more failed calls first; then the busiest."""
    if len(found) <= MOST_NAMED:
        return found
    hit, last = touched(run.topology), run.record.arrivals_end_ns
    beside = {s.endpoint for s in run.topology.sites if s.callee in hit}
    start, stop = fault_span(run.record) or (run.topology.warmup_ns, last)

    def rank(v: avalanche.Verdict) -> tuple[bool, bool, int, bool, int, int]:
        good, calls = v.calls(run.record, start, min(stop, last))
        low = v.state(run.record, start, stop) == avalanche.LOW
        lost = calls - good if v.spells or low else 0
        return v.endpoint not in hit, not v.spells, -lost, v.endpoint not in beside, -calls, v.endpoint

    return sorted(sorted(found, key=rank)[:MOST_NAMED], key=lambda v: v.endpoint)


def _counts(run: Any, found: list[avalanche.Verdict], start: int, stop: int) -> str:
    """How many stand how, all of them."""
    states = Counter(v.state(run.record, start, stop) for v in found)
    return ", ".join(f"{states[state]:,} {state}" for state in STATES if states[state])


def health(run: Any) -> "Figure":
    """Small multiples: the verdicts of `avalanche` at chosen times; the fault is a ring."""
    moments = _moments(run)
    columns = min(2, len(moments))
    rows = -(-len(moments) // columns)
    found = avalanche.verdicts(run.record, run.topology, run.scenario.healthy_share, run.twin)
    shown = _shown(run, found)
    edges = [(s.endpoint, s.callee) for s in run.topology.sites if s.endpoint >= 0 and s.endpoint != s.callee]
    depth = layers([e.id for e in run.topology.endpoints], edges)
    place = positions([v.endpoint for v in shown], edges, depth)
    tall = max(2.6, 0.45 * max(Counter(x for x, _ in place.values()).values()))
    few = len(shown) < len(found)
    note = f" ({len(shown)} of {len(found):,}: the fault, what fails, what it stands beside)" if few else ""
    title = f"{run.title}: success share of calls into each endpoint{note}"
    figure = new_figure(5.5 * columns, 0.9 + (tall + 0.2 * few) * rows, title)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (title, a, b) in zip(grid, moments, strict=False):
        _graph(ax, run, a, b, place, shown)
        all_of_them = f"\nall {len(found):,}: {_counts(run, found, a, b)}" if few else ""
        ax.set_title(f"{title} ({a / 1e9:g} to {b / 1e9:g} s){all_of_them}")
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
