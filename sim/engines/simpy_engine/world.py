"""The world: everything that changes during one run, built from (topology, seed) alone."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from sim import luck
from sim.engines.room import left_bytes, out_of_memory
from sim.engines.shape import copy_key
from sim.engines.simpy_engine import layers, retrying
from sim.engines.simpy_engine.attempt import AttemptLayer, Wire
from sim.engines.simpy_engine.balancer import Balancer
from sim.engines.simpy_engine.breaking import BreakerLayer
from sim.engines.simpy_engine.caches import CacheState
from sim.engines.simpy_engine.clock import Clock
from sim.engines.simpy_engine.copies import Copies
from sim.engines.simpy_engine.ejecting import EjectingLayer
from sim.engines.simpy_engine.faults import FaultRun
from sim.engines.simpy_engine.frames import Call, Layer
from sim.engines.simpy_engine.guards import BulkheadLayer, ConcurrencyLayer, RateLimitLayer, ThrottleLayer
from sim.engines.simpy_engine.jobs import Stepper
from sim.engines.simpy_engine.operations import Operations
from sim.engines.simpy_engine.replica import Replica
from sim.engines.simpy_engine.scaling import Autoscaler
from sim.engines.simpy_engine.sources import ClosedLoop, OpenLoop
from sim.record.recorder import Recorder
from sim.record.types import WORKING_NS, Record
from sim.topology import types as t
from sim.topology.names import caller_names
from sim.words import FOREVER, OK, OUTCOMES

SLICE = 2_000
"""Events between two looks at the wall clock."""
PROGRESS_S = 0.1
"""Wall time between two reports of progress."""


class World:
    """One run."""

    def __init__(
        self,
        topology: t.Topology,
        seed: int,
        *,
        trace: int = 0,
        trace_from_ns: int = 0,
        plugins: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.topology = topology
        self.seed = seed
        self.plugins = plugins
        self.recorder = Recorder(topology, lambda: [replica.levels() for replica in self.replicas])
        self.clock = Clock(self.recorder)
        self.reject_ns = topology.reject_ns
        self.draining = False
        self.interrupted = False
        self.busy = 0
        """Calls under way and attempts at replicas: what draining waits for."""
        self.sent = 0
        self.ended = 0
        self.succeeded = 0
        self.trace = trace
        """So many more requests leave their walk."""
        self.trace_from_ns = trace_from_ns
        self.stepper = Stepper(self)
        self.copies = Copies(topology.scopes)
        self.wires = [Wire(edge) for edge in topology.edges]
        self.caches = [CacheState(cache) for cache in topology.caches]
        self.balancers = [Balancer(service, self.clock) for service in topology.services]
        self.replicas = [
            Replica(self, service, service.first_replica + i)
            for service in topology.services
            for i in range(service.replicas_max)
        ]
        self.roots = [self._stack(site) for site in topology.sites]
        self.sources = [
            ClosedLoop(self, source) if source.users else OpenLoop(self, source)
            for source in topology.sources
        ]
        self.faults = [FaultRun(self, fault) for fault in topology.faults]
        self.operations = Operations(self)
        self.caller_names = caller_names(topology)
        self._endpoint_service = [e.service for e in topology.endpoints]
        self._error_rate = [e.error_rate for e in topology.endpoints]

    # Building ------------------------------------------------------------------------------------

    def _stack(self, site: t.CallSite) -> layers.CallLayer:
        """The layers of a call site, linked from the outside in."""
        root = layers.CallLayer(self, site)
        outer: Layer = root
        for i, spec in enumerate(site.layers):
            nth = sum(before.kind == spec.kind for before in site.layers[:i])
            outer.inner = self._layer(site, spec, nth)
            outer = outer.inner
        return root

    def _layer(self, site: t.CallSite, spec: t.Layer, nth: int) -> Layer:
        kind, p, scope = spec.kind, spec.params, spec.scope
        if kind == t.L_FALLBACK:
            return layers.FallbackLayer(self, site, p.on)
        if kind == t.L_DEADLINE:
            return layers.DeadlineLayer(self, site, p.deadline_ns, p.propagate)
        if kind == t.L_RETRY:
            return retrying.RetryLayer(self, site, p, scope, nth)
        if kind == t.L_HEDGE:
            cancel = next((s.params.cancel for s in site.layers if s.kind == t.L_TIMEOUT), t.CANCEL_NONE)
            return retrying.HedgeLayer(self, site, p, cancel, nth)
        if kind == t.L_HOP:
            return layers.HopLayer(self, site, p.delay_ns)
        if kind == t.L_TIMEOUT:
            return layers.TimeoutLayer(self, site, p.timeout_ns, p.cancel)
        guards: dict[int, type[Any]] = {
            t.L_BREAKER: BreakerLayer,
            t.L_THROTTLE: ThrottleLayer,
            t.L_RATE_LIMIT: RateLimitLayer,
            t.L_CONCURRENCY: ConcurrencyLayer,
            t.L_BULKHEAD: BulkheadLayer,
            t.L_OUTLIER: EjectingLayer,
        }
        if kind in guards:
            guard: Layer = guards[kind](self, site, p, scope)
            return guard
        return layers.TryLayer(self, site) if kind == t.L_TRY else AttemptLayer(self, site)

    # Running -------------------------------------------------------------------------------------

    def run(self, progress: Callable[[int, int], None] | None = None) -> Record:
        """From time 0 to the end, or to where `progress` raises KeyboardInterrupt; the record of it."""
        self._begin()
        duration = self.topology.duration_ns
        arrivals_end = duration
        self._until(duration, progress)
        if self.clock.stopped:
            arrivals_end = self.clock.now
        self.recorder.close(self.clock.now)
        end = self._drain(progress) if self.topology.drain and not self.interrupted else self.clock.now
        if arrivals_end >= FOREVER:
            arrivals_end = end
        for fault in self.faults:
            fault.settle()
        record = self.recorder.freeze(
            end_ns=end, arrivals_end_ns=max(1, arrivals_end), events=self.clock.scheduled
        )
        record.interrupted = self.interrupted
        return record

    def _begin(self) -> None:
        for service in self.topology.services:
            for i in range(service.replicas):
                self._enter(self.replicas[service.first_replica + i], cold=False)
            if service.autoscale is not None:
                Autoscaler(self, service, service.autoscale).start()
        self.operations.plan()
        for fault in self.faults:
            fault.plan()
        for source in self.sources:
            source.start()

    def _until(self, end: int, progress: Callable[[int, int], None] | None) -> None:
        """Run up to `end` (or until nothing is left to happen), with a report now and then."""
        pause_at = time.perf_counter() + PROGRESS_S
        # Slices of events, not of time: where a pause falls must leave no trace in the run.
        while self.clock.advance(end, SLICE):
            if time.perf_counter() < pause_at:
                continue
            pause_at = time.perf_counter() + PROGRESS_S
            if left_bytes() <= 0:
                raise out_of_memory(self.topology, self.clock.now, self.busy, self.recorder.levels())
            if progress is not None:
                try:
                    progress(self.clock.now, self.clock.scheduled)
                except KeyboardInterrupt:
                    # Between two events everything is booked: the record holds up to here.
                    self.interrupted = self.clock.stopped = True
                    return
        if end < FOREVER and not self.clock.stopped:
            self.clock.move_to(end)

    def _drain(self, progress: Callable[[int, int], None] | None) -> int:
        """No new arrivals; until every call and try is over and no replica is at work, or nothing moves."""
        self.draining = True
        self.clock.stopped = False
        if self.busy:
            self._until(FOREVER, progress)
        return self.clock.now

    def one_less(self) -> None:
        """A call, a try or an attempt at a replica is over; a drain stops when nothing is under way."""
        self.busy -= 1
        if self.draining and not self.busy:
            self.clock.stopped = True

    # Sources and their requests --------------------------------------------------------------------

    def may_send(self) -> bool:
        """May a source send one more request? Counts it if so."""
        if self.draining or self.sent == self.topology.requests:
            return False
        self.sent += 1
        return True

    def call_ended(self, call: Call, outcome: int) -> None:
        """A request is over: S if it was answered or its fallback was."""
        self.ended += 1
        if outcome == OK or call.fell_back:
            self.succeeded += 1
        if self.draining:
            return
        if self.ended == self.topology.requests or self.succeeded == self.topology.successes:
            self.clock.stopped = True

    def surge(self, source: int, times: float) -> None:
        """A load fault begins (times) or ends (1 / times)."""
        loop = self.sources[source]
        if isinstance(loop, OpenLoop):
            loop.set_surge(loop.surge * times)

    # What layers and replicas ask ------------------------------------------------------------------

    def balancer_of(self, site: t.CallSite) -> Balancer:
        """The balancer of the callee service."""
        return self.balancers[self._endpoint_service[site.callee]]

    def would_succeed(self, site: t.CallSite, key: int) -> bool:
        """Would a refused try have been good (design 5)? No fault on callee or edge, room, its coin."""
        if self.wires[site.edge].faulty:
            return False
        members = self.balancer_of(site).members
        if any(r.faulty for r in members) or not any(r.has_room for r in members):
            return False
        rate = self._error_rate[site.callee]
        return rate == 0.0 or luck.uniform(key, luck.ERROR) >= rate

    # Replicas come and go ----------------------------------------------------------------------------

    def _enter(self, replica: Replica, *, cold: bool) -> None:
        members = self.balancers[replica.service.id].members
        replica.member = True
        # What it did before it last left was seen then.
        now, busy = self.clock.now, replica.cores.level()
        replica.seen_busy_ns = self.recorder.integral(replica.id, WORKING_NS, busy, now)
        members.append(replica)
        self.balancers[replica.service.id].changes += 1
        members.sort(key=lambda r: r.id)
        if not replica.stops:
            replica.boot(cold)

    def join(self, service: t.Service) -> None:
        """The free replica with the lowest id joins."""
        first = service.first_replica
        free = [r for r in self.replicas[first : first + service.replicas_max] if not r.member]
        if free:
            self._enter(free[0], cold=True)

    def leave(self, service: t.Service) -> None:
        """The member with the highest id leaves and drops its in-flight results."""
        replica = self.balancers[service.id].members.pop()
        self.balancers[service.id].changes += 1
        replica.member = False
        if replica.up:
            replica.crash()

    def key_of(self, what: str, scope: int, caller: int, target: int = -1) -> int:
        """The luck of one copy of a stateful policy: by names, which no other service changes."""
        name = self.caller_names[caller] if caller >= 0 else "shared"
        return copy_key(self.topology, self.seed, what, scope, name, target)

    def forget_caller(self, caller: int) -> None:
        """A replica went down: what it alone remembered is gone."""
        self.copies.forget_caller(caller)
        for cache in self.caches:
            cache.forget_caller(caller)

    # Walks of traced requests --------------------------------------------------------------------------

    def walk(self) -> int | None:
        """The number of the request that is sent now, if it is to leave its walk."""
        if self.trace == 0 or self.clock.now < self.trace_from_ns:
            return None
        self.trace -= 1
        return self.sent - 1

    def note(self, call: Call, event: str, *, outcome: int | None = None, replica: int | None = None) -> None:
        """One line of a request's walk."""
        line: dict[str, object] = {"request": call.walk, "t_ns": self.clock.now, "event": event}
        line["step"] = call.site.name
        if outcome is not None:
            line["outcome"] = OUTCOMES[outcome]
        if replica is not None:
            line["replica"] = self.caller_names[replica]
        self.recorder.walks.append(line)
