"""The call graph coloured by health at chosen times, and the spread of the avalanche."""

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.measures import avalanche
from sim.measures.graph import touched
from sim.measures.selection import fault_span
from sim.views import palette, series
from sim.views.canvas import new_figure
from sim.views.layout import positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST_NAMED = 30


def _moments(run: Any) -> list[tuple[str, int, int]]:
    """(title, first bucket, end bucket): before, early and late in the fault, after it."""
    width, n = run.record.bucket_ns, run.record.counts.shape[2]
    span = fault_span(run.record)
    if span is None:
        return [("whole run", 0, n)]
    start, end = span[0] // width, min(n, max(span[0] // width + 1, -(-span[1] // width)))
    third = max(1, (end - start) // 3)
    found = [
        ("before the fault", run.topology.warmup_ns // width, start),
        ("early in the fault", start, min(end, start + third)),
        ("late in the fault", max(start, end - third), end),
        ("after the fault", end, n),
    ]
    return [(title, a, b) for title, a, b in found if b > a]


HEALTH = {
    "healthy": ("o", palette.HEALTHY),
    "hurt": ("^", palette.HURT),
    "below half": ("s", palette.FAILING),
    "no calls": ("o", palette.NO_DATA),
}
"""Marker and colour, so that it can be read without colour too."""


def _state(health: float, usual: float, healthy_share: float) -> str:
    if math.isnan(health):
        return "no calls"
    if math.isnan(usual) or health >= healthy_share * usual:
        return "healthy"
    return "hurt" if health >= 0.5 * usual else "below half"


def _graph(ax: "Axes", run: Any, start: int, stop: int, place: Any, usual: dict[int, float]) -> None:
    health = series.endpoint_health(run, start, stop)
    hit = touched(run.topology)
    for site in run.topology.sites:
        if site.endpoint >= 0:
            (x0, y0), (x1, y1) = place[site.endpoint], place[site.callee]
            style = "--" if site.optional or not site.wait or site.has_fallback else "-"
            ax.plot([x0, x1], [y0, y1], color="#AAAAAA", linewidth=0.8, linestyle=style, zorder=1)
    for endpoint in run.topology.endpoints:
        x, y = place[endpoint.id]
        state = _state(health[endpoint.id], usual[endpoint.id], run.scenario.healthy_share)
        marker, colour = HEALTH[state]
        ax.scatter([x], [y], s=90, marker=marker, color=colour, edgecolor="#444444", linewidth=0.8, zorder=2)
        if endpoint.id in hit:
            ax.scatter(
                [x], [y], s=230, marker="o", facecolor="none", edgecolor=palette.FAULT_EDGE, linewidth=2
            )
        if len(run.topology.endpoints) <= MOST_NAMED:
            share = "" if math.isnan(health[endpoint.id]) else f" {100 * health[endpoint.id]:.0f}%"
            name = endpoint.name.removesuffix(".main")
            ax.annotate(
                f"{name}{share}", (x, y), xytext=(0, 10), textcoords="offset points", fontsize=7, ha="center"
            )
    ax.set_xlim(-0.18, 1.18)
    heights = [y for _, y in place.values()]
    ax.set_ylim(min(heights) - 0.08, max(heights) + 0.12)
    ax.set_axis_off()


def health(run: Any) -> "Figure":
    """Small multiples: green healthy, yellow hurt, red below half of its baseline, white without calls; the fault is a ring."""
    moments = _moments(run)
    columns = min(2, len(moments))
    rows = -(-len(moments) // columns)
    nodes = [e.id for e in run.topology.endpoints]
    edges = [(s.endpoint, s.callee) for s in run.topology.sites if s.endpoint >= 0 and s.endpoint != s.callee]
    place = positions(nodes, edges)
    tall = max(2.6, 0.45 * max(Counter(x for x, _ in place.values()).values()))
    title = f"{run.title}: success share of calls into each endpoint"
    figure = new_figure(5.5 * columns, 0.9 + tall * rows, title)
    first = moments[0]
    usual = series.endpoint_health(run, first[1], first[2])
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    width = series.width_s(run)
    for ax, (title, a, b) in zip(grid, moments, strict=False):
        _graph(ax, run, a, b, place, usual)
        ax.set_title(f"{title} ({a * width:g} to {b * width:g} s)")
    for ax in grid[len(moments) :]:
        ax.set_axis_off()
    figure.legend(handles=_handles(run), loc="outside lower center", ncols=6)
    return figure


def _handles(run: Any) -> "list[Line2D]":
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=marker, linestyle="", color=colour, markeredgecolor="#444444", label=name)
        for name, (marker, colour) in HEALTH.items()
    ]
    if touched(run.topology):
        ring = Line2D([], [], marker="o", markersize=10, linestyle="", label="the fault strikes here")
        ring.set(markerfacecolor="none", markeredgecolor=palette.FAULT_EDGE, markeredgewidth=2)
        handles.append(ring)
    handles.append(Line2D([], [], color="#AAAAAA", linestyle="--", label="optional call"))
    return handles


def spread(run: Any) -> "Figure":
    """First failing time after the fault's start, by distance from the fault; dependants with excess loss."""
    found = avalanche.failing(run.record, run.topology, run.scenario.healthy_share, run.twin)
    figure = new_figure(8, 4, f"{run.title}: spread of the failure")
    ax = figure.subplots()
    hops = [e.distance for e in found if e.distance is not None]
    apart = max(hops, default=0) + 1
    for marker, colour, label, dependant in (
        ("o", "#0072B2", "dependants\n(excess loss)", True),
        ("X", palette.FAILING, "bystanders:\nthe avalanche", False),
    ):
        chosen = [e for e in found if e.dependant == dependant]
        _failed(ax, run, chosen, apart, marker=marker, color=colour, label=label)
    if not found:
        ax.annotate("nothing failed", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=12)
    ax.axhline(0, color=palette.FAULT, linestyle="--", linewidth=0.8)
    ax.annotate(
        "fault begins",
        (1, 0),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="top",
        fontsize=8,
        color=palette.FAULT,
    )
    ax.set_xlabel("distance from the fault [hops; negative: downstream]")
    ax.set_ylabel("first failing after [s]")
    ax.margins(x=0.2, y=0.2)
    # All at once is the bottom of a second at least, not an axis of its own rounding.
    latest = max((e.since_ns for e in found), default=0) - (
        span[0] if (span := fault_span(run.record)) else 0
    )
    ax.set_ylim(-0.12 * max(1.0, latest / 1e9), 1.25 * max(1.0, latest / 1e9))
    ticks = list(range(min(hops, default=0), max(hops, default=0) + 1))
    if len(hops) < len(found):
        ax.set_xticks([*ticks, apart], [*map(str, ticks), "no path"])
    else:
        ax.set_xticks(ticks)
    ax.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0))
    return figure


def _failed(ax: Any, run: Any, chosen: list[avalanche.Endangered], apart: int, **look: Any) -> None:
    """Endpoints as points, with one label for those at one place; without a path to the fault at `apart`."""
    span = fault_span(run.record)
    places: dict[tuple[int, float], list[str]] = {}
    for e in chosen:
        name = run.topology.endpoints[e.endpoint].name
        loss = run.measure(f"excess_loss({name})") if e.dependant else math.nan
        at = (apart if e.distance is None else e.distance, (e.since_ns - (span[0] if span else 0)) / 1e9)
        places.setdefault(at, []).append(name if math.isnan(loss) else f"{name} ({loss:+,.0f})")
    ax.scatter([x for x, _ in places], [y for _, y in places], s=60, **look)
    for at, names in places.items():
        ax.annotate("\n".join(names), at, xytext=(6, 4), textcoords="offset points", fontsize=7)
