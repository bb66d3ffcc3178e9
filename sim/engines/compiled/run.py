"""One run of the compiled engine: slices of the kernel, and in between what only Python can do."""

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from sim.engines.compiled import kernel, layout
from sim.engines.compiled.build import Standing
from sim.engines.compiled.clock import SLOT_BITS
from sim.engines.compiled.compiling import alone, compile_elsewhere, kept, prepare
from sim.engines.compiled.copies import make_copy, more_latencies
from sim.engines.compiled.ledgers import Tables
from sim.engines.compiled.outcome import copies_of, spans_of, transitions_of
from sim.engines.compiled.pools import FULL, LOW
from sim.engines.compiled.tasks import WORDS
from sim.engines.room import left_bytes, out_of_memory
from sim.errors import SimulationError
from sim.record.types import GAUGES, WORKING_NS, Record
from sim.topology.types import L_HEDGE, Topology
from sim.words import FOREVER

SLICE = 200_000
"""Moments between two looks at the wall clock: a few hundredths of a second."""
PROGRESS_S = 0.1
"""Wall time between two reports of progress."""
POOLS = {"moments": layout.MOMENT, "frames": layout.FRAME, "jobs": layout.JOB, "walks": layout.WALK,
         "joins": layout.JOIN}  # fmt: skip
COLLECTED = ("frames", "jobs", "walks", "joins")
LOGS = {"heap": layout.ROW, "tasks": layout.TASK, "moves": layout.MOVE, "spans": layout.SPAN,
        "meetings": layout.MEETING}  # fmt: skip
COPIES = {"copies": layout.COPY, "guards": layout.GUARD, "throttles": layout.THROTTLE,
          "concurrencies": layout.CONCURRENCY, "ejectors": layout.EJECTOR}  # fmt: skip


