"""The layers that refuse: adaptive throttle, rate limit, bulkhead. (The breaker has its own file.)"""

from collections import deque
from typing import Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_TIMER
from sim.engines.simpy_engine.copies import Stateful
from sim.engines.simpy_engine.frames import LIVE, Frame
from sim.policies import token_bucket
from sim.policies.limits import concurrency, cycles, pool, throttle
from sim.topology.types import CANCEL_NONE
from sim.words import BULKHEAD, EXPIRED, FOREVER, LIMITED, REFUSED_GOOD


class Guard(Stateful):
    """A stateful layer that may refuse."""

    def turn_away(self, frame: Frame, outcome: int) -> None:
        """Refuse, and note whether the try would have been good (design 5: cost on a good day)."""
        if self.world.would_succeed(self.site, frame.key):
            self.counters[REFUSED_GOOD] += 1
        self.refuse(frame, outcome)


class ThrottleLayer(Guard):
    """Refuses with a probability that grows as the callee accepts less."""

    params: throttle.Params

    def new(self, caller: int, target: int) -> Any:
        return throttle.new(self.params, self.clock.now)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        now = self.clock.now
        copy = self.copy_for(frame.call.caller)
        p = throttle.rejection(copy, self.params, now)
        refused = p > 0.0 and throttle.refuses(self.params, p, luck.uniform(key, luck.THROTTLE))
        throttle.requested(copy, self.params, now, refused=refused)
        if refused:
            self.turn_away(frame, LIMITED)
        else:
            frame.copy = copy
            self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.copy is not None:
            accepted = self.params.accepts[outcome]
            throttle.answered(frame.copy, self.params, self.clock.now, accepted=accepted)
            frame.copy = None
        return outcome


class RateLimitLayer(Guard):
    """Token bucket or cycles; a call may wait for its turn."""

    def __init__(self, world: Any, site: Any, params: Any, scope: int) -> None:
        super().__init__(world, site, params, scope)
        self.kind: Any = cycles if isinstance(params, cycles.Params) else token_bucket

    def new(self, caller: int, target: int) -> Any:
        return self.kind.new(self.params, self.clock.now)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        now = self.clock.now
        wait = self.kind.take(self.copy_for(frame.call.caller), self.params, now)
        if wait < 0:
            self.turn_away(frame, LIMITED)
        elif wait == 0:
            self.inner.enter(frame, key)
        else:
            wait = min(wait, max(0, frame.deadline - now))
            frame.timer = self.clock.after(wait, RANK_TIMER, key, self._granted, frame)

    def _granted(self, frame: Frame) -> None:
        frame.timer = None
        if frame.deadline <= self.clock.now:
            self.refuse(frame, EXPIRED)
        else:
            self.inner.enter(frame, frame.key)


class Adaptive:
    """One copy of a limit that finds its own value, and how many calls are inside."""

    __slots__ = ("inside", "state")

    def __init__(self, state: concurrency.State) -> None:
        self.state = state
        self.inside = 0


class ConcurrencyLayer(Guard):
    """At most so many calls at once as the limit says now; every answer moves it."""

    params: concurrency.Params

    def new(self, caller: int, target: int) -> Adaptive:
        key = self.world.key_of("concurrency", self.scope, caller)
        return Adaptive(concurrency.new(self.params, key, self.clock.now))

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        copy: Adaptive = self.copy_for(frame.call.caller)
        if copy.inside >= concurrency.current(copy.state, self.params, self.clock.now):
            self.turn_away(frame, LIMITED)
            return
        copy.inside += 1
        frame.copy, frame.n, frame.since = copy, copy.inside, self.clock.now
        self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        copy: Adaptive | None = frame.copy
        if copy is not None:
            frame.copy = None
            copy.inside -= 1
            now, learned = self.clock.now, self.params.learn[outcome]
            if learned != concurrency.IGNORED:
                rtt, dropped = max(1, now - frame.since), learned == concurrency.DROPPED
                concurrency.sample(copy.state, self.params, now, rtt, frame.n, dropped)
        return outcome


class Places:
    """The places of one bulkhead copy and those who wait for one."""

    __slots__ = ("pool", "waiting")

    def __init__(self, params: pool.Params) -> None:
        self.pool = pool.State(params)
        self.waiting: deque[Frame] = deque()

    def forget(self) -> None:
        """Its caller crashed: who still waits (a call that nobody awaits) goes with it."""
        waiting, self.waiting = self.waiting, deque()
        for frame in waiting:
            frame.layer.withdraw(frame, CANCEL_NONE)


class BulkheadLayer(Guard):
    """At most so many calls at once per copy, FIFO waiting places beside them."""

    params: pool.Params

    def new(self, caller: int, target: int) -> Places:
        return Places(self.params)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.copy = places = self.copy_for(frame.call.caller)
        if places.waiting:
            self._drop_gone(places)
        given = pool.enter(places.pool, self.params, self.clock.now, len(places.waiting))
        if given == pool.PASS:
            frame.ticket = True
            self.inner.enter(frame, key)
        elif given == pool.FULL:
            self.turn_away(frame, BULKHEAD)
        else:
            places.waiting.append(frame)
            self._limit_wait(frame)

    def _limit_wait(self, frame: Frame) -> None:
        now = self.clock.now
        until = frame.deadline
        if self.params.max_wait_ns < FOREVER:
            until = min(until, now + self.params.max_wait_ns)
        if until < FOREVER:
            delay = max(until - now, 0)
            frame.timer = self.clock.after(delay, RANK_TIMER, frame.key, self._waited, frame)

    def _drop_gone(self, places: Places) -> None:
        if any(f.state != LIVE for f in places.waiting):
            places.waiting = deque(f for f in places.waiting if f.state == LIVE)

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
            places: Places = frame.copy
            pool.leave(places.pool, self.params, self.clock.now)
            if places.waiting:
                self._admit_waiting(places)
        return outcome

    def _admit_waiting(self, places: Places) -> None:
        while places.waiting:
            following = places.waiting[0]
            if following.state == LIVE and not pool.next_enters(places.pool, self.params):
                return
            places.waiting.popleft()
            if following.state == LIVE:
                if following.timer is not None:
                    following.timer.cancel()
                    following.timer = None
                following.ticket = True
                # Its own layer: others may share these places.
                following.layer.inner.enter(following, following.key)
