"""resilience4j's rate limiter: so many permissions per cycle, cycles counted from its creation
(AtomicRateLimiter.java). A call may reserve a permission of a later cycle and wait for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Params:
    """A limiter as numbers."""

    limit: int = 50
    period_ns: int = 500
    timeout_ns: int = 5_000_000_000
    """Longest wait."""


class State:
    """Permissions left as of a cycle; negative while those of later cycles are reserved."""

    __slots__ = ("cycle", "permissions", "start_ns")

    def __init__(self, p: Params, now: int) -> None:
        self.start_ns = now
        self.cycle = 0
        self.permissions = p.limit


def new(p: Params, now: int) -> State:
    """A limiter whose first cycle begins now."""
    return State(p, now)


def take(s: State, p: Params, now: int, n: int = 1) -> int:
    """Take n permissions: 0 now, > 0 ns to wait for their cycle, -1 refused (nothing is reserved then)."""
    cycle = (now - s.start_ns) // p.period_ns
    permissions = min(s.permissions + (cycle - s.cycle) * p.limit, p.limit)
    wait = 0
    if permissions < n:
        next_ns = s.start_ns + (cycle + 1) * p.period_ns - now
        full = n - permissions - p.limit
        wait = next_ns + max(0, -(-full // p.limit)) * p.period_ns
    s.cycle = cycle
    s.permissions = permissions
    if wait > p.timeout_ns:
        return -1
    s.permissions -= n
    return wait
