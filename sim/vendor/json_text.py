"""JSON text -> located tree. The comments and last commas that .NET's settings files may have are skipped."""

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

from sim.errors import InvalidScenario, Problem
from sim.scenario.source import MAX_DEPTH, Location, Position, Tree

_SKIPPED = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true\b|false\b|null\b")
MAX_DIGITS = 400
"""Of a whole number: no setting has more."""


def parse(text: str, file: str) -> Tree:
    """Raises InvalidScenario with the position of what is wrong."""
    return _Reader(text, file).whole()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.lines = text.split("\n")
        self.keys: dict[Location, Position] = {}
        self.values: dict[Location, Position] = {}
        self._line, self._start, self._seen = 1, 0, 0

    def whole(self) -> Tree:
        self.skip()
        data = self.value(())
        self.skip()
        if self.at < len(self.text):
            self.wrong("something more stands behind the end of the JSON value")
        return Tree(data, self.keys, self.values, self.text, self.file)

    def position(self) -> Position:
        """Of the present place, which never moves back."""
        self._line += self.text.count("\n", self._seen, self.at)
        self._start = max(self._start, self.text.rfind("\n", self._seen, self.at) + 1)
        self._seen = self.at
        source = self.lines[self._line - 1].rstrip("\r")
        return Position(self.file, self._line, self.at - self._start + 1, source)

    def wrong(self, message: str, at: Position | None = None) -> NoReturn:
        place = at or self.position()
        problem = Problem(f"not JSON: {message}", place.file, place.line, place.col, place.source)
        raise InvalidScenario([problem])

    def skip(self) -> None:
        """Over blanks and comments."""
        found = _SKIPPED.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def value(self, place: Location) -> Any:
        if place:
            self.values[place] = self.position()
        if len(place) > MAX_DEPTH:
            self.wrong(f"nested too deeply; at most {MAX_DEPTH} levels")
        first = self.text[self.at : self.at + 1]
        if first == "{":
            return self.mapping(place)
        if first == "[":
            return self.listing(place)
        if first == '"':
            return self.string()
        word = _WORD.match(self.text, self.at)
        if word:
            self.at = word.end()
            return _WORDS[word[0]]
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            self.wrong("a value is missing here" if first in ("", ",", "}", "]") else "this is no JSON value")
        if len(number[0]) > MAX_DIGITS:
            self.wrong("no setting has so many digits")
        self.at = number.end()
        return float(number[0]) if number[1] or number[2] else int(number[0])

    def string(self) -> str:
        try:
            text, self.at = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            self.at = max(self.at, min(error.pos, len(self.text)))
            self.wrong(error.msg[:1].lower() + error.msg[1:])
        # Half a pair of surrogates is no character and could not be written again.
        return str(text).encode("utf-8", "replace").decode("utf-8")

    def mapping(self, place: Location) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not self.ends("}", first=not out):
            key_at = self.position()
            if self.text[self.at : self.at + 1] != '"':
                self.wrong('a key in double quotes is missing here, such as "name"')
            key = self.string()
            if key in out:
                self.wrong(f'duplicate key "{key}"', key_at)
            self.keys[(*place, key)] = key_at
            self.skip()
            if self.text[self.at : self.at + 1] != ":":
                self.wrong("a colon is missing here")
            self.at += 1
            self.skip()
            out[key] = self.value((*place, key))
        return out

    def listing(self, place: Location) -> list[Any]:
        out: list[Any] = []
        while not self.ends("]", first=not out):
            item = (*place, len(out))
            self.keys[item] = self.position()
            out.append(self.value(item))
        return out

    def ends(self, closing: str, *, first: bool) -> bool:
        """Behind the opening bracket, or behind an item: is it over? If not, a next item begins here."""
        if first:
            self.at += 1
        self.skip()
        here = self.text[self.at : self.at + 1]
        if not first and here == ",":
            self.at += 1
            self.skip()
            here = self.text[self.at : self.at + 1]
        elif not first and here != closing:
            self.wrong(
                f"a comma or {closing} is missing here" if here else f"{closing} is missing at the end"
            )
        if here == closing:
            self.at += 1
            return True
        if not here:
            self.wrong(f"{closing} is missing at the end")
        return False
