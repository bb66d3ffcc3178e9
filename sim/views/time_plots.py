"""Figures over time. Faults and their ends are marked in every one; the warm-up is hatched."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.views import palette, series
from sim.views.canvas import new_figure
from sim.views.marks import legend, mark
from sim.views.shortened import first_by
from sim.views.strips import MOST_STRIPS, strips
from sim.words import OUTCOMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.topology.types import Edge

MOST_PANELS = 8
TITLE_ROOM = 18
"""Points between the first panel and its title, where the names of the faults stand."""


def _figure(heights: Sequence[float], title: str, width: float = 9.0) -> "tuple[Figure, list[Axes]]":
    figure = new_figure(width, 0.8 + sum(heights), title)
    grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=list(heights))
    axes: list[Axes] = grid[:, 0].tolist()
    axes[-1].set_xlabel("time [s]")
    return figure, axes


def _title(axes: "Axes", text: str, run: Any, *, first: bool) -> None:
    named = first and (run.record.faults or run.topology.warmup_ns)
    axes.set_title(text, pad=TITLE_ROOM if named else 6)


def _stack(axes: "Axes", run: Any, target: str = "", ledger: int = 0) -> None:
    table = series.outcomes_per_s(run, target, ledger)
    present = [i for i in range(len(OUTCOMES)) if table[:, i].any()] or [0]
    times = np.append(series.times_s(run), run.record.arrivals_end_ns / 1e9)
    stacked = np.vstack([table[:, present], table[-1:, present]]).T
    names = [OUTCOMES[i] for i in present]
    labels = ["S" if n == "ok" else f"F {n}" for n in names]
    axes.stackplot(
        times, stacked, labels=labels, colors=[palette.OUTCOME[n] for n in names], step="post", linewidth=0
    )
    axes.set_ylabel("calls/s" if target else "requests/s")
    axes.set_ylim(0)
    legend(axes)


def _latency_lines(axes: "Axes", run: Any, target: str) -> None:
    names = tuple(palette.QUANTILE)
    qs = tuple(int(n[1:]) / 100 for n in names)
    table = 1000 * series.quantiles_s(run, target, qs, refused=False)
    times = series.times_s(run) + series.width_s(run) / 2
    for i, name in enumerate(names):
        # A dot too: a value between two empty seconds has no line.
        axes.plot(times, table[:, i], label=name, color=palette.QUANTILE[name], marker=".", markersize=2.5)
    if np.isfinite(table).any() and np.nanmin(table) > 0:
        _log_scale(axes, float(np.nanmin(table)), float(np.nanmax(table)))
    axes.set_ylabel("latency [ms]")


def _log_scale(axes: "Axes", low: float, high: float) -> None:
    """Plain numbers at the ticks, and enough of them where the values span little."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _latency_title(run: Any, target: str, name: str) -> str:
    refused = series.refused(run, target)
    return name + (f" (without {refused:,} refused)" if refused else "")


def _targets(run: Any, edges: "list[Edge]") -> tuple[list[str], str]:
    """Sources, then edges between services; of too many those with breakers and failures. And a note."""
    names = [s.name for s in run.topology.sources]
    room = max(0, MOST_PANELS - len(names))
    guarded = {run.topology.scopes[c.scope].edge for c in run.record.copies}
    failed, calls = ({e.id: run.measure(f"{m}({e.name})") for e in edges} for m in "FN")
    chosen, others = first_by(edges, lambda e: (e.id not in guarded, -failed[e.id], -calls[e.id]), room)
    notes = [f"{MOST_PANELS} of {len(names)} sources"] if len(names) > MOST_PANELS else []
    if others:
        notes.append(f"{room} of {len(edges):,} edges: breakers first, then failures, then calls")
    names = names[:MOST_PANELS] + [e.name for e in sorted(chosen, key=lambda e: e.id)]
    return names, f" ({'; '.join(notes)})" if notes else ""


def _between_services(run: Any) -> "list[Edge]":
    return [e for e in run.topology.edges if e.caller_service >= 0]


def _panels(
    run: Any, title: str, targets: tuple[list[str], str], paint: "Callable[[Axes, str], str]"
) -> "Figure":
    """A panel per source and edge; `paint` says the panel's title."""
    names, note = targets
    figure, axes = _figure([1.6] * len(names), f"{run.title}: {title}{note}")
    for i, (ax, name) in enumerate(zip(axes, names, strict=True)):
        text = paint(ax, name)
        mark(ax, run, label=i == 0)
        _title(ax, text, run, first=i == 0)
        if i == 0:
            legend(ax)
    return figure


def outcomes(run: Any) -> "Figure":
    """S and F by reason."""

    def paint(ax: "Axes", name: str) -> str:
        _stack(ax, run, name)
        return name

    return _panels(run, "calls by outcome", _targets(run, _between_services(run)), paint)


def latency(run: Any) -> "Figure":
    """Quantiles over time, of all calls but those that the caller's own policies refused at once."""

    def paint(ax: "Axes", name: str) -> str:
        _latency_lines(ax, run, name)
        return _latency_title(run, name, name)

    edges = _between_services(run)
    watched = [e for e in edges if e.watched]
    names, note = _targets(run, watched)
    if len(watched) < len(edges):
        kept = f"{len(watched):,} of {len(edges):,} edges are" if watched else "no edge is"
        note += f" ({kept} watched: see `watch`)"
    return _panels(run, "latency of completed calls", (names, note), paint)


