"""Adaptive throttling, SRE book ch. 21, eq. 21-1: p = max(0, (requests - K accepts) / (requests + 1))."""

from typing import Protocol


class Throttle(Protocol):
    """What the functions read."""

    @property
    def k(self) -> float: ...
    @property
    def window_ns(self) -> int: ...
    @property
    def buckets(self) -> int: ...


class State:
    """Requests and accepts per bucket of the sliding window. Local refusals count as requests."""

    __slots__ = ("accepts", "bucket", "requests", "total_accepts", "total_requests")

    def __init__(self, p: Throttle) -> None:
        self.requests = [0] * p.buckets
        self.accepts = [0] * p.buckets
        self.bucket = 0
        self.total_requests = 0
        self.total_accepts = 0


def new(p: Throttle, now: int) -> State:
    """An empty window."""
    state = State(p)
    state.bucket = now * p.buckets // p.window_ns
    return state


def _slide(s: State, p: Throttle, now: int) -> int:
    current = now * p.buckets // p.window_ns
    for _ in range(min(p.buckets, current - s.bucket)):
        s.bucket += 1
        i = s.bucket % p.buckets
        s.total_requests -= s.requests[i]
        s.total_accepts -= s.accepts[i]
        s.requests[i] = s.accepts[i] = 0
    s.bucket = current
    return current % p.buckets


def rejection(s: State, p: Throttle, now: int) -> float:
    """Probability of refusing now."""
    _slide(s, p, now)
    return max(0.0, (s.total_requests - p.k * s.total_accepts) / (s.total_requests + 1))


def requested(s: State, p: Throttle, now: int) -> None:
    """The application tried."""
    i = _slide(s, p, now)
    s.requests[i] += 1
    s.total_requests += 1


def accepted(s: State, p: Throttle, now: int) -> None:
    """The callee accepted."""
    i = _slide(s, p, now)
    s.accepts[i] += 1
    s.total_accepts += 1
