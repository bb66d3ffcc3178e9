"""Units in values: `250ms`, `1h30m`, `120/s`, `30%`; and back again for display.

A bare number where a unit belongs is refused with a hint. Decimals are exact.
"""

import math
import re
from decimal import Decimal

_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_NUMBER = r"\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,2})?|\.\d{1,400}"
"""Bounded, so that no text asks for a number of a million digits."""
_PART = re.compile(rf"({_NUMBER})\s*(ns|us|µs|ms|s|m|h|d)")
_RATE = re.compile(rf"({_NUMBER})\s*(?:/\s*(s|m|h)|(rps))")
_SHARE = re.compile(rf"({_NUMBER})\s*%")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _bare(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        short = f"{value:g}"
        return (short if float(short) == value else repr(value)) if math.isfinite(value) else None
    if isinstance(value, str) and re.fullmatch(rf"[+-]?(?:{_NUMBER})", value.strip()):
        return value.strip()
    return None


def duration_ns(value: object) -> int:
    """A duration such as 250ms or 1h30m, in ns. ValueError says what to write instead."""
    if isinstance(value, str):
        text = value.strip()
        parts = _PART.findall(text)
        if parts and "".join(_PART.split(text)[::3]).strip() == "":
            total = sum((Decimal(number) * _NS[unit] for number, unit in parts), Decimal(0))
            if total >= 2**62:
                msg = f"{_shown(value)} is longer than the clock can count (146 years)"
                raise ValueError(msg)
            return int(total.to_integral_value())
        if text.startswith("-"):
            msg = f"{_shown(value)} is negative; a duration is 0s or more"
            raise ValueError(msg)
    bare = _bare(value)
    if bare is not None and bare.startswith("-"):
        msg = f"{_shown(value)} is negative; a duration is 0s or more"
        raise ValueError(msg)
    if bare is not None:
        msg = f"{bare} of what? write {bare}s or {bare}ms"
        raise ValueError(msg)
    msg = f"{_shown(value)} is not a duration; write a number and a unit, such as 250ms or 1h30m"
    raise ValueError(msg)


def rate_per_s(value: object) -> float:
    """A rate such as 120/s or 3/m, per second."""
    if isinstance(value, str):
        match = _RATE.fullmatch(value.strip())
        if match:
            unit = {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]
            rate = float(Decimal(match[1]) / unit)
            if math.isfinite(rate):
                return rate
    bare = _bare(value)
    if (bare or str(value).strip()).startswith("-"):
        msg = f"{_shown(value)} is negative; a rate is 0/s or more"
        raise ValueError(msg)
    if bare is not None:
        msg = f"{bare} per what? write {bare}/s or {bare}/m"
        raise ValueError(msg)
    msg = f"{_shown(value)} is not a rate; write a number per unit, such as 120/s"
    raise ValueError(msg)


def share(value: object) -> float:
    """A share such as 30% or 0.3."""
    number: Decimal | None = None
    if isinstance(value, str):
        match = _SHARE.fullmatch(value.strip())
        number = Decimal(match[1]) / 100 if match else None
    bare = _bare(value)
    if number is None and bare is not None:
        number = Decimal(bare)
    if number is None or not number.is_finite():
        msg = f"{_shown(value)} is not a share; write 30% or 0.3"
        raise ValueError(msg)
    if not 0 <= number <= 1:
        msg = f"{value} is not between 0 and 1; a share is 0% to 100%"
        raise ValueError(msg)
    return float(number)


def show_ns(ns: int) -> str:
    """A duration in the largest unit that keeps it exact and short: 1500000 -> 1.5ms."""
    if ns == 0:
        return "0s"
    for unit in ("s", "ms", "us"):
        if ns >= _NS[unit]:
            return f"{_plain(Decimal(ns) / _NS[unit])}{unit}"
    return f"{ns}ns"


def show_rate(rate: float) -> str:
    """50.0 -> 50/s."""
    return f"{_plain(Decimal(repr(rate)))}/s"


def show_share(value: float) -> str:
    """0.3 -> 30%."""
    return f"{_plain(Decimal(repr(value)) * 100)}%"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
