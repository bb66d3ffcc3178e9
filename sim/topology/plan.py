"""The plan: what a topology would do at its offered load, without running it."""

import math
from dataclasses import dataclass

from sim.topology import types as t

ATTEMPTS_PER_S = {"simpy": 30_000.0, "compiled": 600_000.0}
"""Attempts per second of each engine on one common core: for estimates only."""
EVENTS_PER_ATTEMPT = 5
BYTES = {"python": 205e6, "service": 25_000, "replica": 2_000, "site": 7_000, "cell": 8, "bin": 36}
"""Memory of a process by what there is of each, measured on graphs of 10 to 10,000 services. A bin of a histogram
counts while it is looked for in a growing table."""
MOST_BINS = 200
"""Bins of one histogram that are used: latencies spread so far, at 1 % a bin."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One service at the mean offered load."""

    name: str
    replicas: int
    slots: int
    arrivals_per_s: float
    work_ms: float
    utilisation: float
    """nan with unlimited cores."""
    peak_utilisation: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What would run."""

    services: tuple[ServicePlan, ...]
    edges: tuple[tuple[str, float], ...]
    requests: float
    attempts: float
    events: float
    bytes: float
    seconds: dict[str, float]
    """By engine."""
    at_least: bool = False
    """The run ends at a number of successes: with failures it takes more of everything."""


def visits(topology: t.Topology) -> list[list[float]]:
    """Mean calls of each call site per request of each source, without faults, retries and caches' hits."""
    endpoint_steps: dict[int, list[tuple[int, float]]] = {e.id: [] for e in topology.endpoints}
    for step in topology.steps:
        if step.kind == t.CALL:
            site = topology.sites[step.site]
            endpoint_steps[step.endpoint].append((site.id, site.probability * site.repeat))
    out = []
    for source in topology.sources:
        calls = [0.0] * len(topology.sites)
        below = 0.0
        wave: dict[int, float] = {}
        for site_id, share in zip(source.sites, source.shares, strict=True):
            calls[site_id] += share - below
            callee = topology.sites[site_id].callee
            wave[callee] = wave.get(callee, 0.0) + share - below
            below = share
        # Each wave is one hop further; cycles have a probability below 1, so waves die out.
        for _ in range(10_000):
            following: dict[int, float] = {}
            for endpoint, n in wave.items():
                for site_id, mean in endpoint_steps[endpoint]:
                    calls[site_id] += n * mean
                    callee = topology.sites[site_id].callee
                    following[callee] = following.get(callee, 0.0) + n * mean
            wave = {e: n for e, n in following.items() if n > 1e-9}
            if not wave:
                break
        out.append(calls)
    return out


def rates(topology: t.Topology) -> list[tuple[float, float]]:
    """(mean, peak) requests per second of each source; a closed loop's upper bound from its think time."""
    out = []
    for source in topology.sources:
        if source.users:
            think = source.think.mean_ns / 1e9
            bound = source.users / max(think, 1e-3)
            out.append((bound, bound))
            continue
        points = source.rate
        end = topology.duration_ns if topology.duration_ns < 1 << 62 else points[-1][0] + 10**9
        area = 0.0
        for i, (at, rate) in enumerate(points):
            until, last = points[i + 1] if i + 1 < len(points) else (max(end, at), rate)
            stop = min(until, end)
            if stop > at:
                share = (stop - at) / max(1, until - at)
                area += (rate + (rate + (last - rate) * share)) / 2 * (stop - at)
        surge = max([f.times for f in topology.faults if source.id in f.sources], default=1.0)
        peak = max(r for _, r in points) * max(surge, 1.0) * max(source.burst_factors)
        out.append((area / end if end else 0.0, peak))
    return out


def plan(topology: t.Topology) -> Plan:
    """Loads, sizes and times of a topology."""
    per_request, offered = visits(topology), rates(topology)
    mean = [
        sum(v[s] * o[0] for v, o in zip(per_request, offered, strict=True))
        for s in range(len(topology.sites))
    ]
    peak = [
        sum(v[s] * o[1] for v, o in zip(per_request, offered, strict=True))
        for s in range(len(topology.sites))
    ]
    services = _services(topology, mean, peak)
    on_edges = [0.0] * len(topology.edges)
    for site in topology.sites:
        on_edges[site.edge] += mean[site.id]
    edges = tuple((e.name, on_edges[e.id]) for e in topology.edges)
    total = sum(o[0] for o in offered)
    seconds = topology.duration_ns / 1e9
    if topology.requests > 0 or topology.successes > 0:
        seconds = min(seconds, max(topology.requests, topology.successes) / max(total, 1e-9))
    attempts = sum(mean) * seconds
    return Plan(
        services=services,
        edges=edges,
        requests=total * seconds,
        attempts=attempts,
        events=attempts * EVENTS_PER_ATTEMPT,
        bytes=_bytes(topology, [rate * seconds for rate in mean]),
        seconds={engine: attempts / rate for engine, rate in ATTEMPTS_PER_S.items()},
        at_least=topology.successes > 0,
    )


def _bytes(topology: t.Topology, calls: list[float]) -> float:
    """Memory of a run with so many calls of each site; those that are in flight at once are not counted."""
    cells = topology.buckets * (
        len(topology.sites) * 51 + len(topology.endpoints) * 12 + topology.replicas * 4
    )
    bins = 0.0
    for site in topology.sites:
        histograms = topology.buckets if topology.edges[site.edge].watched else 1
        bins += 2 * min(calls[site.id], MOST_BINS * histograms)
    counts = {"python": 1, "service": len(topology.services), "replica": topology.replicas,
              "site": len(topology.sites), "cell": cells, "bin": bins}  # fmt: skip
    return sum(BYTES[what] * n for what, n in counts.items())


def _services(topology: t.Topology, mean: list[float], peak: list[float]) -> tuple[ServicePlan, ...]:
    """Loads of all services; each site and step is looked at once."""
    visited, at_peak, work = ([0.0] * len(topology.endpoints) for _ in range(3))
    for site in topology.sites:
        visited[site.callee] += mean[site.id]
        at_peak[site.callee] += peak[site.id]
    for step in topology.steps:
        if step.work is not None:
            work[step.endpoint] += step.work.mean_ns / 1e9
    out = []
    for service in topology.services:
        arrivals = sum(visited[e] for e in service.endpoints)
        busy = sum(visited[e] * work[e] for e in service.endpoints)
        busiest = sum(at_peak[e] * work[e] for e in service.endpoints)
        cores = service.cores * service.replicas
        out.append(
            ServicePlan(
                name=service.name,
                replicas=service.replicas,
                slots=service.slots,
                arrivals_per_s=arrivals,
                work_ms=1000 * busy / arrivals if arrivals else 0.0,
                utilisation=busy / cores if cores > 0 else math.nan,
                peak_utilisation=busiest / cores if cores > 0 else math.nan,
            )
        )
    return tuple(out)


def show_seconds(seconds: float) -> str:
    """Wall time for people."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def show_bytes(n: float) -> str:
    """Memory for people."""
    return f"{n / 1e6:.0f} MB" if n < 1e9 else f"{n / 1e9:.1f} GB"
