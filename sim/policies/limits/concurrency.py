"""Concurrency limits that find their own value: from each sample (latency, in flight, dropped?) a limit.

Netflix concurrency-limits (AIMDLimit, VegasLimit, Gradient2Limit, GradientLimit .java) and Envoy's
gradient controller (concurrency_envoy.py). Estimator: least or average latency, of each sample or of
windows of samples (WindowedLimit.java). Controller: a formula. Actuator: a semaphore.
"""

import math
from dataclasses import dataclass

from sim import luck
from sim.policies.limits import concurrency_envoy as envoy
from sim.policies.limits.samples import put, ranked
from sim.words import ERROR, OK, OUTCOMES, SHED, TIMEOUT

AIMD, VEGAS, GRADIENT2, GRADIENT, ENVOY = range(5)
IGNORED, SAMPLED, DROPPED = range(3)


def learning(sampled: tuple[int, ...], dropped: tuple[int, ...] = ()) -> tuple[int, ...]:
    """By outcome number: is it a sample, a drop, or nothing?"""
    return tuple(
        DROPPED if outcome in dropped else SAMPLED if outcome in sampled else IGNORED
        for outcome in range(len(OUTCOMES))
    )


NETFLIX = learning((OK,), (TIMEOUT, SHED))
"""Limiter.Listener: onSuccess; onDropped for a timeout or an external limit; onIgnore for the rest."""
ANY_ANSWER = learning((OK, ERROR, SHED, TIMEOUT))
"""Envoy samples whatever is answered downstream."""


@dataclass(frozen=True, slots=True)
class Params:
    """A limit as numbers; what a kind does not use keeps its default."""

    kind: int = AIMD
    initial: int = 20
    least: int = 20
    most: int = 200
    learn: tuple[int, ...] = NETFLIX
    """By outcome number: IGNORED, SAMPLED or DROPPED."""
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
    alpha: int = 0
    """VEGAS: below this queue the limit grows; 0: three times log10 of the limit."""
    beta: int = 0
    """VEGAS: above this queue it falls; 0: six times log10 of the limit."""
    update_ns: int = 100_000_000
    """ENVOY: interval between updates."""
    recalc_ns: int = 60_000_000_000
    """ENVOY: interval between measurements of the least latency."""
    recalc_jitter: float = 0.15
    samples: int = 50
    """ENVOY: samples of such a measurement."""
    fixed_ns: int = 0
    """ENVOY: the least latency; 0: it is measured."""
    buffer: float = 0.25
    percentile: float = 0.5
    windowed: int = 0
    """1: windows of samples instead of each sample."""
    window_least_ns: int = 1_000_000_000
    window_most_ns: int = 1_000_000_000
    window_samples: int = 10
    """A window with fewer samples is dropped."""
    window_ignores_ns: int = 100_000
    """A faster sample is ignored."""
    window_percentile: float = 0.0
    """What stands for the latencies of a window; 0: their average."""


FOREVER = 1 << 62
WARM_UP = 10
"""GRADIENT2: so many first samples make a plain mean."""


class State:
    """One copy: its limit and what it knows of latency."""

    __slots__ = ("count", "epoch", "key", "latencies", "latencies_n", "latencies_sum", "least_ns", "limit", "long",
                 "measuring", "next_ns", "ordinal", "recalc_at", "restore", "stuck", "total", "window_busy",
                 "window_dropped", "window_least_ns", "window_until")  # fmt: skip

    def __init__(self, p: Params, key: int, now: int) -> None:
        self.key = key
        self.limit = float(p.initial)
        self.least_ns = p.fixed_ns
        self.long = 0.0
        self.total = 0.0
        self.count = 0
        self.ordinal = 0
        self.latencies: list[int] = []
        self.latencies_n = 0
        """Samples of this interval (ENVOY) or window: the first so many hold."""
        self.latencies_sum = 0
        self.measuring = p.kind == ENVOY and not p.fixed_ns
        self.epoch = -FOREVER
        """ENVOY: calls that began before are no samples."""
        self.restore = float(p.initial)
        self.stuck = 0
        self.next_ns = now + p.update_ns
        self.recalc_at = FOREVER
        self.window_least_ns = FOREVER
        self.window_busy = 0
        self.window_dropped = False
        self.window_until = -FOREVER


def new(p: Params, key: int, now: int) -> State:
    """A limit at its initial value."""
    return State(p, key, now)


def current(s: State, p: Params, now: int) -> int:
    """Calls allowed at once."""
    if p.kind == ENVOY:
        envoy.catch_up(s, p, now)
    return int(s.limit)


def sample(s: State, p: Params, now: int, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    """One completed call: its latency, how many were in flight when it began (itself included), and
    whether it was dropped."""
    if p.kind == ENVOY:
        envoy.sample(s, p, now, rtt_ns)
    elif p.windowed:
        _windowed(s, p, now, rtt_ns, in_flight, dropped)
    else:
        _update(s, p, rtt_ns, in_flight, dropped)


def _update(s: State, p: Params, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    if p.kind == AIMD:
        _aimd(s, p, rtt_ns, in_flight, dropped)
    elif p.kind == VEGAS:
        _vegas(s, p, rtt_ns, in_flight, dropped)
    elif p.kind == GRADIENT2:
        _gradient2(s, p, rtt_ns, in_flight)
    else:
        _gradient(s, p, rtt_ns, in_flight, dropped)


def _windowed(s: State, p: Params, now: int, rtt_ns: int, in_flight: int, dropped: bool) -> None:
    """WindowedLimit.java: the sample after the end of a window belongs to it, and ends it."""
    if rtt_ns < p.window_ignores_ns:
        return
    put(s.latencies, s.latencies_n, rtt_ns)
    s.latencies_n += 1
    s.latencies_sum += rtt_ns
    s.window_least_ns = min(s.window_least_ns, rtt_ns)
    s.window_busy = max(s.window_busy, in_flight)
    s.window_dropped = s.window_dropped or dropped
    if now <= s.window_until:
        return
    n, busy, lost = s.latencies_n, s.window_busy, s.window_dropped
    tracked = _tracked(s, p)
    s.window_until = now + min(max(2 * s.window_least_ns, p.window_least_ns), p.window_most_ns)
    s.latencies_n, s.latencies_sum, s.window_least_ns = 0, 0, FOREVER
    s.window_busy, s.window_dropped = 0, False
    if n >= p.window_samples:
        _update(s, p, tracked, busy, lost)


def _tracked(s: State, p: Params) -> int:
    if p.window_percentile == 0.0:
        return s.latencies_sum // s.latencies_n
    rank = int(s.latencies_n * p.window_percentile + 0.5)
    return ranked(s.latencies, s.latencies_n, max(0, rank - 1))


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
    alpha = p.alpha if p.alpha else 3 * log
    beta = p.beta if p.beta else 6 * log
    queue = math.ceil(s.limit * (1.0 - s.least_ns / rtt_ns))
    if dropped:
        limit = s.limit - log
    elif in_flight * 2 < s.limit:
        return
    elif queue <= log:
        limit = s.limit + beta
    elif queue < alpha:
        limit = s.limit + log
    elif queue > beta:
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
