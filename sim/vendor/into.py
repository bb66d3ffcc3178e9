"""Imported policies -> a variant of a scenario that is there already, its text kept as it is."""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from sim.errors import InvalidScenario, Problem, UsageError
from sim.scenario import source
from sim.scenario.load import load_text
from sim.scenario.policies import ORDER
from sim.scenario.source import Tree
from sim.vendor import trial
from sim.vendor.kinds import Written
from sim.vendor.marked import Imported
from sim.vendor.source import problem, where
from sim.vendor.write import scalar

VARIANT = "imported"
NO_EDGE = "no edge is called"
"""How a scenario tells of one."""


def write(
    imported: list[Imported], file: str, scenario: str, at: tuple[str, ...], breakers: frozenset[str]
) -> Written:
    """The scenario with a variant `imported`, in which these edges have these policies.

    `at`: `caller -> callee=NAME`, or `caller -> callee` where there is one import only, or one called as the callee.
    Raises UsageError for what names nothing, InvalidScenario if the scenario has no such edge or does not hold.
    """
    text, name = source.read(scenario)
    base = Path() if scenario == "-" else Path(scenario).parent
    read = partial(load_text, known_breakers=breakers, base_dir=base)
    _judge(read, text, name)
    tree = source.parse(text, name)
    edges = [_edge(words) for words in at]
    # Edges first: which policies they get is asked of those that there are.
    empty = [f"{VARIANT}:", "  edges:", *(f"    {scalar(edge)}: {{}}" for edge in dict.fromkeys(edges))]
    _loaded(read, _inserted(empty, tree), f"{name} with --at")
    chosen, words = _chosen(imported, at)
    out = _inserted(_variant(chosen, tree, file), tree)
    _loaded(read, out, f"{name} with {file}")
    return Written(out, tuple(words))


def _judge(read: Callable[..., Any], text: str, name: str) -> None:
    """Does the scenario hold before? That a line of `expect:` is about the variant already is no mistake."""
    try:
        read(text, name)
    except InvalidScenario as error:
        others = [one for one in error.problems if f"no variant is called {VARIANT!r}" not in one.message]
        if others:
            raise InvalidScenario(others) from error


def _edge(words: str) -> str:
    return " -> ".join(part.strip() for part in words.partition("=")[0].split("->"))


def _inserted(variant: Iterable[str], tree: Tree) -> str:
    lines, at_line, indent = _room(tree)
    new = [" " * indent + line for line in variant]
    return "\n".join([*lines[:at_line], *new, *lines[at_line:], ""])


def _loaded(read: Callable[..., Any], out: str, name: str) -> None:
    """Raises UsageError for an edge that is none, InvalidScenario for what else does not hold."""
    try:
        read(out, name)
    except InvalidScenario as error:
        none = [one.message for one in error.problems if NO_EDGE in one.message]
        if none:
            raise UsageError(
                "; ".join(f"--at: {message[message.index(NO_EDGE) :]}" for message in none)
            ) from error
        raise


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
        message = f"a variant is called {VARIANT!r} already, and the policies are written as one of this name"
        hint = "rename it, and its lines in `expect:`; or remove it, if the new one takes its place"
        raise InvalidScenario([problem(place, message, hint)])
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


def _chosen(imported: list[Imported], at: tuple[str, ...]) -> tuple[dict[str, Imported], list[str]]:
    """(the policies of each edge, words on those that were taken by the name of the callee)."""
    by_name = {one.name: one for one in imported}
    chosen: dict[str, Imported] = {}
    told: list[str] = []
    for words in at:
        edge, name = _edge(words), words.partition("=")[2].strip()
        callee = edge.rpartition(" -> ")[2]
        if not name and len(imported) == 1:
            name = imported[0].name
        elif not name and callee in by_name:
            name = callee
            told.append(
                f"{edge}: takes {name}, the one of {len(imported)} in the file that is called as the callee"
            )
        elif not name:
            msg = (
                f"--at {words!r}: the file has several: write --at '{edge}=NAME', one of {', '.join(by_name)}"
            )
            raise UsageError(msg)
        if name not in by_name:
            near = get_close_matches(name, by_name, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(by_name)}"
            msg = f"--at {words!r}: the file has no {name!r}{hint}"
            raise UsageError(msg)
        chosen[edge] = by_name[name]
    return chosen, told


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