class Run:
    """One run. `slice_` and `room` are for tests: they must leave no trace in the record."""

    def __init__(self, topology: Topology, seed: int, *, slice_: int = SLICE, room: int = 512) -> None:
        read_kernel()
        self.topology = topology
        self.slice = slice_
        self.interrupted = False
        self.standing = Standing(topology, seed)
        self.world: Any = np.zeros(1, layout.WORLD)
        self.held: dict[str, Any] = {}
        """Arrays by name, as long as the kernel has their addresses."""
        self.copies: list[Any] = []
        """Lists of copies, which stay where they are."""
        self.samples: dict[int, Any] = {}
        """Samples of concurrency limits, which grow."""
        for name, table in self.standing.tables.items():
            self._hold(name, table)
        self._gauges()
        w = self.world[0]
        w["replicas_n"], w["scopes_n"] = topology.replicas, len(topology.scopes)
        w["faults_n"], w["sources_n"] = len(topology.faults), len(topology.sources)
        w["seed"] = seed & ((1 << 64) - 1)
        w["services_n"] = len(topology.services)
        w["caches_n"], w["operations_n"] = len(topology.caches), len(topology.operations)
        w["instant"], w["reject_ns"] = -1, topology.reject_ns
        w["requests"], w["successes"] = topology.requests, topology.successes
        w["margin"] = margin = 32 + 4 * most_in_a_task(topology)
        self._pools(max(room, 4 * margin), waiting_at_the_start(topology) + 2 * margin)
        self.tables = Tables(topology, self._levels, self._hold, w)

    def _gauges(self) -> None:
        """What `_levels` reads, bucket after bucket."""
        replicas = self.held["replicas"][: self.topology.replicas]
        self.replicas = {name: replicas[name] for name in ("queue_n", "inside", "works_n", "up", "frozen")}
        self.most_working = np.where(replicas["shared"] > 0, replicas["cores"], FOREVER)
        self.levels = np.zeros((len(replicas), len(GAUGES)), dtype=np.int64)

    def _pools(self, room: int, moments: int) -> None:
        """Room for so many records and rows, and for at least so many moments."""
        rooms = {"moments": max(room, moments), "heap": max(room, moments)}
        for name, dtype in POOLS.items():
            n = rooms.get(name, room)
            self._hold(name, np.zeros(n, dtype))
            self._hold(f"free_{name}", np.arange(n - 1, -1, -1, dtype=np.int64))
            self.world[f"{name}_size"], self.world[f"free_{name}"] = n, n - 1
        for name, dtype in LOGS.items():
            n = rooms.get(name, room)
            self._hold(name, np.zeros(n, dtype))
            self.world[f"{name}_size"] = n
        self._marks()
        for name, dtype in COPIES.items():
            self._hold(name, np.zeros(64, dtype))
            self.world[f"{name}_n"] = 1

    def _marks(self) -> None:
        """What collecting garbage needs: marks, and room for every record that it has still to look at."""
        sizes = [len(self.held[name]) for name in COLLECTED]
        for name, size in zip(COLLECTED, sizes, strict=True):
            self._hold(f"{name}_marks", np.zeros(size, dtype=np.int64))
        self._hold("grey", np.zeros((sum(sizes), 2), dtype=np.int64))

    def _hold(self, name: str, array: Any) -> None:
        """Keep an array and tell the kernel where it is."""
        self.held[name] = array
        self.world[f"{name}_at"] = array.ctypes.data

    # Running ---------------------------------------------------------------------------------------

    def run(self, progress: Callable[[int, int], None] | None = None) -> Record:
        """From time 0 to the end, or to where `progress` raises KeyboardInterrupt; the record of it."""
        w, duration = self.world[0], self.topology.duration_ns
        kernel.start_run(self.world)
        self._until(duration, progress)
        arrivals_end = int(w["now"]) if w["stopped"] else duration
        self.tables.close(int(w["now"]))
        if self.topology.drain and not self.interrupted:
            self._drain(progress)
        end = int(w["now"])
        if arrivals_end >= FOREVER:
            arrivals_end = end
        recorder = self.tables.recorder
        recorder.transitions += transitions_of(self)
        recorder.copies += copies_of(self)
        recorder.faults += spans_of(self)
        record = self.tables.freeze(end, max(1, arrivals_end), int(w["scheduled"]))
        record.interrupted = self.interrupted
        return record

    def _until(self, end: int, progress: Callable[[int, int], None] | None) -> None:
        """Run up to `end` (or until nothing is left to happen), with a report now and then."""
        w, pause_at = self.world[0], time.perf_counter() + PROGRESS_S
        while (status := kernel.advance_run(self.world, end, self.slice)) != kernel.OVER:
            if status == kernel.OUTSIDE:
                self._make_room()
            elif status == kernel.TURN:
                self.tables.turn(int(self.held["heap"]["time"][0]))
                self._tell_autoscalers()
            if progress is not None and not w["tasks_n"] and time.perf_counter() >= pause_at:
                pause_at = time.perf_counter() + PROGRESS_S
                try:
                    progress(int(w["now"]), int(w["scheduled"]))
                except KeyboardInterrupt:
                    # Between two events everything is booked: the record holds up to here.
                    self.interrupted = True
                    w["stopped"] = 1
                    return
        if end < FOREVER and not w["stopped"]:
            w["now"] = end

    def _tell_autoscalers(self) -> None:
        """How long the cores have been at work in the buckets that are put away."""
        if any(service.autoscale is not None for service in self.topology.services):
            replicas = self.held["replicas"]["worked_ns"][: self.topology.replicas]
            replicas[:] = self.tables.recorder.put_away(WORKING_NS)

    def _drain(self, progress: Callable[[int, int], None] | None) -> None:
        """No new arrivals; until every call is answered and no replica is at work, or nothing moves."""
        w = self.world[0]
        w["draining"], w["stopped"] = 1, 0
        if w["busy"]:
            self._until(FOREVER, progress)

    def _levels(self) -> Any:
        """How high the gauges of the replicas stand, a row for each: good until it is asked for again."""
        r, out = self.replicas, self.levels
        out[:, 0], out[:, 1], out[:, 3] = r["queue_n"], r["inside"], r["up"]
        np.minimum(r["works_n"], self.most_working, out=out[:, 2])
        out[:, 2] *= r["frozen"] == 0
        return out

    # Room ------------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Do what the kernel stopped for."""
        w = self.world[0]
        if w["stuck"]:
            who = WORDS.get(int(w["stuck"]), "an event")
            msg = f"a million events at one instant ({int(w['now']) / 1e9} s): time stands still at {who}"
            raise SimulationError(msg)
        if w["broken"]:
            msg = (
                f"the compiled engine has no room for one event at {int(w['now']) / 1e9} s: a mistake of ours"
            )
            raise RuntimeError(msg)
        if w["want"]:
            make_copy(self)
        more_latencies(self)
        if w["low"] & FULL:
            for name in COLLECTED:
                # Collecting is cheap as long as most of a pool is garbage.
                if 2 * w[f"free_{name}"] < w[f"{name}_size"]:
                    self._enlarge(name)
            self._marks()
        more = w["margin"] + w["need"]
        while w["free_moments"] < more:
            self._enlarge("moments")
        for name in LOGS:
            while w[f"{name}_n"] + (more if name == "heap" else w["margin"]) >= w[f"{name}_size"]:
                self._hold(name, self.twice(self.held[name]))
                w[f"{name}_size"] *= 2
        self.tables.make_room()
        low = any(w[f"free_{name}"] < w["margin"] for name in COLLECTED)
        w["low"], w["want"], w["need"] = LOW if low else 0, 0, 0

    def _enlarge(self, name: str) -> None:
        """Twice as many records."""
        w = self.world[0]
        size, free = int(w[f"{name}_size"]), int(w[f"free_{name}"])
        if name == "moments" and 2 * size > 1 << SLOT_BITS:
            raise self._out_of_memory()
        self._hold(name, self.twice(self.held[name]))
        stack = self.twice(self.held[f"free_{name}"])
        # Highest numbers lowest, as `garbage` leaves them.
        stack[size : size + free] = stack[:free]
        stack[:size] = np.arange(2 * size - 1, size - 1, -1)
        self._hold(f"free_{name}", stack)
        w[f"{name}_size"], w[f"free_{name}"] = 2 * size, free + size

    def twice(self, array: Any) -> Any:
        """An array with as much room again. Raises SimulationError if there is no memory for that."""
        if left_bytes() < 2 * array.nbytes:
            raise self._out_of_memory()
        out = np.zeros(2 * len(array), array.dtype)
        out[: len(array)] = array
        return out

    def _out_of_memory(self) -> SimulationError:
        w = self.world[0]
        return out_of_memory(self.topology, int(w["now"]), int(w["busy"]), self._levels().tolist())


