"""The breaker layer: asks its copy for admission and tells it the result."""

from typing import Any

from sim.engines.simpy_engine.breaker_copies import BuiltIn, SharedLate, UserMade
from sim.engines.simpy_engine.frames import Frame
from sim.engines.simpy_engine.guards import Guard
from sim.topology.types import KEY_ENDPOINT, KEY_REPLICA, Breaker
from sim.words import BROKEN


class BreakerLayer(Guard):
    """Closed: calls pass. Open: the caller is answered at once. Half-open: probes pass."""

    params: Breaker

    def __init__(self, world: Any, site: Any, params: Breaker, scope: int) -> None:
        super().__init__(world, site, params, scope)
        spec = world.topology.scopes[scope]
        self.by_replica = spec.key == KEY_REPLICA
        self.target = site.callee if spec.key == KEY_ENDPOINT else -1
        self.delay_ns = spec.delay_ns if spec.shared else 0

    def new(self, caller: int, target: int) -> Any:
        if self.params.plugin:
            copy: Any = UserMade(self, caller, target, self.world.plugins[self.params.params[0]])
        else:
            copy = BuiltIn(self, caller, target)
        return SharedLate(copy, self.delay_ns) if self.delay_ns else copy

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.since = now = self.clock.now
        caller = frame.call.caller
        target = self.target
        if self.by_replica:
            frame.replica, panic = self._pick(caller, key, now)
            if panic:
                # Model: in panic the host's breaker is neither asked nor told.
                self.inner.enter(frame, key)
                return
            if frame.replica is None:
                self.turn_away(frame, BROKEN)
                return
            target = frame.replica.id
        frame.copy = copy = self.copy_for(caller, target)
        frame.ticket = ticket = copy.admit(now)
        if ticket is None:
            self.turn_away(frame, BROKEN)
        else:
            self.inner.enter(frame, key)

    def _pick(self, caller: int, key: int, now: int) -> Any:
        """A host whose breaker would admit; in panic any host."""

        def willing(replica: Any) -> bool:
            return bool(self.copy_for(caller, replica.id).admissible(now))

        return self.world.balancer_of(self.site).pick_willing(key, willing)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.ticket is not None:
            now = self.clock.now
            frame.copy.settle(now, frame.ticket, outcome, now - frame.since)
            frame.ticket = None
        return outcome
