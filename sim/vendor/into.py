"""Imported policies -> a variant of a scenario that is there already, its text kept as it is."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sim.errors import InvalidScenario, Problem, UsageError
from sim.scenario import source
from sim.scenario.load import load_text
from sim.scenario.policies import ORDER
from sim.scenario.source import Tree
from sim.vendor import trial
from sim.vendor.marked import Imported
from sim.vendor.source import problem, where

VARIANT = "imported"
NO_EDGE = "no edge is called"
"""How a scenario tells of one."""


def text(
    imported: list[Imported], file: str, scenario: str, at: tuple[str, ...], breakers: frozenset[str]
) -> str:
    """The scenario with a variant `imported`, in which these edges have these policies.

    `at`: `caller -> callee=NAME`, or `caller -> callee` where there is one import only. Raises UsageError for what
    names nothing, InvalidScenario if the scenario has no such edge or does not hold.
    """
    written, name = source.read(scenario)
    load_text(written, name, known_breakers=breakers)
    tree = source.parse(written, name)
    chosen = _chosen(imported, at)
    lines, at_line, indent = _room(tree)
    new = [" " * indent + line for line in _variant(chosen, tree, file)]
    out = "\n".join([*lines[:at_line], *new, *lines[at_line:], ""])
    try:
        load_text(out, f"{name} with {file}", known_breakers=breakers)
    except InvalidScenario as error:
        none = [one.message for one in error.problems if NO_EDGE in one.message]
        if none:
            raise UsageError(
                "; ".join(f"--at: {message[message.index(NO_EDGE) :]}" for message in none)
            ) from error
        raise
    return out


def _room(tree: Tree) -> tuple[list[str], int, int]:
    """(lines of a scenario, behind how many of them a further variant goes, its indent)."""
    lines = tree.text.splitlines()
    variants = tree.data.get("variants")
    if "variants" not in tree.data:
        lines += ["", "variants:", "  as-it-was: {}"]
        return lines, len(lines), 2
    own = where(tree, ("variants",), on_key=True)
    if not variants:
        lines[own.line - 1 : own.line] = ["variants:", "  as-it-was: {}"]
        return lines, own.line + 1, 2
    if VARIANT in variants:
        place = where(tree, ("variants", VARIANT), on_key=True)
        raise InvalidScenario([problem(place, f"a variant is called {VARIANT!r} already: rename it")])
    first = where(tree, ("variants", next(iter(variants))), on_key=True)
    if first.line == own.line or own.source[own.col - 1 :].partition(":")[2].lstrip().startswith("{"):
        message = "these variants stand in braces: write each in a line of its own"
        raise InvalidScenario([problem(own, message)])
    behind = [at.line for place, at in tree.keys.items() if len(place) == 1 and at.line > own.line]
    end = min(behind, default=len(lines) + 1) - 1
    # Blank lines, and comments that begin a line, belong to what comes next.
    while end > first.line and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "..."))):
        end -= 1
    return lines, end, first.col - 1


def _chosen(imported: list[Imported], at: tuple[str, ...]) -> dict[str, Imported]:
    by_name = {one.name: one for one in imported}
    chosen: dict[str, Imported] = {}
    for words in at:
        edge, equals, name = (part.strip() for part in words.partition("="))
        if not equals and len(imported) > 1:
            msg = f"--at {words!r}: the file has several: write {edge}=NAME, one of {', '.join(by_name)}"
            raise UsageError(msg)
        if not equals:
            name = imported[0].name
        if name not in by_name:
            near = get_close_matches(name, by_name, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(by_name)}"
            msg = f"--at {words!r}: the file has no {name!r}{hint}"
            raise UsageError(msg)
        chosen[" -> ".join(part.strip() for part in edge.split("->"))] = by_name[name]
    return chosen


def _variant(chosen: dict[str, Imported], tree: Tree, file: str) -> Iterator[str]:
    yield f"{VARIANT}:"
    yield "  edges:"
    edges: Any = tree.data.get("edges") or {}
    for edge, one in chosen.items():
        yield f"    {edge}:"
        # A stack stands alone: what the edge has beside it is taken away.
        yield from (f"      {policy}: null" for policy in ORDER if policy in (edges.get(edge) or {}))
        yield from trial.block(one, file, 6)


def checked(out: str, file: str) -> str:
    """A trial that loads: what it does not take is a mistake of the file, told as it is."""
    try:
        load_text(out, file)
    except InvalidScenario as error:
        told = [Problem(f"as a scenario: {one.message}", file) for one in error.problems]
        raise InvalidScenario(told) from error
    return out
