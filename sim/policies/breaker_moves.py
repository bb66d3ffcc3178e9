"""How a breaker changes its state, and how long an opening lasts."""

from sim import luck
from sim.policies.breaker_parts import (
    BY_TIME,
    CLEAR_NEVER,
    CLEAR_TRANSITION,
    JITTER_ADDED,
    JITTER_EQUAL,
    LEAVE_READ,
    LEAVE_TOUCH,
    OPEN_EXPONENTIAL,
    OPEN_LIST,
    W_INTERVAL,
    Params,
)
from sim.policies.breaker_window import Breaker, clear_window
from sim.words import CLOSED, FOREVER, HALF_OPEN, OPEN


def enter(b: Breaker, p: Params, now: int, state: int) -> None:
    """What being in a state begins with."""
    b.state = state
    b.since = now
    b.generation += 1
    b.in_flight = b.probe_n = b.probe_failures = b.probe_slow = b.probe_bad = b.asked = 0
    b.permits = p.probes
    if state == OPEN:
        b.ordinal += 1
        b.attempt += 1
        restart(b, p, now)
    if state == CLOSED:
        b.attempt = 0
    if p.clear == CLEAR_TRANSITION or (state == CLOSED and p.clear != CLEAR_NEVER):
        clear_window(b, p, now)


def restart(b: Breaker, p: Params, now: int) -> None:
    """The open time begins; good probes so far count no more."""
    b.probe_n = 0
    b.open_ns = open_time(b, p)
    b.until = min(now + b.open_ns, FOREVER)


def move(b: Breaker, p: Params, now: int, state: int, cause: int) -> None:
    """The one place where the state changes."""
    windowed = b.state != HALF_OPEN or b.probe_n == 0
    b.seen_n = b.n if windowed else b.probe_n
    b.seen_failures = b.fail_count if windowed else b.probe_failures
    b.seen_slow = b.slow_count if windowed else b.probe_slow
    b.from_state = b.state
    b.cause = cause
    b.moves += 1
    enter(b, p, now, state)


def open_time(b: Breaker, p: Params) -> int:
    """Open time of the present opening, ns: its base by the attempt number, then spread by its luck."""
    length = base_time(b.attempt, p)
    if p.jitter > 0.0:
        u = luck.uniform(b.key, luck.OPEN_FOR, b.ordinal)
        if p.jitter_kind == JITTER_ADDED:
            length *= 1.0 + p.jitter * u
        elif p.jitter_kind == JITTER_EQUAL:
            length *= 0.5 + 0.5 * u
        else:
            length *= 1.0 - p.jitter + 2.0 * p.jitter * u
    if length >= FOREVER:
        return FOREVER
    return int(length) // p.step_ns * p.step_ns


def base_time(attempt: int, p: Params) -> float:
    """Before jitter, ns; attempt 1 is the first opening since a close."""
    if p.open_kind == OPEN_LIST and attempt <= len(p.open_list):
        return float(p.open_list[attempt - 1])
    length = float(p.open_ns)
    if p.open_kind == OPEN_EXPONENTIAL:
        for _ in range(attempt - 1):
            length = length * p.multiplier // p.step_ns * p.step_ns
            if length >= p.cap_ns:
                return float(p.cap_ns)
    return min(length, float(p.cap_ns))


def over(b: Breaker, p: Params, now: int) -> bool:
    """Is the open time over?"""
    return now > b.until if p.strict else now >= b.until


def look(b: Breaker, p: Params, now: int) -> None:
    """Somebody reads the state."""
    if b.state == OPEN and (p.leave == LEAVE_READ or p.leave == LEAVE_TOUCH) and over(b, p, now):
        move(b, p, now, HALF_OPEN, BY_TIME)
    elif b.state == CLOSED and p.window == W_INTERVAL and 0 < p.width_ns < now - b.start_ns:
        # gobreaker: the interval over, counts and generation are new from this look on.
        b.generation += 1
        clear_window(b, p, now)
