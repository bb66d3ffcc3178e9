"""The record of one breaker copy, and its window: what it remembers and when that trips.

The window costs O(1) a result, amortised: a bucket that leaves is subtracted once, and a silence longer
than the window empties it in one round.
"""

import math
from dataclasses import dataclass, field

from sim.policies.breaker_parts import (
    ABOVE,
    AT_LEAST,
    BELOW,
    GRID_EPOCH,
    NO_CAUSE,
    OF_RESULTS,
    Q_AGE_NS,
    Q_EMA,
    Q_FAILURE_PERCENT,
    Q_FAILURE_PERCENT_CUT,
    Q_FAILURE_PERCENT_ROUNDED,
    Q_FAILURE_RATIO,
    Q_FAILURES,
    Q_MEAN_NS,
    Q_N,
    Q_ROW,
    Q_SEEN,
    Q_SLOW_RATIO,
    Q_STATE,
    Q_SUCCESS_RATIO,
    W_CONSECUTIVE,
    W_COUNT,
    W_EMA,
    W_LAZY,
    W_STALE,
    Params,
)
from sim.words import CLOSED

STATE_BITS = 3
STATE_MASK = (1 << STATE_BITS) - 1
"""A ticket is the generation it was given in, and below it the state."""


@dataclass(slots=True, eq=False)
class Breaker:
    """The mutable record of one copy. `eq=False`: a copy is itself, whatever it has seen."""

    key: int = 0
    """Its luck: jitter draws from (key, ordinal of the opening), a ramp from (key, ordinal of the ask)."""
    state: int = CLOSED
    since: int = 0
    """When it entered its state, ns."""
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
    asked: int = 0
    """RAMP: probes that have drawn so far."""
    permits: int = 0
    """QUOTA: probes that half-open still admits."""
    in_flight: int = 0
    """Probes of this half-open period that have not come back."""
    probe_n: int = 0
    probe_failures: int = 0
    probe_slow: int = 0
    probe_bad: int = 0
    """Probes that failed, or were slow where slowness is judged."""
    n: int = 0
    """Results (started or asked calls) in the window; so for failures and slow ones."""
    fail_count: int = 0
    slow_count: int = 0
    sum_ns: int = 0
    """Latencies of the successes in the window."""
    row: int = 0
    """Failures in a row."""
    seen: int = 0
    """Results since the window was last emptied."""
    ema: float = 1.0
    """EMA: average of successes (1) and failures (0)."""
    ema_at: int = -1
    """When it was last updated; -1: no result yet."""
    position: int = 0
    """Of the current slot in the rings."""
    used: int = 0
    """LAZY: slots that hold something."""
    bucket: int = 0
    """Number of the current bucket since the grid's start."""
    start_ns: int = 0
    """When the window was last emptied."""
    n_ring: list[int] = field(default_factory=list)
    failures_ring: list[int] = field(default_factory=list)
    slow_ring: list[int] = field(default_factory=list)
    sum_ring: list[int] = field(default_factory=list)
    stamp_ring: list[int] = field(default_factory=list)
    """LAZY: when the slot began, ns. STALE: the number of its bucket."""


def new_window(p: Params, key: int, now: int) -> Breaker:
    """A record with its luck and an empty window that begins now."""
    slots = p.size + (p.window == W_LAZY) if p.rolls else 0
    b = Breaker(key, n_ring=[0] * slots, failures_ring=[0] * slots, slow_ring=[0] * slots)
    b.sum_ring, b.stamp_ring = [0] * slots, [0] * slots
    b.since = now
    clear_window(b, p, now)
    return b


def clear_window(b: Breaker, p: Params, now: int) -> None:
    """Forget every result."""
    b.n = b.fail_count = b.slow_count = b.sum_ns = b.row = b.seen = b.position = b.used = 0
    b.ema, b.ema_at = 1.0, -1
    b.start_ns = now
    b.bucket = now // p.width_ns if p.grid == GRID_EPOCH else 0
    for i in range(len(b.n_ring)):
        b.n_ring[i] = b.failures_ring[i] = b.slow_ring[i] = b.sum_ring[i] = b.stamp_ring[i] = 0


def drop(b: Breaker, i: int) -> None:
    """What slot i holds leaves the window."""
    b.n -= b.n_ring[i]
    b.sum_ns -= b.sum_ring[i]
    b.n_ring[i] = b.sum_ring[i] = 0
    if b.failures_ring[i]:
        b.fail_count -= b.failures_ring[i]
        b.failures_ring[i] = 0
    if b.slow_ring[i]:
        b.slow_count -= b.slow_ring[i]
        b.slow_ring[i] = 0


def advance(b: Breaker, p: Params, now: int) -> None:
    """A window on a grid: drop the buckets that have left it."""
    bucket = now // p.width_ns if p.grid == GRID_EPOCH else (now - b.start_ns) // p.width_ns
    steps = bucket - b.bucket
    if steps > p.size:
        steps = p.size
    for _ in range(steps):
        b.position = (b.position + 1) % p.size
        drop(b, b.position)
    b.bucket = bucket
    if p.of != OF_RESULTS and b.row > b.fail_count:
        b.row = b.fail_count  # gobreaker: a run shortens when a bucket that it reached into leaves


