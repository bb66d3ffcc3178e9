"""Where the time of an attempt of M/M/4 goes: measured by adding parts of the compiled engine to the floor, each
of them the very function that the engine calls, until the whole engine is there.

The last step is what has no loop of its own to stand in: requests, frames, jobs, walks, the tasks between them, and
collecting the garbage of it. What Python does between two slices of the kernel is measured inside the engine.
"""

import statistics
import time
from collections import deque

import numpy as np
from numba import njit

from sim import luck
from sim.engines.compiled import booking, clock, kernel
from sim.engines.compiled.memory import layer_of, site_of
from sim.engines.compiled.run import Run, compile_kernel
from sim.engines.compiled.tasks import ARRIVAL, DONE
from sim.engines.ranks import RANK_ANSWER, RANK_ARRIVAL
from sim.record import types as record
from sim.words import OK, STARTED, TRIES_STARTED
from tests.bench.engines import floor
from tests.bench.engines.models import SERVERS
from tests.bench.engines.ours import topology

CUSTOMERS = 400_000
ROUNDS = 7


@njit
def loop(world, customers, root, state, came, bins, batches, books, gauges):
    """M/M/4 on the engine's own clock; with `books` its counters, ledgers and histograms, with `gauges` its gauges
    and counts of visits. Returns when everybody is served, or when the engine would leave the kernel."""
    w = world[0]
    if w.scheduled == 0:
        plan(w, root, 0)
    while state[0] < customers:
        if w.low:
            return
        w.tasks_n = 0
        op = clock.happen(w)
        subject = clock.record_at(w.tasks_at, 0, clock.layout.TASK).a
        if op == ARRIVAL:
            came[state[1] % floor.ROOM] = w.now
            state[1] += 1
            if state[1] < customers:
                plan(w, root, state[1])
            if books:
                booking.count(w, 0, STARTED)
                booking.count(w, 0, TRIES_STARTED)
            if gauges:
                booking.visit(w, 0, record.ARRIVED, 1)
                if state[2] == 0:
                    booking.gauge(w, 0, record.QUEUE_NS, -w.now)
        else:
            state[2] += 1
            over(w, subject, state, bins, books, gauges)
        if state[2] > 0 and state[3] < state[1]:
            state[2] -= 1
            begin(w, root, state, came, batches, gauges)


@floor.register_jitable
def plan(w, root, k):
    gap = floor.exponential(floor.GAP_NS, luck.uniform(root, luck.ARRIVAL, k))
    clock.after(w, gap, RANK_ARRIVAL, root, ARRIVAL, 0)


@floor.register_jitable
def begin(w, root, state, came, batches, gauges):
    """The next in the queue is served."""
    arrived = came[state[3] % floor.ROOM]
    key = luck.child(luck.child(root, luck.REQUEST, state[3]), luck.CALL)
    state[3] += 1
    batches[0] += w.now - arrived
    if gauges:
        if w.now > arrived:
            booking.gauge(w, 0, record.QUEUE_NS, w.now)
        booking.gauge(w, 0, record.INSIDE_NS, -w.now)
        booking.gauge(w, 0, record.WORKING_NS, -w.now)
        booking.visit(w, 0, record.STARTED, 1)
    work = floor.exponential(floor.WORK_NS, luck.uniform(key, luck.WORK, 0))
    clock.after(w, work, RANK_ANSWER, key, DONE, arrived)


@floor.register_jitable
def over(w, arrived, state, bins, books, gauges):
    """An answer."""
    state[0] += 1
    took = w.now - arrived
    if gauges:
        booking.gauge(w, 0, record.WORKING_NS, w.now)
        booking.gauge(w, 0, record.INSIDE_NS, w.now)
        for what, n in ((record.FINISHED, 1), (record.FAILED, 0), (record.WAIT_NS, took)):
            booking.visit(w, 0, what, n)
        booking.visit(w, 0, record.SOJOURN_NS, took)
        booking.visit(w, 0, record.WORK_NS, took)
    if books:
        call = layer_of(w, site_of(w, 0).root)
        attempt = layer_of(w, call.inner)
        booking.book(w, attempt.row, attempt.watched, OK, took)
        booking.book(w, call.row, call.watched, OK, took)
    else:
        bins[booking.bin_of(took)] += 1


def partial(books: bool, gauges: bool) -> float:
    """Nanoseconds of CPU time of an attempt in the loop above."""
    run = Run(topology("queue", CUSTOMERS), 1)
    state = np.array([0, 0, SERVERS, 0])
    came, bins, batches = np.empty(floor.ROOM, np.int64), np.zeros(floor.BINS, np.int64), np.zeros(1)
    root = np.uint64(luck.named(1, "users"))
    began = time.process_time()
    while state[0] < CUSTOMERS:
        loop(run.world, CUSTOMERS, root, state, came, bins, batches, books, gauges)
        if state[0] < CUSTOMERS:
            run._make_room()
    return (time.process_time() - began) / CUSTOMERS * 1e9


def bare() -> float:
    began = time.process_time()
    floor.run(CUSTOMERS, 1, 1)
    return (time.process_time() - began) / CUSTOMERS * 1e9


def whole() -> dict[str, float]:
    """Nanoseconds of an attempt of the engine: all of it, before the first moment, in the kernel."""
    began = time.process_time()
    run = Run(topology("queue", CUSTOMERS), 1)
    start = time.process_time() - began
    inside = deque()
    advance = kernel.advance_run

    def timed(*args):
        entered = time.process_time()
        status = advance(*args)
        inside.append(time.process_time() - entered)
        return status

    kernel.advance_run = timed
    try:
        run.run()
    finally:
        kernel.advance_run = advance
    took = time.process_time() - began
    return {
        name: s / CUSTOMERS * 1e9 for name, s in (("all", took), ("start", start), ("kernel", sum(inside)))
    }


def breakdown(rounds: int = ROUNDS) -> list[tuple[str, float]]:
    """(part, nanoseconds of an attempt), medians of interleaved rounds; they add up to the whole engine."""
    compile_kernel()
    ways = {
        "floor": bare,
        "clock": lambda: partial(False, False),
        "books": lambda: partial(True, False),
        "gauges": lambda: partial(True, True),
    }
    taken: dict[str, list[float]] = {name: [] for name in (*ways, "all", "start", "kernel")}
    for number in range(rounds + 1):
        for name, way in ways.items():
            taken[name].append(way())
        for name, ns in whole().items():
            taken[name].append(ns)
        if number == 0:  # compiles
            for measured in taken.values():
                measured.clear()
    ns = {name: statistics.median(measured) for name, measured in taken.items()}
    return [
        ("floor: heap of instants, luck, logarithms, one histogram", ns["floor"]),
        ("a heap by instant, rank and identity; moments that can be cancelled", ns["clock"] - ns["floor"]),
        ("ledgers of calls and tries, histograms per bucket, counters", ns["books"] - ns["clock"]),
        ("gauges and counts of visits", ns["gauges"] - ns["books"]),
        ("requests, layers, jobs, walks, tasks between them, their memory", ns["kernel"] - ns["gauges"]),
        ("Python between slices: buckets put away, tables enlarged", ns["all"] - ns["kernel"] - ns["start"]),
        ("Python before the first moment", ns["start"]),
    ]
