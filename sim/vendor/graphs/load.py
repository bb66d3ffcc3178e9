"""Who is called without being called by others, how often each is visited, and what load that allows."""

import math
from collections.abc import Iterator

from sim.errors import Problem
from sim.vendor.graphs import draft as d
from sim.vendor.source import problem

Place = tuple[str, str]
"""(service, endpoint)"""
RATE_PER_S = 100.0
UTILISATION = 0.3
"""Assumed load: at most this rate, and no service busier than this."""
DURATION_S = 120
"""Long enough for a fault, and to see what becomes of it."""
ATTEMPTS = 400_000
"""Of a run, at most: seconds to simulate."""


def uncalled(draft: d.Draft) -> list[Place]:
    """Endpoints that nobody calls, of services that nobody else calls."""
    called = {call.service for service, _, call, _ in draft.calls() if call.service != service.name}
    return [(s.name, e) for s in draft.services.values() if s.name not in called for e in s.endpoints]


def circles(draft: d.Draft) -> Iterator[Problem]:
    """Calls made for certain that come back to their caller."""
    edges: dict[Place, list[tuple[d.Call, Place]]] = {}
    for service, name, call, times in draft.calls():
        if times >= 1:
            edges.setdefault((service.name, name), []).append((call, (call.service, call.endpoint)))
    done: set[Place] = set()
    for start in edges:
        path = {start: iter(edges[start])} if start not in done else {}
        while path:
            last = next(reversed(path))
            found = next(path[last], None)
            if found is None:
                done.add(last)
                del path[last]
                continue
            call, there = found
            if there in path:
                yield problem(
                    call.at, f"these calls go in a circle and never end: {circle(list(path), there)}"
                )
            elif there not in done and there in edges:
                path[there] = iter(edges[there])


def circle(path: list[Place], back: Place) -> str:
    """A way through a graph that comes back to a place on it, in words; a long one shortened."""
    names = [shown(place) for place in [*path[path.index(back) :], back]]
    return " -> ".join(names if len(names) <= 8 else [*names[:4], "...", *names[-3:]])


def shown(place: Place) -> str:
    """`service`, or `service.endpoint` where it is not the only one by its name."""
    return place[0] if place[1] == "main" else ".".join(place)


def visits(draft: d.Draft) -> dict[Place, float] | None:
    """Of every endpoint per request, all sources sending as many; None if calls with a chance never end."""
    into: dict[Place, list[tuple[Place, float]]] = {}
    for service, name, call, times in draft.calls():
        into.setdefault((service.name, name), []).append(((call.service, call.endpoint), times))
    out: dict[Place, float] = {}
    following: dict[Place, float] = {}
    for source in draft.sources:
        for entry in source.entries:
            share = 1 / len(source.entries) / len(draft.sources)
            following[entry] = following.get(entry, 0.0) + share
    for _ in range(2 * sum(len(s.endpoints) for s in draft.services.values()) + 100):
        if sum(following.values()) < 1e-9:
            return out
        now, following = following, {}
        for place, n in now.items():
            out[place] = out.get(place, 0.0) + n
            for there, times in into.get(place, ()):
                following[there] = following.get(there, 0.0) + n * times
    return None


def rate(draft: d.Draft, per_request: dict[Place, float]) -> tuple[float, str]:
    """Requests per second of all sources together, and why so many."""
    busiest, name = 0.0, ""
    for service in draft.services.values():
        cores = service.slots or d.SLOTS if service.sleeps else service.cores or d.CORES
        work = sum(
            per_request.get((service.name, e), 0.0) * d.work_ns(endpoint.steps) / 1e9
            for e, endpoint in service.endpoints.items()
        )
        share = work / (cores * service.replicas)
        if share > busiest:
            busiest, name = share, service.name
    affordable = ATTEMPTS / (sum(per_request.values()) * DURATION_S)
    within = UTILISATION / busiest if busiest else RATE_PER_S
    chosen = _round(min(RATE_PER_S, within, affordable))
    what = "slots" if name and draft.services[name].sleeps else "cores"
    words = [f"{name}, the busiest, at {chosen * busiest:.1%} of its {what}"] if name else []
    if affordable < min(RATE_PER_S, within):
        words.append(f"twice as many may make more than {ATTEMPTS:,} attempts in a run")
    return chosen, "; ".join(words)


def _round(number: float) -> float:
    """Down to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(number))
    return float(f"{max(x for x in (1, 2, 5) if x * power <= number * (1 + 1e-9)) * power:.3g}")
