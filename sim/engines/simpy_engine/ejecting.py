"""Host ejection: chooses among the hosts that are not ejected, tells their counters how it went."""

from typing import Any

from sim.engines.simpy_engine.clock import RANK_FAULT, Moment
from sim.engines.simpy_engine.frames import Frame
from sim.engines.simpy_engine.guards import Guard
from sim.engines.simpy_engine.replica import Replica
from sim.policies import outlier
from sim.policies.outlier_params import RETURNS
from sim.record.types import Copy, Transition
from sim.topology.types import Outlier
from sim.words import BROKEN, CLOSED, FOREVER, OPEN


class Ejector:
    """What one caller knows of the hosts of one service: the record, its sweeps, its rows in the tables.

    Model: a replica that crashes keeps its record, as an address that stays in the service does; one that
    leaves and joins again begins anew.
    """

    def __init__(self, layer: "EjectingLayer", caller: int) -> None:
        self.layer = layer
        self.clock = layer.clock
        self.params = layer.params.params
        self.balancer = layer.world.balancer_of(layer.site)
        service = self.balancer.service
        self.first = service.first_replica
        self.scope, self.caller = layer.scope, caller
        key = layer.world.key_of("outlier", layer.scope, caller)
        self.record = outlier.new(self.params, key, service.replicas_max, self.clock.now)
        for host in range(service.replicas_max):
            outlier.leave(self.record, host)
        self.seen: set[int] = set()
        """Hosts that had a row in the table of copies."""
        self.changes = -1
        self.timer: Moment | None = None
        """The next sweep; while there is nothing to do there is none."""
        self.gone = False

    def pick(self, key: int) -> Replica | None:
        """A host that is not ejected; in panic any host, or none where panic means that.

        Model: hosts that a health check took out cause no panic by themselves.
        """
        if self.changes != self.balancer.changes:
            self._meet()
        out, first = self.record.outs, self.first
        if self.record.out_n == 0:
            return self.balancer.pick(key)
        healthy = [r for r in self.balancer.known() if not out[r.id - first]]
        if outlier.panics(self.record, self.params, len(healthy)):
            healthy = [] if self.params.fail_on_panic else self.balancer.members
        return self.balancer.choose(healthy, key) if healthy else None

    def settle(self, replica: Replica, code: int) -> None:
        """A try at this host has ended."""
        if self.gone:
            return
        if self.changes != self.balancer.changes:
            self._meet()
        outlier.settle(self.record, self.params, self.clock.now, replica.id - self.first, code)
        self._after()

    def _meet(self) -> None:
        """Hosts that are new, and hosts that have left."""
        self.changes = self.balancer.changes
        members = {r.id - self.first for r in self.balancer.members}
        for host, present in enumerate(self.record.presents):
            if present and host not in members:
                outlier.leave(self.record, host)
            elif host in members and not present:
                outlier.join(self.record, host)
                if host not in self.seen:
                    self.seen.add(host)
                    copy = Copy(self.scope, self.caller, self.first + host, self.clock.now, True)
                    self.layer.recorder.copies.append(copy)
        self._after()

    def _sweep(self, subject: Any) -> None:
        self.timer = None
        if self.changes != self.balancer.changes:
            self._meet()
        outlier.sweep(self.record, self.params, self.clock.now)
        self._after()

    def _after(self) -> None:
        """Write down who moved, and set the timer for the next sweep that has something to do."""
        if self.record.moved_n:
            for host, cause, n, failures in outlier.moves(self.record):
                self._write(host, outlier.CAUSES[cause], cause not in RETURNS, n, failures)
        if self.timer is None:
            now = self.clock.now
            due = outlier.due(self.record, self.params, now)
            if due < FOREVER:
                self.timer = self.clock.after(due - now, RANK_FAULT, self.record.key, self._sweep, None)

    def _write(self, host: int, cause: str, out: bool, n: int, failures: int) -> None:
        """An ejection is a trip of the host's breaker."""
        states = (CLOSED, OPEN) if out else (OPEN, CLOSED)
        length = self.record.length_ns[host] if out else 0
        who = (self.scope, self.caller, self.first + host)
        move = Transition(self.clock.now, *who, *states, cause, n, failures, 0, length)
        self.layer.recorder.transitions.append(move)

    def forget(self) -> None:
        """Its caller crashed: nobody is ejected any longer, and nothing is learned any more."""
        self.gone = True
        if self.timer is not None:
            self.timer.cancel()
        for host in range(self.record.hosts):
            if self.record.outs[host]:
                self.record.outs[host] = 0
                self._write(host, "caller restarted", False, 0, 0)


class EjectingLayer(Guard):
    """Ejected hosts get no calls until a sweep returns them, unless too few others are left."""

    params: Outlier

    def new(self, caller: int, target: int) -> Ejector:
        return Ejector(self, caller)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.copy = ejector = self.copy_for(frame.call.caller)
        frame.replica = ejector.pick(key)
        if frame.replica is None and ejector.record.out_n:
            frame.ticket = None
            self.turn_away(frame, BROKEN)
        else:
            frame.ticket = frame.replica
            self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.ticket is not None:
            frame.copy.settle(frame.ticket, self.params.codes[outcome])
            frame.ticket = None
        return outcome
