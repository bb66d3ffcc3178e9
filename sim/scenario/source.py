"""Text -> located tree: plain data, and the position of every key and value."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import InvalidScenario, Problem
from sim.scenario import nodes

MAX_BYTES = 5_000_000
"""Scenario files are written by people; a thousand services take a tenth of this."""
MAX_DEPTH = 100
MAX_NODES = 200_000
"""Nodes after aliases are expanded, or one per character if those are more: what is written without aliases
never has so many, so a large file is no alias bomb."""

Location = tuple[Any, ...]
T = TypeVar("T")


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


def read(path: str, what: str = "scenario file") -> tuple[str, str]:
    """(text, name) of a file, or of stdin for `-`. Raises InvalidScenario."""
    if path == "-":
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>", what), "<stdin>"
    place = Path(path)
    if place.is_dir():
        raise _wrong(path, f"this is a directory, not a {what}")
    try:
        if place.stat().st_size > MAX_BYTES:
            size = f"{place.stat().st_size / 1e6:.0f} MB"
            raise _wrong(path, f"{size} is no {what}; at most {MAX_BYTES // 10**6} MB")
        return decode(place.read_bytes(), path, what), path
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror or error}") from error


def _wrong(
    file: str, message: str, line: int = 0, col: int = 0, source: str = "", hint: str = ""
) -> InvalidScenario:
    return InvalidScenario([Problem(message, file, line, col, source, hint)])


def decode(raw: bytes, file: str, what: str = "scenario file") -> str:
    """Bytes -> text; UTF-8 only."""
    if len(raw) > MAX_BYTES:
        raise _wrong(file, f"more than {MAX_BYTES // 10**6} MB is no {what}")
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
    root = _composed(lambda: nodes.compose(text), text, lines, file)
    tree = Tree({}, {}, {}, text, file)
    budget = [max(MAX_NODES, len(text))]
    data = None if root is None else _plain(root, (), tree, lines, budget)
    return Tree(data, tree.keys, tree.values, text, file)


def parse_documents(text: str, file: str) -> list[Tree]:
    """The same for a file of other tools, which may hold several documents and keys that are numbers."""
    lines = text.splitlines()
    _check_depth(text, lines, file)
    budget = [max(MAX_NODES, len(text))]
    trees = []
    for root in _composed(lambda: [node for _, node in nodes.documents(text)], text, lines, file):
        tree = Tree({}, {}, {}, text, file)
        data = _plain(root, (), tree, lines, budget, texts_only=False)
        trees.append(Tree(data, tree.keys, tree.values, text, file))
    return trees


def _composed(compose: Callable[[], T], text: str, lines: list[str], file: str) -> T:
    """What `compose` hands back; what is wrong with the text, with its position."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return compose()
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


def _plain(
    node: nodes.Node,
    at: Location,
    tree: Tree,
    lines: list[str],
    budget: list[int],
    *,
    texts_only: bool = True,
) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or len(at) > MAX_DEPTH:
        raise _wrong(tree.file, "the aliases of this file expand to more than it can mean (an alias bomb?)")

    def position(of: nodes.Node) -> Position:
        return Position(tree.file, of.line + 1, of.col + 1, _line(lines, of.line + 1))

    if node.tag:
        raise _wrong(tree.file, f"the tag {node.tag!r} means nothing here", *_where(position(node)))
    if node.kind is dict:
        out: dict[str, Any] = {}
        for key, value in nodes.pairs(node, budget):
            name = key.content
            if not texts_only and isinstance(name, int | float):
                name = str(name).lower()
            if not isinstance(name, str):
                message = f"the key {_short(key)!r} is not text"
                raise _wrong(tree.file, message, *_where(position(key)), "put a name into quotes")
            if name in out:
                raise _wrong(tree.file, f'duplicate key "{name}"', *_where(position(key)))
            place = (*at, name)
            tree.keys[place] = position(key)
            # An empty value is marked where the next token stands: the key is the better place.
            empty = value.kind is None and value.content is None
            tree.values[place] = tree.keys[place] if empty else position(value)
            out[name] = _plain(value, place, tree, lines, budget, texts_only=texts_only)
        return out
    if node.kind is list:
        for i, item in enumerate(node.content):
            tree.keys[(*at, i)] = tree.values[(*at, i)] = position(item)
        return [
            _plain(item, (*at, i), tree, lines, budget, texts_only=texts_only)
            for i, item in enumerate(node.content)
        ]
    return "<<" if node.content is nodes.MERGE else node.content


def _where(place: Position) -> tuple[int, int, str]:
    return place.line, place.col, place.source


def _short(key: nodes.Node) -> str:
    return ("[...]" if key.kind is list else "{...}") if key.kind else str(key.content)[:40]
