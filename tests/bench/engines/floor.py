"""The floor: the same queues as one compiled loop over a heap, with the engine's keyed random numbers and one
histogram, and nothing else. What the engine takes beyond it is the price of what it can do and of what it records.
"""

import math

import numpy as np
from numba import njit
from numba.extending import register_jitable

from sim import luck
from sim.engines.compiled import luck as compiled_luck
from sim.engines.compiled.booking import bin_of
from tests.bench.engines.models import PARTS, RATE, SERVERS, WORK_S

assert compiled_luck  # it teaches the compiler `luck.child` and `luck.uniform`
ARRIVAL = -1
ROOM = 1 << 16
"""Places of a queue; one that is full ends the run with an error."""
BINS = 4096
GAP_NS, WORK_NS = 1e9 / RATE, WORK_S * 1e9


@register_jitable
def push(times, subjects, n, time, subject):
    """Into a heap of n moments; how many there are then."""
    place = n
    while place > 0 and time < times[(place - 1) >> 1]:
        times[place], subjects[place] = times[(place - 1) >> 1], subjects[(place - 1) >> 1]
        place = (place - 1) >> 1
    times[place], subjects[place] = time, subject
    return n + 1


@register_jitable
def pop(times, subjects, n):
    """Remove the first of n moments; how many are left."""
    n -= 1
    time, subject, place, child = times[n], subjects[n], 0, 1
    while child < n:
        if child + 1 < n and times[child + 1] < times[child]:
            child += 1
        if times[child] >= time:
            break
        times[place], subjects[place] = times[child], subjects[child]
        place, child = child, 2 * child + 1
    times[place], subjects[place] = time, subject
    return n


@register_jitable
def exponential(mean_ns, u):
    return np.int64(-mean_ns * math.log(u) + 0.5)


@njit
def simulate(customers, stations, root, bins, batches):
    """Fills the histogram of sojourns in `bins` and the sums of waits in `batches`; visits, or -1 if a queue is full."""
    times, subjects = np.empty(64, np.int64), np.empty(64, np.int64)
    came, keys = np.empty((stations, ROOM), np.int64), np.empty((stations, ROOM), np.uint64)
    first, last = np.zeros(stations, np.int64), np.zeros(stations, np.int64)
    # Of each server: since when its customer is at the station, and its luck.
    since, whose = np.empty(stations * SERVERS, np.int64), np.empty(stations * SERVERS, np.uint64)
    idle, idle_n = np.arange(stations * SERVERS), np.full(stations, SERVERS)
    size = customers * stations // PARTS
    served, batch, left_in_batch, k = 0, 0, size, 0
    n = push(times, subjects, 0, exponential(GAP_NS, luck.uniform(root, luck.ARRIVAL, 0)), ARRIVAL)
    while n:
        now, subject = times[0], subjects[0]
        n = pop(times, subjects, n)
        to, key = 0, np.uint64(0)
        if subject == ARRIVAL:
            key = luck.child(luck.child(root, luck.REQUEST, k), luck.CALL)
            k += 1
            if k < customers:
                gap = exponential(GAP_NS, luck.uniform(root, luck.ARRIVAL, k))
                n = push(times, subjects, n, now + gap, ARRIVAL)
        else:
            at = subject // SERVERS
            bins[bin_of(now - since[subject])] += 1
            key = luck.child(whose[subject], luck.CALL, 1, 0)
            idle[at * SERVERS + idle_n[at]] = subject
            idle_n[at] += 1
            to = at + 1
        if to < stations:
            came[to, last[to] % ROOM], keys[to, last[to] % ROOM] = now, key
            last[to] += 1
            if last[to] - first[to] == ROOM:
                return -1
        for station in range(max(0, to - 1), min(stations, to + 1)):
            if idle_n[station] and first[station] < last[station]:
                place = first[station] % ROOM
                first[station] += 1
                idle_n[station] -= 1
                server = idle[station * SERVERS + idle_n[station]]
                since[server], whose[server] = came[station, place], keys[station, place]
                batches[batch] += now - since[server]
                served, left_in_batch = served + 1, left_in_batch - 1
                if left_in_batch == 0 and batch + 1 < PARTS:
                    batch, left_in_batch = batch + 1, size
                work = exponential(WORK_NS, luck.uniform(whose[server], luck.WORK, 0))
                n = push(times, subjects, n, now + work, server)
    return served


def run(customers: int, stations: int, seed: int) -> list[float]:
    """Mean waits of the parts in seconds."""
    bins, batches = np.zeros(BINS, np.int64), np.zeros(PARTS)
    served = simulate(customers, stations, np.uint64(luck.named(seed, "users")), bins, batches)
    if served != customers * stations or bins.sum() != served:
        raise RuntimeError(f"the floor served {served} of {customers * stations}")
    return (batches / (served // PARTS) / 1e9).tolist()
