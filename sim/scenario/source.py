"""Text -> located tree: plain data, and the position of every key and value."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from sim.errors import InvalidScenario, Problem

MAX_BYTES = 5_000_000
"""Scenario files are written by people; a thousand services take a tenth of this."""
MAX_DEPTH = 100
MAX_NODES = 200_000
"""Nodes after aliases are expanded: an alias bomb stops here."""

Location = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a key or value stands; line and column count from 1. On the command line there is no line: 0."""

    file: str
    line: int
    col: int
    source: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A file as plain data with positions: `keys` of the keys, `values` of the values."""

    data: Any
    keys: dict[Location, Position]
    values: dict[Location, Position]
    text: str
    file: str


def read(path: str) -> tuple[str, str]:
    """(text, name) of a file, or of stdin for `-`. Raises InvalidScenario."""
    if path == "-":
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"), "<stdin>"
    place = Path(path)
    if place.is_dir():
        raise _wrong(path, "this is a directory, not a scenario file")
    try:
        if place.stat().st_size > MAX_BYTES:
            size = f"{place.stat().st_size / 1e6:.0f} MB"
            raise _wrong(path, f"{size} is no scenario file; at most {MAX_BYTES // 10**6} MB")
        return decode(place.read_bytes(), path), path
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror or error}") from error


def _wrong(
    file: str, message: str, line: int = 0, col: int = 0, source: str = "", hint: str = ""
) -> InvalidScenario:
    return InvalidScenario([Problem(message, file, line, col, source, hint)])


def decode(raw: bytes, file: str) -> str:
    """Bytes -> text; UTF-8 only."""
    if len(raw) > MAX_BYTES:
        raise _wrong(file, f"more than {MAX_BYTES // 10**6} MB is no scenario file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        col = error.start - raw.rfind(b"\n", 0, error.start)
        message = f"byte {raw[error.start]:#04x} is not UTF-8"
        raise _wrong(file, message, line, col, hint="save the file as UTF-8") from error


def parse(text: str, file: str) -> Tree:
    """YAML 1.2 text -> located tree. Raises InvalidScenario with the position of what is wrong."""
    if not text.strip():
        raise _wrong(file, "the file is empty", hint="`cascadelab new` writes a starter")
    tree = parse_value(text, file)
    if not isinstance(tree.data, dict):
        message = "a scenario is a mapping of keys such as name:, services:, sources:"
        raise _wrong(file, message, 1, 1, _line(text.splitlines(), 1))
    return tree


def parse_value(text: str, file: str) -> Tree:
    """The same for any value, not only the mapping that a scenario is."""
    lines = text.splitlines()
    _check_depth(text, lines, file)
    root = _load(text, lines, file)
    tree = Tree({}, {}, {}, text, file)
    budget = [MAX_NODES]
    data = _plain(root, (), tree, lines, budget)
    return Tree(data, tree.keys, tree.values, text, file)


def _load(text: str, lines: list[str], file: str) -> Any:
    """What ruamel makes of it, positions included."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return YAML(typ="rt", pure=True).load(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _wrong(file, _explain(error), line, col, _line(lines, line), _hint(lines, line)) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        col = error.position - text.rfind("\n", 0, error.position)
        raise _wrong(
            file, f"character {ord(text[error.position]):#06x} is not allowed in YAML", line, col
        ) from error
    except (YAMLError, ValueError) as error:
        raise _wrong(file, f"not YAML: {error}") from error
    except RecursionError as error:
        raise _wrong(file, f"nested too deeply; at most {MAX_DEPTH} levels") from error


def _check_depth(text: str, lines: list[str], file: str) -> None:
    """Deep nesting is refused before the parser recurses into it.

    A cheap look first; only what looks deep (a text full of brackets may) is judged by YAML's events,
    which stop at the first level too many.
    """
    if not any(_looks_deep(lines)):
        return
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

    depth = 0
    try:
        for event in YAML(typ="rt", pure=True).parse(StringIO(text)):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > MAX_DEPTH:
                line, col = event.start_mark.line + 1, event.start_mark.column + 1
                raise _wrong(
                    file, f"nested too deeply; at most {MAX_DEPTH} levels", line, col, _line(lines, line)
                )
    except YAMLError:
        return  # the parser proper says what is wrong, and where


def _looks_deep(lines: list[str]) -> Iterator[bool]:
    depth = 0
    for line in lines:
        for char in line:
            if char in "[{":
                depth += 1
                yield depth > MAX_DEPTH
            elif char in "]}":
                depth = max(0, depth - 1)
        yield len(line) - len(line.lstrip(" -?")) > MAX_DEPTH


def _explain(error: Any) -> str:
    problem = str(error.problem or error)
    if "duplicate key" in problem:
        return problem.split("with value")[0].strip().replace("found duplicate key", "duplicate key")
    return f"not YAML: {problem}"


def _hint(lines: list[str], line: int) -> str:
    if "\t" in _line(lines, line)[: len(_line(lines, line)) - len(_line(lines, line).lstrip())]:
        return "YAML is indented with spaces, not tabs"
    return ""


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _plain(node: Any, at: Location, tree: Tree, lines: list[str], budget: list[int]) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or len(at) > MAX_DEPTH:
        raise _wrong(tree.file, "the aliases of this file expand to more than it can mean (an alias bomb?)")

    def position(mark: Any) -> Position:
        return Position(tree.file, mark[0] + 1, mark[1] + 1, _line(lines, mark[0] + 1))

    if isinstance(node, dict):
        out = {}
        own = _marks(node)
        for key, value in node.items():
            place = (*at, key)
            if not isinstance(key, str):
                line, col = (own[key][0] + 1, own[key][1] + 1) if key in own else (0, 0)
                message = f"the key {str(key)[:40]!r} is not text"
                raise _wrong(tree.file, message, line, col, _line(lines, line), "put a name into quotes")
            if key in own:
                tree.keys[place] = position(own[key][:2])
                # ruamel marks an empty value where the next token stands: the key is the better place
                tree.values[place] = tree.keys[place] if value is None else position(own[key][2:4])
            out[key] = _plain(value, place, tree, lines, budget)
        return out
    if isinstance(node, list):
        marks = _marks(node)
        for i in range(len(node)):
            if i in marks:
                tree.keys[(*at, i)] = tree.values[(*at, i)] = position(marks[i][:2])
        return [_plain(item, (*at, i), tree, lines, budget) for i, item in enumerate(node)]
    return _scalar(node, at, tree)


def _marks(node: Any) -> dict[Any, Any]:
    """ruamel's positions of a collection: [key line, key column, value line, value column], from 0."""
    return getattr(node.lc, "data", None) or {}


def _scalar(node: Any, at: Location, tree: Tree) -> Any:
    if hasattr(node, "tag") and node.tag.value:
        here = tree.values.get(at)
        where = (here.line, here.col, here.source) if here else (0, 0, "")
        raise _wrong(tree.file, f"the tag {node.tag.value!r} means nothing in a scenario", *where)
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)
