"""Manual operations of the file -> records with the scopes that they move."""

from sim.scenario import model as m
from sim.topology import types as t
from sim.words import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, METRICS_ONLY, OPEN

STATE = {
    "open": OPEN,
    "close": CLOSED,
    "half_open": HALF_OPEN,
    "force_open": FORCED_OPEN,
    "disable": DISABLED,
    "metrics_only": METRICS_ONLY,
    "reset": CLOSED,
}


def build_operations(
    model: m.Scenario, edges: dict[str, t.Edge], scopes: list[t.Scope]
) -> tuple[t.Operation, ...]:
    """All operations, in the order of the file."""
    return tuple(
        t.Operation(i, op.do, op.at, STATE[op.do], _scopes(op, edges, scopes))
        for i, op in enumerate(model.operations)
    )


def _scopes(op: m.Operation, edges: dict[str, t.Edge], scopes: list[t.Scope]) -> tuple[int, ...]:
    """Breakers of the edges; one that lives in a gateway stands on the gateway's edge."""
    found = []
    for name in op.edge:
        callee = name.partition(" -> ")[2]
        ids = {edges[n].id for n in (name, f"gateway({callee}) -> {callee}") if n in edges}
        found += [s.id for s in scopes if s.edge in ids and s.kind == t.L_BREAKER]
    return tuple(sorted(found))
