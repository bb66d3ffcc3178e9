"""A place in a located document, and the fields of a message that stands there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.scenario.source import Location, Position, Tree
from sim.vendor import keys
from sim.vendor.marked import Given, Idle, Mistakes
from sim.vendor.source import where

READ = ""
"""A field that is read; any other text says why it has no meaning here."""
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value where it stands."""

    tree: Tree
    place: Location
    data: Any

    def __truediv__(self, key: Any) -> "Cursor":
        """What is below a key or index."""
        return Cursor(self.tree, (*self.place, key), self.data[key])

    @property
    def at(self) -> Position:
        """Of the value."""
        return where(self.tree, self.place)

    @property
    def key_at(self) -> Position:
        """Of its key."""
        return where(self.tree, self.place, on_key=True)

    @property
    def name(self) -> str:
        """Its key."""
        return str(self.place[-1]) if self.place else ""

    def given(self, name: str = "") -> Given:
        """As a setting."""
        return Given(name or self.name, self.data, self.at, self.key_at)

    def items(self, mistakes: Mistakes) -> Iterator["Cursor"]:
        """The items of a list, or what else is a mistake. None counts as an empty one."""
        if isinstance(self.data, list):
            yield from (self / i for i in range(len(self.data)))
        elif self.data is not None:
            mistakes.add(self.at, f"{self.name}: {keys.text(self.data)} is not a list")

    def below(self, *path: Any) -> "Cursor | None":
        """What is below a path of keys; None if it ends before."""
        here = self
        for key in path:
            if isinstance(here.data, dict) and key in here.data:
                here = here / key
            else:
                return None
        return here


def camel(name: str) -> str:
    """max_requests -> maxRequests."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def fields(
    message: Cursor,
    known: Fields,
    what: str,
    idle: list[Idle],
    mistakes: Mistakes,
    *,
    both: bool = False,
    gone: Mapping[str, str] | None = None,
) -> dict[str, Cursor]:
    """The fields of a message that are read, by name; the others are noted: idle, or unknown.

    `both`: protobuf's JSON takes lowerCamelCase beside the names of the proto file. `gone`: fields that there once
    were, and what to write instead.
    """
    if message.data is None:
        return {}
    if not isinstance(message.data, dict):
        mistakes.add(message.at, f"{what}: {keys.text(message.data)} is not a mapping")
        return {}
    names = {name: name for name in known} | ({camel(name): name for name in known} if both else {})
    found: dict[str, Cursor] = {}
    for key in message.data:
        here = message / key
        name = names.get(key)
        if name is None:
            keys.unknown(here.given(), known, what, gone or {}, mistakes)
        elif name in found:
            mistakes.add(here.key_at, f"{key} says again what {found[name].name} says")
        elif known[name] != READ:
            idle.append(Idle(key, here.data, known[name], here.key_at.line))
        elif here.data is not None:
            found[name] = here
    return found


def settings(found: Mapping[str, Cursor]) -> dict[str, Given]:
    """Fields as settings."""
    return {name: here.given(name) for name, here in found.items()}
