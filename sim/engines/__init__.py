"""Engines run a topology and hand back a record. One door for all of them."""

from collections.abc import Callable, Mapping
from typing import Any

from sim.policies.plugins import answerable
from sim.record.types import Record
from sim.topology.types import Topology

Progress = Callable[[int, int], None]
"""Called now and then with (simulated time in ns, events so far). Where it raises KeyboardInterrupt, the run
ends, and its record says so."""


def run(
    topology: Topology,
    seed: int,
    *,
    engine: str = "simpy",
    trace: int = 0,
    trace_from_ns: int = 0,
    plugins: Mapping[str, Callable[..., Any]] | None = None,
    progress: Progress | None = None,
) -> Record:
    """Run `topology` once. `trace` requests, the first from `trace_from_ns` on, leave their walk; `plugins` are
    users' breakers by name.

    Raises ValueError for an engine that does not exist, SimulationError if the model cannot go on
    (a loop without time), PluginError if a user's breaker fails. KeyboardInterrupt passes through, but for
    one that `progress` raises.
    """
    if engine not in ("simpy", "auto"):
        msg = f"no engine is called {engine!r}; there is simpy"
        raise ValueError(msg)
    from sim.engines.simpy_engine.world import World

    own = plugins or {}
    with answerable(own.values()):
        world = World(topology, seed, trace=trace, trace_from_ns=trace_from_ns, plugins=own)
        return world.run(progress)
