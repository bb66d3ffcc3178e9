"""Model -> topology: frozen records with integer ids. Ids follow sorted names, so that the order in the
file changes nothing; a gateway becomes a service of its own."""

import math

from sim.scenario import model as m
from sim.topology import types as t
from sim.topology.build_services import Services
from sim.topology.build_sites import Sites
from sim.topology.build_sources import build_cache, build_sources
from sim.topology.build_wiring import Wiring
from sim.topology.faults import build_faults
from sim.topology.operations import build_operations
from sim.words import FOREVER, NS

MAX_BUCKETS = 600


def build(model: m.Scenario) -> t.Topology:
    """The topology of a scenario."""
    wiring = Wiring(model)
    sites = Sites(wiring)
    built = Services(sites)
    sources = build_sources(sites, built.replicas)
    bucket, buckets = _buckets(model)
    return t.Topology(
        name=model.name,
        duration_ns=model.duration if model.duration is not None else FOREVER,
        warmup_ns=model.warmup,
        drain=model.drain,
        requests=model.requests or -1,
        successes=model.successes or -1,
        reject_ns=model.reject_time,
        bucket_ns=bucket,
        buckets=buckets,
        services=tuple(built.services),
        endpoints=tuple(built.endpoints),
        steps=tuple(built.steps),
        edges=tuple(sites.edges.values()),
        sites=tuple(sites.sites),
        scopes=tuple(sites.scopes),
        sources=sources.sources,
        caches=tuple(build_cache(i, n, model.caches[n]) for n, i in wiring.cache_id.items()),
        operations=build_operations(model, sites.edges, sites.scopes),
        faults=build_faults(wiring, sites.edges, {s.name: s for s in built.services}),
        replicas=built.replicas,
        callers=sources.callers,
        first_client=sources.first_client,
    )


def _buckets(model: m.Scenario) -> tuple[int, int]:
    """(width in ns, how many): at most 600, at least a second wide unless given."""
    if model.duration is None:
        return model.bucket or NS, MAX_BUCKETS
    width = model.bucket or max(NS, math.ceil(model.duration / MAX_BUCKETS / 10**6) * 10**6)
    width = max(width, math.ceil(model.duration / MAX_BUCKETS))
    return width, math.ceil(model.duration / width)
