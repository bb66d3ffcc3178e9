"""Memory: what is left of it, and what to say when a run has used it up."""

from collections.abc import Sequence
from pathlib import Path

import psutil

from sim.errors import SimulationError
from sim.topology.names import caller_names
from sim.topology.types import Topology

RESERVE_SHARE = 0.05
"""Of the machine's memory: so much stays free for others."""
NAMED = 3
CGROUP = Path("/sys/fs/cgroup")


def left_bytes() -> int:
    """Memory that this process may still take: that of the machine, or of its container (cgroup v2)."""
    machine = psutil.virtual_memory()
    return min(int(machine.available - RESERVE_SHARE * machine.total), _left_in_container())


def _left_in_container() -> int:
    try:
        limit, used = ((CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
    except OSError:
        return 1 << 62
    return int(limit) - int(used) if limit != "max" else 1 << 62


def out_of_memory(
    topology: Topology, now: int, under_way: int, levels: Sequence[Sequence[int]]
) -> SimulationError:
    """The end of a run that grows without bound. `levels` has (queue, inside, ...) of each replica."""
    names = caller_names(topology)
    fullest = sorted(range(len(levels)), key=lambda r: -(levels[r][0] + levels[r][1]))[:NAMED]
    told = [
        f"{names[r]}: {levels[r][0]:,} in its queue, {levels[r][1]:,} inside"
        for r in fullest
        if levels[r][0] + levels[r][1]
    ]
    where = "; ".join(told) or "none of them is at a replica: they wait in their callers' policies"
    return SimulationError(
        f"memory is used up at {now / 1e9:.6g} s of simulated time: {under_way:,} calls and tries are under way\n"
        f"  {where}\n"
        "  the load grows without bound: lower it, bound the queues (`queue: 100`), or let callers give up (`timeout`)"
    )
