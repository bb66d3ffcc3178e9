"""The layers that refuse: rate limit, bulkhead. (The breaker has its own file.)"""

from typing import Any

from numba.extending import register_jitable

from sim import luck
from sim.engines.compiled.booking import count
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.frames import KEPT, LIVE, refuse
from sim.engines.compiled.memory import (
    compiled,
    endpoint_of,
    frame_of,
    guard_of,
    layer_of,
    limit_of,
    lists,
    replica_of,
    service_of,
    wire_of,
)
from sim.engines.compiled.tasks import GIVE_BACK, GRANTED, TELL_ON, WAITED, then, then_enter
from sim.engines.ranks import RANK_TIMER
from sim.policies import token_bucket
from sim.policies.limits import budget, cycles, pool
from sim.words import BULKHEAD, EXPIRED, FOREVER, LIMITED, REFUSED_GOOD

for _function in (
    token_bucket.take,
    cycles.take,
    pool.enter,
    pool.leave,
    pool.next_enters,
    pool._oldest_works,
    pool._end_idle,
    budget._slide,
    budget.started,
    budget.tried,
    budget.allows,
    budget._from_window,
    budget.units,
    budget.over,
):
    register_jitable(_function)


@compiled
def turn_away(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """Refuse, and note whether the try would have been good (design 5: cost on a good day)."""
    if would_succeed(w, layer, frame.key):
        count(w, layer.site, REFUSED_GOOD)
    refuse(w, frame, outcome)


@compiled
def would_succeed(w: Any, layer: Any, key: Any) -> bool:
    """Would a refused try have been good? No fault on callee or edge, room, its coin."""
    wire, service = wire_of(w, layer.edge), service_of(w, layer.service)
    if wire.slow_n or wire.cuts_n:
        return False
    room = False
    for i in range(service.members_n):
        r = replica_of(w, lists(w)[service.members + i])
        if r.slow_n or r.failing_n or r.hanging_n or r.freezes or not r.up:
            return False
        room |= r.inside < r.slots or r.queue_n < r.places
    rate = endpoint_of(w, layer.endpoint).error_rate
    return room and (rate == 0.0 or luck.uniform(key, luck.ERROR) >= rate)


# Rate limit ------------------------------------------------------------------------------------------


@compiled
def enter_rate_limit(w: Any, layer: Any, frame: Any) -> bool:
    """Token bucket or cycles; a call may wait for its turn."""
    state, p = guard_of(w, frame.copy), limit_of(w, layer.params)
    wait = cycles.take(state, p, w.now) if p.cycles else token_bucket.take(state, p, w.now)
    if wait < 0:
        turn_away(w, layer, frame, LIMITED)
    elif wait > 0:
        wait = min(wait, max(0, frame.deadline - w.now))
        frame.timer = after(w, wait, RANK_TIMER, frame.key, GRANTED, frame.id)
    return wait == 0


@compiled
def granted(w: Any, layer: Any, frame: Any) -> None:
    """Its turn has come."""
    frame.timer = 0
    if frame.deadline <= w.now:
        refuse(w, frame, EXPIRED)
    else:
        then_enter(w, frame.id, layer.inner, frame.key)


# Bulkhead --------------------------------------------------------------------------------------------


@compiled
def enter_bulkhead(w: Any, layer: Any, frame: Any) -> bool:
    """At most so many calls at once per copy, FIFO waiting places beside them."""
    places, p = guard_of(w, frame.copy), limit_of(w, layer.params)
    if places.waiting_n:
        drop_gone(w, places)
    given = pool.enter(places, p, w.now, places.waiting_n)
    if given == pool.PASS:
        frame.ticket = 1
        return True
    if given == pool.FULL:
        turn_away(w, layer, frame, BULKHEAD)
        return False
    append(w, places, frame)
    until = frame.deadline
    if p.max_wait_ns < FOREVER:
        until = min(until, w.now + p.max_wait_ns)
    if until < FOREVER:
        frame.timer = after(w, max(until - w.now, 0), RANK_TIMER, frame.key, WAITED, frame.id)
    return False


@compiled
def append(w: Any, places: Any, frame: Any) -> None:
    """To the end of those who wait."""
    frame.waits_next = 0
    if places.waiting_last:
        frame_of(w, places.waiting_last).waits_next = frame.id
    else:
        places.waiting_first = frame.id
    places.waiting_last = frame.id
    places.waiting_n += 1


@compiled
def drop_gone(w: Any, places: Any) -> None:
    """Those who gave up wait no longer."""
    number = places.waiting_first
    places.waiting_first = places.waiting_last = places.waiting_n = 0
    while number:
        frame = frame_of(w, number)
        number = frame.waits_next
        if frame.state == LIVE:
            append(w, places, frame)


@compiled
def take_out(w: Any, places: Any, gone: int) -> None:
    """One of those who wait waits no longer."""
    number = places.waiting_first
    places.waiting_first = places.waiting_last = places.waiting_n = 0
    while number:
        frame = frame_of(w, number)
        number = frame.waits_next
        if frame.id != gone:
            append(w, places, frame)


@compiled
def waited(w: Any, layer: Any, frame: Any) -> None:
    """It has waited long enough."""
    frame.timer = 0
    if frame.state == LIVE and not frame.ticket:
        take_out(w, guard_of(w, frame.copy), frame.id)
        if frame.deadline <= w.now:
            refuse(w, frame, EXPIRED)
        else:
            turn_away(w, layer, frame, BULKHEAD)


@compiled
def bulkhead_ended(w: Any, layer: Any, frame: Any, outcome: int) -> int:
    """A place is free: who waits takes it, before those above hear of the end."""
    if not frame.ticket:
        return outcome
    frame.ticket = 0
    places = guard_of(w, frame.copy)
    pool.leave(places, limit_of(w, layer.params), w.now)
    if not places.waiting_n:
        return outcome
    then(w, TELL_ON, frame.id, outcome)
    then(w, GIVE_BACK, places.id, layer.params)
    return KEPT


@compiled
def give_back(w: Any, places: Any, params: int) -> None:
    """The next of those who wait takes its place."""
    while places.waiting_n:
        following = frame_of(w, places.waiting_first)
        live = following.state == LIVE
        if live and not pool.next_enters(places, limit_of(w, params)):
            return
        places.waiting_first = following.waits_next
        places.waiting_n -= 1
        if not places.waiting_n:
            places.waiting_last = 0
        if live:
            if following.timer:
                cancel(w, following.timer)
                following.timer = 0
            following.ticket = 1
            then(w, GIVE_BACK, places.id, params)
            then_enter(w, following.id, layer_of(w, following.layer).inner, following.key)
            return
