"""The same queues in plain Python: SimPy as its own examples use it, its bare callbacks, and no library at all.

Each counts nothing but the waits.
"""

import random
from collections import deque
from heapq import heappop, heappush
from itertools import count

import simpy

from tests.bench.engines.models import RATE, SERVERS, WORK_S


def textbook(customers: int, stations: int, seed: int) -> list[float]:
    """SimPy: a Resource for each station and a process for each customer. Waits in seconds."""
    draw = random.Random(seed).expovariate
    env, waits = simpy.Environment(), []
    servers = [simpy.Resource(env, capacity=SERVERS) for _ in range(stations)]

    def customer(env):
        for server in servers:
            arrived = env.now
            with server.request() as request:
                yield request
                waits.append(env.now - arrived)
                yield env.timeout(draw(1 / WORK_S))

    def source(env):
        for _ in range(customers):
            yield env.timeout(draw(RATE))
            env.process(customer(env))

    env.process(source(env))
    env.run()
    return waits


def callbacks(customers: int, stations: int, seed: int) -> list[float]:
    """SimPy without processes: timeouts with callbacks, and queues of our own."""
    draw = random.Random(seed).expovariate
    env, waits, sent = simpy.Environment(), [], count(1)
    queues, free = [deque() for _ in range(stations)], [SERVERS] * stations

    def arrive(station):
        queues[station].append(env.now)
        serve(station)

    def serve(station):
        if free[station] and queues[station]:
            free[station] -= 1
            waits.append(env.now - queues[station].popleft())
            env.timeout(draw(1 / WORK_S)).callbacks.append(lambda _: leave(station))

    def leave(station):
        free[station] += 1
        serve(station)
        if station + 1 < stations:
            arrive(station + 1)

    def enter(_):
        if next(sent) < customers:
            env.timeout(draw(RATE)).callbacks.append(enter)
        arrive(0)

    env.timeout(draw(RATE)).callbacks.append(enter)
    env.run()
    return waits


def heap(customers: int, stations: int, seed: int) -> list[float]:
    """No library: one heap of (instant, number, station that somebody leaves; -1 for an arrival)."""
    draw = random.Random(seed).expovariate
    waits, numbers, sent = [], count(), 1
    queues, free = [deque() for _ in range(stations)], [SERVERS] * stations
    events = [(draw(RATE), next(numbers), -1)]
    while events:
        now, _, left = heappop(events)
        if left < 0:
            if sent < customers:
                heappush(events, (now + draw(RATE), next(numbers), -1))
                sent += 1
        else:
            free[left] += 1
        if left + 1 < stations:
            queues[left + 1].append(now)
        for station in (left, left + 1):
            if 0 <= station < stations and free[station] and queues[station]:
                free[station] -= 1
                waits.append(now - queues[station].popleft())
                heappush(events, (now + draw(1 / WORK_S), next(numbers), station))
    return waits
