"""Probabilistic throttles: refuse with a probability that grows as the callee accepts less.

Estimator: counts over a sliding window, or a moving average. Controller: a formula of them. Actuator: a
coin. SRE book ch. 21, eq. 21-1: p = max(0, (requests - k accepts) / (requests + 1)); the others vary it.
"""

import math
from dataclasses import dataclass

from sim.words import ERROR, NS, OK, OUTCOMES, SHED

BY_COUNTS, BY_RUNS, BY_AVERAGE = range(3)
"""Counts over the window; the same with go-zero's runs of buckets; a moving average of accepts."""

ONLY_OK = tuple(outcome == OK for outcome in range(len(OUTCOMES)))
ALL_BUT_SHED = tuple(outcome != SHED for outcome in range(len(OUTCOMES)))


@dataclass(frozen=True, slots=True)
class Params:
    """A throttle as numbers."""

    kind: int = BY_COUNTS
    k: float = 2.0
    """Requests allowed per accept. RUNS: at first; it falls to `k_least`."""
    k_least: float = 1.1
    window_ns: int = 120 * NS
    """AVERAGE: the time constant."""
    buckets: int = 120
    grace: float = 0.0
    """So many requests are free."""
    minimum: int = 0
    """Requests in the window before anything is refused."""
    power: float = 1.0
    cap: float = 1.0
    """Highest probability of refusing."""
    least_per_s: float = 0.0
    """Below this rate of requests nothing is refused (AVERAGE: everything counts as accepted)."""
    threshold: float = 0.5
    """AVERAGE: refuses below it."""
    local: int = 1
    """1: what was refused here counts as a request."""
    accepts: tuple[bool, ...] = tuple(outcome in (OK, ERROR) for outcome in range(len(OUTCOMES)))
    """By outcome number: does it count as accepted? An application's error does; an overload refusal or
    silence does not."""
    pass_after_ns: int = 0
    """RUNS: one request passes when none has for so long."""


class State:
    """Requests and accepts per bucket of the sliding window, or a moving average."""

    __slots__ = (
        "accepts", "average", "average_at", "bucket", "passed_at", "requests", "total_accepts", "total_requests"
    )  # fmt: skip

    def __init__(self, p: Params) -> None:
        self.requests = [0] * p.buckets
        self.accepts = [0] * p.buckets
        self.bucket = 0
        self.total_requests = 0
        self.total_accepts = 0
        self.average = 1.0
        self.average_at = 0
        self.passed_at = 0


def new(p: Params, now: int) -> State:
    """An empty window."""
    state = State(p)
    state.bucket = now * p.buckets // p.window_ns
    state.average_at = state.passed_at = now
    return state


def _slide(s: State, p: Params, now: int) -> int:
    current = now * p.buckets // p.window_ns
    for _ in range(min(p.buckets, current - s.bucket)):
        s.bucket += 1
        i = s.bucket % p.buckets
        s.total_requests -= s.requests[i]
        s.total_accepts -= s.accepts[i]
        s.requests[i] = s.accepts[i] = 0
    s.bucket = current
    return current % p.buckets


def formula(p: Params, requests: float, accepts: float) -> float:
    """Probability of refusing for these counts."""
    if requests < p.minimum:
        return 0.0
    share = max(0.0, (requests - p.grace - p.k * accepts) / (requests + 1))
    return float(min(p.cap, share**p.power))


def rejection(s: State, p: Params, now: int) -> float:
    """Probability of refusing now."""
    if p.kind == BY_AVERAGE:
        if s.average >= p.threshold:
            return 0.0
        return min(p.cap, 1.0 - s.average / p.threshold)
    _slide(s, p, now)
    if s.total_requests * NS < p.least_per_s * p.window_ns:
        return 0.0
    if p.kind == BY_RUNS:
        return _by_runs(s, p, now)
    return formula(p, s.total_requests, s.total_accepts)


def _by_runs(s: State, p: Params, now: int) -> float:
    """go-zero (core/breaker/googlebreaker.go): k falls with the trailing run of failing buckets, and the
    probability with that of working ones; a request passes when none has for a while."""
    failing = working = 0
    for back in range(p.buckets):
        i = (s.bucket - back) % p.buckets
        failed = s.requests[i] - s.accepts[i]
        if s.accepts[i] and not failed and failing == 0:
            working += 1
        elif failed and not s.accepts[i] and working == 0:
            failing += 1
        elif s.requests[i]:
            break
    k = max(p.k_least, p.k - (p.k - p.k_least) * failing / p.buckets)
    share = (s.total_requests - p.grace - k * s.total_accepts) / (s.total_requests + 1)
    if share <= 0.0 or now - s.passed_at > p.pass_after_ns:
        return 0.0
    return share * (p.buckets - working) / p.buckets


def requested(s: State, p: Params, now: int, *, refused: bool) -> None:
    """The application tried; `refused` here or sent."""
    if not refused:
        s.passed_at = now
    if (refused and not p.local) or p.kind == BY_AVERAGE:
        return
    i = _slide(s, p, now)
    s.requests[i] += 1
    s.total_requests += 1


def answered(s: State, p: Params, now: int, *, accepted: bool) -> None:
    """The callee answered a request that was sent."""
    if p.kind == BY_AVERAGE:
        _average(s, p, now, accepted)
        return
    i = _slide(s, p, now)
    s.accepts[i] += accepted
    s.total_accepts += accepted


def _average(s: State, p: Params, now: int, accepted: bool) -> None:
    """Finagle (NackAdmissionFilter.scala): few requests count as accepted; results of one instant weigh
    nothing."""
    i = now // NS % p.buckets
    second = now // NS
    if s.bucket != second:
        s.requests[i] = 0
        s.bucket = second
    s.requests[i] += 1
    busy = s.requests[i] + s.requests[i - 1] >= p.least_per_s
    weight = math.exp(-(now - s.average_at) / p.window_ns)
    s.average = (1.0 if accepted or not busy else 0.0) * (1.0 - weight) + s.average * weight
    s.average_at = now
