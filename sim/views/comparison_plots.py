"""Figures of comparisons: variants with intervals, and curves over one parameter."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.experiment.vary import magnitudes
from sim.measures.evaluate import definitions
from sim.scenario.expect import parse_measure
from sim.views import palette
from sim.views.canvas import new_figure, wrapped
from sim.views.tables import seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCALE = {"share": (100.0, "%"), "s": (1000.0, "ms"), "1/s": (1.0, "1/s"), "": (1.0, "")}


PANEL = 3.6
"""Width of a panel, inches."""
TITLE_SIZE = 9.5
MOST_CURVES, MOST_TICKS = 4, 16
WIDE = 16
"""Values that span more than this factor stand on a logarithmic axis."""
LINES = ("-", "--", ":")
MOST_OWN = 3
"""Panels for what the file itself expects of several variants."""


def _measures(c: Any) -> list[str]:
    """What ranks, what was asked for, what the file expects of two variants or more, and the usual.

    Not what is 0 everywhere.
    """
    asked = Counter(str(v.line.measure) for v in c.verdicts)
    own = [m for m, n in asked.items() if n > 1 and m != c.rank_by][:MOST_OWN]
    own = [*c.manifest.get("measures", ()), *own]
    wanted = [c.rank_by, *own, "success_share", "p99", "B", "false_trips", "refused_good"]
    return [m for m in dict.fromkeys(wanted) if m in c.table.measures and (m == c.rank_by or _shows(c, m))]


def _shows(c: Any, measure: str) -> bool:
    """Some run found something else than 0."""
    return any(row.values[measure] for row in c.table.rows)


def _axis(measure: str) -> tuple[float, str]:
    scale, unit = SCALE[definitions()[parse_measure(measure).name][1]]
    return scale, f"{measure} [{unit}]" if unit else measure


def comparison(c: Any) -> "Figure":
    """A panel per measure: variants down, mean and 95 % interval; fault run and good day."""
    measures, variants = _measures(c), c.table.variants
    columns = min(3, len(measures))
    rows = -(-len(measures) // columns)
    title = f"{c.name}: {seeds(c)}, mean and 95 % interval"
    figure = new_figure(PANEL * columns + 0.6, 1.2 + rows * (0.9 + 0.32 * len(variants)), title)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for ax, measure in zip(grid, measures, strict=False):
        _dots(ax, c, measure)
    for ax in grid[len(measures) :]:
        ax.set_axis_off()
    if len(c.table.days()) > 1:
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _dots(ax: "Axes", c: Any, measure: str) -> None:
    scale, label = _axis(measure)
    days = {
        "fault": (palette.FAULT, "o", "with the fault", 0.12),
        "good": ("#0072B2", "s", "on a good day", -0.12),
    }
    for day in c.table.days():
        colour, marker, name, shift = days[day]
        shift *= len(c.table.days()) > 1
        found = [c.table.mean(v, measure, day, c.table.values[0]) for v in c.table.variants]
        shown = [(i, f) for i, f in enumerate(found) if not (math.isnan(f.mean) or math.isinf(f.mean))]
        half = [0.0 if math.isnan(f.half) else f.half * scale for _, f in shown]
        ax.errorbar(
            [f.mean * scale for _, f in shown], [i + shift for i, _ in shown], xerr=half, fmt=marker,
            color=colour, markersize=5, capsize=2, label=name, linewidth=1.2,
        )  # fmt: skip
        for i, v in enumerate(c.table.variants):
            column = c.table.column(v, measure, day, c.table.values[0]).values()
            if never := sum(map(math.isinf, column)):
                ax.annotate(
                    f"never in {never} of {len(column)}", (0.99, i + shift), color=colour, fontsize=8,
                    xycoords=ax.get_yaxis_transform(), ha="right", va="center",
                )  # fmt: skip
    ax.set_yticks(range(len(c.table.variants)), [v or "(file)" for v in c.table.variants])
    ax.set_ylim(len(c.table.variants) - 0.5, -0.5)
    if definitions()[parse_measure(measure).name][1] == "" and max(map(abs, ax.get_xlim())) < 1:
        ax.set_xlim(-0.1, 1.1)  # counts: an axis of hundredths says nothing
    # What stands at its left takes a tenth; a longer title goes on in a further line.
    lines = wrapped(label, 72 * 0.9 * PANEL, TITLE_SIZE, "bold")
    ax.set_title("\n".join(lines), fontsize=TITLE_SIZE)
    ax.grid(visible=True, axis="x")


def curve(c: Any) -> "Figure":
    """Measures over the varied parameter, a line with its band per variant."""
    measures = [m for m in _measures(c) if m != "false_trips"][:MOST_CURVES]
    title = f"{c.name}: {seeds(c)}, mean and 95 % band, with the fault"
    figure = new_figure(9, 0.9 + 2.2 * len(measures), title)
    axes = figure.subplots(len(measures), 1, sharex=True, squeeze=False)[:, 0]
    xs = magnitudes(c.table.values) or list(range(len(c.table.values)))
    for ax, measure in zip(axes, measures, strict=True):
        scale, label = _axis(measure)
        for i, v in enumerate(c.table.variants):
            _line(ax, c, xs, measure, scale, i, v)
        ax.set_title(label)
        _within(ax, measure)
    _parameter_axis(axes[-1], c, xs)
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.005, 1.0))
    return figure


def _line(ax: "Axes", c: Any, xs: Sequence[float], measure: str, scale: float, i: int, variant: str) -> None:
    found = [c.table.mean(variant, measure, value=value) for value in c.table.values]
    mean = [math.nan if math.isinf(f.mean) else f.mean * scale for f in found]
    half = [0.0 if math.isnan(f.half) else f.half * scale for f in found]
    colour, style = palette.SERIES[i % len(palette.SERIES)], LINES[i // len(palette.SERIES) % len(LINES)]
    ax.plot(xs, mean, marker="o", markersize=3, color=colour, linestyle=style, label=variant or "(file)")
    low = [m - h for m, h in zip(mean, half, strict=True)]
    high = [m + h for m, h in zip(mean, half, strict=True)]
    ax.fill_between(xs, low, high, color=colour, alpha=0.15, linewidth=0)


def _within(ax: "Axes", measure: str) -> None:
    """No axis goes where the measure cannot: a band of few seeds would, and flatten the lines."""
    low, high = ax.get_ylim()
    if definitions()[parse_measure(measure).name][1] == "share":
        ax.set_ylim(max(low, -3), min(max(high, low + 1), 103))
    else:
        ax.set_ylim(max(low, 0) if low > 0 else -0.03 * high)


def _parameter_axis(ax: "Axes", c: Any, xs: Sequence[float]) -> None:
    """Ticks as the values were written; a logarithmic axis where they grow by factors."""
    positive = sorted(xs)
    if len(xs) > 2 and positive[0] > 0 and positive[-1] >= WIDE * positive[0]:
        ax.set_xscale("log")
        ax.minorticks_off()
    if len(xs) <= MOST_TICKS:
        ax.set_xticks(list(xs), list(c.table.values))
    ax.set_xlabel(c.path)
