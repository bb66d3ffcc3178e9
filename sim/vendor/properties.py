"""Java properties -> located tree of one level: dotted keys and their texts."""

import re

from sim.errors import InvalidScenario, Problem
from sim.scenario.source import Location, Position, Tree

_LINE = re.compile(r"(?P<key>(?:\\.|[^\\=:\s])+)(?P<mark>\s*[=:]\s*|\s+|$)(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse(text: str, file: str) -> list[Tree]:
    """`key=value`, `key: value` or `key value`; a backslash at the end goes on in the next line; `#---` begins a
    further document. A key that stands twice in one, which Java would take from below, is a mistake here. Raises
    InvalidScenario with all of them."""
    tree = Tree({}, {}, {}, text, file)
    trees = [tree]
    wrong: list[Problem] = []
    number, lines = 0, text.splitlines()
    while number < len(lines):
        at, line = number, lines[number]
        number += 1
        if line.strip() in ("#---", "!---"):
            tree = Tree({}, {}, {}, text, file)
            trees.append(tree)
        if not line.strip() or line.lstrip()[0] in "#!":
            continue
        whole = line
        while _goes_on(whole) and number < len(lines):
            whole = whole[:-1] + lines[number].lstrip()
            number += 1
        indent = len(whole) - len(whole.lstrip())
        found = _LINE.match(whole, indent)
        if found is None:
            wrong.append(Problem("this is no property: write key=value", file, at + 1, indent + 1, line))
            continue
        position = Position(file, at + 1, indent + 1, line)
        wrong += _add(tree, found, position)
    if wrong:
        raise InvalidScenario(wrong)
    return trees


def _add(tree: Tree, found: re.Match[str], at: Position) -> list[Problem]:
    """One property; what is wrong with it."""
    key = _plain(found["key"])
    place: Location = (key,)
    if place in tree.keys:
        message = f'duplicate key "{key}", first in line {tree.keys[place].line}'
        return [Problem(message, at.file, at.line, at.col, at.source)]
    tree.keys[place] = at
    tree.values[place] = Position(at.file, at.line, min(found.start("value"), len(at.source)) + 1, at.source)
    tree.data[key] = _plain(found["value"]).strip()
    return []


def _goes_on(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _plain(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        mark = found[1]
        return chr(int(mark[1:], 16)) if len(mark) > 1 else _LETTERS.get(mark, mark)

    return _ESCAPE.sub(one, text).encode("utf-8", "replace").decode("utf-8")