def waiting_at_the_start(topology: Topology) -> int:
    """Moments that are put on the clock before the first one comes: one at most for each of these, two for an open
    source, which may have bursts."""
    users = sum(source.users or 2 for source in topology.sources)
    return users + len(topology.faults) + len(topology.operations) + len(topology.services)


def most_in_a_task(topology: Topology) -> int:
    """Of what one task may do many of: branches begun, layers entered, hedges taken back, replicas asked for or
    ejected, sources surged, breakers of endpoints forgotten."""
    return max(
        *(len(step.branches) for step in topology.steps),
        *(len(site.layers) for site in topology.sites),
        *(layer.params.extra for site in topology.sites for layer in site.layers if layer.kind == L_HEDGE),
        *(service.replicas_max for service in topology.services),
        *(len(service.endpoints) for service in topology.services),
        *(len(fault.sources) for fault in topology.faults),
        0, 0,
    )  # fmt: skip


def entries() -> dict[Any, tuple[Any, ...]]:
    """What Python calls of the kernel, and with what."""
    world = numba.typeof(np.zeros(1, layout.WORLD))
    return {kernel.start_run: (world,), kernel.advance_run: (world, numba.int64, numba.int64)}


def is_compiled() -> bool:
    """Is the kernel on disk, so that it need not be compiled first?"""
    return all(kept(entry, signature) for entry, signature in entries().items())


def compile_kernel() -> None:
    """Once per installation, in a process of its own; later it is read from disk."""
    if not is_compiled():
        with alone(kernel.advance_run):
            if not is_compiled():
                compile_elsewhere("sim.engines.compiled.run")
    read_kernel()


def read_kernel() -> None:
    """From disk, or compile it here."""
    prepare(entries())


def run(topology: Topology, seed: int, progress: Callable[[int, int], None] | None = None) -> Record:
    """Run a topology once."""
    compile_kernel()
    return Run(topology, seed).run(progress)


if __name__ == "__main__":
    read_kernel()
