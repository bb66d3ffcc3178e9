"""One colour per outcome and per breaker state, everywhere (Okabe and Ito's colour-blind-safe set)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.patheffects import AbstractPathEffect

OUTCOME = {
    "ok": "#56B4E9",
    "error": "#D55E00",
    "timeout": "#E69F00",
    "broken": "#000000",
    "limited": "#7F7F7F",
    "bulkhead": "#A6761D",
    "shed": "#CC79A7",
    "unreachable": "#882255",
    "expired": "#F0E442",
    "cancelled": "#C8C8C8",
}
STATE = {
    "closed": "#BFE3D6",
    "open": "#D55E00",
    "half_open": "#0072B2",
    "forced_open": "#6B2C00",
    "disabled": "#F0E442",
    "metrics_only": "#CC79A7",
}
"""The usual state is pale, so that the others are seen."""
QUANTILE = {"p50": "#56B4E9", "p90": "#0072B2", "p99": "#000000"}
SERIES = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
FAULT = "#D55E00"
FAULT_EDGE = "#6B2C00"
"""Begin, end and name of a fault: dark, and drawn with a white rim, so that it shows on every colour."""
HEALTHY, LOW, FAILING, NO_DATA = "#009E73", "#F0E442", "#D55E00", "#FFFFFF"


def rim() -> "list[AbstractPathEffect]":
    """A white rim, so that what carries it stands out of the lines behind it."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.2, foreground="white")]
