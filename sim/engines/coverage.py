"""What only the SimPy engine runs, said of a topology: users' Python classes, and walks of requests."""

from collections.abc import Iterator

from sim.topology import types as t


def uncovered(topology: t.Topology, trace: int = 0) -> list[str]:
    """What keeps the compiled engine from running this, each with its place; empty: it can."""
    found = list(_of_sites(topology))
    if trace:
        found.append("walks of requests (--trace)")
    return found


def _of_sites(topology: t.Topology) -> Iterator[str]:
    for site in topology.sites:
        for layer in site.layers:
            if layer.kind == t.L_BREAKER and layer.params.plugin:
                yield f"step {site.name}: the breaker {layer.params.params[0]}, which is a Python class"
