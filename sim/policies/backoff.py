"""Delays between tries, after Brooker, "Exponential Backoff And Jitter" (AWS, 2015)."""

from typing import Protocol

from sim.policies.kinds import (
    BACKOFF_EXPONENTIAL,
    BACKOFF_NONE,
    JITTER_DECORRELATED,
    JITTER_EQUAL,
    JITTER_FULL,
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


def delay(p: Backoff, n: int, previous_ns: int, u: float) -> int:
    """Delay in ns before retry n (from 0); `previous_ns` is the delay before, 0 at first; u in (0, 1).

    v = min(cap, base * multiplier^n). None: v. Full: U(0, v). Equal: v/2 + U(0, v/2).
    Decorrelated: min(cap, U(base, 3 * previous)), previous starting at base.
    """
    if p.backoff == BACKOFF_NONE:
        return 0
    if p.jitter == JITTER_DECORRELATED:
        previous = previous_ns or p.base_ns
        return min(p.cap_ns, int(p.base_ns + u * (3 * previous - p.base_ns)))
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
    return int(value)
