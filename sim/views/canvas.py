"""What every figure is drawn on."""

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float, title: str) -> "Figure":
    """An empty figure (inches) that shows itself in a notebook, also where pyplot was never imported."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010  mypy knows no such attribute
    return figure


def _png(figure: "Figure") -> bytes:
    from sim.views.figures import style

    out = BytesIO()
    with style():
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
