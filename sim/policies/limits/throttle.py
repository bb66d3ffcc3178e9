"""Probabilistic throttles: refuse with a probability that grows as the callee accepts less.

Estimator: counts over a sliding window, or a moving average. Controller: a formula of them. Actuator: a
coin. SRE book ch. 21, eq. 21-1: p = max(0, (requests - k accepts) / (requests + 1)); the others vary it.
"""

import math
from dataclasses import dataclass

from sim.words import ERROR, NS, OK, OUTCOMES, SHED

BY_COUNTS, BY_RUNS, BY_AVERAGE = range(3)
"""Counts over the window; the same with go-zero's runs of buckets; a moving average of accepts."""
AT_START, AT_END = range(2)
"""When a request that was sent is counted."""

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
    """Of the counts; AVERAGE: of the rate of requests."""
    buckets: int = 120
    anchored: int = 0
    """1: the grid of buckets begins when the throttle is made, else at instant 0."""
    counted: int = AT_START
    tau_ns: int = 120 * NS
    """AVERAGE: the time constant."""
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
    grain: int = 0
    """The coin has so many sides; 0: a continuum."""


class State:
    """Requests, accepts and failures per bucket of the sliding window (`*_ring`), or a moving average."""

    __slots__ = ("accepted_ring", "average", "average_at", "bucket", "failed_ring", "passed_at", "requested_ring",
                 "start_ns", "total_accepts", "total_requests")  # fmt: skip

    def __init__(self, p: Params, now: int) -> None:
        self.start_ns = now if p.anchored else 0
        self.requested_ring = [0] * p.buckets
        self.accepted_ring = [0] * p.buckets
        self.failed_ring = [0] * p.buckets
        self.bucket = _bucket(p, now - self.start_ns)
        self.total_requests = 0
        self.total_accepts = 0
        self.average = 1.0
        self.average_at = now
        self.passed_at = -1
        """RUNS: when a request last passed although the formula spoke against it; -1: never yet."""


def new(p: Params, now: int) -> State:
    """An empty window."""
    return State(p, now)


def _bucket(p: Params, since: int) -> int:
    """Its number. Whole windows first, so that 64 bits hold every product."""
    windows, rest = since // p.window_ns, since % p.window_ns
    return windows * p.buckets + rest * p.buckets // p.window_ns


def _slide(s: State, p: Params, now: int) -> int:
    current = _bucket(p, now - s.start_ns)
    for _ in range(min(p.buckets, current - s.bucket)):
        s.bucket += 1
        i = s.bucket % p.buckets
        s.total_requests -= s.requested_ring[i]
        s.total_accepts -= s.accepted_ring[i]
        s.requested_ring[i] = s.accepted_ring[i] = s.failed_ring[i] = 0
    s.bucket = current
    return current % p.buckets


def _count(s: State, p: Params, now: int) -> None:
    i = _slide(s, p, now)
    s.requested_ring[i] += 1
    s.total_requests += 1


def formula(p: Params, requests: float, accepts: float) -> float:
    """Probability of refusing for these counts."""
    if requests < p.minimum:
        return 0.0
    share = max(0.0, (requests - p.grace - p.k * accepts) / (requests + 1))
    return float(min(p.cap, share**p.power))


def rejection(s: State, p: Params, now: int) -> float:
    """Probability of refusing now."""
    if p.kind == BY_AVERAGE:
        return 0.0 if s.average >= p.threshold else min(p.cap, 1.0 - s.average / p.threshold)
    _slide(s, p, now)
    if p.least_per_s and _per_s(s, p, now) < p.least_per_s:
        return 0.0
    if p.kind == BY_RUNS:
        return _by_runs(s, p, now)
    return formula(p, s.total_requests, s.total_accepts)


def _per_s(s: State, p: Params, now: int) -> int:
    """Envoy (thread_local_controller.cc): requests over the age of the oldest, in whole seconds from 1 on.

    Model: Envoy's slots of a second begin at the first request after the one before; ours are a grid.
    """
    width = p.window_ns // p.buckets
    for back in range(p.buckets - 1, -1, -1):
        bucket = s.bucket - back
        if s.requested_ring[bucket % p.buckets]:
            return s.total_requests // max(1, (now - s.start_ns - bucket * width) // NS)
    return 0


def _by_runs(s: State, p: Params, now: int) -> float:
    """go-zero (core/breaker/googlebreaker.go): a request passes when none has for a while."""
    share, working = _share_by_runs(s, p)
    if share <= 0.0:
        return 0.0
    if s.passed_at >= 0 and now - s.passed_at > p.pass_after_ns:
        return 0.0
    return share * (p.buckets - working) / p.buckets


def _share_by_runs(s: State, p: Params) -> tuple[float, int]:
    """What the formula says, and the trailing run of working buckets. k falls with that of failing ones."""
    failing = working = 0
    for back in range(p.buckets - 1, -1, -1):
        i = (s.bucket - back) % p.buckets
        if s.failed_ring[i]:
            working = 0
        elif s.accepted_ring[i]:
            working += 1
        if s.accepted_ring[i]:
            failing = 0
        elif s.failed_ring[i]:
            failing += 1
    k = max(p.k_least, p.k - (p.k - p.k_least) * failing / p.buckets)
    return (s.total_requests - p.grace - k * s.total_accepts) / (s.total_requests + 1), working


def refuses(p: Params, probability: float, u: float) -> bool:
    """The coin: u in (0, 1)."""
    side = int(u * p.grain) / p.grain if p.grain else u
    return probability > 0.0 and side < probability


def requested(s: State, p: Params, now: int, refused: bool) -> None:
    """The application tried; `refused` here or sent."""
    if p.kind == BY_RUNS and not refused:
        _slide(s, p, now)
        if _share_by_runs(s, p)[0] > 0.0:
            s.passed_at = now
    counts = p.local == 1 and p.kind != BY_AVERAGE if refused else p.counted == AT_START
    if counts:
        _count(s, p, now)


def answered(s: State, p: Params, now: int, accepted: bool) -> None:
    """The callee answered a request that was sent."""
    if p.counted == AT_END:
        _count(s, p, now)
    i = _slide(s, p, now)
    if p.kind == BY_AVERAGE:
        _average(s, p, now, accepted)
        return
    s.accepted_ring[i] += accepted
    s.failed_ring[i] += not accepted
    s.total_accepts += accepted


def _average(s: State, p: Params, now: int, accepted: bool) -> None:
    """Finagle (NackAdmissionFilter.scala): few requests count as accepted; results of one instant weigh
    nothing."""
    busy = float(s.total_requests * NS) >= p.least_per_s * p.window_ns
    weight = math.exp(-(now - s.average_at) / p.tau_ns)
    s.average = (1.0 if accepted or not busy else 0.0) * (1.0 - weight) + s.average * weight
    s.average_at = now
