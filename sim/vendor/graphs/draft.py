"""A service graph on its way from a file of another tool to a scenario."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.errors import Problem
from sim.scenario.diagnostics import nearest
from sim.scenario.source import Position
from sim.vendor.source import problem

ASSUMED = "assumed"
WORK_NS = 5_000_000
"""Assumed mean of the work of a visit, where a file says none."""
CORES, SLOTS, QUEUE = 2, 100, 100
"""Assumed of a replica, where a file says none."""

HINTS = 20


@dataclass(slots=True)
class Work:
    """Service demand of one visit."""

    mean_ns: int
    fixed: bool = False
    """Always as long; else exponential."""
    note: str = ""


@dataclass(slots=True)
class Call:
    """A call of an endpoint."""

    service: str
    """By its name in the file."""
    endpoint: str
    at: Position
    probability: float = 1.0
    repeat: int = 1
    optional: bool = False
    wait: bool = True
    note: str = ""
    left_out: bool = False
    """Written as a comment only."""


@dataclass(slots=True)
class Parallel:
    """Branches that begin together."""

    branches: list[list["Step"]]
    note: str = ""


Step = Work | Call | Parallel


@dataclass(slots=True)
class Endpoint:
    """An operation."""

    steps: list[Step] = field(default_factory=list)
    error_rate: float = 0.0


@dataclass(slots=True)
class Service:
    """A service by its name in the file. What is None is not said there."""

    name: str
    at: Position
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    replicas: int = 1
    replicas_note: str = ""
    cores: int | None = None
    cores_note: str = ""
    slots: int | None = None
    slots_note: str = ""
    autoscale: str = ""
    """As it is written, if the file says so."""
    autoscale_note: str = ""
    sleeps: bool = False
    """Some of its work takes no core: each attempt inside has one of its own."""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Source:
    """Who sends requests: (service, endpoint), all as often."""

    name: str
    entries: list[tuple[str, str]]
    note: str = ""
    entry_notes: list[str] = field(default_factory=list)
    """One for each entry, or none."""


@dataclass(slots=True)
class Draft:
    """A scenario to be written."""

    file: str
    format: str
    services: dict[str, Service] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    network_ns: dict[tuple[str, str], int] = field(default_factory=dict)
    """One way, of an edge."""
    head: list[str] = field(default_factory=list)
    """What to know of the file as a whole."""
    left: dict[str, list[int]] = field(default_factory=dict)
    """What the file says and the scenario does not, with its lines."""

    entry_hint: str = ""
    """How the file would say whom users call."""
    other: dict[str, None] = field(default_factory=dict)
    """Settings of how it is deployed, each once."""

    def leave(self, what: str, line: int) -> None:
        """Something of the file has no counterpart in a scenario."""
        self.left.setdefault(what, []).append(line)

    def calls(self, of: Service | None = None) -> Iterator[tuple[Service, str, Call, float]]:
        """(caller, its endpoint, call, calls per visit) of every call that is made."""
        for service in [of] if of else self.services.values():
            for name, endpoint in service.endpoints.items():
                for call in calls(endpoint.steps):
                    if not call.left_out:
                        yield service, name, call, call.probability * call.repeat


def calls(steps: list[Step]) -> Iterator[Call]:
    """Every call of these steps."""
    for step in steps:
        if isinstance(step, Call):
            yield step
        elif isinstance(step, Parallel):
            for branch in step.branches:
                yield from calls(branch)


def work_ns(steps: list[Step]) -> float:
    """Mean work of one visit, the service's own."""
    total = 0.0
    for step in steps:
        if isinstance(step, Work):
            total += step.mean_ns
        elif isinstance(step, Parallel):
            total += sum(work_ns(branch) for branch in step.branches)
    return total


def undefined(draft: Draft) -> Iterator[Problem]:
    """Calls of what is not there; the nearest name beside the first of them, for looking for it takes its time."""
    told = 0
    for _, _, call, _ in draft.calls():
        service = draft.services.get(call.service)
        if service is not None and call.endpoint in service.endpoints:
            continue
        told += 1
        if service is None:
            near = nearest(call.service, draft.services) if told <= HINTS else ""
            yield problem(call.at, f"no service is called {call.service!r}{near}")
        else:
            near = nearest(call.endpoint, service.endpoints) if told <= HINTS else ""
            yield problem(call.at, f"{call.service} has no endpoint {call.endpoint!r}{near}")


def names(given: list[str]) -> dict[str, str]:
    """Names in the file -> names that a scenario can have, no two alike."""
    out: dict[str, str] = {}
    taken: set[str] = set()
    others = set(given)
    for name in given:
        clean = re.sub(r"-*[^A-Za-z0-9_-][^A-Za-z0-9_]*", "-", name).strip("-") or "service"
        free, n = clean, 2
        while free in taken or (free != name and free in others):
            free, n = f"{clean}-{n}", n + 1
        taken.add(free)
        out[name] = free
    return out