def advance_lazy(b: Breaker, p: Params, now: int) -> None:
    """A bucket begins with the first event after the previous one is full, and leaves at its age."""
    slots = p.size + 1
    if b.used == 0 or now >= b.stamp_ring[b.position] + p.width_ns:
        b.position = (b.position + 1) % slots
        b.stamp_ring[b.position] = now
        b.used += 1
    oldest = (b.position - b.used + 1) % slots
    while now - b.stamp_ring[oldest] >= p.span_ns:
        drop(b, oldest)
        b.used -= 1
        oldest = (oldest + 1) % slots


def slot(b: Breaker, p: Params, now: int) -> int:
    """The slot for what happens now, once what is too old has left."""
    if p.window == W_COUNT:
        i = b.position
        drop(b, i)
        b.position = (i + 1) % p.size
        return i
    if p.window == W_LAZY:
        advance_lazy(b, p, now)
    elif p.window == W_STALE:
        second = now // p.width_ns
        b.position = second % p.size
        if b.stamp_ring[b.position] != second:
            drop(b, b.position)
            b.stamp_ring[b.position] = second
    else:
        advance(b, p, now)
    return b.position


def count_call(b: Breaker, p: Params, now: int) -> None:
    """A call is counted before it has a result."""
    if p.rolls:
        b.n_ring[slot(b, p, now)] += 1
    b.n += 1


def remember(b: Breaker, p: Params, now: int, failed: int, slow: int, elapsed_ns: int) -> None:
    """Put one result into the window."""
    if p.rolls:
        # Its share in the slot that will leave one day; first, what is too old leaves.
        i = slot(b, p, now)
        if p.of == OF_RESULTS:
            b.n_ring[i] += 1
        if failed:
            b.failures_ring[i] += 1
        else:
            b.sum_ring[i] += elapsed_ns
        if slow:
            b.slow_ring[i] += 1
    b.seen += 1
    if failed:
        b.row += 1
        b.fail_count += 1
    else:
        b.row = 0
        if p.window == W_CONSECUTIVE:
            b.n = b.fail_count = b.slow_count = b.sum_ns = 0
        b.sum_ns += elapsed_ns
    b.slow_count += slow
    if p.of == OF_RESULTS:
        b.n += 1
    if p.window == W_EMA:
        average(b, p, now, 0.0 if failed else 1.0)


def average(b: Breaker, p: Params, now: int, x: float) -> None:
    """Update the average; results of one instant weigh nothing (Finagle, Ema.scala)."""
    stamp = b.seen if p.ema_by_count else now
    if b.ema_at < 0:
        b.ema = x
    else:
        weight = math.exp(-(stamp - b.ema_at) / p.ema)
        b.ema = x * (1.0 - weight) + b.ema * weight
    b.ema_at = stamp


def quantity(b: Breaker, which: int, now: int) -> float:
    """What a condition looks at. A share of nothing is 0; where started calls are counted, failures whose
    starts have left the window are infinitely many of none (opossum, gobreaker: x / 0)."""
    if which == Q_N:
        return b.n
    if which == Q_ROW:
        return b.row
    if which == Q_FAILURES:
        return b.fail_count
    if which == Q_STATE:
        return b.state
    if which == Q_SEEN:
        return b.seen
    if which == Q_AGE_NS:
        return now - b.start_ns
    if which == Q_EMA:
        return b.ema
    if b.n == 0:
        return math.inf if b.fail_count else 0.0
    if which == Q_SLOW_RATIO:
        return b.slow_count / b.n
    if which == Q_SUCCESS_RATIO:
        return (b.n - b.fail_count) / b.n
    if which == Q_MEAN_NS:
        return b.sum_ns / b.n
    return share(which, b.fail_count, b.n)


def share(which: int, part: int, whole: int) -> float:
    """A share as a library computes it: exact, in percent, cut or rounded to whole percents."""
    if which == Q_FAILURE_RATIO:
        return part / whole
    percent = part / whole * 100.0
    if which == Q_FAILURE_PERCENT_CUT:
        return int(percent)
    if which == Q_FAILURE_PERCENT_ROUNDED:
        return math.floor(percent + 0.5)
    assert which == Q_FAILURE_PERCENT
    return percent


def holds(b: Breaker, which: int, comparison: int, threshold: float, now: int) -> bool:
    """Is one condition met?"""
    x = quantity(b, which, now)
    if comparison == AT_LEAST:
        return x >= threshold
    if comparison == ABOVE:
        return x > threshold
    return x < threshold if comparison == BELOW else x == threshold


def verdict_of_window(b: Breaker, p: Params, now: int) -> int:
    """The cause for which the window trips now, or 0."""
    i, ends = 0, p.rule_ends
    quantities, comparisons, thresholds = p.quantities, p.comparisons, p.thresholds
    for rule in range(len(ends)):
        end = ends[rule]
        while i < end and holds(b, quantities[i], comparisons[i], thresholds[i], now):
            i += 1
        if i == end:
            return p.rule_causes[rule]
        i = end
    return NO_CAUSE