def _scopes(run: Any) -> tuple[list[int], str]:
    """Scopes with breakers, of too many those that tripped most. And a note."""
    tripped = {c.scope: 0.0 for c in run.record.copies}
    tripped |= {t.scope: 0.0 for t in run.record.transitions}
    for scope in tripped:
        tripped[scope] = float(series.trips_per_s(run, {scope}).sum())
    most = len(palette.SERIES)
    chosen = sorted(sorted(tripped), key=lambda s: -tripped[s])[:most]
    return sorted(chosen), f" (the {most} of {len(tripped)} that trip most)" if len(tripped) > most else ""


def trips(run: Any) -> "Figure":
    """B per second, and B/N."""
    scopes, note = _scopes(run)
    figure, axes = _figure([2.1, 2.1], f"{run.title}: trip rate{note}")
    times, width = series.times_s(run) + series.width_s(run) / 2, series.width_s(run)
    below = np.zeros(len(times))
    for colour, scope in zip(palette.SERIES, scopes, strict=False):
        spec = run.topology.scopes[scope]
        rate = series.trips_per_s(run, {scope})
        tries = series.outcomes_per_s(run, run.topology.edges[spec.edge].name, 1).sum(axis=1)
        share = np.divide(rate, tries, out=np.full_like(rate, np.nan), where=tries > 0)
        axes[0].bar(times, rate, width=width, bottom=below, color=colour, label=spec.name)
        axes[1].plot(times, 100 * share, color=colour, label=spec.name, drawstyle="steps-mid")
        below += rate
    axes[0].set_ylabel("trips B per second")
    axes[1].set_ylabel("B/N of tries [%]")
    for i, ax in enumerate(axes):
        mark(ax, run, label=i == 0)
        ax.set_ylim(0, None if below.any() else 1)
    if scopes:
        legend(axes[0])
    if not below.any():
        axes[0].annotate("no breaker tripped", (0.5, 0.5), xycoords="axes fraction", ha="center")
    return figure


def states(run: Any) -> "Figure":
    """Breaker states."""
    n = len(series.state_spans(run))
    tall = 1.0 + 0.18 * n if n <= MOST_STRIPS else 3.0
    figure, axes = _figure([tall], f"{run.title}: breaker states")
    strips(axes[0], run)
    mark(axes[0], run, label=True)
    return figure


def _queue_panel(ax: "Axes", run: Any, service: int) -> None:
    times = series.times_s(run) + series.width_s(run) / 2
    busy = series.replica_gauge(run, service, series.GAUGES["busy slots"])
    waiting = series.replica_gauge(run, service, series.GAUGES["queue"])
    ax.plot(times, busy, color="#0072B2", label="busy slots")
    ax.plot(times, waiting, color="#000000", label="queue")
    if run.topology.services[service].slots > 0:
        slots = series.slots_up(run, service)
        ax.plot(times, slots, color="#0072B2", linestyle=":", linewidth=1, label="slots")
    ax.set_ylabel("attempts")
    ax.set_ylim(0)
    ax.margins(y=0.08)


def _fullness(run: Any, service: int) -> float:
    gauges = (series.replica_gauge(run, service, series.GAUGES[g]) for g in ("busy slots", "queue"))
    return float(sum(gauges).max(initial=0.0))  # type: ignore[union-attr]


def queues(run: Any) -> "Figure":
    """Queue and busy slots per service, in the order of the file."""
    every = range(len(run.topology.services))
    fullest = sorted(sorted(every, key=lambda s: -_fullness(run, s))[:MOST_PANELS])
    note = f", the {MOST_PANELS} fullest of {len(every):,} services" if len(every) > MOST_PANELS else ""
    title = f"{run.title}: queue and busy slots (means over {series.width_s(run):g} s{note})"
    figure, axes = _figure([1.6] * len(fullest), title)
    for i, (ax, service) in enumerate(zip(axes, fullest, strict=True)):
        _queue_panel(ax, run, service)
        mark(ax, run, label=i == 0)
        _title(ax, run.topology.services[service].name, run, first=i == 0)
    legend(axes[0], axes[1:])
    return figure


def overview(run: Any) -> "Figure":
    """One page: what `run` shows first."""
    copies = len(series.state_spans(run))
    heights = [1.75] * 4 + ([min(1.75, 0.75 + 0.15 * copies)] if copies else [])
    figure, axes = _figure(heights, run.title)
    times = series.times_s(run) + series.width_s(run) / 2
    axes[0].plot(times, series.offered_per_s(run), color="#7F7F7F", label="offered")
    axes[0].plot(times, series.outcomes_per_s(run)[:, 0], color="#0072B2", label="goodput")
    axes[0].set_ylabel("requests/s")
    axes[0].set_ylim(0)
    _stack(axes[1], run)
    axes[1].set_title("requests by outcome")
    _latency_lines(axes[2], run, "")
    axes[2].set_title(_latency_title(run, "", "latency of requests"))
    fullest = max(range(len(run.topology.services)), key=lambda s: _fullness(run, s))
    _queue_panel(axes[3], run, fullest)
    axes[3].set_title(f"{run.topology.services[fullest].name}: the fullest service")
    for ax in (axes[0], axes[2], axes[3]):
        legend(ax)
    if copies:
        strips(axes[4], run)
        axes[4].set_title("breakers")
    for i, ax in enumerate(axes):
        mark(ax, run, label=i == 0)
    return figure
