"""Manual operations on breakers, as scheduled events."""

from typing import Literal

from pydantic import Field

from sim.scenario.fields import Duration, Names, Part


class Operation(Part):
    """Somebody moves breakers by hand: logged, and never counted as trips.

    force_open, disable and metrics_only hold until the next operation, for copies that come into being
    later too.
    """

    do: Literal["open", "close", "half_open", "force_open", "disable", "metrics_only", "reset"] = Field(
        description="open, close and half_open move and let it go on by itself; force_open refuses until "
        "the next operation, disable admits and learns nothing, metrics_only admits and learns but never "
        "trips, reset is a fresh closed breaker."
    )
    edge: Names = Field(description="Edges whose breakers are moved.")
    at: Duration = Field(description="When.")
