"""Retry and hedge: the two layers that make more tries of one call."""

from typing import Any

from numba.extending import register_jitable

from sim import luck
from sim.engines.compiled.booking import count
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.frames import ENDED, KEPT, LIVE
from sim.engines.compiled.memory import compiled, frame_of, guard_of, limit_of
from sim.engines.compiled.tasks import (
    ANOTHER,
    LAST_COPY,
    SENT,
    TELL,
    WAKE,
    WITHDRAW,
    in_this_order,
    then,
    then_enter,
)
from sim.engines.ranks import RANK_TIMER
from sim.policies import backoff
from sim.policies.limits import budget
from sim.words import HEDGES, OK, RETRIES, RETRIES_DENIED

register_jitable(backoff.delay)
register_jitable(backoff._polly)


@compiled
def retry_ended(w: Any, layer: Any, frame: Any, outcome: int) -> int:
    """A try ended: will there be another one?"""
    if frame.state != LIVE:
        return outcome
    # What a fallback below has answered needs no other try.
    retried = outcome != OK and layer.on[outcome] != 0 and not frame_of(w, frame.call).fell_back
    if frame.copy:
        budget.tried(guard_of(w, frame.copy), limit_of(w, layer.params), frame.cost, retried)
    if retried and frame.n + 1 < layer.attempts and again(w, layer, frame, outcome):
        return KEPT
    if frame.copy:
        budget.over(guard_of(w, frame.copy), limit_of(w, layer.params), outcome == OK, frame.cost)
        frame.copy = 0
    return outcome


@compiled
def retry_withdrawn(w: Any, layer: Any, frame: Any) -> None:
    """The call is taken back: its budget hears."""
    if frame.copy:
        state, p = guard_of(w, frame.copy), limit_of(w, layer.params)
        budget.tried(state, p, frame.cost, False)
        budget.over(state, p, False, frame.cost)
        frame.copy = 0


@compiled
def again(w: Any, layer: Any, frame: Any, outcome: int) -> bool:
    """Will there be another try?"""
    u = luck.uniform(frame.key, luck.BACKOFF, frame.n, layer.nth)
    # frame.since holds the previous delay: decorrelated jitter grows from it.
    before = luck.uniform(frame.key, luck.BACKOFF, frame.n - 1, layer.nth) if frame.n else 0.0
    delay = backoff.delay(layer, frame.n, frame.since, u, before)
    if w.now + delay >= frame.deadline:
        return False
    if frame.copy:
        # The cost of the present try: 0 for the first.
        cost = budget.allows(guard_of(w, frame.copy), limit_of(w, layer.params), w.now, outcome)
        if cost < 0:
            count(w, layer.site, RETRIES_DENIED)
            return False
        frame.cost = cost
    count(w, layer.site, RETRIES)
    frame.since = delay
    frame.timer = after(w, delay, RANK_TIMER, frame.key, WAKE, frame.id)
    return True


@compiled
def wake(w: Any, layer: Any, frame: Any) -> None:
    """The backoff is over."""
    frame.timer = 0
    frame.n += 1
    then_enter(w, frame.id, layer.inner, luck.child(frame.key, luck.RETRY, frame.n, layer.nth))


@compiled
def arm(w: Any, layer: Any, frame: Any) -> None:
    """The next copy is due after the delay."""
    frame.timer = 0
    # Like a retry, no copy leaves at or after the deadline.
    if frame.n < layer.extra and w.now + layer.delay_ns < frame.deadline:
        frame.timer = after(w, layer.delay_ns, RANK_TIMER, frame.key, ANOTHER, frame.id)


@compiled
def send(w: Any, layer: Any, frame: Any, key: Any) -> None:
    """Another copy; `sent` notes it once it is under way."""
    frame.child = 0
    then(w, SENT, frame.id)
    then_enter(w, frame.id, layer.inner, key)


@compiled
def sent(w: Any, frame: Any) -> None:
    """The copy is among those in flight: a list from `aux` through `next`."""
    if frame.child:
        frame_of(w, frame.child).next = 0
        if frame.aux:
            last = frame_of(w, frame.aux)
            while last.next:
                last = frame_of(w, last.next)
            last.next = frame.child
        else:
            frame.aux = frame.child


@compiled
def another(w: Any, layer: Any, frame: Any) -> None:
    """The delay of a hedge is over."""
    frame.n += 1
    count(w, layer.site, HEDGES)
    arm(w, layer, frame)
    send(w, layer, frame, luck.child(frame.key, luck.HEDGE, frame.n, layer.nth))


@compiled
def hedge_ended(w: Any, layer: Any, frame: Any, child: int, outcome: int) -> int:
    """The first good answer wins; the call fails when all have."""
    if frame.state == ENDED:
        return KEPT
    if outcome != OK and first_live(w, frame.aux, child) and not frame_of(w, frame.call).fell_back:
        return KEPT
    if frame.timer:
        cancel(w, frame.timer)
    if frame.state == LIVE and layer.cancel:
        frame.state = ENDED
        then(w, TELL, frame.id, outcome)
        base, number = w.tasks_n, first_live(w, frame.aux, child)
        while number:
            then(w, WITHDRAW, number, layer.cancel)
            number = first_live(w, frame_of(w, number).next, child)
        in_this_order(w, base)
        return KEPT
    return outcome


@compiled
def first_live(w: Any, number: int, but: int) -> int:
    """The first copy from `number` on that is live; not `but`."""
    while number and (number == but or frame_of(w, number).state != LIVE):
        number = frame_of(w, number).next
    return number


@compiled
def hedge_withdraws(w: Any, frame: Any, cancel: int) -> bool:
    """Several copies are in flight: all but the last are withdrawn first. False if there are not."""
    number = first_live(w, frame.aux, 0)
    last = first_live(w, frame_of(w, number).next, 0) if number else 0
    if frame.state != LIVE or last == 0:
        return False
    base = w.tasks_n
    while last:
        then(w, WITHDRAW, number, cancel)
        number, last = last, first_live(w, frame_of(w, last).next, 0)
    then(w, LAST_COPY, frame.id, number, cancel)
    in_this_order(w, base)
    return True
