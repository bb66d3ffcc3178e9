"""Settings of a library under its own names: defaults, units, legal ranges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sim import units

MS, S = 1_000_000, 1_000_000_000
LEAST = 1e-6
"""A lower bound at or below it stands for more than nothing."""


class OptionError(ValueError):
    """A setting is illegal or (`unknown`) there is none; `name` is the setting as it was given; `others`:
    further mistakes in the same settings."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.unknown = False
        self.others: tuple[OptionError, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a library.

    Kinds: `duration` (text with unit -> ns; a bare number is refused), `duration_ms` and `duration_s`
    (a bare number counts ms or s as the library has it, or text with unit -> ns), `durations` (a list of
    them), `count` (whole number), `counts` (a whole number or a list of them), `number`, `share` (0..1 or
    `30%` -> 0..1), `percent` (0..100 or `30%` -> 0..1), `flag`, `choice`, `text`, `any` (as given).
    """

    name: str
    default: Any
    kind: str
    about: str
    low: float | None = None
    """Smallest legal value, inclusive, in the unit that the library writes (durations: a bare number's,
    ns of `duration` in s)."""
    high: float | None = None
    choices: tuple[str, ...] = ()
    elsewhere: str = ""
    """Not a setting here: what to write instead, or why it has no meaning."""
    needed: bool = False
    """The library has no default, or none that is legal: a scenario says it. The one here is an example."""


def resolve(
    options: Iterable[Option], given: Mapping[str, Any], entry: str, *, elsewhere_too: bool = False
) -> dict[str, Any]:
    """Every setting by name, parsed: what is given over the defaults.

    Raises OptionError for an unknown name (with the nearest valid one), an illegal value, and, unless
    `elsewhere_too`, for a setting that belongs elsewhere: the first mistake, which knows the others.
    """
    known = {option.name: option for option in options}
    mistakes: list[OptionError] = []
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(known) or 'none'}"
            mistakes.append(OptionError(str(name), f"{entry} has no setting {name!r}{hint}"))
            mistakes[-1].unknown = True
        elif known[name].elsewhere and not elsewhere_too:
            mistakes.append(OptionError(str(name), f"{name}: {known[name].elsewhere}"))
    values: dict[str, Any] = {}
    for name, option in known.items():
        try:
            values[name] = parse(option, given.get(name, option.default))
        except OptionError as error:
            mistakes.append(error)
    if mistakes:
        mistakes[0].others = tuple(mistakes[1:])
        raise mistakes[0]
    return values


def parse(option: Option, value: Any) -> Any:
    """The value of one setting. Raises OptionError."""
    try:
        parsed = _PARSERS[option.kind](option, value)
    except ValueError as error:
        raise OptionError(option.name, f"{option.name}: {error}") from error
    return parsed


def _ranged(option: Option, value: float, shown: Any, unit_ns: int = 0) -> None:
    """`unit_ns`: of a duration; a text is answered with texts, a bare number with bare numbers."""
    low, high = option.low, option.high
    if (low is None or value >= low) and (high is None or value <= high):
        return

    def word(bound: float) -> str:
        if unit_ns and isinstance(shown, str):
            return units.show_ns(round(bound * unit_ns))
        return f"{bound:g}" if abs(bound) < 1e6 and bound != int(bound) else f"{bound:.0f}"

    above = low is not None and 0 < low <= LEAST
    if low is None or high is None:
        bound = f"at most {word(high)}" if high is not None else f"at least {word(low or 0)}"
        bound = "more than 0" if above else bound
    else:
        bound = f"more than 0 and at most {word(high)}" if above else f"{word(low)} to {word(high)}"
    msg = f"{shown} is out of range; it must be {bound}"
    raise ValueError(msg)


def _number(option: Option, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        msg = f"{value!r} is not a number"
        raise ValueError(msg)
    _ranged(option, value, value)
    return float(value)


def _count(option: Option, value: Any) -> int:
    if _number(option, value) != int(value):
        msg = f"{value!r} is not a whole number"
        raise ValueError(msg)
    return int(value)


def _counts(option: Option, value: Any) -> Any:
    return [_count(option, v) for v in value] if isinstance(value, list | tuple) else _count(option, value)


def _share(option: Option, value: Any) -> float:
    share = units.share(value)
    _ranged(option, share, value)
    return share


def _percent(option: Option, value: Any) -> float:
    percent = units.share(value) * 100 if isinstance(value, str) else _number(option, value)
    _ranged(option, percent, value)
    return percent / 100


def _duration(unit_ns: int, *, bare: bool) -> Any:
    def read(option: Option, value: Any) -> int:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        ns = round(value * unit_ns) if bare and number else units.duration_ns(value)
        _ranged(option, ns / unit_ns, value, unit_ns)
        return ns

    return read


def _flag(option: Option, value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"{value!r} is neither true nor false"
        raise ValueError(msg)
    return value


def _choice(option: Option, value: Any) -> str:
    found = [choice for choice in option.choices if choice.lower() == str(value).lower()]
    if not found:
        msg = f"{value!r} is none of {', '.join(option.choices)}"
        raise ValueError(msg)
    return found[0]


def _durations(option: Option, value: Any) -> list[int]:
    values = value if isinstance(value, list | tuple) else [value]
    return [_PARSERS["duration"](option, v) for v in values]


_PARSERS: dict[str, Any] = {
    "number": _number,
    "count": _count,
    "counts": _counts,
    "share": _share,
    "percent": _percent,
    "duration": _duration(S, bare=False),
    "duration_ms": _duration(MS, bare=True),
    "duration_s": _duration(S, bare=True),
    "durations": _durations,
    "flag": _flag,
    "choice": _choice,
    "text": lambda option, value: str(value),
    "any": lambda option, value: value,
}
