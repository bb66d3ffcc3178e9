"""The record of one breaker copy, and its window: what it remembers and when that trips.

The window costs O(1) a result, amortised: a bucket that leaves is subtracted once, and a silence longer
than the window empties it in one round.
"""

from dataclasses import dataclass, field

from sim.policies.breaker_parts import (
    BY_CONSECUTIVE,
    BY_COUNT,
    BY_RATIO,
    BY_SLOW,
    NO_CAUSE,
    W_CONSECUTIVE,
    W_TIME,
    Params,
)
from sim.words import CLOSED


@dataclass(slots=True, eq=False)
class Breaker:
    """The mutable record of one copy. `eq=False`: a copy is itself, whatever it has seen."""

    key: int = 0
    """Its luck: jitter draws from (key, ordinal of the opening)."""
    state: int = CLOSED
    generation: int = 1
    """Grows with each transition; a ticket carries the one it was given in."""
    moves: int = 0
    """Transitions so far; the next five describe the last one."""
    from_state: int = CLOSED
    cause: int = NO_CAUSE
    seen_n: int = 0
    seen_failures: int = 0
    seen_slow: int = 0
    ordinal: int = 0
    """Openings so far."""
    attempt: int = 0
    """Openings since the last close: the exponent of a growing open time."""
    open_ns: int = 0
    """Length of the last opening."""
    until: int = 0
    """The instant at which it is over."""
    permits: int = 0
    """QUOTA: probes that half-open still admits."""
    in_flight: int = 0
    """Probes of this half-open period that have not come back."""
    probe_n: int = 0
    probe_failures: int = 0
    probe_slow: int = 0
    n: int = 0
    """Results in the window; so for failures and slow ones."""
    fail_count: int = 0
    slow_count: int = 0
    row: int = 0
    """Failures in a row."""
    position: int = 0
    """Of the current slot in the rings."""
    bucket: int = 0
    """TIME: number of the current bucket since start_ns."""
    start_ns: int = 0
    """TIME: when the window was last emptied; the grid starts there."""
    n_ring: list[int] = field(default_factory=list)
    failures_ring: list[int] = field(default_factory=list)
    slow_ring: list[int] = field(default_factory=list)


def new(p: Params, key: int) -> Breaker:
    """A closed breaker with its luck. Model: the grid of a time window starts at instant 0 until the
    first transition; copies that have tripped have each a grid of their own."""
    size = p.size if p.window != W_CONSECUTIVE else 1
    return Breaker(key=key, n_ring=[0] * size, failures_ring=[0] * size, slow_ring=[0] * size)


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
