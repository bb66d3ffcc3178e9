"""A process of its own for every run: nothing but the engine, the topology that was built elsewhere, and the run.

    python -m tests.bench.scale.child TOPOLOGY

Prints one line of JSON.
"""

import gc
import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from sim.engines.compiled.run import Run, read_kernel
from sim.record.types import Record


def memory_bytes(which: str) -> int:
    """Of this process, from the system: VmRSS now, VmHWM at most. What its parent held does not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(which)


def measure(file: str) -> dict[str, Any]:
    """Run once."""
    with Path(file).open("rb") as stored:
        topology = pickle.load(stored)
    read_kernel()
    gc.collect()
    gc.freeze()
    before = memory_bytes("VmRSS")
    began = time.process_time()
    run = Run(topology, 1)
    ready = time.process_time()
    record = run.run()
    ended = time.process_time()
    return {
        "start_s": ready - began,
        "run_s": ended - ready,
        "before_bytes": before,
        "peak_bytes": memory_bytes("VmHWM"),
        "attempts": int(record.counts[1].sum()),
        "events": record.events,
        "in_flight": in_flight(record),
        "buckets": record.counts.shape[2],
        "sites": len(topology.sites),
    }


def in_flight(record: Record) -> float:
    """Attempts in flight, a mean over the time in which requests come."""
    return float(record.latency_ns[1].sum() / record.arrivals_end_ns)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
