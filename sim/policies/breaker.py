"""The breaker: one record, ten parts, plain functions.

Each part is a small integer that chooses a branch. The record holds only integers, floats and flat
lists used as rings, so the same functions can run on compiled records. Times are integer ns.

    new(p, key, now) -> Breaker       admit(b, p, now) -> ticket, 0 = refused
    settle(b, p, now, ticket, verdict, elapsed_ns)
    admissible(b, p, now)             would it admit? no side effect
    look(b, p, now)                   somebody reads the state; some libraries move then
    due(b, p) -> instant              tick(b, p, now)       transitions by timer
    force(b, p, now, state)           a manual move
"""

from sim import luck
from sim.policies.breaker_moves import enter, look, move, over
from sim.policies.breaker_parts import (
    BY_FORCE,
    BY_MAX_WAIT,
    BY_TIME,
    CAUSES,
    FAILURE,
    GRID_EPOCH,
    IGNORE,
    LEAVE_TIMER,
    OF_ASKED,
    OF_RESULTS,
    ON_BUCKET,
    PROBE_CONCURRENT,
    PROBE_PERIOD,
    PROBE_QUOTA,
    PROBE_RAMP,
    PROBE_UNBOUNDED,
    SUCCESS,
    Params,
)
from sim.policies.breaker_results import settle
from sim.policies.breaker_window import (
    STATE_BITS,
    Breaker,
    advance,
    count_call,
    new_window,
    verdict_of_window,
)
from sim.words import CLOSED, FORCED_OPEN, FOREVER, HALF_OPEN, OPEN

__all__ = [
    "CAUSES",
    "FAILURE",
    "IGNORE",
    "SUCCESS",
    "Breaker",
    "Params",
    "admissible",
    "admit",
    "due",
    "force",
    "look",
    "new",
    "settle",
    "tick",
]


def new(p: Params, key: int, now: int = 0) -> Breaker:
    """A fresh breaker with its luck, in its initial state; its window begins now."""
    b = new_window(p, key, now)
    if p.initial != CLOSED:
        enter(b, p, now, p.initial)
    return b


def half_open_room(b: Breaker, p: Params, now: int) -> bool:
    """Would half-open admit one more probe?"""
    kind = p.probe
    if kind == PROBE_QUOTA:
        return b.permits > 0
    if kind == PROBE_UNBOUNDED:
        return True
    if kind == PROBE_PERIOD:
        return now >= b.until
    if kind == PROBE_RAMP:
        share_now = p.ramp_from + (p.ramp_to - p.ramp_from) * min(1.0, (now - b.since) / p.ramp_ns)
        return luck.uniform(b.key, luck.PROBE, b.ordinal, b.asked) < share_now
    return b.in_flight < (p.probes if kind == PROBE_CONCURRENT else 1)


def admissible(b: Breaker, p: Params, now: int) -> bool:
    """Would `admit` say yes now?"""
    if b.state == HALF_OPEN:
        return half_open_room(b, p, now)
    if b.state == OPEN:
        if p.leave == LEAVE_TIMER or not over(b, p, now):
            return False
        # Half-open begins with all its places free; only a ramp may refuse even the first.
        return p.probe != PROBE_RAMP or luck.uniform(b.key, luck.PROBE, b.ordinal) < p.ramp_from
    return b.state != FORCED_OPEN


def admit(b: Breaker, p: Params, now: int) -> int:
    """A ticket (positive, carries generation and state), or 0: refused."""
    if p.asks:
        look(b, p, now)
        if p.of == OF_ASKED:
            count_call(b, p, now)
        elif p.of != OF_RESULTS and b.state == CLOSED:
            count_call(b, p, now)
    state = b.state
    if state == OPEN:
        if p.leave == LEAVE_TIMER or not over(b, p, now):
            return 0
        move(b, p, now, HALF_OPEN, BY_TIME)
        state = HALF_OPEN
    if state == FORCED_OPEN:
        return 0
    if state == HALF_OPEN:
        room = half_open_room(b, p, now)
        b.asked += 1
        if not room:
            return 0
        b.permits -= 1
        b.in_flight += 1
        if p.probe == PROBE_PERIOD:
            b.until = now + b.open_ns
    return b.generation << STATE_BITS | state


def due(b: Breaker, p: Params) -> int:
    """The instant at which `tick` will change the state or judge the window, or FOREVER."""
    if b.state == OPEN and p.leave == LEAVE_TIMER:
        return b.until + p.strict
    if b.state == HALF_OPEN and p.half_open_ns > 0:
        return b.since + p.half_open_ns
    if b.state == CLOSED and p.evaluate == ON_BUCKET and (b.n > 0 or b.fail_count > 0):
        return (0 if p.grid == GRID_EPOCH else b.start_ns) + (b.bucket + 1) * p.width_ns
    return FOREVER


def tick(b: Breaker, p: Params, now: int) -> None:
    """What was due."""
    if now < due(b, p):
        return
    if b.state == OPEN:
        move(b, p, now, HALF_OPEN, BY_TIME)
    elif b.state == HALF_OPEN:
        move(b, p, now, p.half_open_then, BY_MAX_WAIT)
    else:
        # A bucket closes: it is judged with all that the window holds, before the oldest leaves.
        cause = verdict_of_window(b, p, now)
        if cause:
            move(b, p, now, OPEN, cause)
        else:
            advance(b, p, now)


def force(b: Breaker, p: Params, now: int, state: int) -> None:
    """A manual move to any state: `forced_open` refuses until moved again, `disabled` admits and learns
    nothing, `metrics_only` admits and learns but never trips; `closed` is a reset. The baseline `none`
    has no state to move."""
    if not p.always:
        move(b, p, now, state, BY_FORCE)
