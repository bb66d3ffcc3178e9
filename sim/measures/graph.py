"""What the call graph says about a fault: dependants, bystanders, distance."""

from collections import deque

from sim.topology.types import CALL, CallSite, Topology


def mandatory_sites(topology: Topology) -> list[CallSite]:
    """Calls whose failure fails the endpoint that makes them."""
    out = []
    for endpoint in topology.endpoints:
        stack = [(i, True) for i in endpoint.steps]
        while stack:
            i, must = stack.pop()
            step = topology.steps[i]
            if step.kind == CALL and must and needed(topology.sites[step.site]):
                out.append(topology.sites[step.site])
            for branch in step.branches:
                stack += [(j, must and step.need == len(step.branches)) for j in branch]
    return out


def needed(site: CallSite) -> bool:
    """Does the step fail with this call: neither optional nor fire and forget, and without a fallback?"""
    return site.wait and not site.optional and not site.has_fallback


def touched_edges(topology: Topology) -> set[int]:
    """Edges that the faults cut or slow down."""
    return {edge for fault in topology.faults for edge in fault.edges}


def touched(topology: Topology) -> set[int]:
    """Endpoints that the faults touch; a fault on an edge touches the caller's steps on it, a surge only the
    source."""
    found: set[int] = set()
    service_of = {
        r: s.id for s in topology.services for r in range(s.first_replica, s.first_replica + s.replicas_max)
    }
    for fault in topology.faults:
        hit = {e for r in fault.replicas for e in topology.services[service_of[r]].endpoints}
        found |= set(fault.endpoints) & hit if fault.endpoints else hit
    edges = touched_edges(topology)
    return found | {site.endpoint for site in mandatory_sites(topology) if site.edge in edges}


def dependants(topology: Topology) -> set[int]:
    """Endpoints with a path of mandatory steps to what the faults touched, the touched ones included."""
    found = set(touched(topology))
    calls = mandatory_sites(topology)
    grew = True
    while grew:
        more = {site.endpoint for site in calls if site.callee in found} - found
        found |= more
        grew = bool(more)
    return found


def distance(topology: Topology) -> dict[int, int]:
    """Fewest hops from each endpoint to what the faults touched; negative downstream; absent if unconnected."""
    start = touched(topology)
    edges = [(s.endpoint, s.callee) for s in topology.sites if s.endpoint >= 0]
    up = _hops(start, [(callee, caller) for caller, callee in edges])
    down = _hops(start, edges)
    return {e: up[e] if e in up else -down[e] for e in up.keys() | down.keys()}


def _hops(start: set[int], edges: list[tuple[int, int]]) -> dict[int, int]:
    following: dict[int, list[int]] = {}
    for a, b in edges:
        following.setdefault(a, []).append(b)
    seen = dict.fromkeys(start, 0)
    queue = deque(sorted(start))
    while queue:
        node = queue.popleft()
        for nxt in following.get(node, ()):
            if nxt not in seen:
                seen[nxt] = seen[node] + 1
                queue.append(nxt)
    return seen
