"""Retry budgets: what bounds the retries of a caller over all its calls.

started(s, p, now)                  a first try begins
tried(s, p, cost, failed)           a try ended; its cost if it was a retry
allows(s, p, now, outcome) -> cost  may a retry be sent after a try that ended so? -1: no
over(s, p, good, cost)              the call is over; cost of its last retry, 0 without one

Sources: botocore retries/quota.py and standard.py; aws-smithy-runtime client/retries; gRFC A6; Finagle
RetryBudget.scala over util's LeakyTokenBucket; tower retry/budget (Linkerd); Envoy
resource_manager_impl.h; failsafe-go budget/budget.go.
"""

from dataclasses import dataclass

from sim.words import NS, OUTCOMES

NONE, RATIO, TOKENS, QUOTA, THROTTLE, CONCURRENT, LEAKY = range(7)
SLICES = 10
"""The window slides in tenths of its width."""
ROUNDING = 1e-9
"""Ten earnings of 10 % are a whole token, although their floating-point sum falls short of 1."""
MILLI = 1000


@dataclass(frozen=True, slots=True)
class Params:
    """A budget as numbers; what a kind does not use keeps its default."""

    kind: int = NONE
    ratio: float = 0.1
    """RATIO: retries per first try; TOKENS, THROTTLE: tokens per success; CONCURRENT: retries per call in
    flight."""
    min_per_s: float = 0.0
    """RATIO, LEAKY: retries a second always allowed."""
    window_ns: int = 10 * NS
    capacity: float = 0.0
    costs: tuple[float, ...] = (1.0,) * len(OUTCOMES)
    """QUOTA: of a retry, by the outcome that it follows."""
    no_retry_earns: float = 1.0
    """QUOTA: earned by a success without retry."""
    min_concurrent: int = 3
    """CONCURRENT: retries at once always allowed."""
    whole: int = 0
    """CONCURRENT: 1: the share of the calls in flight is truncated."""
    deposit: int = 1
    """LEAKY: units of a request."""
    withdrawal: int = 1
    """LEAKY: units of a retry."""


class State:
    """One copy: tokens, or first tries and retries per slice, or what is in flight."""

    __slots__ = ("active", "first", "retries", "retrying", "slice", "slice_ns", "tokens", "total_first",
                 "total_retries")  # fmt: skip

    def __init__(self, p: Params, now: int) -> None:
        self.tokens = p.capacity
        self.slice_ns = max(1, p.window_ns // SLICES)
        self.slice = now // self.slice_ns
        self.first = [0] * SLICES
        self.retries = [0] * SLICES
        self.total_first = 0
        self.total_retries = 0
        self.active = 0
        self.retrying = 0


def new(p: Params, now: int) -> State:
    """A full budget, an empty window."""
    return State(p, now)


def _slide(s: State, now: int) -> int:
    # Model: Finagle's slices begin at the first event after the one before is full; ours are a grid.
    current = now // s.slice_ns
    for _ in range(min(SLICES, current - s.slice)):
        s.slice += 1
        i = s.slice % SLICES
        s.total_first -= s.first[i]
        s.total_retries -= s.retries[i]
        s.first[i] = s.retries[i] = 0
    s.slice = current
    return current % SLICES


def started(s: State, p: Params, now: int) -> None:
    """A first try begins."""
    s.active += 1
    if p.kind in (RATIO, LEAKY):
        i = _slide(s, now)
        s.first[i] += 1
        s.total_first += 1


def tried(s: State, p: Params, cost: float, failed: bool) -> None:
    """A try ended: `cost` is its own if it was a retry, else 0; `failed` in a way that could be retried."""
    if p.kind == CONCURRENT:
        s.retrying -= cost > 0
    elif p.kind == THROTTLE and failed:
        s.tokens = max(0.0, s.tokens - 1.0)


def allows(s: State, p: Params, now: int, outcome: int) -> float:
    """May a retry be sent after a try that ended so? Its cost, which is taken, or -1."""
    if p.kind in (RATIO, LEAKY):
        return _from_window(s, p, now)
    if p.kind == THROTTLE:
        return 0.0 if s.tokens > p.capacity / 2 else -1.0
    if p.kind == CONCURRENT:
        share = p.ratio * s.active
        if s.retrying >= max(int(share + ROUNDING) if p.whole else share, p.min_concurrent):
            return -1.0
        s.retrying += 1
        return 1.0
    cost = p.costs[outcome]
    if s.tokens < cost - ROUNDING:
        return -1.0
    s.tokens = max(0.0, s.tokens - cost)
    return cost


def _from_window(s: State, p: Params, now: int) -> float:
    i = _slide(s, now)
    if p.kind == LEAKY:
        enough = units(s, p) >= p.withdrawal
    else:
        reserve = p.min_per_s * p.window_ns / NS
        enough = s.total_retries + 1 <= p.ratio * s.total_first + reserve + ROUNDING
    if not enough:
        return -1.0
    s.retries[i] += 1
    s.total_retries += 1
    return 1.0


def units(s: State, p: Params) -> int:
    """LEAKY: what is in the bucket. Withdrawals leave with their slice, as deposits do."""
    reserve = int(p.min_per_s * (p.window_ns // NS) * p.withdrawal)
    return p.deposit * s.total_first - p.withdrawal * s.total_retries + reserve


def balance(s: State, p: Params, now: int) -> float:
    """Tokens left; LEAKY: retries that the bucket holds."""
    if p.kind != LEAKY:
        return s.tokens
    _slide(s, now)
    return float(int(units(s, p) / p.withdrawal))


def over(s: State, p: Params, good: bool, cost: float) -> None:
    """The call is over: `cost` is that of its last retry, 0 without one."""
    s.active -= 1
    if good and p.kind == QUOTA:
        s.tokens = min(p.capacity, s.tokens + (cost or p.no_retry_earns))
    elif good and p.kind == TOKENS:
        s.tokens = min(p.capacity, s.tokens + p.ratio)
    elif good and p.kind == THROTTLE:
        s.tokens = min(p.capacity, round((s.tokens + p.ratio) * MILLI) / MILLI)
