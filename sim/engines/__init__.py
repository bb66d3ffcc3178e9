"""Engines run a topology and hand back a record. One door for all of them: the record is the same."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from sim.errors import SimulationError
from sim.policies.plugins import answerable
from sim.record.types import Record
from sim.topology.plan import plan
from sim.topology.types import Topology

Progress = Callable[[int, int], None]
"""Called now and then with (simulated time in ns, events so far). Where it raises KeyboardInterrupt, the run
ends, and its record says so."""

ENGINES = ("simpy", "compiled", "auto")
REPAYS = 500_000
"""Attempts from which on `auto` takes the compiled engine: some 20 s of the other one."""


SHORT = "the run is short"


class NotCovered(SimulationError):
    """The engine that was named cannot run this."""


def choose(topology: Topology, engine: str = "auto", *, trace: int = 0) -> tuple[str, str]:
    """(the engine that will run this, why). Raises ValueError for one that does not exist, NotCovered if
    the one that was named cannot."""
    if engine not in ENGINES:
        msg = f"no engine is called {engine!r}; there are {', '.join(ENGINES)}"
        raise ValueError(msg)
    if engine == "simpy":
        return "simpy", ""
    if engine == "auto" and plan(topology).attempts < REPAYS:
        return "simpy", SHORT
    from sim.engines.coverage import uncovered

    missing = uncovered(topology, trace) or absent()
    if engine == "compiled" and missing:
        msg = "the compiled engine cannot run this:\n" + "\n".join(f"  {line}" for line in missing)
        raise NotCovered(msg)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return "simpy", f"the compiled engine does not cover: {missing[0]}{more}"
    return "compiled", "the run is long" if engine == "auto" else ""


def there() -> bool:
    """Is numba installed?"""
    return find_spec("numba") is not None


def absent() -> list[str]:
    """Why there is no compiled engine here; empty: there is."""
    if not there():
        return ["numba is not installed: pip install '.[fast]' in the checkout"]
    try:
        import sim.engines.compiled.run  # noqa: F401
    except RuntimeError as error:
        return [f"numba cannot keep what it compiles: {error}"]
    return []


def announcement(chosen: str, why: str) -> str:
    """What there is to tell of a choice; empty: nothing."""
    if chosen == "compiled":
        from sim.engines.compiled.run import is_compiled

        reason = f", for {why}" if why else ""
        first = (
            "" if is_compiled() else "; it is compiled first, once per installation (half a minute or more)"
        )
        return f"engine: compiled{reason}{first}" if reason or first else ""
    return f"engine: simpy; {why}" if why and why != SHORT else ""


def prepare(chosen: str) -> None:
    """Have an engine ready to run, here and in processes to come: the compiled one is compiled if it must be.
    KeyboardInterrupt ends that, and nothing is half-written."""
    if chosen == "compiled":
        from sim.engines.compiled.run import compile_kernel

        compile_kernel()


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

    `engine`: `simpy`, `compiled`, or `auto`, which takes the compiled one for a long run that it covers.
    Raises ValueError for an engine that does not exist, NotCovered if the one that was named cannot run
    this, SimulationError if the model cannot go on (a loop without time), PluginError if a user's breaker
    fails. KeyboardInterrupt passes through, but for one that `progress` raises.
    """
    chosen, _ = choose(topology, engine, trace=trace)
    if chosen == "compiled":
        from sim.engines.compiled.run import run as run_compiled

        return run_compiled(topology, seed, progress)
    from sim.engines.simpy_engine.world import World

    own = plugins or {}
    with answerable(own.values()):
        world = World(topology, seed, trace=trace, trace_from_ns=trace_from_ns, plugins=own)
        return world.run(progress)
