"""The breaker: one record, ten parts, plain functions.

Each part is a small integer that chooses a branch. The record holds only integers, floats and flat
lists used as rings, so the same functions can run on compiled records. Times are integer ns.

    new(p, key) -> Breaker            admit(b, p, now) -> ticket, 0 = refused
    settle(b, p, now, ticket, verdict, slow)
    admissible(b, p, now)             would it admit? no side effect
    due(b, p) -> instant              tick(b, p, now)       transitions by timer
"""

from dataclasses import dataclass

from sim import luck
from sim.words import CLOSED, FOREVER, HALF_OPEN, OPEN

# Window
W_CONSECUTIVE, W_COUNT, W_TIME = range(3)
# Evaluated on
ON_ANY, ON_FAILURE = range(2)
# Open time
OPEN_FIXED, OPEN_EXPONENTIAL = range(2)
# Leaving open
LEAVE_REQUEST, LEAVE_TIMER = range(2)
# Probe admission
PROBE_SINGLE, PROBE_QUOTA, PROBE_CONCURRENT = range(3)
# Decision in half-open
DECIDE_FIRST, DECIDE_SUCCESSES, DECIDE_RATE = range(3)
# Late results
LATE_CURRENT, LATE_GENERATION = range(2)
# What empties the window
CLEAR_TRANSITION, CLEAR_CLOSE = range(2)

SUCCESS, FAILURE, IGNORE = range(3)
"""Verdicts of the classifier."""

CAUSES = (
    "",
    "consecutive failures",
    "failures in the window",
    "failure ratio",
    "slow ratio",
    "open time over",
    "probe failed",
    "probes passed",
    "probe failure ratio",
    "forced",
)
(
    NO_CAUSE,
    BY_CONSECUTIVE,
    BY_COUNT,
    BY_RATIO,
    BY_SLOW,
    BY_TIME,
    BY_PROBE,
    BY_PASS,
    BY_PROBE_RATE,
    BY_FORCE,
) = range(10)


@dataclass(frozen=True, slots=True)
class Params:
    """The ten parts as numbers. A threshold of 0 means that this trip rule is off."""

    always: int = 0
    """1 = the baseline `none`: always admits, learns nothing."""
    window: int = W_CONSECUTIVE
    size: int = 1
    """COUNT: results remembered. TIME: number of buckets."""
    width_ns: int = 1
    """TIME: width of one bucket; the grid starts at the last reset."""
    minimum: int = 1
    """Results in the window before a ratio is judged (inclusive)."""
    failures: int = 0
    """Trip at this many failures: in a row (CONSECUTIVE), or in the window."""
    failure_ratio: float = 0.0
    """Trip at failures / results >= this."""
    slow_ratio: float = 0.0
    """Trip at slow / results >= this."""
    evaluate: int = ON_ANY
    open_kind: int = OPEN_FIXED
    open_ns: int = 0
    multiplier: float = 1.0
    cap_ns: int = FOREVER
    jitter: float = 0.0
    """Open time is multiplied by a uniform number in [1 - jitter, 1 + jitter]."""
    strict: int = 0
    """1: leaves open when now > until; 0: now >= until."""
    leave: int = LEAVE_REQUEST
    probe: int = PROBE_SINGLE
    probes: int = 1
    decide: int = DECIDE_FIRST
    decide_n: int = 1
    decide_ratio: float = 0.0
    late: int = LATE_CURRENT
    clear: int = CLEAR_TRANSITION


class Breaker:
    """The mutable record of one copy."""

    attempt: int
    bucket: int
    cause: int
    fail_count: int
    failures_ring: list[int]
    from_state: int
    generation: int
    in_flight: int
    key: int
    moves: int
    n: int
    n_ring: list[int]
    open_ns: int
    ordinal: int
    permits: int
    position: int
    probe_failures: int
    probe_n: int
    row: int
    seen_failures: int
    seen_n: int
    seen_slow: int
    slow_count: int
    slow_ring: list[int]
    start_ns: int
    state: int
    until: int

    __slots__ = (
        "attempt",
        "bucket",
        "cause",
        "fail_count",
        "failures_ring",
        "from_state",
        "generation",
        "in_flight",
        "key",
        "moves",
        "n",
        "n_ring",
        "open_ns",
        "ordinal",
        "permits",
        "position",
        "probe_failures",
        "probe_n",
        "row",
        "seen_failures",
        "seen_n",
        "seen_slow",
        "slow_count",
        "slow_ring",
        "start_ns",
        "state",
        "until",
    )


def new(p: Params, key: int) -> Breaker:
    """A closed breaker. `key` is its luck: jitter draws from (key, ordinal of the opening)."""
    b = Breaker()
    b.key = key
    b.state = b.from_state = CLOSED
    b.generation = 1
    b.moves = b.ordinal = b.attempt = b.open_ns = b.until = 0
    b.cause = NO_CAUSE
    b.permits = b.in_flight = b.probe_n = b.probe_failures = 0
    b.seen_n = b.seen_failures = b.seen_slow = 0
    size = p.size if p.window != W_CONSECUTIVE else 1
    b.n_ring = [0] * size
    b.failures_ring = [0] * size
    b.slow_ring = [0] * size
    b.n = b.fail_count = b.slow_count = b.row = b.position = b.bucket = 0
    b.start_ns = 0
    return b


