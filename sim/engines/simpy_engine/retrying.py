"""Retry and hedge: the two layers that make more tries of one call."""

from typing import Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_TIMER
from sim.engines.simpy_engine.copies import Stateful
from sim.engines.simpy_engine.frames import ENDED, KEPT, LIVE, Frame, Layer, tell
from sim.policies import backoff
from sim.policies.limits import budget
from sim.topology.types import Hedge, Retry
from sim.words import HEDGES, OK, RETRIES, RETRIES_DENIED


class RetryLayer(Stateful):
    """Tries again after a backoff, if a budget allows and the deadline leaves time."""

    params: Retry

    def __init__(self, world: Any, site: Any, params: Retry, scope: int, nth: int) -> None:
        super().__init__(world, site, params, scope)
        self.nth = nth
        """Among the retries of its call: each has luck of its own."""

    def new(self, caller: int, target: int) -> Any:
        return budget.new(self.params.budget, self.clock.now)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        if self.params.budget.kind != budget.NONE:
            frame.copy = self.copy_for(frame.call.caller)
            frame.aux = 0.0
            budget.started(frame.copy, self.params.budget, self.clock.now)
        self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.state != LIVE:
            return outcome
        params, copy = self.params, frame.copy
        # What a fallback below has answered needs no other try.
        retried = outcome != OK and params.on[outcome] and not frame.call.fell_back
        if copy is not None:
            budget.tried(copy, params.budget, frame.aux, retried)
        if retried and frame.n + 1 < params.attempts and self._again(frame, outcome):
            return KEPT
        if copy is not None:
            budget.over(copy, params.budget, outcome == OK, frame.aux)
            frame.copy = None
        return outcome

    def withdraw(self, frame: Frame, cancel: int) -> None:
        if frame.state == LIVE and frame.copy is not None:
            budget.tried(frame.copy, self.params.budget, frame.aux, False)
            budget.over(frame.copy, self.params.budget, False, frame.aux)
            frame.copy = None
        super().withdraw(frame, cancel)

    def _again(self, frame: Frame, outcome: int) -> bool:
        """Will there be another try?"""
        params, now = self.params, self.clock.now
        u = luck.uniform(frame.key, luck.BACKOFF, frame.n, self.nth)
        # frame.since holds the previous delay: decorrelated jitter grows from it.
        before = luck.uniform(frame.key, luck.BACKOFF, frame.n - 1, self.nth) if frame.n else 0.0
        delay = backoff.delay(params, frame.n, frame.since, u, before)
        if now + delay >= frame.deadline:
            return False
        if frame.copy is not None:
            # frame.aux holds what the present try cost: 0 for the first.
            cost = budget.allows(frame.copy, params.budget, now, outcome)
            if cost < 0:
                self.counters[RETRIES_DENIED] += 1
                return False
            frame.aux = cost
        self.counters[RETRIES] += 1
        frame.since = delay
        frame.timer = self.clock.after(delay, RANK_TIMER, frame.key, self._wake, frame)
        return True

    def _wake(self, frame: Frame) -> None:
        frame.timer = None
        frame.n += 1
        self.inner.enter(frame, luck.child(frame.key, luck.RETRY, frame.n, self.nth))


class HedgeLayer(Layer):
    """Sends further copies after a delay; the first good answer wins, the call fails when all have.

    Model: copies not yet sent when all those in flight have failed are not sent; that is retry's job.
    """

    def __init__(self, world: Any, site: Any, params: Hedge, cancel: int, nth: int) -> None:
        super().__init__(world, site)
        self.params = params
        self.nth = nth
        self.cancel = cancel

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.aux = []
        self._arm(frame)
        self._send(frame, key)

    def _send(self, frame: Frame, key: int) -> None:
        frame.child = None
        self.inner.enter(frame, key)
        if frame.child is not None:
            frame.aux.append(frame.child)

    def _arm(self, frame: Frame) -> None:
        # Like a retry, no copy leaves at or after the deadline.
        in_time = self.clock.now + self.params.delay_ns < frame.deadline
        if frame.n < self.params.extra and in_time:
            frame.timer = self.clock.after(self.params.delay_ns, RANK_TIMER, frame.key, self._another, frame)
        else:
            frame.timer = None

    def _another(self, frame: Frame) -> None:
        frame.n += 1
        self.counters[HEDGES] += 1
        self._arm(frame)
        self._send(frame, luck.child(frame.key, luck.HEDGE, frame.n, self.nth))

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.state == ENDED:
            return KEPT
        live = [c for c in frame.aux if c.state == LIVE and c is not child]
        if outcome != OK and live and not frame.call.fell_back:
            return KEPT
        if frame.timer is not None:
            frame.timer.cancel()
        if frame.state == LIVE and self.cancel:
            frame.state = ENDED
            for loser in live:
                loser.layer.withdraw(loser, self.cancel)
            tell(frame, outcome)
            return KEPT
        return outcome

    def withdraw(self, frame: Frame, cancel: int) -> None:
        live = [c for c in frame.aux if c.state == LIVE]
        if frame.state != LIVE or len(live) < 2:
            super().withdraw(frame, cancel)
            return
        for copy in live[:-1]:
            copy.layer.withdraw(copy, cancel)
        frame.child = live[-1]
        super().withdraw(frame, cancel)
