"""The attempt: network out, the balancer's choice, network back, and giving up."""

from typing import Any

from sim import durations, luck
from sim.distributions import CONSTANT, draw
from sim.engines.simpy_engine.clock import RANK_ANSWER, RANK_ARRIVAL
from sim.engines.simpy_engine.frames import ENDED, LIVE, ORPHAN, Frame, Layer, finish
from sim.engines.simpy_engine.jobs import Job
from sim.record.types import ARRIVED, DOWN, WASTED_NS
from sim.topology.types import (
    CANCEL_ALL,
    CANCEL_NONE,
    CUT_REFUSE,
    KEY_REPLICA,
    WAY_BACK,
    WAY_OUT,
    WITH_STATES,
    Edge,
    Fault,
)
from sim.words import CANCELLED, EXPIRED, OK, UNREACHABLE

VARIES = -1


class Wire:
    """The network of one edge, with the faults that lie on it now."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.slow: list[Fault] = []
        self.cuts: list[Fault] = []
        self.out_ns = self.back_ns = VARIES
        """One-way delays that need no draw now, or VARIES."""
        self.changed()

    def changed(self) -> None:
        """A fault came or went."""
        edge, slow = self.edge, self.slow
        self.out_ns = int(edge.out.a) if edge.out.kind == CONSTANT and not slow else VARIES
        self.back_ns = int(edge.back.a) if edge.back.kind == CONSTANT and not slow else VARIES

    def delay(self, key: int, purpose: int) -> int:
        """One-way delay for whom `key` names."""
        dist = self.edge.out if purpose == luck.NET_OUT else self.edge.back
        ns = draw(dist, luck.uniform(key, purpose))
        for fault in self.slow:
            ns = durations.added(durations.rounded(ns * fault.times), fault.plus_ns)
        return ns

    def cut(self, way: int) -> Fault | None:
        """The cut that stops a message on this way, if there is one."""
        for fault in self.cuts:
            if fault.way in (0, way):
                return fault
        return None

    @property
    def faulty(self) -> bool:
        """A fault lies on it."""
        return bool(self.slow or self.cuts)


class AttemptLayer(Layer):
    """A try that is sent.

    A message over a network without delay is no event of its own where nothing else is due at that
    instant: it arrives within the event that sent it, as it would if it were the next one.
    """

    def __init__(self, world: Any, site: Any) -> None:
        super().__init__(world, site)
        self.wire = world.wires[site.edge]
        self.endpoint = world.topology.endpoints[site.callee]
        self.visits = world.recorder.visits[site.callee]
        self.balancer = world.balancers[self.endpoint.service]
        self.by_host = any(
            x.kind in WITH_STATES and world.topology.scopes[x.scope].key == KEY_REPLICA for x in site.layers
        )

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        if frame.deadline <= self.clock.now:
            self.refuse(frame, EXPIRED)
            return
        wire = self.wire
        delay = wire.out_ns
        if delay == VARIES:
            delay = wire.delay(key, luck.NET_OUT)
        cut = wire.cut(WAY_OUT) if wire.cuts else None
        if cut is None:
            clock = self.clock
            if delay or not clock.at_once():
                clock.after(delay, RANK_ARRIVAL, key, self._arrive, frame)
            else:
                clock.depth += 1
                self._arrive(frame)
                clock.depth -= 1
        elif cut.mode == CUT_REFUSE:
            back = wire.delay(key, luck.NET_BACK)
            frame.aux = UNREACHABLE
            told = max(durations.added(delay, back), self.world.reject_ns)
            self.clock.after(told, RANK_ANSWER, key, self._refused, frame)
        # A black hole swallows it: only the caller's own timeout ends this try.

    def _arrive(self, frame: Frame) -> None:
        if frame.state == ENDED:
            return  # the caller withdrew it on the wire
        now = self.clock.now
        self.visits[ARRIVED] += 1
        replica = (self._chosen(frame) if self.by_host else None) or self.balancer.pick(frame.key)
        job = frame.job = Job(now, self, frame, replica)
        if replica is None or not replica.up:
            job.over = True
            self.visits[DOWN] += 1
            self.answer(job, UNREACHABLE)
        else:
            replica.offer(job)
        job.arriving = False

    def _chosen(self, frame: Frame) -> Any:
        """The host that a breaker or ejector above chose."""
        while frame is not frame.call:
            if frame.replica is not None:
                return frame.replica
            frame = frame.parent
        return None

    def answer(self, job: Job, outcome: int) -> None:
        """The replica answers: the message travels back."""
        wire = self.wire
        delay = wire.back_ns
        if delay == VARIES:
            delay = wire.delay(job.key, luck.NET_BACK)
        if wire.cuts:
            cut = wire.cut(WAY_BACK)
            if cut is not None:
                if cut.mode != CUT_REFUSE:
                    self._waste(job)
                    return
                outcome = UNREACHABLE
                self._waste(job)
        job.outcome = outcome
        clock = self.clock
        if delay or job.arriving or not clock.at_once():
            clock.after(delay, RANK_ANSWER, job.key, self._deliver, job)
        else:
            clock.depth += 1
            self._deliver(job)
            clock.depth -= 1

    def _deliver(self, job: Job) -> None:
        frame = job.frame
        frame.job = None
        call = frame.call
        if frame.state != LIVE or call.state == ENDED:
            self._waste(job)
        else:
            call.served_ns += job.worked_ns
            if job.outcome == OK:
                call.degraded = job.degraded
        finish(frame, job.outcome)

    def _waste(self, job: Job) -> None:
        if job.worked_ns:
            self.visits[WASTED_NS] += job.worked_ns
            job.worked_ns = 0

    def withdraw(self, frame: Frame, cancel: int) -> None:
        """Giving up: with `none` the callee works on for nobody, else a message tells it."""
        if frame.state != LIVE:
            return
        frame.state = ORPHAN
        if frame.timer is not None:
            # Refused locally or still waiting for the refusal: there is nobody to tell.
            frame.timer.cancel()
            finish(frame, CANCELLED)
        elif cancel != CANCEL_NONE:
            self._tell(frame, cancel)
            finish(frame, CANCELLED)

    def _tell(self, frame: Frame, cancel: int) -> None:
        if frame.job is None or self.wire.cut(WAY_OUT) is not None:
            # Still on its way. Model: a request that the caller withdraws on the wire never starts.
            return
        delay = self.wire.delay(luck.child(frame.key, luck.NET_OUT, 1), luck.NET_OUT)
        frame.job.told = cancel
        self.clock.after(delay, RANK_ARRIVAL, frame.key, self._told, frame.job)

    def _told(self, job: Job) -> None:
        if not job.over and (job.told == CANCEL_ALL or not job.begun):
            job.replica.drop(job)
            self._waste(job)
