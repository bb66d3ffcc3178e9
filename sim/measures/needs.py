"""Which share of calls fails if every call that a fault touches simply fails at once.

Worked out on the topology, for excess loss (design 5). A touched call is one that goes to a touched replica,
as one of the share that the fault picks, or over a touched edge.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sim.measures.graph import needed
from sim.policies.limits.budget import NONE
from sim.topology.types import CALL, L_RETRY, PARALLEL, CallSite, Topology
from sim.words import ERROR

ROUNDS = 1_000
"""Calls in a circle have a probability below 1, so the shares settle long before."""
SETTLED = 1e-12


@dataclass(frozen=True, slots=True)
class Touch:
    """What the active faults touch."""

    endpoints: tuple[float, ...]
    """By endpoint: the share of its attempts."""
    edges: frozenset[int]
    """Every call on these."""


def touch(topology: Topology, active: Iterable[int]) -> Touch:
    """What a set of faults (by id) touches.

    Model: attempts spread evenly over the replicas that a service starts with, so a fault on one replica of
    four touches a quarter of them, whatever the balancer does and however many replicas come later.
    """
    spared = [1.0] * len(topology.endpoints)
    edges: set[int] = set()
    for fault in (topology.faults[i] for i in active):
        edges |= set(fault.edges)
        for service in topology.services:
            own = range(service.first_replica, service.first_replica + service.replicas_max)
            part = min(1.0, sum(r in own for r in fault.replicas) / max(1, service.replicas)) * fault.share
            for endpoint in service.endpoints:
                if not fault.endpoints or endpoint in fault.endpoints:
                    spared[endpoint] *= 1.0 - part
    return Touch(tuple(1.0 - x for x in spared), frozenset(edges))


def failing_shares(topology: Topology, touched: Touch, misses: tuple[float, ...]) -> tuple[float, ...]:
    """By call site: the share of its calls that fail because they need a touched call.

    `misses` is, by call site, the share of its look-ups that a cache does not answer.
    Model: steps fail independently of each other; what is optional, has a fallback or is not waited for fails
    nobody; a retry below a budget is never sent (so excess loss is not overstated), any other is, and draws
    its own luck; hedges come too late, for the call has failed at once.
    """
    attempts = tuple(touched.endpoints)
    for _ in range(ROUNDS):
        calls = tuple(_call(topology, site, attempts, touched) for site in topology.sites)
        new = tuple(
            1.0 - (1.0 - touched.endpoints[e.id]) * _passing(topology, e.steps, calls, misses)
            for e in topology.endpoints
        )
        if max((abs(a - b) for a, b in zip(new, attempts, strict=True)), default=0.0) < SETTLED:
            return calls
        attempts = new
    return calls


def _call(topology: Topology, site: CallSite, attempts: tuple[float, ...], touched: Touch) -> float:
    once = 1.0 if site.edge in touched.edges else attempts[site.callee]
    retries = [
        layer.params.attempts
        for layer in site.layers
        if layer.kind == L_RETRY and layer.params.on[ERROR] and layer.params.budget.kind == NONE
    ]
    return float(once ** math.prod(retries))


def _passing(
    topology: Topology, steps: tuple[int, ...], calls: tuple[float, ...], misses: tuple[float, ...]
) -> float:
    """Share of the passes through these steps in which none fails."""
    passing = 1.0
    for step in (topology.steps[i] for i in steps):
        if step.kind == CALL:
            site = topology.sites[step.site]
            if needed(site):
                good = (1.0 - misses[site.id] * calls[site.id]) ** site.repeat
                passing *= 1.0 - site.probability * (1.0 - good)
        elif step.kind == PARALLEL:
            passing *= at_least(step.need, [_passing(topology, b, calls, misses) for b in step.branches])
    return passing


def at_least(k: int, shares: list[float]) -> float:
    """Chance that at least k of independent events happen."""
    exactly = [1.0]
    for p in shares:
        exactly = [
            (exactly[i] * (1.0 - p) if i < len(exactly) else 0.0) + (exactly[i - 1] * p if i else 0.0)
            for i in range(len(exactly) + 1)
        ]
    return math.fsum(exactly[k:])
