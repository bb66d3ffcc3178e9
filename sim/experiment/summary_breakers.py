"""B per copy: which copies of which breaker tripped, and how often."""

from typing import Any

from sim.measures import breakers
from sim.measures.selection import select
from sim.record.types import Copy, Record
from sim.scenario.expect import Measure
from sim.topology.names import caller_names, target_name
from sim.topology.types import WITH_STATES, Topology


def per_copy(record: Record, topology: Topology) -> dict[str, dict[str, Any]]:
    """By breaker: copies that came into being, and B with its re-openings of those that tripped.

    A copy is named by its caller, and by its target if the breaker is kept per endpoint or replica. B is
    None where a breaker of one's own tells no state.
    """
    names = caller_names(topology)
    copies: dict[int, list[Copy]] = {}
    for copy in record.copies:
        copies.setdefault(copy.scope, []).append(copy)
    tripped: dict[int, dict[str, dict[str, int]]] = {}
    for (of, caller, target), (b, again) in sorted(
        breakers.tripped(select(Measure("B"), record, topology)).items()
    ):
        who = names[caller] if caller >= 0 else "shared"
        where = target_name(topology, of, target)
        tripped.setdefault(of, {})[f"{who} -> {where}" if where else who] = {"B": b, "reopenings": again}
    out: dict[str, dict[str, Any]] = {}
    for scope in topology.scopes:
        if scope.kind not in WITH_STATES:
            continue
        own, found = copies.get(scope.id, []), tripped.get(scope.id, {})
        known = all(c.counts_trips for c in own)
        out[scope.name] = {
            "copies": len(own),
            "B": sum(x["B"] for x in found.values()) if known else None,
            "tripped": found,
        }
    return out
