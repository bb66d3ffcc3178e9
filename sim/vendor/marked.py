"""Settings as a file gives them, and values of a policy block that know where they come from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sim.errors import InvalidScenario, Problem
from sim.scenario.source import Position
from sim.vendor.source import problem

GIVEN, DEFAULT = "given", "default"


@dataclass(frozen=True, slots=True)
class Given:
    """A setting as the file writes it."""

    name: str
    raw: Any
    at: Position
    """Of its value."""
    key_at: Position


@dataclass(frozen=True, slots=True)
class Marked:
    """A value of a policy block: as a scenario writes it, and where it comes from."""

    value: Any
    mark: str
    """given or default"""
    note: str = ""
    """The library's name where it is another one, or a word on the value."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Idle:
    """A setting of the file without meaning here."""

    name: str
    raw: Any
    why: str
    line: int


Block = dict[str, Any]
"""One policy: a mapping (nested ones too) whose leaves are Marked."""


@dataclass(slots=True)
class Imported:
    """What stands around the calls to one callee, as a file says it."""

    name: str
    """Of the instance, cluster, host, resource or pipeline."""
    library: str
    """With its version."""
    order: str
    """From the outside in, and who says so."""
    stack: list[tuple[str, Block]]
    """(policy, its block), from the outside in."""
    idle: list[Idle] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Whatever else is worth a sentence."""
    shape: list[Given] = field(default_factory=list)
    """Settings that say which policies there are, and in which order: no values of a policy."""


def given(value: Any, what: Given, note: str = "") -> Marked:
    """A value that the file gives."""
    return Marked(value, GIVEN, note, what.at.line)


def default(value: Any, note: str = "") -> Marked:
    """A value that the library fills in."""
    return Marked(value, DEFAULT, note)


def plain(block: Any) -> Any:
    """A block without its marks, as a scenario has it."""
    if isinstance(block, Marked):
        return block.value
    if isinstance(block, dict):
        return {key: plain(value) for key, value in block.items()}
    return [plain(item) for item in block] if isinstance(block, list) else block


def plain_stack(imported: Imported) -> list[dict[str, Any]]:
    """A stack as a scenario has it."""
    return [{policy: plain(block)} for policy, block in imported.stack]


def leaves(block: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Marked]]:
    """Every marked value of a block, with its keys."""
    if isinstance(block, Marked):
        yield place, block
    elif isinstance(block, dict):
        for key, value in block.items():
            yield from leaves(value, (*place, key))


def pick(imported: list[Imported], only: tuple[str, ...], file: str, what: str) -> list[Imported]:
    """Those of these names. Raises InvalidScenario for a name that is none."""
    asked(only, [one.name for one in imported], file, what)
    return [one for one in imported if one.name in only]


def asked(only: tuple[str, ...], names: list[str], file: str, what: str) -> None:
    """Is there each of these names? Raises InvalidScenario if not."""
    for name in only:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
            raise InvalidScenario([Problem(f"no {what} is called {name!r}{hint}", file)])


class Mistakes:
    """Every mistake of a file, told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, at: Position, message: str, hint: str = "") -> None:
        """One more; each is told once, however often it is met."""
        one = problem(at, message, hint)
        if one not in self.found:
            self.found.append(one)

    def end(self) -> None:
        """Raise InvalidScenario if there are any."""
        if self.found:
            raise InvalidScenario(sorted(self.found, key=lambda p: (p.line, p.col)))
