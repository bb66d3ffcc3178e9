"""The figure of a target: simulated points with their intervals on the theoretical curves, and what differs."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from sim.validation.run import Finding, Outcome
from sim.validation.target import Curve, Panel, Target
from sim.views import palette
from sim.views.canvas import new_figure
from sim.views.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
WIDTH, HEIGHT = 4.2, 3.9
"""Of a panel, inches."""
BELOW = 2.6
"""Height of what lies below the panels: the deviations."""
MARKERS = "osD^v"
"""Checks of one curve at one place differ by the marker."""


def figure_png(target: Target, outcomes: Sequence[Outcome]) -> bytes:
    """The figure as a PNG."""
    out = BytesIO()
    with style():
        draw(target, outcomes).savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def draw(target: Target, outcomes: Sequence[Outcome]) -> "Figure":
    """A panel for every set of curves; below them every check's deviation from the exact value."""
    findings = [f for o in outcomes for f in o.findings]
    panels = list(dict.fromkeys(f.expected.curve.panel for f in findings))
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    width = WIDTH * max(columns, 2)
    figure = new_figure(width, HEIGHT * lines + BELOW, f"{target.name}: simulation on theory")
    grid = figure.add_gridspec(lines + 1, columns, height_ratios=[HEIGHT] * lines + [BELOW])
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        at = [c.x for c in target.checks for e in c.expected if e.curve.panel == panel]
        _panel(axes, panel, [f for f in findings if f.expected.curve.panel == panel], (min(at), max(at)))
    _deviations(figure.add_subplot(grid[lines, :]), findings)
    return figure


def _panel(axes: "Axes", panel: Panel, findings: Sequence[Finding], span: tuple[float, float]) -> None:
    """The curves over the span of all checks, run or not, and what was found."""
    axes.set_title(panel.title)
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    axes.set_xscale("log" if panel.log_x else "linear")
    axes.set_yscale("log" if panel.log_y else "linear")
    curves = list(dict.fromkeys(f.expected.curve for f in findings))
    for curve, colour in zip(curves, _colours(len(curves)), strict=True):
        own = [f for f in findings if f.expected.curve == curve]
        _curve(axes, curve, colour, [f.x for f in own], span)
        seen: dict[float, int] = {}
        for f in own:
            marker = MARKERS[seen.get(f.x, 0) % len(MARKERS)]
            seen[f.x] = seen.get(f.x, 0) + 1
            _point(axes, f, colour, marker)
    if not panel.log_y:
        axes.set_ylim(0.0, 1.05 * axes.dataLim.y1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _colours(n: int) -> list[str]:
    return [palette.SERIES[i % len(palette.SERIES)] for i in range(n)]


def _curve(axes: "Axes", curve: Curve, colour: str, at: Sequence[float], span: tuple[float, float]) -> None:
    """The theory: a line over the panel, or bars where only some values of the parameter have a meaning."""
    import numpy as np

    low, high = span
    if curve.steps or low == high:
        some = sorted(set(at))
        ys = [curve.formula(x) for x in some]
        axes.plot(some, ys, "_", ms=22, color=colour, alpha=0.6, label=curve.label)
    else:
        xs = np.linspace(low, high, 200).tolist()
        axes.plot(xs, [curve.formula(x) for x in xs], color=colour, label=curve.label)


def _point(axes: "Axes", f: Finding, colour: str, marker: str) -> None:
    passed = f.found.passed
    axes.errorbar(
        [f.x], [f.found.mean], yerr=[f.found.half], fmt=marker, ms=4.5, color=colour, capsize=3, elinewidth=1,
        mfc="white" if passed else palette.FAILING, zorder=3,
    )  # fmt: skip


def _deviations(axes: "Axes", findings: Sequence[Finding]) -> None:
    """(simulated - exact) / exact of every observable, in the order of the table."""
    shown = [f for f in findings if f.value]
    for i, f in enumerate(shown, 1):
        relative = 100 * (f.found.mean - f.value) / f.value
        colour = "#000000" if f.found.passed else palette.FAILING
        axes.errorbar(
            [i], [relative], yerr=[100 * f.found.resolution], fmt="o", ms=3, color=colour, capsize=2
        )
    axes.axhline(0, color="#0072B2", lw=1)
    axes.set_xlim(0, len(shown) + 1)
    axes.set_title("Deviation from the expected value")
    axes.set_xlabel("observables, in the order of the table")
    axes.set_ylabel("simulated - expected [%]")
