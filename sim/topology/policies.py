"""Policies of a call site -> layers: merging, order, and the layers that are always there."""

from typing import Any

from sim.policies import catalog, kinds, outlier_catalog
from sim.policies.limits import budget, pool, throttle
from sim.policies.limits import catalog as limits
from sim.scenario import policies as m
from sim.topology import types as t
from sim.words import FOREVER, OUTCOMES

LEADING = ("fallback", "deadline")
"""Policies that stand above the try."""


def effective(*blocks: m.Policies) -> tuple[m.Single, ...]:
    """The policies that apply, from the outside in, each as a Single with one policy set.

    Blocks come from the general to the special; a later one replaces each policy it names, null
    removes it, and a stack replaces everything below it.
    """
    chosen: dict[str, Any] = {}
    stack: tuple[m.Single, ...] | None = None
    for block in blocks:
        if block.stack is not None:
            stack, chosen = block.stack, {}
            continue
        given = {k: getattr(block, k) for k in block.model_fields_set if k in m.ORDER}
        if given and stack is not None:
            chosen = {
                next(iter(s.model_fields_set)): getattr(s, next(iter(s.model_fields_set))) for s in stack
            }
            stack = None
        chosen |= given
    if stack is not None:
        return stack
    return tuple(m.Single(**{k: chosen[k]}) for k in m.ORDER if chosen.get(k) is not None)


def name_of(single: m.Single) -> str:
    """Which policy it is."""
    return next(k for k in m.ORDER if getattr(single, k) is not None)


def _reasons(names: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(name in names for name in OUTCOMES)


def _retry(p: m.Retry) -> t.Retry:
    growth, fixed = p.backoff.exponential, p.backoff.fixed
    kind = kinds.BACKOFF_EXPONENTIAL if growth else kinds.BACKOFF_FIXED if fixed else kinds.BACKOFF_NONE
    return t.Retry(
        attempts=p.attempts,
        backoff=kind,
        base_ns=growth.base if growth else fixed or 0,
        multiplier=growth.multiplier if growth else 1.0,
        cap_ns=growth.cap if growth else fixed or 0,
        jitter=("none", "full", "equal", "decorrelated", "around", "polly", "exponential").index(p.jitter),
        on=_reasons(p.on),
        spread=p.spread,
        budget=_budget(p.budget),
    )


def _budget(p: m.Budget | None) -> budget.Params:
    if p is None:
        return budget.Params()
    if p.use is not None:
        made: budget.Params = limits.params(limits.BUDGETS, p.use, p.params)
        return made
    if p.ratio is not None:
        return budget.Params(budget.RATIO, ratio=p.ratio, min_per_s=p.min_per_s, window_ns=p.window)
    return budget.Params(budget.TOKENS, ratio=p.earn, capacity=p.tokens or 0.0)


def _throttle(p: m.Throttle) -> t.Layer:
    made = limits.params(limits.THROTTLES, p.use, p.params) if p.use else None
    return t.Layer(t.L_THROTTLE, made or throttle.Params(k=p.k, window_ns=p.window, buckets=p.buckets))


def _rate_limit(p: m.RateLimit) -> t.Layer:
    made = limits.params(limits.RATE_LIMITS, p.use, p.params) if p.use else None
    return t.Layer(t.L_RATE_LIMIT, made or t.RateLimit(p.rate or 0.0, p.burst, p.max_wait))


def _bulkhead(p: m.Bulkhead) -> t.Layer:
    if p.use is not None:
        return t.Layer(t.L_BULKHEAD, limits.params(limits.BULKHEADS, p.use, p.params))
    wait = FOREVER if p.max_wait is None else p.max_wait
    return t.Layer(t.L_BULKHEAD, pool.Params(p.limit or 1, p.queue, wait))


def place_of(breaker: m.Breaker) -> str:
    """library, sidecar or gateway."""
    if isinstance(breaker.place, str):
        return breaker.place
    return "sidecar" if breaker.place.sidecar else "gateway"


def _breaker(p: m.Breaker, place: str) -> t.Breaker:
    spec = p.model_dump()
    plugin = p.use is not None and p.use not in catalog.names()
    parts = {"failures": p.failures} if plugin else catalog.merged(spec)
    return t.Breaker(
        params=(p.use, p.params) if plugin else catalog.params_from(spec),
        plugin=plugin,
        learn=catalog.learn_from({**parts, "given_failures": p.failures is not None}, place),
        slow_ns=p.slow or FOREVER,
    )


_LIMITS: dict[str, Any] = {
    "throttle": _throttle,
    "rate_limit": _rate_limit,
    "concurrency": lambda p: t.Layer(
        t.L_CONCURRENCY, limits.params(limits.CONCURRENCY, p.use or "", p.params)
    ),
    "bulkhead": _bulkhead,
}


def layer_of(single: m.Single, place: str = "") -> t.Layer:
    """One policy as a layer, without its scope."""
    name = name_of(single)
    p: Any = getattr(single, name)
    if name == "fallback":
        return t.Layer(t.L_FALLBACK, t.Fallback(_reasons(p.on)))
    if name == "deadline":
        return t.Layer(t.L_DEADLINE, t.Deadline(p.after, p.propagate))
    if name == "retry":
        return t.Layer(t.L_RETRY, _retry(p))
    if name == "hedge":
        return t.Layer(t.L_HEDGE, t.Hedge(p.after, p.extra))
    if name == "breaker":
        return t.Layer(t.L_BREAKER, _breaker(p, place or place_of(p)))
    if name in _LIMITS:
        layer: t.Layer = _LIMITS[name](p)
        return layer
    if name == "outlier":
        codes = outlier_catalog.ENTRIES[p.use].codes
        return t.Layer(t.L_OUTLIER, t.Outlier(outlier_catalog.params_from(p.use, p.params), codes))
    return t.Layer(t.L_TIMEOUT, t.Timeout(p.after, ("none", "queued", "all").index(p.cancel)))


GUARDS = (t.L_BREAKER, t.L_THROTTLE, t.L_RATE_LIMIT, t.L_CONCURRENCY, t.L_BULKHEAD, t.L_OUTLIER)


def stateful(layer: t.Layer) -> bool:
    """Does it keep state between calls?"""
    return layer.kind in GUARDS or (layer.kind == t.L_RETRY and layer.params.budget.kind != budget.NONE)


def complete(layers: list[t.Layer], hop_ns: int | None) -> list[t.Layer]:
    """Add the layers that are always there: the try, a sidecar's hop, the innermost timeout, the attempt."""
    again = [i for i, layer in enumerate(layers) if layer.kind in (t.L_RETRY, t.L_HEDGE)]
    if again:
        at = again[-1] + 1
    else:
        at = 0
        while at < len(layers) and layers[at].kind in (t.L_FALLBACK, t.L_DEADLINE):
            at += 1
    out = [*layers[:at], t.Layer(t.L_TRY), *layers[at:]]
    if hop_ns is not None:
        first = next(i for i, layer in enumerate(out) if layer.kind in GUARDS)
        out.insert(first, t.Layer(t.L_HOP, t.Hop(hop_ns)))
    if out[-1].kind != t.L_TIMEOUT:
        out.append(t.Layer(t.L_TIMEOUT, t.Timeout(FOREVER, t.CANCEL_NONE)))
    out.append(t.Layer(t.L_ATTEMPT))
    return out
