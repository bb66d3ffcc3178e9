"""What the compiled engine does not cover yet, said of a topology."""

from collections.abc import Iterator

from sim.topology import types as t

LAYERS = {
    t.L_THROTTLE: "an adaptive throttle",
    t.L_CONCURRENCY: "an adaptive concurrency limit",
    t.L_OUTLIER: "host ejection",
}
"""Policies that only the SimPy engine runs."""


def uncovered(topology: t.Topology, trace: int = 0) -> list[str]:
    """What keeps the compiled engine from running this, each with its place; empty: it can."""
    found = list(_of_sites(topology))
    if trace:
        found.append("walks of requests (--trace)")
    return found


def _of_sites(topology: t.Topology) -> Iterator[str]:
    for site in topology.sites:
        for layer in site.layers:
            what = _of_layer(topology, layer)
            if what:
                yield f"step {site.name}: {what}"


def _of_layer(topology: t.Topology, layer: t.Layer) -> str:
    if layer.kind == t.L_BREAKER:
        if layer.params.plugin:
            return f"the breaker {layer.params.params[0]}, which is a Python class"
    return LAYERS.get(layer.kind, "")