def clear_window(b: Breaker, now: int) -> None:
    """Forget every result."""
    b.n = b.fail_count = b.slow_count = b.row = b.position = b.bucket = 0
    b.start_ns = now
    for i in range(len(b.n_ring)):
        b.n_ring[i] = 0
        b.failures_ring[i] = 0
        b.slow_ring[i] = 0


def advance(b: Breaker, p: Params, now: int) -> None:
    """TIME window: drop the buckets that have left it."""
    bucket = (now - b.start_ns) // p.width_ns
    steps = bucket - b.bucket
    if steps > p.size:
        steps = p.size
    for _ in range(steps):
        b.position = (b.position + 1) % p.size
        b.n -= b.n_ring[b.position]
        b.fail_count -= b.failures_ring[b.position]
        b.slow_count -= b.slow_ring[b.position]
        b.n_ring[b.position] = 0
        b.failures_ring[b.position] = 0
        b.slow_ring[b.position] = 0
    b.bucket = bucket


def remember(b: Breaker, p: Params, now: int, failed: int, slow: int) -> None:
    """Put one result into the window."""
    b.row = b.row + 1 if failed else 0
    if p.window == W_CONSECUTIVE:
        b.n += 1
        b.fail_count = b.row
        b.slow_count += slow
        return
    if p.window == W_TIME:
        advance(b, p, now)
        i = b.position
        b.n_ring[i] += 1
        b.failures_ring[i] += failed
        b.slow_ring[i] += slow
    else:
        i = b.position
        b.n -= b.n_ring[i]
        b.fail_count -= b.failures_ring[i]
        b.slow_count -= b.slow_ring[i]
        b.n_ring[i] = 1
        b.failures_ring[i] = failed
        b.slow_ring[i] = slow
        b.position = (i + 1) % p.size
    b.n += 1
    b.fail_count += failed
    b.slow_count += slow


def verdict_of_window(b: Breaker, p: Params) -> int:
    """The cause for which the window trips now, or 0."""
    if p.failures > 0 and b.fail_count >= p.failures:
        return BY_CONSECUTIVE if p.window == W_CONSECUTIVE else BY_COUNT
    if b.n >= p.minimum:
        if p.failure_ratio > 0.0 and b.fail_count / b.n >= p.failure_ratio:
            return BY_RATIO
        if p.slow_ratio > 0.0 and b.slow_count / b.n >= p.slow_ratio:
            return BY_SLOW
    return NO_CAUSE


def move(b: Breaker, p: Params, now: int, state: int, cause: int) -> None:
    """The one place where the state changes."""
    b.seen_n = b.n if b.state == CLOSED else b.probe_n
    b.seen_failures = b.fail_count if b.state == CLOSED else b.probe_failures
    b.seen_slow = b.slow_count if b.state == CLOSED else 0
    b.from_state = b.state
    b.state = state
    b.cause = cause
    b.moves += 1
    b.generation += 1
    b.in_flight = b.probe_n = b.probe_failures = 0
    b.permits = p.probes
    if state == OPEN:
        b.ordinal += 1
        b.attempt += 1
        b.open_ns = open_time(b, p)
        b.until = now + b.open_ns
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
    return int(length)


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
    if b.state == CLOSED:
        return True
    if b.state == OPEN:
        return p.leave == LEAVE_REQUEST and over(b, p, now)
    return half_open_room(b, p)


def admit(b: Breaker, p: Params, now: int) -> int:
    """A ticket (positive, carries the generation and whether it is a probe), or 0: refused."""
    if b.state == CLOSED:
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
        settle_probe(b, p, now, fresh and ticket & 1 == 1, verdict)
    elif verdict != IGNORE:
        failed = 1 if verdict == FAILURE else 0
        # While open a result is recorded without effect, and only where a window outlives the opening.
        if b.state == OPEN and p.clear == CLEAR_TRANSITION:
            return
        remember(b, p, now, failed, 1 if slow else 0)
        if b.state == CLOSED and (failed or p.evaluate == ON_ANY):
            cause = verdict_of_window(b, p)
            if cause:
                move(b, p, now, OPEN, cause)


def settle_probe(b: Breaker, p: Params, now: int, probe: bool, verdict: int) -> None:
    """A result in half-open; a late one decides too where the rule is `current state`."""
    if probe:
        b.in_flight -= 1
    if verdict == IGNORE:
        if probe:
            b.permits += 1
        return
    failed = verdict == FAILURE
    b.probe_n += 1
    b.probe_failures += 1 if failed else 0
    if p.decide == DECIDE_RATE:
        if b.probe_n >= p.decide_n:
            if b.probe_failures / b.probe_n >= p.decide_ratio:
                move(b, p, now, OPEN, BY_PROBE_RATE)
            else:
                move(b, p, now, CLOSED, BY_PASS)
    elif failed:
        move(b, p, now, OPEN, BY_PROBE)
    elif p.decide == DECIDE_FIRST or b.probe_n >= p.decide_n:
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
    """A manual move to closed, open or half-open."""
    move(b, p, now, state, BY_FORCE)
