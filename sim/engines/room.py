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
UNLIMITED = 1 << 62
CGROUP = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


def left_bytes() -> int:
    """Memory that this process may still take: that of the machine, or of its containers (cgroup v2)."""
    machine = psutil.virtual_memory()
    return min(int(machine.available - RESERVE_SHARE * machine.total), _left_in_container())


def _left_in_container() -> int:
    """The least that any group which this process is in has left. What its files keep in memory and nobody
    has touched of late goes when it is wanted: it counts as free."""
    try:
        named = [line[3:] for line in OWN_GROUP.read_text().splitlines() if line.startswith("0::")]
    except OSError:
        return UNLIMITED
    group = CGROUP / named[0].lstrip("/") if named else CGROUP
    return min(_left_in(place) for place in (group, *group.parents) if place.is_relative_to(CGROUP))


def _left_in(group: Path) -> int:
    try:
        limit, used = ((group / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return UNLIMITED  # no group of version 2, or one that is not limited
    return int(limit) - int(used) + int(stat.get("inactive_file", 0)) if limit != "max" else UNLIMITED


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
        "  if the load outgrows what serves it, lower it, bound the queues (`queue: 100`), or let callers give up "
        "(`timeout`); if it does not, so many calls at once need more memory"
    )
