"""The queues for Cimba, whose models are compiled classes.

Without customers: containers count them, and servers are processes, as in its README; the mean wait is the mean
length of a queue by Little's law. With customers: a model spawned for each, which goes through resources.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cimba as cb
from cimba import inputs

from tests.bench.engines.models import PARTS, RATE, SERVERS, WORK_S


class Station(cb.Model):
    """Servers that pass on what they have served."""

    work: cb.Input[float] = inputs.dist.exponential(mean=WORK_S)
    queue: cb.Container = cb.Container()
    following: cb.Ref[cb.Container]
    mean_queue: cb.Output[float]

    @cb.process(copies=SERVERS)
    def server(self):
        while True:
            self.queue.get(1)
            cb.hold(self.work.next())
            self.following.put(1)

    @cb.on_end
    def measure(self):
        self.mean_queue = self.queue.mean_level()


class Last(cb.Model):
    """Servers behind which nothing comes."""

    work: cb.Input[float] = inputs.dist.exponential(mean=WORK_S)
    queue: cb.Container = cb.Container()
    mean_queue: cb.Output[float]

    @cb.process(copies=SERVERS)
    def server(self):
        while True:
            self.queue.get(1)
            cb.hold(self.work.next())

    @cb.on_end
    def measure(self):
        self.mean_queue = self.queue.mean_level()


class Line(cb.Model):
    """Stations one after the other, and what arrives at the first."""

    gap: cb.Input[float] = inputs.dist.exponential(mean=1 / RATE)
    first: cb.Ref[cb.Container]
    before: list[Station]
    last: Last

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.gap.next())
            self.first.put(1)


class Desk(cb.Model):
    """Servers as a resource."""

    server: cb.Resource = cb.Resource(capacity=SERVERS)


class Desks(cb.Model):
    """Where customers go, and how long they have waited."""

    desks: list[Desk]
    waits: cb.Dataset = cb.Dataset()
    mean_wait: cb.Output[float]

    @cb.on_end
    def measure(self):
        self.mean_wait = self.waits.sample_mean()


class Customer(cb.Model):
    """One customer, who goes from desk to desk."""

    work: cb.Input[float] = inputs.dist.exponential(mean=WORK_S)
    way: cb.Ref[Desks]

    @cb.process
    def live(self):
        for i in range(len(self.way.desks)):
            desk = self.way.desks[i]
            arrived = cb.now()
            desk.server.acquire()
            self.way.waits.record(cb.now() - arrived)
            cb.hold(self.work.next())
            desk.server.release()


class Shop(cb.Model):
    """Customers arrive."""

    gap: cb.Input[float] = inputs.dist.exponential(mean=1 / RATE)
    work: cb.Input[float] = inputs.dist.exponential(mean=WORK_S)
    way: Desks

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.gap.next())
            cb.spawn(Customer, way=self.way, work=self.work)


def counted(customers: int, stations: int) -> Callable[[int], list[float]]:
    """A run without customers."""
    line, chain = Line(), [*(Station() for _ in range(stations - 1)), Last()]
    for station, following in pairwise(chain):
        station.following = following.queue
    line.first, line.before, line.last = chain[0].queue, chain[:-1], chain[-1]
    return _trials(line, customers, lambda results: [results[s].mean_queue.values / RATE for s in chain])


def with_customers(customers: int, stations: int) -> Callable[[int], list[float]]:
    """A run with a model for each customer."""
    shop = Shop()
    shop.way = Desks()
    shop.way.desks = [Desk() for _ in range(stations)]
    return _trials(shop, customers, lambda results: [results[shop.way].mean_wait.values])


def _trials(model: Any, customers: int, waits: Callable[[Any], list[Any]]) -> Callable[[int], list[float]]:
    """`PARTS` trials of equal length on one core; the mean wait of each."""

    def run(seed: int) -> list[float]:
        window = cb.Window(duration=customers / PARTS / RATE)
        results = cb.Experiment(model, replications=PARTS, window=window, seed=seed).run(workers=1)
        if results.failed.any():
            raise RuntimeError(results.failure_reasons.ravel()[0])
        return (sum(waits(results)) / len(waits(results))).ravel().tolist()

    return run
