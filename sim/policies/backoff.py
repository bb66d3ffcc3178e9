"""Delays between tries, after Brooker, "Exponential Backoff And Jitter" (AWS, 2015), and Polly."""

import math
from typing import Protocol

from sim.policies.kinds import (
    BACKOFF_EXPONENTIAL,
    BACKOFF_NONE,
    JITTER_AROUND,
    JITTER_DECORRELATED,
    JITTER_EQUAL,
    JITTER_EXPONENTIAL,
    JITTER_FULL,
    JITTER_POLLY,
)


class Backoff(Protocol):
    """What `delay` reads."""

    @property
    def backoff(self) -> int: ...
    @property
    def base_ns(self) -> int: ...
    @property
    def multiplier(self) -> float: ...
    @property
    def cap_ns(self) -> int: ...
    @property
    def jitter(self) -> int: ...
    @property
    def spread(self) -> float: ...


def delay(p: Backoff, n: int, previous_ns: int, u: float, u_before: float = 0.0) -> int:
    """Delay in ns before retry n (from 0); `previous_ns` is the delay before, 0 at first; u in (0, 1), and
    the u of the retry before.

    v = min(cap, base * multiplier^n). None: v. Full: U(0, v). Equal: v/2 + U(0, v/2).
    Decorrelated: min(cap, U(base, 3 * previous)), previous starting at base. Around: v U(1 - spread, 1 + spread).
    Polly: base / 1.4 times the step of f(t) = 2^t tanh(sqrt(4 t)) from the draw before to t = n + u
    (RetryHelper.cs, DecorrelatedJitterV2). Exponential: of mean v, as Markov models of retries have it.
    """
    if p.backoff == BACKOFF_NONE:
        return 0
    if p.jitter == JITTER_DECORRELATED:
        previous = previous_ns or p.base_ns
        return min(p.cap_ns, int(p.base_ns + u * (3 * previous - p.base_ns)))
    if p.jitter == JITTER_POLLY:
        step = _polly(n + u) - (_polly(n - 1 + u_before) if n else 0.0)
        return min(p.cap_ns, max(0, int(step * p.base_ns / 1.4)))
    value = float(p.base_ns)
    if p.backoff == BACKOFF_EXPONENTIAL:
        for _ in range(n):
            value *= p.multiplier
            if value >= p.cap_ns:
                break
    value = min(value, float(p.cap_ns))
    if p.jitter == JITTER_FULL:
        value *= u
    elif p.jitter == JITTER_EQUAL:
        value = value / 2 + u * value / 2
    elif p.jitter == JITTER_AROUND:
        value *= 1.0 - p.spread + 2.0 * p.spread * u
    elif p.jitter == JITTER_EXPONENTIAL:
        value *= -math.log(u)
    return int(value)


def _polly(t: float) -> float:
    return float(2.0**t * math.tanh(math.sqrt(4.0 * t)))
