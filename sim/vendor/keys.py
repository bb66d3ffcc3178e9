"""Keys of a block of settings: which are known, what they mean here, which values are legal."""

import math
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from sim import units
from sim.policies.options import Option, OptionError, parse
from sim.vendor.marked import Block, Given, Idle, Marked, Mistakes, default, given
from sim.vendor.source import TEMPLATE

Convert = Callable[[Option, Any], Any]
"""A raw value of the file -> as a scenario writes it. ValueError says what is wrong with it."""

DURATIONS = ("duration", "duration_ms", "duration_s")


def checked(option: Option, convert: Convert, setting: Given, mistakes: Mistakes) -> Any:
    """A value as a scenario writes it, within the library's legal range; None with a mistake noted if it is not."""
    if isinstance(setting.raw, str) and TEMPLATE.search(setting.raw):
        mistakes.add(
            setting.at,
            f"{setting.name}: {text(setting.raw)} is a template: render it, and import what comes out",
        )
        return None
    try:
        value = _finite(convert(option, _finite(setting.raw)))
        parsed = parse(option, value)
    except OptionError as error:
        mistakes.add(setting.at, str(error))
        return None
    except ValueError as error:
        mistakes.add(setting.at, f"{setting.name}: {error}")
        return None
    return units.show_ns(parsed) if option.kind in DURATIONS else value


def _finite(value: Any) -> Any:
    """A value that is no number beyond all others. ValueError if it is one."""
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"{value} is not a number that a setting can have"
        raise ValueError(msg)
    return value


def params(
    options: Iterable[Option], found: Mapping[str, Given], convert: Convert, mistakes: Mistakes
) -> Block:
    """Every setting of a library that has meaning here: the given value, or the library's default."""
    block: Block = {}
    for option in options:
        if option.elsewhere:
            continue
        setting = found.get(option.name)
        if setting is None:
            if not option.needed:
                block[option.name] = default(_shown(option))
            continue
        value = checked(option, convert, setting, mistakes)
        if value is not None:
            block[option.name] = given(value, setting)
    return block


def _shown(option: Option) -> Any:
    """A default as a scenario writes it."""
    return units.show_ns(parse(option, option.default)) if option.kind in DURATIONS else option.default


def unknown(
    setting: Given, known: Iterable[str], what: str, gone: Mapping[str, str], mistakes: Mistakes
) -> None:
    """Note a key that is none; `gone`: keys that the library once had, with what to write instead."""
    if setting.name in gone:
        mistakes.add(setting.key_at, f"{setting.name}: {gone[setting.name]}")
        return
    names = list(known)
    near = get_close_matches(setting.name, names, 1)
    there = f"; did you mean {near[0]}?" if near else f" (there are: {', '.join(names)})"
    mistakes.add(setting.key_at, f"{what} has no setting {setting.name!r}{there}")


def idle(setting: Given, why: str) -> Idle:
    """A setting without meaning here."""
    return Idle(setting.name, setting.raw, why, setting.key_at.line)


def holds(
    check: Callable[[Mapping[str, Any]], Any], block: Block, found: Mapping[str, Given], mistakes: Mistakes
) -> None:
    """Do the values of a block go together? A contradiction is told at the setting that it names, else at the first
    one that is given."""
    if not found:
        return
    try:
        check({key: one.value for key, one in block.items() if isinstance(one, Marked)})
    except ValueError as error:
        first = min(found.values(), key=lambda one: (one.key_at.line, one.key_at.col))
        named = [one for one in found.values() if one.name in str(error)]
        mistakes.add(max(named or [first], key=lambda one: one.at.line).at, str(error))


def text(value: Any) -> str:
    """A raw value in a message."""
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
