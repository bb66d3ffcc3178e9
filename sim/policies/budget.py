"""Retry budgets: a ratio of first tries over a sliding window, or a bucket of tokens."""

from typing import Protocol

from sim.policies.kinds import BUDGET_RATIO

SLICES = 10
"""The window slides in tenths of its width."""
ROUNDING = 1e-9
"""Ten earnings of 10 % are a whole token, although their floating-point sum falls short of 1."""


class Budget(Protocol):
    """What the functions read."""

    @property
    def budget(self) -> int: ...
    @property
    def budget_ratio(self) -> float: ...
    @property
    def budget_min_per_s(self) -> float: ...
    @property
    def budget_window_ns(self) -> int: ...
    @property
    def budget_capacity(self) -> float: ...


class State:
    """One copy: tokens, or first tries and retries per slice."""

    __slots__ = ("first", "params", "retries", "slice", "slice_ns", "tokens", "total_first", "total_retries")

    def __init__(self, p: Budget) -> None:
        self.params = p
        self.tokens = p.budget_capacity
        self.slice_ns = max(1, p.budget_window_ns // SLICES)
        self.slice = 0
        self.first = [0] * SLICES
        self.retries = [0] * SLICES
        self.total_first = 0
        self.total_retries = 0


def new(p: Budget, now: int) -> State:
    """A full bucket, an empty window."""
    state = State(p)
    state.slice = now // state.slice_ns
    return state


def _slide(s: State, now: int) -> int:
    current = now // s.slice_ns
    for _ in range(min(SLICES, current - s.slice)):
        s.slice += 1
        i = s.slice % SLICES
        s.total_first -= s.first[i]
        s.total_retries -= s.retries[i]
        s.first[i] = s.retries[i] = 0
    s.slice = current
    return current % SLICES


def started(s: State, now: int) -> None:
    """A first try begins."""
    if s.params.budget == BUDGET_RATIO:
        i = _slide(s, now)
        s.first[i] += 1
        s.total_first += 1


def succeeded(s: State, now: int) -> None:
    """A call succeeded: a token bucket earns."""
    if s.params.budget != BUDGET_RATIO:
        s.tokens = min(s.params.budget_capacity, s.tokens + s.params.budget_ratio)


def allows(s: State, now: int) -> bool:
    """May a retry be sent? If so it is counted."""
    p = s.params
    if p.budget == BUDGET_RATIO:
        i = _slide(s, now)
        window_s = p.budget_window_ns / 1e9
        if s.total_retries + 1 > (p.budget_ratio * s.total_first + p.budget_min_per_s * window_s + ROUNDING):
            return False
        s.retries[i] += 1
        s.total_retries += 1
        return True
    if s.tokens < 1.0 - ROUNDING:
        return False
    s.tokens = max(0.0, s.tokens - 1.0)
    return True
