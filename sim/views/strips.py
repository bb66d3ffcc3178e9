"""Breaker states over time: a strip per copy, or shares of many copies."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.topology.names import caller_names, target_name
from sim.views import palette, series
from sim.views.marks import legend
from sim.words import STATES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_STRIPS = 40


def strips(axes: "Axes", run: Any) -> None:
    """One strip per breaker copy; of too many the share of them in each state."""
    spans = series.state_spans(run)
    if len(spans) > MOST_STRIPS:
        _shares(axes, run, spans)
    else:
        _bars(axes, run, spans)
    from matplotlib.patches import Patch

    seen = {state for parts in spans.values() for *_, state in parts}
    names = [STATES[s] for s in series.STATES if s in seen or s in series.USUAL_STATES]
    legend(axes, handles=[Patch(color=palette.STATE[n], label=n.replace("_", "-")) for n in names])


def _bars(axes: "Axes", run: Any, spans: Any) -> None:
    callers, labels = caller_names(run.topology), []
    for row, (who, parts) in enumerate(spans.items()):
        for state in series.STATES:
            bars = [(a, b - a) for a, b, s in parts if s == state and b > a]
            axes.broken_barh(bars, (row - 0.4, 0.8), color=palette.STATE[STATES[state]], linewidth=0)
        scope, caller, target = who
        place = target_name(run.topology, scope, target)
        name = callers[caller] if caller >= 0 else "shared"
        labels.append(f"{run.topology.scopes[scope].name} @{name}" + (f" to {place}" if place else ""))
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    axes.grid(visible=False)
    if not labels:
        axes.annotate("no breaker", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center")


def _shares(axes: "Axes", run: Any, spans: Any) -> None:
    times = np.linspace(0, run.record.arrivals_end_ns / 1e9, 400)
    shares = np.zeros((len(series.STATES), len(times)))
    for parts in spans.values():
        for a, b, s in parts:
            shares[series.STATES.index(s)] += (times >= a) & (times < b)
    colours = [palette.STATE[STATES[s]] for s in series.STATES]
    axes.stackplot(times, shares / len(spans), colors=colours, linewidth=0)
    axes.set_ylabel(f"share of {len(spans)} copies")
    axes.set_ylim(0, 1)
