"""The whole catalogue in the standard outage: a strip per breaker, one under the other, and what it cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError
from sim.policies import catalog
from sim.policies.timeline import REFUSED_GOOD, STANDARD, WASTED, Timeline, numbers, timeline
from sim.views import palette
from sim.views.breaker_words import seconds
from sim.views.canvas import new_figure
from sim.views.timeline_text import after
from sim.words import CLOSED, HALF_OPEN, NS, OPEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, ROW_IN, HEAD_IN, FOOT_IN = 8.2, 0.205, 1.12, 0.95
LEFT, RIGHT = 0.178, 0.622
"""Where the strips begin and end, as shares of the width; the columns of numbers follow."""
COLUMNS = ((0.692, "opened", "after it began"), (0.778, "failing", "calls sent"), (0.862, "good calls", "refused"),
           (0.966, "closed", "after it ended"))  # fmt: skip
"""Right edge of each column, and its head."""
WASTE = "#000000"
OPEN_BAD, OPEN_GOOD = "#F6C7A6", palette.STATE["open"]
CLOSED_LINE = "#6FB79F"
PROBE = palette.STATE["half_open"]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry and its timeline."""

    name: str
    line: Timeline

    @property
    def given(self) -> tuple[tuple[str, Any], ...]:
        """Settings beside the defaults."""
        return catalog.ENTRIES[self.name].example

    @property
    def order(self) -> tuple[Any, ...]:
        """Who is well again first comes first; who never opened comes last."""
        never = self.line.opened_ns is None
        closed = self.line.closed_ns
        return never, closed is None, closed or 0, self.line.count(WASTED), self.name


def rows(names: Iterable[str] = ()) -> list[Row]:
    """The entries in the order of the figure; `none` is the last."""
    found = [
        Row(name, timeline(name, dict(catalog.ENTRIES[name].example))) for name in names or catalog.ENTRIES
    ]
    return sorted(found, key=lambda row: (row.name == "none", row.order))


def draw(names: Iterable[str] = ()) -> "Figure":
    """A strip per entry; all of them if none is named."""
    found = rows(names)
    high = HEAD_IN + FOOT_IN + ROW_IN * len(found)
    figure = new_figure(
        WIDTH_IN,
        high,
        "Every breaker in the same outage: when it opens, probes and closes, and what that costs",
    )
    figure.set_layout_engine("none")
    axes = figure.add_axes((LEFT, FOOT_IN / high, RIGHT - LEFT, ROW_IN * len(found) / high))
    for y, row in enumerate(found):
        _strip(axes, y, row.line)
        _numbers(axes, y, row.line)
    _frame(axes, found)
    _heads(figure, high)
    _legend(figure, high)
    figure.text(
        0.012, 0.1 / high, _caption(found), fontsize=7.5, color="#444444", va="bottom", linespacing=1.35
    )
    return figure


def _strip(axes: "Axes", y: int, line: Timeline) -> None:
    """Closed is a thin line, open a bar, a probe a mark."""
    begin, end = line.outage.begins_ns / NS, line.outage.ends_ns / NS
    for span in line.spans:
        a, b = span.start_ns / NS, span.end_ns / NS
        if span.state == CLOSED:
            axes.plot([a, b], [y, y], color=CLOSED_LINE, linewidth=1.6, solid_capstyle="butt", zorder=2)
            _bar(axes, y, max(a, begin), min(b, end), WASTE)
        elif span.state == OPEN:
            _bar(axes, y, a, min(b, end), OPEN_BAD, hatch="/////")
            _bar(axes, y, max(a, end), b, OPEN_GOOD)
        elif span.state == HALF_OPEN:
            _bar(axes, y, a, b, PROBE)
    _probes(axes, y, line)
    if line.opened_ns is None:
        axes.text(
            end + 1.0, y, "never opened", fontsize=8, style="italic", va="center", backgroundcolor="white"
        )


def _bar(axes: "Axes", y: int, a: float, b: float, colour: str, hatch: str | None = None) -> None:
    if b <= a:
        return
    edge = palette.STATE["open"] if hatch else colour
    axes.broken_barh(
        [(a, b - a)], (y - 0.33, 0.66), facecolor=colour, edgecolor=edge, hatch=hatch, linewidth=0.0, zorder=3
    )


def _probes(axes: "Axes", y: int, line: Timeline) -> None:
    """A mark for each stay in half-open: how it ended."""
    for i, span in enumerate(line.spans):
        if span.state == HALF_OPEN and i + 1 < len(line.spans):
            good = line.spans[i + 1].state == CLOSED
            axes.plot(
                [span.end_ns / NS], [y], marker="o" if good else "X", markersize=6.5 if good else 6, color=PROBE,
                markeredgecolor="white", markeredgewidth=0.8, linestyle="none", zorder=5,
            )  # fmt: skip


