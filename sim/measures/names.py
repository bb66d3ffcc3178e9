"""What the names of a topology stand for: the calls, services and endpoints of a target.

A target may be a source, a service, an endpoint, an edge or one call site; "" is the whole system.
"""

from collections.abc import Iterable
from typing import TypeVar

from sim.topology.types import Topology

Ids = tuple[int, ...]
K = TypeVar("K")


class Names:
    """The names of one topology, each looked up once; a summary asks for every one of them, many times."""

    def __init__(self, topology: Topology) -> None:
        self.topology = t = topology
        self.sources = {s.name: s.id for s in t.sources}
        self.services = {s.name: s.id for s in t.services}
        self.endpoints = {e.name: e.id for e in t.endpoints}
        self.edges = {e.name: e.id for e in t.edges}
        self.sites = _grouped((s.name, s.id) for s in t.sites)
        self.of_source = _grouped((s.source, s.id) for s in t.sites)
        """Call sites by their source (-1: those of endpoints)."""
        self.of_endpoint = _grouped((s.endpoint, s.id) for s in t.sites)
        """Call sites by the endpoint that makes the call."""
        self.into = _grouped((s.callee, s.id) for s in t.sites)
        """Call sites by the endpoint that is called."""
        self.on_edge = _grouped((s.edge, s.id) for s in t.sites)

    def edge(self, target: str) -> int | None:
        """The edge of this name, or the one that stands for it where a gateway is between."""
        return self.edges.get(target, self.edges.get(_through_gateway(target)))

    def sites_of(self, target: str) -> Ids:
        """All sites of the sources for the whole, a source's, those into a service or endpoint, an edge's, or
        one."""
        t = self.topology
        if not target:
            return tuple(s.id for s in t.sites if s.source >= 0)
        if target in self.sources:
            return self.of_source.get(self.sources[target], ())
        if target in self.services:
            own = t.services[self.services[target]].endpoints
            return tuple(sorted(site for e in own for site in self.into.get(e, ())))
        if target in self.endpoints:
            return self.into.get(self.endpoints[target], ())
        edge = self.edge(target)
        return self.sites.get(target, ()) if edge is None else self.on_edge.get(edge, ())

    def services_of(self, target: str) -> Ids:
        """The services of a target; all for the whole."""
        t = self.topology
        if not target:
            return tuple(s.id for s in t.services)
        found = [self.services[target]] if target in self.services else []
        if target in self.endpoints:
            found.append(t.endpoints[self.endpoints[target]].service)
        if target in self.edges:
            found.append(t.edges[self.edges[target]].callee_service)
        found += [t.endpoints[t.sites[i].callee].service for i in self.sites.get(target, ())]
        if _through_gateway(target) in self.edges:
            found.append(self.services[target.partition(" -> ")[2]])
        return tuple(found)

    def endpoints_of(self, target: str) -> Ids:
        """The endpoint that is the target, or that a step of this name calls; else all of its services."""
        t = self.topology
        if target in self.endpoints:
            return (self.endpoints[target],)
        if target in self.sites:
            return tuple(t.sites[i].callee for i in self.sites[target])
        return tuple(e for s in sorted(set(self.services_of(target))) for e in t.services[s].endpoints)


_latest: list[Names] = []


def names_in(topology: Topology) -> Names:
    """Its names; those of the topology that was asked for last are kept."""
    if _latest and _latest[0].topology is topology:
        return _latest[0]
    found = Names(topology)
    _latest[:] = [found]
    return found


def _grouped(pairs: Iterable[tuple[K, int]]) -> dict[K, Ids]:
    out: dict[K, list[int]] = {}
    for key, value in pairs:
        out.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in out.items()}


def _through_gateway(edge: str) -> str:
    """The edge that stands for `web -> db` where a gateway stands between them."""
    caller, _, callee = edge.partition(" -> ")
    return f"{caller} -> gateway({callee})"
