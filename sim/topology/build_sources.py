"""Sources with their call sites, and caches."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sim.scenario import model as m
from sim.scenario.policies import Policies
from sim.topology import rates
from sim.topology import types as t
from sim.topology.build_sites import Sites
from sim.words import FOREVER


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources, and who their clients are among the callers."""

    sources: tuple[t.Source, ...]
    first_client: tuple[int, ...]
    """Caller id of client 0 of each source; clients follow the replicas."""
    callers: int


def build_sources(sites: Sites, replicas: int) -> Sources:
    """Sources in the order of their ids, their call sites behind those of the endpoints."""
    model = sites.wiring.model
    out, first_client, callers = [], [], replicas
    for name, number in sites.wiring.source_id.items():
        source = _source(sites, number, name, model.sources[name])
        out.append(source)
        first_client.append(callers)
        callers += source.clients
    return Sources(tuple(out), tuple(first_client), callers)


def _source(sites: Sites, number: int, name: str, spec: m.Source) -> t.Source:
    mix = {spec.call: 1.0} if spec.call else dict(sorted((spec.mix or {}).items()))
    own = tuple(
        sites.add(
            name, reference, name, source=number, endpoint=-1, probability=1.0, repeat=1, optional=False,
            wait=True, cache=-1, policies=Policies(),
        )
        for reference in mix
    )  # fmt: skip
    bursts = None if isinstance(spec.arrivals, str) else spec.arrivals.bursts
    return t.Source(
        id=number,
        name=name,
        clients=spec.clients or spec.users or 1,
        sites=own,
        shares=_cumulative(mix.values(), sum(mix.values())),
        users=spec.users or 0,
        think=spec.think.dist,
        arrivals=t.DETERMINISTIC if spec.arrivals == "deterministic" else t.POISSON,
        rate=rates.points(spec.rate, sites.wiring.model) if spec.rate else (),
        burst_factors=_burst_factors(bursts),
        burst_means_ns=(float(bursts.calm), float(bursts.burst)) if bursts else (0.0, 0.0),
    )


def _cumulative(weights: Iterable[float], total: float) -> tuple[float, ...]:
    """Cumulative shares; the last is 1.0, whatever was lost in rounding."""
    out, sum_ = [], 0.0
    for weight in weights:
        sum_ += weight / total
        out.append(sum_)
    out[-1] = 1.0
    return tuple(out)


def _burst_factors(bursts: m.Bursts | None) -> tuple[float, float]:
    """Multipliers of the rate in calm and burst, with long-run mean 1."""
    if bursts is None:
        return 1.0, 1.0
    calm = bursts.calm / (bursts.calm + bursts.burst)
    base = 1.0 / (calm + (1.0 - calm) * bursts.factor)
    return base, base * bursts.factor


def build_cache(number: int, name: str, spec: m.Cache) -> t.Cache:
    """One cache, its keys by popularity."""
    s = 0.0 if isinstance(spec.popularity, str) else spec.popularity.zipf
    weights = [1.0 / k**s for k in range(1, spec.keys + 1)]
    return t.Cache(
        id=number,
        name=name,
        keys=spec.keys,
        cumulative=_cumulative(weights, math.fsum(weights)),
        ttl_ns=FOREVER if spec.ttl is None else spec.ttl,
        capacity=-1 if spec.capacity is None else spec.capacity,
        shared=spec.copies == "shared",
        hit=spec.hit.dist,
    )
