"""The plain layers: the call itself, fallback, deadline, the try, sidecar hop, timeout."""

from typing import Any

from sim.engines.simpy_engine.clock import RANK_ANSWER, RANK_TIMER, Timers
from sim.engines.simpy_engine.frames import ENDED, KEPT, LIVE, ORPHAN, Call, Frame, Layer, finish, tell
from sim.topology.types import CANCEL_NONE
from sim.words import (
    CALLS,
    CANCELLED,
    DEGRADED,
    FALLBACK,
    FOREVER,
    OK,
    STARTED,
    TIMEOUT,
    TRIES,
    TRIES_STARTED,
    UNUSED,
)


class Booking(Layer):
    """A layer that books what ends in one of the ledgers."""

    ledger: int

    def __init__(self, world: Any, site: Any) -> None:
        super().__init__(world, site)
        ledgers = world.recorder.ledgers
        self.code = ledgers.code(self.ledger, site.id)
        self.codes, self.latencies = ledgers.codes, ledgers.latencies


class CallLayer(Booking):
    """The root: begins a call, books it, and tells whoever asked."""

    ledger = CALLS

    def begin(self, owner: Any, caller: int, key: int, deadline: int, walk: Any) -> Call:
        """Start the call; `owner.call_ended(call, outcome)` follows unless owner is None."""
        call = Call(self, owner, caller, key, deadline, walk)
        call.since = self.clock.now
        self.counters[STARTED] += 1
        self.world.busy += 1
        if walk is not None:
            self.world.note(call, "call begins")
        self.inner.enter(call, key)
        return call

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.state != ENDED:
            frame.state = ENDED
            call = frame.call
            self._over(call, outcome)
            if call.owner is not None:
                call.owner.call_ended(call, outcome)
        return KEPT

    def withdraw(self, frame: Frame, cancel: int) -> None:
        if frame.state != ENDED:
            frame.state = ENDED
            child, frame.child = frame.child, None
            if child is not None:
                child.layer.withdraw(child, cancel)
            self._over(frame.call, CANCELLED)

    def _over(self, call: Call, outcome: int) -> None:
        self.codes.append(self.code + outcome)
        self.latencies.append(self.clock.now - call.since)
        if call.fell_back:
            self.counters[FALLBACK] += 1
        if call.degraded:
            self.counters[DEGRADED] += 1
        if call.walk is not None:
            self.world.note(call, "call ends", outcome=outcome)
        self.world.one_less()


class FallbackLayer(Layer):
    """A failed call is answered by something else; the ledger still says F, with its reason."""

    def __init__(self, world: Any, site: Any, on: tuple[bool, ...]) -> None:
        super().__init__(world, site)
        self.on = on

    def enter(self, parent: Frame, key: int) -> None:
        self.inner.enter(Frame(self, parent, key), key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.state == LIVE and outcome != OK and self.on[outcome]:
            frame.call.fell_back = True
        return outcome


class DeadlineLayer(Layer):
    """An instant that bounds everything below: min(own, inherited)."""

    def __init__(self, world: Any, site: Any, deadline_ns: int, propagate: bool) -> None:
        super().__init__(world, site)
        self.deadline_ns = deadline_ns
        self.propagate = propagate

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        if self.deadline_ns < FOREVER:
            frame.deadline = min(frame.deadline, self.clock.now + self.deadline_ns)
        frame.call.propagates = self.propagate
        self.inner.enter(frame, key)


class TryLayer(Booking):
    """Where tries are counted and booked: one pass below retry and hedge, refused ones included."""

    ledger = TRIES

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.since = self.clock.now
        self.counters[TRIES_STARTED] += 1
        self.world.busy += 1
        self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.state == LIVE:
            self.codes.append(self.code + outcome)
            self.latencies.append(self.clock.now - frame.since)
            call = frame.call
            if call.walk is not None:
                self.world.note(call, "try ends", outcome=outcome)
            if frame.parent.state == ENDED:
                self.counters[UNUSED] += 1
            self.world.one_less()
        return outcome

    def withdraw(self, frame: Frame, cancel: int) -> None:
        if frame.state == LIVE:
            self.ended(frame, frame, CANCELLED)
        super().withdraw(frame, cancel)


class HopLayer(Layer):
    """A sidecar: a hop's delay each way between the caller and the policies in it."""

    def __init__(self, world: Any, site: Any, delay_ns: int) -> None:
        super().__init__(world, site)
        self.delay_ns = delay_ns

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        frame.timer = self.clock.after(self.delay_ns, RANK_ANSWER, key, self._there, frame)

    def _there(self, frame: Frame) -> None:
        frame.timer = None
        self.inner.enter(frame, frame.key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        now, left = self.clock.now, self.delay_ns
        if now + left > frame.deadline >= now:
            # The caller stops waiting at its deadline: what is still in the hop then is too late.
            left, outcome = frame.deadline - now, TIMEOUT
        frame.aux = outcome
        self.clock.after(left, RANK_ANSWER, frame.key, self._back, frame)
        return KEPT

    def _back(self, frame: Frame) -> None:
        finish(frame, frame.aux)


class TimeoutLayer(Layer):
    """Runs from the moment the try leaves the policies above; shortened to the remaining deadline."""

    def __init__(self, world: Any, site: Any, timeout_ns: int, cancel: int) -> None:
        super().__init__(world, site)
        self.timeout_ns = timeout_ns
        self.cancel = cancel
        self.timers = Timers(world.clock, RANK_TIMER, self._passed)

    def enter(self, parent: Frame, key: int) -> None:
        frame = Frame(self, parent, key)
        now = self.clock.now
        until = now + self.timeout_ns
        if frame.deadline < until:
            until = frame.deadline
        if now < until < FOREVER:
            frame.until = until
            frame.timer = self.timers.set(until, key, frame)
        self.inner.enter(frame, key)

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        if frame.timer is not None:
            frame.timer.cancel()
            frame.timer = None
        return outcome

    def _passed(self, frame: Frame) -> None:
        frame.timer = None
        if frame.state == ENDED:
            return
        frame.state = ENDED
        child, frame.child = frame.child, None
        if child is not None:
            child.layer.withdraw(child, self.cancel)
        tell(frame, TIMEOUT)

    def withdraw(self, frame: Frame, cancel: int) -> None:
        if cancel == CANCEL_NONE and frame.state == LIVE:
            # Nobody is told, so this timer still ends the pass for the listeners above (a breaker).
            frame.state = ORPHAN
            if frame.child is not None:
                frame.child.layer.withdraw(frame.child, cancel)
        else:
            super().withdraw(frame, cancel)
