"""What every figure over time carries: faults and their ends, the warm-up, a legend beside the data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.views import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEHIND, ABOVE = 0.1, 5
"""Shades stand behind the data, so that they change no colour; edges stand on top of it."""
APART = 0.16
"""Names of faults that begin closer than this share of the axis share one label."""


def mark(axes: "Axes", run: Any, *, label: bool = False) -> None:
    """Shade the faults, draw their begin and end, hatch the warm-up; with `label` name them."""
    end = run.record.arrivals_end_ns / 1e9
    axes.set_xlim(0, end)
    if run.topology.warmup_ns:
        _warmup(axes, run.topology.warmup_ns / 1e9, label=label)
    spans = [
        (f.start_ns / 1e9, min(f.end_ns / 1e9, end), run.topology.faults[f.fault].name)
        for f in run.record.faults
    ]
    for start, stop, _ in spans:
        _span(axes, start, max(stop, start + end / 500), last=end)
    if label:
        _names(axes, spans, end)


def _warmup(axes: "Axes", until: float, *, label: bool) -> None:
    axes.axvspan(0, until, facecolor="none", edgecolor="#BBBBBB", hatch="////", linewidth=0, zorder=BEHIND)
    axes.axvline(until, color="#888888", linewidth=0.8, linestyle=":", zorder=ABOVE)
    if label:
        _text(axes, 0, "warm-up", "#666666", "left")


def _span(axes: "Axes", start: float, stop: float, last: float) -> None:
    axes.axvspan(start, stop, color=palette.FAULT, alpha=0.12, linewidth=0, zorder=BEHIND)
    bar = axes.axvspan(start, stop, ymin=1.0, ymax=1.025, color=palette.FAULT_EDGE, linewidth=0)
    bar.set_clip_on(False)
    for x in (start, stop):
        if x < last:
            line = axes.axvline(x, color=palette.FAULT_EDGE, linewidth=1.0, linestyle="--", zorder=ABOVE)
            line.set_path_effects(palette.rim())


def _names(axes: "Axes", spans: list[tuple[float, float, str]], end: float) -> None:
    """One label per name, at its first occurrence; those that would overlap are one."""
    first: dict[str, float] = {}
    for start, _, name in sorted(spans):
        first.setdefault(name, start)
    groups: list[tuple[float, list[str]]] = []
    for name, start in first.items():
        if groups and start - groups[-1][0] < APART * end:
            groups[-1][1].append(name)
        else:
            groups.append((start, [name]))
    for start, names in groups:
        late = start > 0.7 * end
        _text(axes, start, f"fault: {', '.join(names)}", palette.FAULT_EDGE, "right" if late else "left")


def _text(axes: "Axes", x: float, text: str, colour: str, side: str) -> None:
    axes.annotate(
        text, (x, 1.03), xycoords=("data", "axes fraction"), xytext=(0, 1), textcoords="offset points",
        fontsize=8, color=colour, va="bottom", ha=side,
    )  # fmt: skip


def legend(axes: "Axes", others: "Sequence[Axes]" = (), **more: Any) -> None:
    """To the right of the axes, where it hides nothing; of what other axes show too."""
    if others:
        named: dict[str, Any] = {}
        for ax in (axes, *others):
            handles, labels = ax.get_legend_handles_labels()
            named = dict(zip(labels, handles, strict=True)) | named
        more |= {"handles": list(named.values()), "labels": list(named)}
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0, **more)
