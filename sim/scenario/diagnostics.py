"""Mistakes in our words: where they are, what is meant, what the nearest valid name is."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from sim.errors import Problem
from sim.scenario.source import Location, Tree

_ORDERED = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or the list of what there is."""
    known = sorted(known)
    close = get_close_matches(name, known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (there are: {', '.join(known[:12])}{', ...' if len(known) > 12 else ''})" if known else ""


def translate(error: ValidationError, tree: Tree) -> list[Problem]:
    """pydantic's errors in our words, each once, the deepest branch of a union only."""
    found: dict[Location, Problem] = {}
    missing: list[Problem] = []
    for item in error.errors(include_url=False):
        place, rest = _place(tree, item["loc"])
        on_key = item["type"] == "extra_forbidden"
        message = _message(item, place, rest)
        if item["type"] == "missing" and len(rest) == 1:
            # What was taken away, by null, is missing where it was taken away.
            gone = tree.keys.get((*place, *rest))
            found_at = locate(tree, place, message)
            if gone is not None:
                found_at = Problem(found_at.message, gone.file, gone.line, gone.col, gone.source)
            missing.append(found_at)
        elif place not in found or item["type"] == "value_error":
            found[place] = locate(tree, place, message, on_key=on_key)
    deepest = [p for p in found if not any(q != p and q[: len(p)] == p for q in found)]
    return [*(found[p] for p in deepest), *missing]


def wrong_places(error: ValidationError, tree: Tree) -> set[Location]:
    """Where the mistakes are, as keys of the file."""
    return {_place(tree, item["loc"])[0] for item in error.errors(include_url=False)}


def _message(item: Any, place: Location, rest: tuple[Any, ...]) -> str:
    kind, value, context = item["type"], item["input"], item.get("ctx") or {}
    if kind == "missing":
        return f"`{rest[-1] if rest else '?'}` is missing"
    if kind == "extra_forbidden":
        return f"unknown key {place[-1]!r}{_near_key(item['loc'], place)}"
    if kind == "literal_error":
        from sim.scenario.schema import words_at

        valid = words_at(item["loc"])
        near = get_close_matches(str(value), valid, 1)
        expected = ", ".join(valid) or context["expected"]
        return f"{_show(value)} is not one of {expected}" + (f"; did you mean {near[0]}?" if near else "")
    if kind in _ORDERED:
        key, words = _ORDERED[kind]
        return f"must be {words} {context[key]:g}, not {_show(value)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{_show(value)} is not a mapping{_keys_here(item['loc'])}"
    if kind in ("tuple_type", "list_type"):
        return f"{_show(value)} is not a list"
    if kind == "string_type":
        return (
            f"{_show(value)} is not text; put it into quotes"
            if not isinstance(value, dict | list)
            else "is not text"
        )
    if kind.startswith("bool"):
        return f"{_show(value)} is neither true nor false"
    if kind == "string_pattern_mismatch":
        return f"{_show(value)} is not a name: letters, digits, dot, dash and underscore, no space"
    if kind == "too_short":
        return "is empty: at least one is needed"
    return str(item["msg"]).removeprefix("Value error, ")


def _keys_here(loc: tuple[Any, ...]) -> str:
    from sim.scenario.schema import keys_at

    known = keys_at(loc)
    return f" of {', '.join(known[:8])}{', ...' if len(known) > 8 else ''}" if known else ""


def _show(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _place(tree: Tree, loc: tuple[Any, ...]) -> tuple[Location, tuple[Any, ...]]:
    """The part of pydantic's location that is in the file, and what is left of it."""
    place: Location = ()
    node: Any = tree.data
    rest: list[Any] = []
    for element in loc:
        if (isinstance(node, dict) and element in node) or (
            isinstance(node, list) and isinstance(element, int) and element < len(node)
        ):
            node = node[element]
            place = (*place, element)
        else:
            rest.append(element)
    return place, tuple(rest)


def _near_key(loc: tuple[Any, ...], place: Location) -> str:
    """The nearest legal key beside an unknown one."""
    from sim.scenario.schema import keys_at

    known = keys_at(loc[:-1])
    close = get_close_matches(str(place[-1]), known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (here: {', '.join(sorted(known)[:16])})" if known else ""


def locate(tree: Tree, place: Location, message: str, *, on_key: bool = False) -> Problem:
    """A problem at the nearest known position of a location."""
    name = ".".join(f"[{p}]" if isinstance(p, int) else str(p) for p in place).replace(".[", "[")
    where = place
    while where:
        table = tree.keys if on_key else tree.values
        position = table.get(where) or tree.keys.get(where)
        if position is not None:
            text = f"{name}: {message}" if name and not on_key else message
            return Problem(text, position.file, position.line, position.col, position.source)
        where = where[:-1]
    return Problem(f"{name}: {message}" if name else message, tree.file, 1, 1, tree.text.splitlines()[0])
