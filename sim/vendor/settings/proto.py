"""Values as protobuf's JSON writes them: durations, wrapped numbers, percents."""

import math
import re
from typing import Any

from sim.policies.options import Option
from sim.vendor.cursor import Cursor
from sim.vendor.keys import DURATIONS, text

_DURATION = re.compile(r"(\d{1,12})(\.\d{1,9})?s")
_WRAPS = ("value", "default_value", "defaultValue")


def convert(option: Option, raw: Any) -> Any:
    """A value in the spelling of a scenario. ValueError if protobuf's JSON parser would not take it."""
    raw = unwrapped(raw)
    if option.kind in DURATIONS:
        return duration(raw)
    if option.kind == "flag":
        if not isinstance(raw, bool):
            msg = f"{text(raw)} is neither true nor false"
            raise ValueError(msg)
        return raw
    if option.kind in ("count", "number", "percent", "share"):
        return number(raw)
    return raw


def duration(raw: Any) -> str:
    """Seconds and an s: `10s`, `0.25s`. As a scenario writes it."""
    if isinstance(raw, str) and _DURATION.fullmatch(raw.strip()):
        return raw.strip()
    msg = f"{text(raw)} is not a duration; protobuf's JSON has seconds with an s, such as 10s or 0.25s"
    raise ValueError(msg)


def number(raw: Any) -> Any:
    """A number; 64-bit ones are written as texts."""
    if isinstance(raw, str) and re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", raw.strip()):
        return float(raw) if "." in raw else int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        msg = f"{text(raw)} is not a number"
        raise ValueError(msg)
    return raw


def unwrapped(raw: Any) -> Any:
    """Out of {value: 20.0}, {default_value: ..., runtime_key: ...} and a share by numerator and denominator."""
    while isinstance(raw, dict):
        if set(raw) & {"numerator"}:
            parts = {"HUNDRED": 1, "TEN_THOUSAND": 100, "MILLION": 10_000}
            return number(raw["numerator"]) / parts.get(str(raw.get("denominator", "HUNDRED")), 1)
        inner = [name for name in _WRAPS if name in raw]
        if set(raw) - {*_WRAPS, "runtime_key", "runtimeKey"}:
            return raw
        if not inner:
            return 0  # protobuf's JSON leaves a 0 out: {} is what is left of {value: 0}
        raw = raw[inner[0]]
    return raw


def enum(here: Cursor, words: tuple[str, ...]) -> str:
    """One of an enum's words, or its number. ValueError if it is neither."""
    raw = here.data
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < len(words):
        return words[raw]
    if raw not in words:
        msg = f"{text(raw)} is none of {', '.join(words)}"
        raise ValueError(msg)
    return str(raw)
