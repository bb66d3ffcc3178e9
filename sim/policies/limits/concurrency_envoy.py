"""Envoy's gradient controller (source/extensions/filters/http/adaptive_concurrency/controller/
gradient_controller.cc): timers measure the least latency at the least limit now and then, and update the
limit each interval by the gradient of least to sampled latency."""

import math
from typing import TYPE_CHECKING

from sim import luck
from sim.policies.limits.samples import put, ranked

if TYPE_CHECKING:
    from sim.policies.limits.concurrency import Params, State

FOREVER = 1 << 62
STUCK = 5
"""So many updates in a row that leave the limit at its least: the least latency is measured anew."""


def sample(s: "State", p: "Params", now: int, rtt_ns: int) -> None:
    """One answered call. Timers that are due ring first; calls that began before the least latency was
    measured anew are no samples."""
    catch_up(s, p, now)
    if now - rtt_ns < s.epoch:
        return
    put(s.latencies, s.latencies_n, rtt_ns)
    s.latencies_n += 1
    if s.measuring and s.latencies_n >= p.samples:
        s.least_ns = _percentile(s, p.percentile)
        s.latencies_n = 0
        _set(s, p, s.restore)
        s.measuring = False
        u = luck.uniform(s.key, luck.LIMIT, s.ordinal)
        s.ordinal += 1
        s.recalc_at = now + p.recalc_ns + int(p.recalc_ns * p.recalc_jitter * u)
        s.next_ns = now + p.update_ns


def catch_up(s: "State", p: "Params", now: int) -> None:
    """Ring the timers up to now. While the least latency is measured none runs."""
    while not s.measuring and min(s.next_ns, s.recalc_at) <= now:
        if s.recalc_at <= s.next_ns:
            _measure(s, p, s.recalc_at)
        elif s.latencies_n:
            at = s.next_ns
            s.next_ns += p.update_ns
            _update(s, p)
            if s.stuck >= STUCK and not p.fixed_ns:
                _measure(s, p, at)
        else:
            idle = min(now, s.recalc_at) - s.next_ns
            s.next_ns += max(1, -(-idle // p.update_ns)) * p.update_ns


def _measure(s: "State", p: "Params", at: int) -> None:
    s.restore, s.measuring, s.epoch, s.recalc_at = s.limit, True, at, FOREVER
    s.latencies_n = 0
    _set(s, p, float(p.least))


def _update(s: "State", p: "Params") -> None:
    sampled = _percentile(s, p.percentile)
    s.latencies_n = 0
    gradient = max(0.5, min(2.0, s.least_ns * (1.0 + p.buffer) / sampled))
    limit = gradient * s.limit
    _set(s, p, float(max(p.least, min(p.most, int(limit + math.sqrt(limit))))))


def _set(s: "State", p: "Params", limit: float) -> None:
    s.stuck = s.stuck + 1 if not s.measuring and s.limit == p.least == limit else 0
    s.limit = limit


def _percentile(s: "State", share: float) -> int:
    """The smallest sample that the share of all does not exceed.

    Model: Envoy's histogram has bins of two digits; ours is exact.
    """
    rank = math.ceil(share * s.latencies_n)
    return max(1, ranked(s.latencies, s.latencies_n, max(0, rank - 1)))
