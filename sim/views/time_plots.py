"""Figures over time. Faults and their ends are marked in every one; the warm-up is hatched."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.store.tables import caller_names, target_name
from sim.views import palette, series
from sim.views.canvas import new_figure
from sim.words import OUTCOMES, STATES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_STRIPS = 40
MOST_PANELS = 8


def _figure(rows: int, title: str, height: float = 2.1, width: float = 9.0) -> "tuple[Figure, list[Axes]]":
    figure = new_figure(width, 0.8 + height * rows, title)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0].tolist()
    return figure, axes


def mark(axes: "Axes", run: Any, *, label: bool = False) -> None:
    """Shade the faults and hatch the warm-up."""
    end = run.record.arrivals_end_ns / 1e9
    axes.set_xlim(0, end)
    if run.topology.warmup_ns:
        axes.axvspan(
            0, run.topology.warmup_ns / 1e9, facecolor="none", edgecolor="#BBBBBB", hatch="////", linewidth=0
        )
    labelled: set[str] = set()
    for fault in run.record.faults:
        start, stop = fault.start_ns / 1e9, min(fault.end_ns / 1e9, end)
        axes.axvspan(start, max(stop, start + end / 1000), color=palette.FAULT, alpha=0.10, linewidth=0)
        for x in (start, stop):
            axes.axvline(x, color=palette.FAULT, linewidth=0.8, linestyle="--")
        name = run.topology.faults[fault.fault].name
        if label and name not in labelled:
            labelled.add(name)
            axes.annotate(
                f"fault: {name}", (start, 1.0), xycoords=("data", "axes fraction"), xytext=(2, 2),
                textcoords="offset points", fontsize=8, color=palette.FAULT, va="bottom", ha="left",
            )  # fmt: skip


def _legend(axes: "Axes") -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)


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
    axes.set_ylabel("per second")
    axes.set_ylim(0)


def _latency_lines(axes: "Axes", run: Any, target: str) -> None:
    names = tuple(palette.QUANTILE)
    table = series.quantiles_s(run, target, tuple(int(n[1:]) / 100 for n in names))
    times = series.times_s(run) + series.width_s(run) / 2
    for i, name in enumerate(names):
        axes.plot(times, table[:, i] * 1000, label=name, color=palette.QUANTILE[name])
    if np.isfinite(table).any() and np.nanmin(table) > 0:
        axes.set_yscale("log")
    axes.set_ylabel("latency [ms]")


def _strips(axes: "Axes", run: Any) -> None:
    spans = series.state_spans(run)
    callers = caller_names(run.topology)
    if len(spans) > MOST_STRIPS:
        _state_shares(axes, run, spans)
        return
    labels = []
    for row, (who, parts) in enumerate(spans.items()):
        for state in series.STATES:
            bars = [(a, b - a) for a, b, s in parts if s == state and b > a]
            axes.broken_barh(bars, (row - 0.4, 0.8), color=palette.STATE[STATES[state]], linewidth=0)
        scope, caller, target = who
        place = target_name(run.topology, scope, target)
        name = callers[caller] if caller >= 0 else "shared"
        labels.append(f"{run.topology.scopes[scope].name} @{name}" + (f" to {place}" if place else ""))
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.grid(visible=False)
    _state_legend(axes)


def _state_legend(axes: "Axes") -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(color=palette.STATE[STATES[s]], label=STATES[s].replace("_", "-")) for s in series.STATES
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)


def _state_shares(axes: "Axes", run: Any, spans: Any) -> None:
    """Many copies: the share of them in each state."""
    times = np.linspace(0, run.record.arrivals_end_ns / 1e9, 400)
    shares = np.zeros((len(series.STATES), len(times)))
    for parts in spans.values():
        for a, b, s in parts:
            shares[s] += (times >= a) & (times < b)
    axes.stackplot(
        times, shares / len(spans), colors=[palette.STATE[STATES[s]] for s in series.STATES], linewidth=0
    )
    axes.set_ylabel(f"share of {len(spans)} copies")
    axes.set_ylim(0, 1)
    _state_legend(axes)


def _targets(run: Any) -> list[str]:
    """Sources first, then edges between services, as many as fit."""
    names = [s.name for s in run.topology.sources]
    names += [e.name for e in run.topology.edges if e.caller_service >= 0]
    return names[:MOST_PANELS]


def _panels(run: Any, title: str, paint: "Callable[[Axes, str], None]") -> "Figure":
    names = _targets(run)
    figure, axes = _figure(len(names), f"{run.title}: {title}", height=1.6)
    for i, (ax, name) in enumerate(zip(axes, names, strict=True)):
        paint(ax, name)
        mark(ax, run, label=i == 0)
        ax.set_title(name, pad=14 if i == 0 and run.record.faults else 6)
        if i == 0:
            _legend(ax)
    axes[-1].set_xlabel("time [s]")
    return figure


def outcomes(run: Any) -> "Figure":
    """S and F by reason."""

    def paint(ax: "Axes", name: str) -> None:
        _stack(ax, run, name)
        _legend(ax)

    return _panels(run, "calls by outcome", paint)


def latency(run: Any) -> "Figure":
    """Quantiles over time."""
    return _panels(run, "latency of completed calls", lambda ax, name: _latency_lines(ax, run, name))


def trips(run: Any) -> "Figure":
    """B per second, and B/N."""
    scopes = sorted({t.scope for t in run.record.transitions} | {c.scope for c in run.record.copies})[
        : len(palette.SERIES)
    ]
    figure, axes = _figure(2, f"{run.title}: trip rate")
    times, width = series.times_s(run) + series.width_s(run) / 2, series.width_s(run)
    for colour, scope in zip(palette.SERIES, scopes, strict=False):
        spec = run.topology.scopes[scope]
        rate = series.trips_per_s(run, {scope})
        tries = series.outcomes_per_s(run, run.topology.edges[spec.edge].name, 1).sum(axis=1)
        share = np.divide(rate, tries, out=np.full_like(rate, np.nan), where=tries > 0)
        axes[0].bar(times, rate, width=width, color=colour, label=spec.name, alpha=0.8)
        axes[1].plot(times, 100 * share, color=colour, label=spec.name, drawstyle="steps-mid")
    axes[0].set_ylabel("B per second")
    axes[1].set_ylabel("B/N of tries [%]")
    for i, ax in enumerate(axes):
        mark(ax, run, label=i == 0)
        ax.set_ylim(0)
    if scopes:
        _legend(axes[0])
    axes[-1].set_xlabel("time [s]")
    return figure


def states(run: Any) -> "Figure":
    """Breaker states."""
    n = min(len(series.state_spans(run)), MOST_STRIPS)
    figure, axes = _figure(1, f"{run.title}: breaker states", height=1.0 + 0.18 * n)
    _strips(axes[0], run)
    mark(axes[0], run, label=True)
    axes[0].set_xlabel("time [s]")
    return figure


def _queue_panel(ax: "Axes", run: Any, service: int) -> None:
    times = series.times_s(run) + series.width_s(run) / 2
    spec = run.topology.services[service]
    ax.plot(
        times,
        series.replica_gauge(run, service, series.GAUGES["busy slots"]),
        color="#0072B2",
        label="busy slots",
    )
    ax.plot(times, series.replica_gauge(run, service, series.GAUGES["queue"]), color="#000000", label="queue")
    if spec.slots > 0:
        ax.axhline(spec.slots * spec.replicas, color="#0072B2", linestyle=":", linewidth=1, label="slots")
    ax.set_ylabel("attempts")
    ax.set_ylim(0)
    ax.set_title(spec.name)


def queues(run: Any) -> "Figure":
    """Queue and busy slots per service."""
    busiest = sorted(
        range(len(run.topology.services)),
        key=lambda s: -float(series.replica_gauge(run, s, series.GAUGES["busy slots"]).max(initial=0.0)),
    )[:MOST_PANELS]
    figure, axes = _figure(len(busiest), f"{run.title}: queue and busy slots (mean per bucket)", height=1.6)
    for i, (ax, service) in enumerate(zip(axes, sorted(busiest), strict=True)):
        _queue_panel(ax, run, service)
        mark(ax, run, label=i == 0)
        if i == 0:
            ax.title.set_position((0, 1.1))
            _legend(ax)
    axes[-1].set_xlabel("time [s]")
    return figure


def overview(run: Any) -> "Figure":
    """One page: what `run` shows first."""
    breakers = bool(run.record.copies)
    figure, axes = _figure(5 if breakers else 4, run.title, height=1.75)
    times = series.times_s(run) + series.width_s(run) / 2
    axes[0].plot(times, series.offered_per_s(run), color="#7F7F7F", label="offered")
    axes[0].plot(times, series.outcomes_per_s(run)[:, 0], color="#0072B2", label="goodput")
    axes[0].set_ylabel("requests/s")
    axes[0].set_ylim(0)
    _legend(axes[0])
    _stack(axes[1], run)
    axes[1].set_title("requests by outcome")
    _legend(axes[1])
    _latency_lines(axes[2], run, "")
    axes[2].set_title("latency of requests")
    _legend(axes[2])
    fullest = max(
        range(len(run.topology.services)),
        key=lambda s: (
            float(series.replica_gauge(run, s, series.GAUGES["queue"]).max(initial=0.0))
            + float(series.replica_gauge(run, s, series.GAUGES["busy slots"]).max(initial=0.0))
        ),
    )
    _queue_panel(axes[3], run, fullest)
    axes[3].set_title(f"{run.topology.services[fullest].name}: the fullest service")
    _legend(axes[3])
    if breakers:
        _strips(axes[4], run)
        axes[4].set_title("breakers")
    for i, ax in enumerate(axes):
        mark(ax, run, label=i == 0)
    axes[-1].set_xlabel("time [s]")
    return figure
