"""Faults: verbs on targets, begun and ended by their schedules."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim import luck
from sim.distributions import draw
from sim.engines.simpy_engine.clock import RANK_FAULT
from sim.engines.simpy_engine.jobs import Job
from sim.engines.simpy_engine.replica import Replica
from sim.record.types import FaultSpan
from sim.topology.types import (
    AFTER_REQUESTS,
    AT_TIME,
    F_CUT,
    F_FAIL,
    F_FLUSH,
    F_FREEZE,
    F_HANG,
    F_SLOW,
    F_STOP,
    Fault,
)
from sim.words import FOREVER

if TYPE_CHECKING:
    from sim.engines.simpy_engine.world import World


class FaultRun:
    """One fault in one run."""

    def __init__(self, world: "World", fault: Fault) -> None:
        self.world = world
        self.clock = world.clock
        self.fault = fault
        self.key = luck.named(world.seed, f"fault {fault.name}")
        self.active_since = -1
        self.times = 0
        self.count = 0
        self.counting = fault.schedule == AFTER_REQUESTS

    @property
    def replicas(self) -> list[Replica]:
        return [self.world.replicas[r] for r in self.fault.replicas]

    def plan(self) -> None:
        """Set the first begin, or start counting."""
        fault = self.fault
        if fault.schedule == AT_TIME:
            self.clock.after(fault.at_ns, RANK_FAULT, self.key, self._begin, None)
        elif fault.schedule == AFTER_REQUESTS:
            for replica in self.replicas:
                replica.watch.append(self)
        else:
            self._wait_at_random()

    def _wait_at_random(self) -> None:
        delay = draw(self.fault.mtbf, luck.uniform(self.key, luck.FAULT, 2 * self.times))  # type: ignore[arg-type]
        self.clock.after(delay, RANK_FAULT, self.key, self._begin, None)

    def accepted(self, job: Job) -> None:
        """A watched replica accepted an attempt. The n-th one is served; the fault begins as it leaves."""
        if self.counting:
            self.count += 1
            if self.count == self.fault.after_requests:
                self.counting = False
                job.mark = self

    def reached(self) -> None:
        """The n-th accepted attempt left."""
        self._begin(None)

    def _begin(self, subject: None) -> None:
        fault, now = self.fault, self.clock.now
        if self.world.draining and fault.schedule != AT_TIME:
            return
        self.active_since = now
        self.apply(begins=True)
        length = self._length()
        if fault.verb == F_FLUSH:
            self._end(None)
        elif length < FOREVER:
            self.clock.after(length, RANK_FAULT, self.key, self._end, None)

    def _length(self) -> int:
        if self.fault.mttr is not None:
            return draw(self.fault.mttr, luck.uniform(self.key, luck.FAULT, 2 * self.times + 1))
        return self.fault.for_ns

    def _end(self, subject: None) -> None:
        fault, now = self.fault, self.clock.now
        self.world.recorder.faults.append(FaultSpan(fault.id, self.active_since, now))
        self.active_since = -1
        if fault.verb != F_FLUSH:
            self.apply(begins=False)
        self.times += 1
        if fault.schedule == AFTER_REQUESTS:
            self.count = 0
            self.counting = fault.repeat
        elif fault.schedule != AT_TIME and not self.world.draining:
            self._wait_at_random()

    def settle(self) -> None:
        """The run ends under it."""
        if self.active_since >= 0:
            span = FaultSpan(self.fault.id, self.active_since, self.clock.now)
            self.world.recorder.faults.append(span)

    def apply(self, *, begins: bool) -> None:
        """Lay the fault on its targets, or take it off."""
        world, fault = self.world, self.fault
        for replica in self.replicas:
            _ON_REPLICA[fault.verb](replica, fault, begins)
        for edge in fault.edges:
            wire = world.wires[edge]
            _toggle(wire.cuts if fault.verb == F_CUT else wire.slow, fault, begins)
            wire.changed()
        for source in fault.sources:
            world.surge(source, fault.times if begins else 1.0 / fault.times)
        for cache in fault.caches:
            world.caches[cache].flush()


def _toggle(faults: list[Fault], fault: Fault, begins: bool) -> None:
    if begins:
        faults.append(fault)
        faults.sort(key=lambda f: f.id)
    else:
        faults.remove(fault)


def _freeze(replica: Replica, fault: Fault, begins: bool) -> None:
    replica.freezes += 1 if begins else -1
    if begins and replica.freezes == 1:
        replica.cores.freeze()
    elif not begins and replica.freezes == 0:
        replica.cores.thaw()


def _stop(replica: Replica, fault: Fault, begins: bool) -> None:
    replica.stops += 1 if begins else -1
    if begins and replica.up:
        replica.crash()
    elif not begins and replica.stops == 0 and replica.member:
        replica.boot(cold=True)


def _onto(name: str) -> Callable[[Replica, Fault, bool], None]:
    return lambda replica, fault, begins: _toggle(getattr(replica, name), fault, begins)


_ON_REPLICA: dict[int, Callable[[Replica, Fault, bool], None]] = {
    F_SLOW: _onto("slow"),
    F_FAIL: _onto("failing"),
    F_HANG: _onto("hanging"),
    F_FREEZE: _freeze,
    F_STOP: _stop,
}