def _numbers(axes: "Axes", y: int, line: Timeline) -> None:
    found = numbers(line)
    never = found["opened_after_s"] is None
    closed = "-" if never else after(found["closed_after_s"], "not yet")
    opened = after(found["opened_after_s"], "never")
    texts = (opened, f"{line.count(WASTED):,}", f"{line.count(REFUSED_GOOD):,}", closed)
    for (x, *_), text in zip(COLUMNS, texts, strict=True):
        beside = (x - LEFT) / (RIGHT - LEFT)
        axes.text(
            beside, y, text, transform=axes.get_yaxis_transform(), fontsize=8.5, ha="right", va="center"
        )


def _frame(axes: "Axes", found: Sequence[Row]) -> None:
    outage = STANDARD
    axes.set_xlim(0, outage.until_ns / NS)
    axes.set_ylim(len(found) - 0.5, -0.5)
    labels = [row.name + (" *" if row.given else "") for row in found]
    axes.set_yticks(range(len(found)), labels, fontsize=8.5)
    for label, row in zip(axes.get_yticklabels(), found, strict=True):
        label.set_fontstyle("normal" if catalog.ENTRIES[row.name].version else "italic")
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xticks(range(0, outage.until_ns // NS + 1, 10))
    axes.set_xlabel("seconds", fontsize=8, labelpad=1)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    begin, end = outage.begins_ns / NS, outage.ends_ns / NS
    axes.axvspan(begin, end, color="#888888", alpha=0.18, linewidth=0, zorder=0.5)
    for x in (begin, end):
        axes.axvline(x, color=palette.FAULT_EDGE, linewidth=1.0, linestyle="--", zorder=1.5)
    axes.annotate(
        "every call fails", ((begin + end) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", fontsize=8.5, color=palette.FAULT_EDGE,
    )  # fmt: skip


def _heads(figure: "Figure", high: float) -> None:
    for x, first, second in COLUMNS:
        figure.text(
            x,
            1 - (HEAD_IN - 0.06) / high,
            f"{first}\n{second}",
            fontsize=8,
            ha="right",
            va="bottom",
            linespacing=1.15,
        )


def _legend(figure: "Figure", high: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def mark(sign: str) -> Line2D:
        return Line2D(
            [], [], marker=sign, color=PROBE, markeredgecolor="white", markersize=7.5, linestyle="none"
        )

    handles = [
        Line2D([], [], color=CLOSED_LINE, linewidth=2.0),
        Patch(facecolor=WASTE),
        Patch(facecolor=OPEN_BAD, edgecolor=palette.STATE["open"], hatch="/////", linewidth=0.0),
        Patch(facecolor=OPEN_GOOD),
        mark("X"),
        mark("o"),
    ]
    words = [
        "closed", "closed, failing calls are sent", "open, refuses failing calls", "open, refuses good calls",
        "probe fails, opens again", "probe succeeds, closes",
    ]  # fmt: skip
    figure.legend(
        handles, words, loc="upper left", bbox_to_anchor=(0.005, 1 - 0.27 / high), ncols=3, fontsize=8,
        columnspacing=1.6, handlelength=1.8, borderpad=0.2,
    )  # fmt: skip


def _caption(found: Sequence[Row]) -> str:
    outage = STANDARD
    lasts = seconds(outage.ends_ns - outage.begins_ns)
    lines = [
        f"One copy sees {outage.rate_per_s:g} calls a second of {seconds(outage.latency_ns)} each; for {lasts} every call fails. "
        "Default settings; open times that are random are one draw.",
        "In italics our own plain kinds. " + _given(found),
        "Who judges a share over a window of time opens late: the healthy seconds before the outage still count.",
    ]
    if any(row.line.opened_ns is None and row.name != "none" for row in found):
        lines.append("Who never opened does not judge what fails here, or needs more calls than come.")
    return "\n".join(filter(None, lines))


def _given(found: Sequence[Row]) -> str:
    given = [f"{row.name}: {', '.join(f'{k} {v}' for k, v in row.given)}" for row in found if row.given]
    return (
        f"* with a setting of its own, for its default is of no use here: {'; '.join(given)}."
        if given
        else ""
    )


def save(file: str | Path) -> Path:
    """Draw the catalogue into a PNG or SVG file; the same bytes each time. UsageError for another ending."""
    from sim.views.figures import style

    path = Path(file)
    about = {".png": {"Software": None}, ".svg": {"Date": None}}.get(path.suffix.lower())
    if about is None:
        msg = f"--figure {file}: the file ends in .png or .svg"
        raise UsageError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    with style():
        draw().savefig(path, metadata=about)
    return path
