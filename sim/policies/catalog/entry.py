"""What an entry of the catalogue is: a library's own settings, and what parts they come to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sim.policies.options import Option, OptionError, resolve

S = 1_000_000_000
MS = 1_000_000

Parts = dict[str, Any]
"""Breaker parts in the spelling of the scenario file (durations in ns, shares 0..1)."""

FAILURES = ("error", "timeout", "shed", "unreachable")
"""Learned as failure by default."""
IGNORED = ("broken", "limited", "bulkhead", "expired", "cancelled")
"""Learned as nothing: they give a probe permit back."""
ANY_EXCEPTION = (*FAILURES, "broken", "limited", "bulkhead", "expired")
"""For libraries to which a refusal by an inner policy is an exception like any other."""


class HasOptions(Protocol):
    """Whatever is set under a library's own names."""

    @property
    def options(self) -> tuple[Option, ...]: ...
    @property
    def prefixes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue."""

    about: str
    """What it does, in a sentence or two."""
    traps: tuple[str, ...]
    """Where it bites."""
    parts: Callable[[dict[str, Any]], Parts]
    """Its settings, defaults filled in, as parts. ValueError if they contradict each other."""
    options: tuple[Option, ...] = ()
    """The library's own settings."""
    version: str = ""
    """Library and version; empty for entries of our own."""
    source: str = ""
    """Where the semantics were read."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of its settings' names that may be left out."""
    names: tuple[tuple[str, str], ...] = ()
    """States that the library calls otherwise than we do: (ours, its own)."""
    breaks: tuple[str, ...] = ()
    """Promises of `sim.policies.conformance` that the library itself does not keep."""
    wedges: bool = False
    """A probe that never returns keeps it half-open for ever, with default settings."""
    example: tuple[tuple[str, Any], ...] = ()
    """Settings to show it with, where the library has no default that makes sense and wants them given."""


def settings(
    entry: HasOptions, given: Mapping[str, Any], name: str, *, elsewhere_too: bool = False
) -> dict[str, Any]:
    """The library's settings with defaults filled in. OptionError names what is unknown or illegal."""
    with as_written(entry, given):
        return resolve(entry.options, by_own_name(entry, given), name, elsewhere_too=elsewhere_too)


@contextmanager
def as_written(entry: HasOptions, given: Mapping[str, Any]) -> Iterator[None]:
    """Within it, an OptionError names settings as they are written in `given`."""
    try:
        yield
    except OptionError as error:
        own = _own_names(entry)
        written = {_own_name(own, entry, path): path for path, _ in _flat(given, own)}
        for mistake in (error, *error.others):
            mistake.name = written.get(mistake.name, mistake.name)
        raise


def by_own_name(entry: HasOptions, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` by the settings' own names: kebab-case, snake_case, nested mappings and short names will do."""
    own = _own_names(entry)
    found: dict[str, Any] = {}
    for key, value in _flat(given, own):
        name = _own_name(own, entry, key)
        if name in found:
            raise OptionError(key, f"{key} says again what {name} says")
        found[name] = value
    return found


def _own_names(entry: HasOptions) -> dict[str, str]:
    own = {_squashed(_short(option.name, entry.prefixes)): option.name for option in entry.options}
    return own | {_squashed(option.name): option.name for option in entry.options}


def _own_name(own: Mapping[str, str], entry: HasOptions, key: str) -> str:
    return own.get(_squashed(key)) or own.get(_squashed(_short(key, entry.prefixes)), key)


def _short(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _squashed(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _flat(given: Mapping[str, Any], own: dict[str, str], above: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in given.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping) and _squashed(path) not in own:
            flat += _flat(value, own, path)
        else:
            flat.append((path, value))
    return flat
