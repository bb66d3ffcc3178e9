"""What every figure is drawn on."""

import textwrap
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE_SIZE = 11


def new_figure(width: float, height: float, title: str) -> "Figure":
    """An empty figure (inches) that shows itself in a notebook, also where pyplot was never imported.

    A title longer than the figure is wide goes on in further lines, for which the figure grows.
    """
    from matplotlib.figure import Figure

    lines = wrapped(title, 72 * width, TITLE_SIZE)
    figure = Figure(figsize=(width, height + (len(lines) - 1) * 1.4 * TITLE_SIZE / 72))
    figure.suptitle("\n".join(lines), fontsize=TITLE_SIZE, x=0.01, ha="left")
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010  mypy knows no such attribute
    return figure


def wrapped(text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """A text of some font size as lines that are at most so wide; all in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(weight=weight)

    def fits(line: str) -> bool:
        return bool(TextPath((0, 0), line, size=size, prop=font).get_extents().width <= 0.97 * width)

    room = len(text)
    lines = [text]
    while room > 1 and not all(map(fits, lines)):
        room -= 1
        lines = textwrap.wrap(text, room)
    return lines


def _png(figure: "Figure") -> bytes:
    from sim.views.figures import style

    out = BytesIO()
    with style():
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
