"""The breaker: one record, ten parts, plain functions.

Each part is a small integer that chooses a branch. The record holds only integers, floats and flat
lists used as rings, so the same functions can run on compiled records. Times are integer ns.

    new(p, key) -> Breaker            admit(b, p, now) -> ticket, 0 = refused
    settle(b, p, now, ticket, verdict, slow)
    admissible(b, p, now)             would it admit? no side effect
    due(b, p) -> instant              tick(b, p, now)       transitions by timer
"""

from sim import luck
from sim.policies.breaker_parts import (
    BY_FORCE,
    BY_PASS,
    BY_PROBE,
    BY_PROBE_RATE,
    BY_SLOW,
    BY_SLOW_PROBE,
    BY_TIME,
    CAUSES,
    CLEAR_CLOSE,
    CLEAR_TRANSITION,
    DECIDE_FIRST,
    DECIDE_RATE,
    FAILURE,
    IGNORE,
    LATE_GENERATION,
    LEAVE_REQUEST,
    LEAVE_TIMER,
    ON_ANY,
    OPEN_EXPONENTIAL,
    PROBE_CONCURRENT,
    PROBE_QUOTA,
    SUCCESS,
    W_TIME,
    Params,
)
from sim.policies.breaker_window import Breaker, advance, clear_window, new, remember, verdict_of_window
from sim.words import CLOSED, DISABLED, FORCED_OPEN, FOREVER, HALF_OPEN, METRICS_ONLY, OPEN

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
    "new",
    "settle",
    "tick",
]


def move(b: Breaker, p: Params, now: int, state: int, cause: int) -> None:
    """The one place where the state changes."""
    windowed = b.state == CLOSED or b.state == METRICS_ONLY
    b.seen_n = b.n if windowed else b.probe_n
    b.seen_failures = b.fail_count if windowed else b.probe_failures
    b.seen_slow = b.slow_count if windowed else b.probe_slow
    b.from_state = b.state
    b.state = state
    b.cause = cause
    b.moves += 1
    b.generation += 1
    b.in_flight = b.probe_n = b.probe_failures = b.probe_slow = 0
    b.permits = p.probes
    if state == OPEN:
        b.ordinal += 1
        b.attempt += 1
        b.open_ns = open_time(b, p)
        b.until = min(now + b.open_ns, FOREVER)
    if state == CLOSED:
        b.attempt = 0
    if p.clear == CLEAR_TRANSITION or state == CLOSED:
        clear_window(b, now)


def open_time(b: Breaker, p: Params) -> int:
    """How long this opening lasts, ns."""
    length = float(p.open_ns)
    if p.open_kind == OPEN_EXPONENTIAL:
        for _ in range(b.attempt - 1):
            length *= p.multiplier
            if length >= p.cap_ns:
                length = float(p.cap_ns)
                break
    if p.jitter > 0.0:
        u = luck.uniform(b.key, luck.OPEN_FOR, b.ordinal)
        length *= 1.0 - p.jitter + 2.0 * p.jitter * u
    return FOREVER if length >= FOREVER else int(length)


def over(b: Breaker, p: Params, now: int) -> bool:
    """Is the open time over?"""
    return now > b.until if p.strict else now >= b.until


def half_open_room(b: Breaker, p: Params) -> bool:
    """Would half-open admit one more probe?"""
    if p.probe == PROBE_QUOTA:
        return b.permits > 0
    return b.in_flight < (p.probes if p.probe == PROBE_CONCURRENT else 1)


def admissible(b: Breaker, p: Params, now: int) -> bool:
    """Would `admit` say yes now?"""
    if b.state == HALF_OPEN:
        return half_open_room(b, p)
    if b.state == OPEN:
        # Half-open begins with all its places free, and each kind of probe has at least one.
        return p.leave == LEAVE_REQUEST and over(b, p, now)
    return b.state != FORCED_OPEN


