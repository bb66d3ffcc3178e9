"""Values as .NET's configuration binds them: TimeSpan texts, numbers and flags that may be texts."""

import re
from typing import Any

from sim.policies.options import Option
from sim.units import show_ns
from sim.vendor.keys import DURATIONS, text

_SPAN = re.compile(
    r"(?P<sign>-?)(?:(?P<days>\d{1,8})(?:\.|:(?=\d+:\d+:)))?"
    r"(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2})(?:\.(?P<f>\d{1,7}))?)?"
)
_DAYS = re.compile(r"\d{1,8}")
DAY_S = 86_400


def convert(option: Option, raw: Any) -> Any:
    """A value in the spelling of a scenario. ValueError if .NET would not bind it."""
    if option.kind in DURATIONS:
        ns = parse(raw)
        if option.high is not None and ns > option.high * 10**9 and _DAYS.fullmatch(str(raw).strip()):
            msg = f"{text(raw)} is too long: a bare number is days; write hh:mm:ss, such as 00:00:05"
            raise ValueError(msg)
        return show_ns(ns)
    if option.kind == "flag":
        word = str(raw).strip().lower()
        if word not in ("true", "false"):
            msg = f"{text(raw)} is neither true nor false"
            raise ValueError(msg)
        return word == "true"
    if option.kind in ("count", "number", "share"):
        return _number(option, raw)
    return raw


def _number(option: Option, raw: Any) -> Any:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        msg = f"{text(raw)} is not a number"
        raise ValueError(msg)
    try:
        return float(raw) if option.kind != "count" else int(raw) if isinstance(raw, str) else raw
    except ValueError:
        msg = f"{text(raw)} is not a {'whole ' if option.kind == 'count' else ''}number"
        raise ValueError(msg) from None


def parse(raw: Any) -> int:
    """`hh:mm:ss`, `d.hh:mm:ss`; a bare number is days. In ns."""
    words = str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
    if _DAYS.fullmatch(words):
        return int(words) * DAY_S * 10**9
    found = _SPAN.fullmatch(words)
    if found is None:
        msg = f"{text(raw)} is not a TimeSpan; write hh:mm:ss, such as 00:00:30 or 00:00:00.500"
        raise ValueError(msg)
    hours, minutes, seconds = (int(found[unit] or 0) for unit in "hms")
    if hours > 23 or minutes > 59 or seconds > 59:
        msg = f"{text(raw)}: a TimeSpan has up to 23 hours, 59 minutes and 59 seconds; more are days, such as 1.00:00:00"
        raise ValueError(msg)
    whole = int(found["days"] or 0) * DAY_S + hours * 3600 + minutes * 60 + seconds
    ns = whole * 10**9 + int((found["f"] or "").ljust(7, "0")) * 100
    if found["sign"] and ns:
        msg = f"{text(raw)} is negative"
        raise ValueError(msg)
    return ns


def at_once(raw: Any) -> bool:
    """Is it a TimeSpan of nothing, or below?"""
    found = _SPAN.fullmatch(str(raw).strip()) if isinstance(raw, str) else None
    return raw == 0 or (found is not None and (bool(found["sign"]) or not parse(raw)))


def show(ns: int) -> str:
    """As .NET writes it."""
    days, rest = divmod(ns, DAY_S * 10**9)
    seconds, fraction = divmod(rest, 10**9)
    out = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    out = f"{days}.{out}" if days else out
    return f"{out}.{fraction // 100:07}".rstrip("0") if fraction else out
