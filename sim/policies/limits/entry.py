"""What a row of limiters and budgets is: a library's own settings, and the parameters they come to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.policies.catalog.entry import settings
from sim.policies.options import Option


@dataclass(frozen=True, slots=True)
class Limit:
    """One row."""

    about: str
    traps: tuple[str, ...]
    make: Callable[[dict[str, Any]], Any]
    """Its settings, defaults filled in, as parameters. OptionError if they contradict each other."""
    options: tuple[Option, ...]
    version: str
    source: str
    prefixes: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    """Other names that the library has for a setting: (other, the option's)."""


def params(rows: Mapping[str, Limit], name: str, given: Mapping[str, Any] | None = None) -> Any:
    """Parameters of a row. KeyError if there is none; OptionError if a setting is unknown or illegal."""
    row = rows[name]
    also = dict(row.also)
    plain = {also.get(key, key): _plain(value) for key, value in (given or {}).items()}
    return row.make(settings(row, plain, name))


def _plain(value: Any) -> Any:
    """Envoy wraps numbers: {value: 15}, {default_value: {value: 95}}."""
    if not isinstance(value, Mapping):
        return value
    if set(value) in ({"value"}, {"default_value"}):
        return _plain(next(iter(value.values())))
    return {key: _plain(inner) for key, inner in value.items()}
