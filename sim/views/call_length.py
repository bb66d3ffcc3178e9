"""The longest that a call may take within the policies of a stack."""

from collections.abc import Callable, Iterable
from math import ceil, inf
from typing import Any

from sim.policies.limits import catalog as limits
from sim.policies.limits import pool
from sim.scenario import policies as m
from sim.words import FOREVER

Named = list[tuple[str, Any]]
"""(kind, policy) from the outside in."""


def longest(stack: Named) -> float:
    """ns, with whatever waits there are; inf where nothing bounds it, or it is not known what does."""
    bound = inf
    for kind, policy in reversed(stack):
        bound = _AROUND[kind](policy, bound) if kind in _AROUND else inf
    return bound if bound < FOREVER else inf


def _retry(p: m.Retry, each: float) -> float:
    return p.attempts * each + sum(longest_waits(p))


def longest_waits(p: m.Retry) -> Iterable[float]:
    """Each wait between two tries, at its longest, ns."""
    waits = [_backoff(p, n) for n in range(p.attempts - 1)]
    if p.jitter == "around":
        return [wait * (1 + p.spread) for wait in waits]
    if p.jitter == "decorrelated":
        return _decorrelated(p)
    if p.jitter == "polly":
        # steps of 2^t tanh(sqrt(4 t)): they add up to less than 2^(last + 1)
        return [min(float(2 ** len(waits)) * _base(p) / 1.4, _cap(p) * len(waits))] if waits else []
    return [inf for _ in waits] if p.jitter == "exponential" else waits


def shortest_waits(p: m.Retry) -> Iterable[float]:
    """Each wait between two tries, at its shortest, ns."""
    waits = [_backoff(p, n) for n in range(p.attempts - 1)]
    if p.jitter == "decorrelated":
        return [min(_base(p), _cap(p)) for _ in waits]
    share = {"none": 1.0, "equal": 0.5, "around": 1.0 - p.spread}.get(p.jitter, 0.0)
    return [share * wait for wait in waits]


def _backoff(p: m.Retry, n: int) -> float:
    growth = p.backoff.exponential
    if growth is None:
        return float(p.backoff.fixed or 0)
    value = float(growth.base)
    for _ in range(n):
        if value >= growth.cap:
            break
        value *= growth.multiplier
    return min(value, float(growth.cap))


def _base(p: m.Retry) -> float:
    return float(p.backoff.exponential.base if p.backoff.exponential else p.backoff.fixed or 0)


def _cap(p: m.Retry) -> float:
    return float(p.backoff.exponential.cap) if p.backoff.exponential else inf


def _decorrelated(p: m.Retry) -> Iterable[float]:
    waits: list[float] = []
    for _ in range(p.attempts - 1):
        waits.append(min(_cap(p), 3 * (waits[-1] if waits else _base(p))))
    return waits


def _rate_limit(p: m.RateLimit, inner: float) -> float:
    if p.use is None:
        return inner + p.max_wait
    return inner + float(limits.params(limits.RATE_LIMITS, p.use, p.params).timeout_ns)


def _bulkhead(p: m.Bulkhead, inner: float) -> float:
    if p.use is None:
        made = pool.Params(p.limit or 1, p.queue, FOREVER if p.max_wait is None else p.max_wait)
    else:
        made = limits.params(limits.BULKHEADS, p.use, p.params)
    if not made.queue:
        return inner
    # whoever is in front of the last one that waits goes at the latest after `inner`
    served = min(made.limit, made.core)
    turn = ceil(made.queue / served) * inner if served else inf
    return inner + min(turn, made.max_wait_ns if made.max_wait_ns < FOREVER else inf)


_AROUND: dict[str, Callable[[Any, float], float]] = {
    "timeout": lambda p, inner: min(float(p.after), inner),
    "deadline": lambda p, inner: min(float(p.after), inner),
    "retry": _retry,
    "hedge": lambda p, inner: p.extra * p.after + inner,
    "rate_limit": _rate_limit,
    "bulkhead": _bulkhead,
    "breaker": lambda _, inner: inner,
    "outlier": lambda _, inner: inner,
    "throttle": lambda _, inner: inner,
    "fallback": lambda _, inner: inner,
}
"""What a policy makes of the longest call within it. A limit that finds its own value may let calls wait."""
