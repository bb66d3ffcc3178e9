"""The layers that refuse: adaptive throttle, rate limit, bulkhead. (The breaker has its own file.)"""

from collections import deque
from typing import Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_TIMER
from sim.engines.simpy_engine.copies import Stateful
from sim.engines.simpy_engine.frames import LIVE, Frame
from sim.policies import throttle, token_bucket
from sim.topology.types import Bulkhead, RateLimit, Throttle
from sim.words import BULKHEAD, ERROR, EXPIRED, FOREVER, LIMITED, OK, REFUSED_GOOD


class Guard(Stateful):
    """A stateful layer that may refuse."""

    def turn_away(self, frame: Frame, outcome: int) -> None:
        """Refuse, and note whether the try would have been good (design 5: cost on a good day)."""
        if self.world.would_succeed(self.site, frame.key):
            self.counters[REFUSED_GOOD] += 1
        self.refuse(frame, outcome)


class ThrottleLayer(Guard):
    """Rejects with a probability that grows as the callee accepts less (SRE book, ch. 21)."""

    params: Throttle

    def new(self, caller: int, target: int) -> Any:
        return throttle.new(self.params, self.clock.now)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        now = self.clock.now
        frame.copy = self.copy_for(frame.call.caller)
        p = throttle.rejection(frame.copy, self.params, now)
        throttle.requested(frame.copy, self.params, now)
        if p > 0.0 and luck.uniform(key, luck.THROTTLE) < p:
            self.turn_away(frame, LIMITED)
        else:
            self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        # An application error is an accept; an overload refusal or silence is not.
        if outcome in (OK, ERROR):
            throttle.accepted(frame.copy, self.params, self.clock.now)
        return outcome


class RateLimitLayer(Guard):
    """Token bucket; a call may wait for its token up to max_wait."""

    params: RateLimit

    def new(self, caller: int, target: int) -> Any:
        return token_bucket.new(self.params, self.clock.now)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        now = self.clock.now
        wait = token_bucket.take(self.copy_for(frame.call.caller), self.params, now)
        if wait < 0:
            self.turn_away(frame, LIMITED)
        elif wait == 0:
            self.inner.enter(frame, key)
        else:
            frame.timer = self.clock.after(wait, RANK_TIMER, key, self._granted, frame)

    def _granted(self, frame: Frame) -> None:
        frame.timer = None
        if frame.deadline <= self.clock.now:
            self.refuse(frame, EXPIRED)
        else:
            self.inner.enter(frame, frame.key)


class Semaphore:
    """Permits of one bulkhead copy and those who wait for one."""

    __slots__ = ("taken", "waiting")

    def __init__(self) -> None:
        self.taken = 0
        self.waiting: deque[Frame] = deque()

    def forget(self) -> None:
        """Its caller crashed."""
        self.waiting.clear()


class BulkheadLayer(Guard):
    """At most `limit` calls at once per copy, FIFO waiting places beside them."""

    params: Bulkhead

    def new(self, caller: int, target: int) -> Semaphore:
        return Semaphore()

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.ticket = False
        frame.copy = semaphore = self.copy_for(frame.call.caller)
        if semaphore.taken < self.params.limit:
            self._pass(frame)
            return
        self._drop_gone(semaphore)
        if len(semaphore.waiting) >= self.params.queue:
            self.turn_away(frame, BULKHEAD)
            return
        semaphore.waiting.append(frame)
        self._limit_wait(frame)

    def _limit_wait(self, frame: Frame) -> None:
        now = self.clock.now
        until = frame.deadline
        if self.params.max_wait_ns < FOREVER:
            until = min(until, now + self.params.max_wait_ns)
        if until < FOREVER:
            delay = max(until - now, 0)
            frame.timer = self.clock.after(delay, RANK_TIMER, frame.key, self._waited, frame)

    def _drop_gone(self, semaphore: Semaphore) -> None:
        if any(f.state != LIVE for f in semaphore.waiting):
            semaphore.waiting = deque(f for f in semaphore.waiting if f.state == LIVE)

    def _pass(self, frame: Frame) -> None:
        frame.copy.taken += 1
        frame.ticket = True
        self.inner.enter(frame, frame.key)

    def _waited(self, frame: Frame) -> None:
        frame.timer = None
        if frame.state == LIVE and not frame.ticket:
            frame.copy.waiting.remove(frame)
            if frame.deadline <= self.clock.now:
                self.refuse(frame, EXPIRED)
            else:
                self.turn_away(frame, BULKHEAD)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.ticket:
            frame.ticket = False
            self._give_back(frame.copy)
        return outcome

    def _give_back(self, semaphore: Semaphore) -> None:
        semaphore.taken -= 1
        while semaphore.waiting and semaphore.taken < self.params.limit:
            following = semaphore.waiting.popleft()
            if following.state == LIVE:
                if following.timer is not None:
                    following.timer.cancel()
                    following.timer = None
                self._pass(following)
