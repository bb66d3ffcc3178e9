"""The calls of a scenario that have policies, and what a format refuses of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sim.errors import Problem, UsageError
from sim.policies.options import Option, OptionError, parse
from sim.scenario import check, whole
from sim.scenario.diagnostics import locate
from sim.scenario.model import Scenario
from sim.scenario.source import Location, Tree
from sim.scenario.whole import Applied


@dataclass(frozen=True, slots=True)
class Call:
    """An edge with its policies from the outside in."""

    caller: str
    callee: str
    policies: tuple[Applied, ...]

    @property
    def edge(self) -> str:
        """Its name in a scenario."""
        return f"{self.caller} -> {self.callee}"

    def one(self, kind: str) -> Applied | None:
        """Its first policy of a kind."""
        return next((a for a in self.policies if a.kind == kind), None)


class Refusals:
    """What cannot be said, where it stands in the scenario, and why."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found: list[Problem] = []

    def add(self, at: Location, message: str) -> None:
        """One more; each is told once."""
        one = locate(self.tree, at, message)
        if one not in self.found:
            self.found.append(one)

    def kinds(self, call: Call, allowed: dict[str, str]) -> None:
        """Policies that the format has no word for (`allowed` says what it has instead), or that stand twice."""
        seen: set[str] = set()
        for one in call.policies:
            why = allowed.get(one.kind, "")
            if why:
                self.add(one.at, why)
            elif one.kind in seen:
                self.add(one.at, f"{one.kind} stands twice around these calls; it can be said once")
            seen.add(one.kind)

    def setting(self, option: Option, value: Any, at: Location) -> Any:
        """The parsed value of a setting; None with a refusal if it is illegal."""
        try:
            return parse(option, value)
        except OptionError as error:
            self.add(at, str(error))
            return None


def calls(model: Scenario, tree: Tree, breakers: frozenset[str], edges: tuple[str, ...]) -> list[Call]:
    """The calls between services that have policies, or these edges. Raises UsageError for an edge that is none, or
    whose calls have different policies."""
    checker = check.Checker(model, tree, breakers, ())
    checker.run()
    found: dict[str, Call] = {}
    for site in checker.sites:
        caller, callee = site.caller.split(".")[0], site.callee.split(".")[0]
        call = Call(caller, callee, tuple(whole.applied(model, site)))
        same = found.setdefault(call.edge, call)
        if [(a.kind, a.policy) for a in same.policies] != [(a.kind, a.policy) for a in call.policies]:
            msg = f"the calls along {call.edge} have different policies: settings files know the edge as a whole"
            raise UsageError(msg)
    if not edges:
        between = [call for call in found.values() if call.caller in model.services and call.policies]
        if not between:
            msg = "no call between services has policies: there is nothing to export"
            raise UsageError(msg)
        return between
    return list(_named(found, edges))


def _named(found: dict[str, Call], edges: tuple[str, ...]) -> Iterator[Call]:
    for words in edges:
        edge = " -> ".join(part.strip() for part in words.split("->"))
        if edge not in found:
            near = get_close_matches(edge, found, 1)
            msg = f"no edge is called {edge!r}" + (
                f"; did you mean {near[0]}?" if near else f"; there are {', '.join(found)}"
            )
            raise UsageError(msg)
        if not found[edge].policies:
            msg = f"the calls along {edge} have no policies: there is nothing to export"
            raise UsageError(msg)
        yield found[edge]


def names(calls: list[Call]) -> list[str]:
    """A name for each: the callee's where one caller calls it, else both."""
    callees = [call.callee for call in calls]
    return [c.callee if callees.count(c.callee) == 1 else f"{c.caller}-{c.callee}" for c in calls]


def no_place(one: Applied, refusals: Refusals) -> None:
    """Refuse a breaker that lives elsewhere than in the caller's process, or has copies of another kind."""
    breaker = one.policy
    if breaker.place != "library":
        refusals.add((*one.at, "place"), "settings of a library say nothing of a sidecar or gateway")
    if breaker.key != "edge":
        refusals.add((*one.at, "key"), f"one breaker per {breaker.key} is wired by code, not by settings")
    if breaker.copies != "replica":
        refusals.add(
            (*one.at, "copies"),
            "every instance of the caller has its own breaker; a shared one has no setting",
        )


PARTS = (
    "window", "trip", "slow", "open_for", "leave_open", "expiry", "probe", "ignored", "half_open_for", "decide",
    "late", "while_open", "clear", "initial",
)  # fmt: skip
"""Parts of a breaker that the settings of a library do not replace one by one."""


def only(one: Applied, use: str, refusals: Refusals, *, allowed: tuple[str, ...] = ()) -> bool:
    """Is this breaker the library's, with no part replaced but these? Else say why it cannot be written."""
    breaker = one.policy
    no_place(one, refusals)
    if breaker.use != use:
        what = f"use: {breaker.use}" if breaker.use else "a breaker of parts"
        refusals.add(one.at, f"{what} judges otherwise than {use}: write `use: {use}` with its params")
        return False
    for part in (*PARTS, "failures", "ignored_outcomes"):
        if getattr(breaker, part) is not None and part not in allowed:
            refusals.add(
                (*one.at, part),
                f"`{part}` replaces a part of {use}, which has no setting for that: use its params",
            )
    return True
