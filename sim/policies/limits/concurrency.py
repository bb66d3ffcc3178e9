"""Concurrency limits that find their own value: from each sample (latency, in flight, dropped?) a limit.

Netflix concurrency-limits (AIMDLimit, VegasLimit, Gradient2Limit, GradientLimit .java) and Envoy's
gradient controller. Estimator: least or average latency. Controller: a formula. Actuator: a semaphore.
"""

import math
from dataclasses import dataclass

from sim import luck

AIMD, VEGAS, GRADIENT2, GRADIENT, ENVOY = range(5)


@dataclass(frozen=True, slots=True)
class Params:
    """A limit as numbers; what a kind does not use keeps its default."""

    kind: int = AIMD
    initial: int = 20
    least: int = 20
    most: int = 200
    backoff: float = 0.9
    """What a drop multiplies by."""
    timeout_ns: int = 5_000_000_000
    """AIMD: a slower sample is a drop."""
    smoothing: float = 1.0
    tolerance: float = 1.5
    """GRADIENT, GRADIENT2: latency may grow so far without effect."""
    queue: float = 4.0
    window: int = 600
    """GRADIENT2: samples of the long average."""
    probe: int = 30
    """VEGAS: multiplier of the samples between two probes; GRADIENT: samples between them."""
    update_ns: int = 100_000_000
    """ENVOY: interval between updates."""
    recalc_ns: int = 60_000_000_000
    """ENVOY: interval between measurements of the least latency."""
    recalc_jitter: float = 0.15
    samples: int = 50
    """ENVOY: samples of such a measurement."""
    buffer: float = 0.25
    percentile: float = 0.5


WARM_UP = 10
"""GRADIENT2: so many first samples make a plain mean."""


class State:
    """One copy: its limit and what it knows of latency."""

    __slots__ = ("count", "key", "latencies", "least_ns", "limit", "long", "measuring", "next_ns", "ordinal",
                 "recalc_at", "restore", "stuck", "total")  # fmt: skip

    def __init__(self, p: Params, key: int, now: int) -> None:
        self.key = key
        self.limit = float(p.initial)
        self.least_ns = 0
        self.long = 0.0
        self.total = 0.0
        self.count = 0
        self.ordinal = 0
        self.latencies: list[int] = []
        """ENVOY: samples of this interval, at most one update's worth."""
        self.measuring = p.kind == ENVOY
        self.restore = float(p.initial)
        self.stuck = 0
        self.next_ns = now + p.update_ns
        self.recalc_at = now + p.recalc_ns
        if self.measuring:
            self.limit = float(p.least)


def new(p: Params, key: int, now: int) -> State:
    """A limit at its initial value."""
    return State(p, key, now)


def current(s: State) -> int:
    """Calls allowed at once."""
    return int(s.limit)


