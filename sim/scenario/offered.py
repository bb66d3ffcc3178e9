"""What is offered: visits and utilisation at the offered load, by hand, before anything runs.

Model: every call succeeds at the first try, a cache hits as often as it can, rates are averaged over the
run. Retries and faults come on top, so what is above capacity here is above capacity everywhere.
"""

import math
from dataclasses import dataclass, field, replace

from sim.scenario.dists import DistSpec
from sim.scenario.model import Cache, Rate, Scenario, Service, Source, Step
from sim.scenario.policies import Policies
from sim.scenario.source import Location
from sim.words import FOREVER


@dataclass(frozen=True, slots=True)
class Site:
    """One call as it is written: who calls whom, how often per visit of the caller, and where."""

    caller: str
    """Source, or `service.endpoint`."""
    callee: str
    """`service.endpoint`"""
    per_visit: float
    certain: bool
    """Made at every visit."""
    policies: Policies
    """Those of the step; empty for a source."""
    at: Location
    hits: float = 0.0
    """Calls per visit that a cache may save at best."""

    def without_hits(self) -> "Site":
        """The same while the cache is empty."""
        return replace(self, per_visit=self.per_visit + self.hits, hits=0.0)


@dataclass(frozen=True, slots=True)
class Offered:
    """Rates per second at the offered load of the open-loop sources."""

    visits: dict[str, float] = field(default_factory=dict)
    """Per endpoint."""
    utilisation: dict[str, float] = field(default_factory=dict)
    """Per service that has cores (or slots): share of them at work."""
    endless: Site | None = None
    """A call on a circle on which each visit causes one more visit or more."""


def mean_rate(rate: Rate, duration_ns: int | None) -> float | None:
    """Requests per second averaged over the run; None if a file says it."""
    end = duration_ns
    if rate.constant is not None:
        return rate.constant
    if rate.sine is not None:
        return rate.sine.mean
    if rate.points is not None:
        return _area(rate.points, end)
    if rate.ramp is not None:
        r = rate.ramp
        return _area(((0, r.from_), (r.after, r.from_), (r.after + r.over, r.to)), end)
    if rate.step is not None:
        s = rate.step
        return _area(((0, s.from_), (s.at, s.from_), (s.at, s.to)), end)
    if rate.spike is not None:
        p, over = rate.spike, rate.spike.at + rate.spike.for_
        return _area(((0, p.base), (p.at, p.base), (p.at, p.peak), (over, p.peak), (over, p.base)), end)
    return None


def silent(rate: Rate, duration_ns: int | None) -> bool:
    """Is the rate 0 all the time? Without a duration a later phase always comes."""
    return mean_rate(rate, duration_ns or FOREVER) == 0


def source_rate(source: Source, duration_ns: int | None) -> float:
    """Requests per second of an open loop; 0 for a closed one and for a replayed file."""
    return (mean_rate(source.rate, duration_ns) or 0.0) if source.rate else 0.0


def _area(points: tuple[tuple[int, float], ...], end: int | None) -> float:
    """Mean of a piecewise-linear function from 0 to `end`; the first and last values hold outside."""
    last = end if end is not None else max(points[-1][0], 1)
    whole, (t0, r0) = 0.0, (0, points[0][1])
    for t, r in (*points, (last, points[-1][1])):
        stop = min(t, last)
        if stop > t0:
            at_stop = r0 + (r - r0) * (stop - t0) / (t - t0)
            whole += (r0 + at_stop) / 2 * (stop - t0)
        if t >= last:
            break
        t0, r0 = t, r
    return whole / last


def mix(source: Source) -> dict[str, float]:
    """Callees as written, with shares that add up to 1."""
    if source.call is not None:
        return {source.call: 1.0}
    weights = source.mix or {}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


def missed(cache: Cache) -> float:
    """Least share of look-ups that miss: the most popular keys fill the cache and stay."""
    if cache.capacity is None or cache.capacity >= cache.keys:
        return 0.0
    s = 0.0 if cache.popularity == "uniform" else cache.popularity.zipf
    weights = [math.pow(k, -s) for k in range(1, cache.keys + 1)]
    return sum(weights[cache.capacity :]) / sum(weights)


def offered(model: Scenario, sites: list[Site]) -> Offered:
    """Visits and utilisation of a scenario with these call sites."""
    delta: dict[str, float] = {}
    into: dict[str, list[Site]] = {}
    for site in sites:
        source = model.sources.get(site.caller)
        if source is None:
            into.setdefault(site.caller, []).append(site)
        else:
            rate = source_rate(source, model.duration) * site.per_visit
            delta[site.callee] = delta.get(site.callee, 0.0) + rate
    visits: dict[str, float] = {}
    sizes: list[float] = []
    rounds = 2 * sum(len(s.endpoints) for s in model.services.values()) + 100
    for _ in range(rounds):
        if sum(delta.values()) <= 1e-9:
            break
        sizes.append(sum(delta.values()))
        following: dict[str, float] = {}
        for endpoint, rate in delta.items():
            visits[endpoint] = visits.get(endpoint, 0.0) + rate
            for site in into.get(endpoint, ()):
                following[site.callee] = following.get(site.callee, 0.0) + rate * site.per_visit
        delta = following
    # what has not died out after as many rounds as there are endpoints goes in a circle
    grows = len(sizes) == rounds and sizes[-1] >= sizes[rounds // 2] * (1 - 1e-9)
    return Offered(visits, _utilisation(model, visits), _on_circle(into) if grows else None)


def _on_circle(into: dict[str, list[Site]]) -> Site | None:
    """The first call from which its caller is reached again."""
    for site in (s for sites in into.values() for s in sites):
        seen, todo = {site.callee}, [site.callee]
        while todo:
            for following in into.get(todo.pop(), ()):
                if following.callee not in seen and following.per_visit > 0:
                    seen.add(following.callee)
                    todo.append(following.callee)
        if site.caller in seen and site.per_visit > 0:
            return site
    return None


def _utilisation(model: Scenario, visits: dict[str, float]) -> dict[str, float]:
    out = {}
    for name, service in model.services.items():
        places = cores(service)
        if places is not None:
            endpoints = service.endpoints.items()
            out[name] = (
                sum(visits.get(f"{name}.{e}", 0.0) * work_s(spec.steps) for e, spec in endpoints) / places
            )
    return out


def cores(service: Service) -> int | None:
    """Attempts that progress at full speed, over all replicas that it may have; None: unlimited."""
    each = service.cores if service.cores is not None else service.slots
    most = service.autoscale.max if service.autoscale else service.replicas
    return None if each is None else each * most


def work_s(steps: tuple[Step, ...]) -> float:
    """Mean work of one visit in s: the replica's own, without the calls."""
    total = 0.0
    for step in steps:
        if isinstance(step.work, DistSpec):
            total += step.work.dist.mean_ns / 1e9
        for branch in step.parallel or ():
            total += work_s(branch)
    return total
