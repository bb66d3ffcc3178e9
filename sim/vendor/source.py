"""A file of another tool -> located documents: YAML of several documents, JSON, or Java properties.

Nothing in it is run: anchors are copied (a bomb of them is refused), tags are refused, nothing is included.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sim.errors import InvalidScenario, Problem
from sim.scenario import source
from sim.scenario.source import Location, Position, Tree
from sim.vendor import json_text, properties

WHAT = "settings file"
TEMPLATE = re.compile(r"\{\{|\{%|\{#")
"""Where Jinja, Helm and Go templates begin."""
_PROPERTY = re.compile(r"[\w.\-\[\]/*$]+\s*=|[\w\-]+(\.[\w\-\[\]]+)+\s+[^\s:=#]")
_OPENING = re.compile(r"(?:[\s\[{]|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as located documents."""

    file: str
    text: str
    form: str
    """yaml, json or properties"""
    documents: tuple[Tree, ...]


def read(path: str) -> Source:
    """A file, or stdin for `-`. Raises InvalidScenario: too large, not UTF-8, no YAML, JSON or properties."""
    text, name = source.read(path, WHAT)
    return parse(text, name)


def parse(text: str, file: str) -> Source:
    """The same for text."""
    if not text.strip():
        raise InvalidScenario([Problem("the file is empty: there is nothing to import", file)])
    form = _form(text)
    try:
        if form == "json":
            return Source(file, text, form, (json_text.parse(text, file),))
        if form == "properties":
            return Source(file, text, form, tuple(properties.parse(text, file)))
        trees = source.parse_documents(text, file)
    except InvalidScenario as error:
        raise _template(text, file) or error from error
    return Source(file, text, form, tuple(tree for tree in trees if tree.data is not None))


def _form(text: str) -> str:
    """By its first word: a brace or bracket opens JSON; `a.b.c=`, `a.b.c value` or a comment that begins with `!` is
    of properties."""
    for line in text.splitlines():
        start = line.strip()
        if re.match(r"!(\s|.*\s\w+\s)", start):
            return "properties"
        if not start or start.startswith(("#", "!")):
            continue
        if start.startswith(("//", "/*")):
            return "json"
        if start[0] in "{[" and not TEMPLATE.match(start):
            return "json" if _is_json_like(text) else "yaml"
        return "properties" if _PROPERTY.match(start) else "yaml"
    return "yaml"


def _is_json_like(text: str) -> bool:
    """Its first key is in double quotes, or it has none: YAML in braces is told apart so."""
    opened = _OPENING.match(text)
    return re.match(r'"|[\]}]|-?\d|\Z', text[opened.end() :] if opened else text) is not None


def _template(text: str, file: str) -> InvalidScenario | None:
    """What is not read because it is a template says so, where the template begins."""
    for number, line in enumerate(text.splitlines(), 1):
        found = None if line.lstrip().startswith("#") else TEMPLATE.search(line)
        if found and not re.search(r"['\"][^'\"]*$", line[: found.start()]):
            message = (
                "this is a template, not yet a file of settings: render it first, and import what comes out"
            )
            return InvalidScenario([Problem(message, file, number, found.start() + 1, line)])
    return None


def where(tree: Tree, place: Location, *, on_key: bool = False) -> Position:
    """The position of a value, or of its key; the nearest one above if it has none itself."""
    while place:
        found = (tree.keys if on_key else tree.values).get(place) or tree.keys.get(place)
        if found is not None:
            return found
        place = place[:-1]
    first = tree.text.splitlines()[0] if tree.text else ""
    return Position(tree.file, 1, 1, first)


def problem(at: Position, message: str, hint: str = "") -> Problem:
    """A mistake at a position."""
    return Problem(message, at.file, at.line, at.col, at.source, hint)


def all_keys(source_: Source) -> Iterator[tuple[Tree, Location]]:
    """Every key of every document, in the order of the file."""
    for tree in source_.documents:
        yield from ((tree, place) for place in tree.keys)
