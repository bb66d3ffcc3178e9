"""Values as Istio's resources write them: Go durations, numbers, true and false."""

import re
from typing import Any

from sim.policies.options import Option
from sim.vendor.keys import DURATIONS, text

_PART = r"(?:\d{1,12}(?:\.\d{1,9})?|\.\d{1,9})(?:ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(rf"(?:{_PART})+")


def convert(option: Option, raw: Any) -> Any:
    """A value in the spelling of a scenario. ValueError if Istio would not take it."""
    if option.kind in DURATIONS:
        return duration(raw)
    if option.kind == "flag" and not isinstance(raw, bool):
        msg = f"{text(raw)} is neither true nor false"
        raise ValueError(msg)
    if option.kind in ("count", "number", "percent") and (
        isinstance(raw, bool) or not isinstance(raw, int | float)
    ):
        msg = f"{text(raw)} is not a number"
        raise ValueError(msg)
    return raw


def duration(raw: Any) -> str:
    """`10s`, `1m30s`, `8ms`. As a scenario writes it."""
    if isinstance(raw, str) and (raw == "0" or _DURATION.fullmatch(raw)):
        return "0s" if raw == "0" else raw
    msg = f"{text(raw)} is not a duration; Istio reads a number with its unit, such as 10s, 1m30s or 8ms"
    raise ValueError(msg)