def admit(b: Breaker, p: Params, now: int) -> int:
    """A ticket (positive, carries the generation and whether it is a probe), or 0: refused."""
    if b.state == CLOSED:
        return b.generation * 2
    if b.state == FORCED_OPEN:
        return 0
    if b.state == DISABLED or b.state == METRICS_ONLY:
        return b.generation * 2
    if b.state == OPEN:
        if p.leave != LEAVE_REQUEST or not over(b, p, now):
            return 0
        move(b, p, now, HALF_OPEN, BY_TIME)
    if not half_open_room(b, p):
        return 0
    b.permits -= 1
    b.in_flight += 1
    return b.generation * 2 + 1


def settle(b: Breaker, p: Params, now: int, ticket: int, verdict: int, slow: bool) -> None:
    """The result of an admitted try. Call once per ticket."""
    if p.always:
        return
    fresh = ticket >> 1 == b.generation
    if not fresh and p.late == LATE_GENERATION:
        return
    if b.state == HALF_OPEN:
        settle_probe(b, p, now, fresh and ticket & 1 == 1, verdict, slow)
    elif verdict != IGNORE and (b.state == CLOSED or records(b, p)):
        failed = 1 if verdict == FAILURE else 0
        remember(b, p, now, failed, 1 if slow else 0)
        if b.state == CLOSED and (failed or p.evaluate == ON_ANY):
            cause = verdict_of_window(b, p)
            if cause:
                move(b, p, now, OPEN, cause)


def records(b: Breaker, p: Params) -> bool:
    """Does a result enter the window though the breaker is not closed? While open it does so without
    effect, and only where a window outlives the opening."""
    if b.state == OPEN:
        return p.clear == CLEAR_CLOSE
    return b.state == METRICS_ONLY


def settle_probe(b: Breaker, p: Params, now: int, probe: bool, verdict: int, slow: bool) -> None:
    """A result in half-open; a late one decides too where the rule is `current state`."""
    if probe:
        b.in_flight -= 1
    if verdict == IGNORE:
        if probe:
            b.permits += 1
        return
    failed = verdict == FAILURE
    too_slow = slow and p.slow_ratio > 0.0
    b.probe_n += 1
    b.probe_failures += 1 if failed else 0
    b.probe_slow += 1 if slow else 0
    if p.decide == DECIDE_RATE:
        if b.probe_n >= p.decide_n:
            decide_by_rate(b, p, now)
    elif failed:
        move(b, p, now, OPEN, BY_PROBE)
    elif too_slow:
        move(b, p, now, OPEN, BY_SLOW_PROBE)
    elif p.decide == DECIDE_FIRST or b.probe_n >= p.decide_n:
        move(b, p, now, CLOSED, BY_PASS)


def decide_by_rate(b: Breaker, p: Params, now: int) -> None:
    """Enough probes are back: their shares decide."""
    if b.probe_failures / b.probe_n >= p.decide_ratio:
        move(b, p, now, OPEN, BY_PROBE_RATE)
    elif p.slow_ratio > 0.0 and b.probe_slow / b.probe_n >= p.slow_ratio:
        move(b, p, now, OPEN, BY_SLOW)
    else:
        move(b, p, now, CLOSED, BY_PASS)


def due(b: Breaker, p: Params) -> int:
    """The instant at which `tick` will change the state, or FOREVER."""
    if b.state == OPEN and p.leave == LEAVE_TIMER:
        return b.until + p.strict
    return FOREVER


def tick(b: Breaker, p: Params, now: int) -> None:
    """A timer transition, if one is due."""
    if b.state == OPEN and p.leave == LEAVE_TIMER and over(b, p, now):
        move(b, p, now, HALF_OPEN, BY_TIME)


def force(b: Breaker, p: Params, now: int, state: int) -> None:
    """A manual move to any state: `forced_open` refuses until moved again, `disabled` admits and learns
    nothing, `metrics_only` admits and learns but never trips. The baseline `none` has no state to move."""
    if p.always:
        return
    if p.window == W_TIME and b.state == CLOSED:
        advance(b, p, now)
    move(b, p, now, state, BY_FORCE)
