"""Token bucket with reservation: a call may wait for its token."""

import math
from typing import Protocol

NS = 1_000_000_000


class Bucket(Protocol):
    """What the functions read."""

    @property
    def rate_per_s(self) -> float: ...
    @property
    def burst(self) -> float: ...
    @property
    def max_wait_ns(self) -> int: ...


class State:
    """Tokens as of an instant; negative while tokens are reserved."""

    __slots__ = ("at_ns", "tokens")

    def __init__(self, p: Bucket, now: int) -> None:
        self.tokens = float(p.burst)
        self.at_ns = now


def new(p: Bucket, now: int) -> State:
    """A full bucket."""
    return State(p, now)


def take(s: State, p: Bucket, now: int) -> int:
    """Take one token: 0 now, > 0 ns to wait for it, -1 refused (nothing is reserved then)."""
    s.tokens = min(p.burst, s.tokens + (now - s.at_ns) * p.rate_per_s / NS)
    s.at_ns = now
    # A refill that is short of a whole token by rounding alone is a whole token.
    if s.tokens >= 1.0 - 1e-9:
        s.tokens -= 1.0
        return 0
    wait = math.ceil((1.0 - s.tokens) * NS / p.rate_per_s)
    if wait > p.max_wait_ns:
        return -1
    s.tokens -= 1.0
    return wait