def sample(s: State, p: Params, now: int, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    """One completed call: its latency, how many were in flight when it began, and whether it was dropped."""
    if p.kind == AIMD:
        _aimd(s, p, rtt_ns, in_flight, dropped)
    elif p.kind == VEGAS:
        _vegas(s, p, rtt_ns, in_flight, dropped)
    elif p.kind == GRADIENT2:
        _gradient2(s, p, rtt_ns, in_flight)
    elif p.kind == GRADIENT:
        _gradient(s, p, rtt_ns, in_flight, dropped)
    elif not dropped:
        _envoy(s, p, now, rtt_ns)


def _clamped(p: Params, limit: float) -> float:
    return float(max(p.least, min(p.most, limit)))


def _aimd(s: State, p: Params, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    if dropped or rtt_ns > p.timeout_ns:
        s.limit = float(int(s.limit * p.backoff))
    elif in_flight * 2 >= s.limit:
        s.limit += 1
    s.limit = _clamped(p, s.limit)


def _vegas(s: State, p: Params, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    s.count += 1
    jitter = 0.5 + 0.5 * luck.uniform(s.key, luck.LIMIT, s.ordinal)
    if jitter * p.probe * s.limit <= s.count:
        s.ordinal += 1
        s.count = 0
        s.least_ns = rtt_ns
        return
    if s.least_ns == 0 or rtt_ns < s.least_ns:
        s.least_ns = rtt_ns
        return
    log = max(1, int(math.log10(max(1, int(s.limit)))))
    queue = math.ceil(s.limit * (1.0 - s.least_ns / rtt_ns))
    if dropped:
        limit = s.limit - log
    elif in_flight * 2 < s.limit:
        return
    elif queue <= log:
        limit = s.limit + 6 * log
    elif queue < 3 * log:
        limit = s.limit + log
    elif queue > 6 * log:
        limit = s.limit - log
    else:
        return
    limit = _clamped(p, limit)
    s.limit = (1.0 - p.smoothing) * s.limit + p.smoothing * limit


def _long_average(s: State, p: Params, rtt_ns: int) -> float:
    if s.count < WARM_UP:
        s.count += 1
        s.total += rtt_ns
        s.long = s.total / s.count
    else:
        factor = 2.0 / (p.window + 1)
        s.long = s.long * (1.0 - factor) + rtt_ns * factor
    return s.long


def _gradient2(s: State, p: Params, rtt_ns: int, in_flight: int) -> None:
    long = _long_average(s, p, rtt_ns)
    if long / rtt_ns > 2.0:
        s.long *= 0.95
    if in_flight < s.limit / 2:
        return
    gradient = max(0.5, min(1.0, p.tolerance * long / rtt_ns))
    limit = s.limit * gradient + p.queue
    s.limit = _clamped(p, s.limit * (1.0 - p.smoothing) + limit * p.smoothing)


def _gradient(s: State, p: Params, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    queue = float(max(int(p.queue), int(math.sqrt(int(s.limit)))))
    s.count += 1
    if s.count > p.probe * (1.0 + luck.uniform(s.key, luck.LIMIT, s.ordinal)):
        s.ordinal += 1
        s.count = 0
        s.least_ns = 0
        s.limit = max(float(p.least), queue)
        return
    if s.least_ns == 0 or rtt_ns < s.least_ns:
        s.least_ns = rtt_ns
    if dropped:
        limit = s.limit * p.backoff
    elif in_flight < s.limit / 2:
        return
    else:
        limit = s.limit * max(0.5, min(1.0, p.tolerance * s.least_ns / rtt_ns)) + queue
    if limit < s.limit:
        limit = max(float(p.least), s.limit * (1.0 - p.smoothing) + p.smoothing * limit)
    s.limit = max(queue, min(float(p.most), limit))


def _envoy(s: State, p: Params, now: int, rtt_ns: int) -> None:
    """While it measures the least latency the limit is at its least; else an update per interval."""
    s.latencies.append(rtt_ns)
    if s.measuring:
        if len(s.latencies) >= p.samples:
            s.least_ns = _percentile(s.latencies, p.percentile)
            s.latencies.clear()
            s.limit, s.measuring, s.stuck = s.restore, False, 0
            s.next_ns = now + p.update_ns
            u = luck.uniform(s.key, luck.LIMIT, s.ordinal)
            s.ordinal += 1
            s.recalc_at = now + int(p.recalc_ns * (1.0 + p.recalc_jitter * u))
        return
    if now >= s.next_ns:
        _envoy_update(s, p)
        s.next_ns = now + p.update_ns
        if s.stuck >= 5 or now >= s.recalc_at:
            s.restore, s.limit, s.measuring = s.limit, float(p.least), True


def _envoy_update(s: State, p: Params) -> None:
    measured = _percentile(s.latencies, p.percentile)
    s.latencies.clear()
    gradient = max(0.5, min(2.0, s.least_ns * (1.0 + p.buffer) / measured))
    limit = gradient * s.limit
    s.limit = _clamped(p, float(int(limit + math.sqrt(limit))))
    s.stuck = s.stuck + 1 if s.limit <= p.least else 0


def _percentile(values: list[int], share: float) -> int:
    ordered = sorted(values)
    return max(1, ordered[min(len(ordered) - 1, int(share * len(ordered)))])
