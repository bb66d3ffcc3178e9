"""A walk through a located document that collects every mistake on its way."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Never

from sim.errors import InvalidScenario, Problem
from sim.scenario.diagnostics import nearest
from sim.scenario.source import Location, Position, Tree
from sim.vendor.source import problem, where


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of a document, and where it stands.

    Reading it as what it is not notes a problem and hands back a value that reading can go on with.
    """

    tree: Tree
    place: Location
    value: Any
    problems: list[Problem]

    def wrong(self, message: str, hint: str = "", *, on_key: bool = False) -> None:
        """Note a problem here."""
        name = ".".join(f"[{p}]" if isinstance(p, int) else str(p) for p in self.place).replace(".[", "[")
        text = f"{name}: {message}" if name else message
        self.problems.append(problem(self.at(on_key=on_key), text, hint))

    def at(self, *, on_key: bool = False) -> Position:
        """Where it stands; a whole document, where its first key does."""
        if not self.place and self.tree.keys:
            return next(iter(self.tree.keys.values()))
        return where(self.tree, self.place, on_key=on_key)

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return self.at(on_key=True).line

    @property
    def name(self) -> str:
        """Its key."""
        return str(self.place[-1])

    def below(self, key: Any) -> "Spot":
        """A key that is there."""
        return Spot(self.tree, (*self.place, key), self.value[key], self.problems)

    def get(self, key: str) -> "Spot | None":
        """The value of a key of this mapping; None if it is not there or empty."""
        if not isinstance(self.value, dict) or self.value.get(key) is None:
            return None
        return self.below(key)

    def fields(self) -> Iterator["Spot"]:
        """The values of a mapping, in order."""
        if not isinstance(self.value, dict):
            self.wrong(f"{show(self.value)} is not a mapping")
            return
        for key in self.value:
            yield self.below(key)

    def items(self) -> Iterator["Spot"]:
        """The items of a list."""
        if not isinstance(self.value, list):
            self.wrong(f"{show(self.value)} is not a list")
            return
        for i in range(len(self.value)):
            yield self.below(i)

    def listed(self, key: str) -> Iterator["Spot"]:
        """The items of the list of a key; none if it is not there."""
        found = self.get(key)
        if found is not None:
            yield from found.items()

    def only(self, known: Collection[str], of: str) -> "Spot":
        """This mapping, with every key that is none of the known ones noted."""
        for field in self.fields():
            if field.name not in known:
                field.wrong(f"{of} has no key {field.name!r}{nearest(field.name, known)}", on_key=True)
        return self

    def text(self, default: str = "") -> str:
        """Text that is not empty."""
        if isinstance(self.value, str) and self.value:
            return self.value
        self.wrong(f"{show(self.value)} is not text")
        return default

    def number(self, least: float, most: float = 1e12, default: float | None = None) -> float:
        """A number between two bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            self.wrong(f"{show(value)} is not a number")
        elif not least <= value <= most:
            self.wrong(f"{show(value)} is not between {least:g} and {most:,g}")
        else:
            return float(value)
        return least if default is None else default

    def whole(self, least: int, most: int = 100_000) -> int:
        """A whole number between two bounds."""
        number = self.number(least, most)
        if number != int(number):
            self.wrong(f"{show(self.value)} is not a whole number")
        return int(number)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.wrong(f"{show(self.value)} is neither true nor false")
        return self.value is True

    def one_of(self, *words: str) -> str:
        """One of a few words."""
        if self.value not in words:
            self.wrong(f"{show(self.value)} is not one of {', '.join(words)}")
            return words[0]
        return str(self.value)


def show(value: Any) -> str:
    """A value as it is told of, in one short line."""
    if value is None:
        return "nothing"
    text = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def refuse(problems: list[Problem]) -> Never:
    """All of them at once, each once, in the order of the file."""
    raise InvalidScenario(sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.col)))
