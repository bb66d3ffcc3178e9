"""Policies -> options of the standard handler of Microsoft.Extensions.Http.Resilience."""

import json
from typing import Any

from sim.policies.limits import catalog as limits
from sim.scenario.whole import Applied
from sim.units import duration_ns
from sim.vendor.export.calls import Call, Refusals, names, only
from sim.vendor.export.mesh import resolved, shown
from sim.vendor.settings import polly_keys as k
from sim.vendor.settings.timespan import DAY_S, show

PATTERN = ("bulkhead", "timeout", "retry", "breaker", "timeout")
_NONE = {
    "fallback": "a fallback is code, not an option of the standard handler",
    "deadline": "the standard handler knows no deadline; a `timeout` outside of the retry bounds all tries",
    "hedge": "hedging is another handler, the standard hedging handler, which is imported only",
    "throttle": "Polly has no adaptive throttle",
    "rate_limit": "the rate limiter of the standard handler limits calls at once: write `bulkhead:`",
    "concurrency": "Polly has no limit that finds its own value: write `bulkhead:`",
    "outlier": "Polly ejects no hosts: a mesh does",
}
_NEEDED = {
    2: "the standard handler retries at least once: write `retry:`",
    1: "the standard handler has a timeout of all tries: write `timeout:` outside of the retry",
    4: "the standard handler has a timeout of each try: write `timeout:` within the breaker",
}


def text(calls: list[Call], refusals: Refusals) -> str:
    """The file: a section per callee."""
    sections = {
        name: _section(call, refusals) for call, name in zip(calls, names(calls), strict=True)
    }  # fmt: skip
    return json.dumps(sections, indent=2) + "\n"


def _section(call: Call, refusals: Refusals) -> dict[str, Any]:
    others = [one for one in call.policies if one.kind in _NONE]
    for one in others:
        refusals.add(one.at, _NONE[one.kind])
    if others:
        return {}
    found = _places(call, refusals)
    at = call.policies[0].block if call.policies else ()
    for place, message in _NEEDED.items():
        if place not in found:
            refusals.add(at, message)
    out: dict[str, Any] = {"RateLimiter": {"DefaultRateLimiterOptions": _limiter(found.get(0), refusals)}}
    if 1 in found:
        out["TotalRequestTimeout"] = _timeout(found[1], refusals)
    if 2 in found:
        out["Retry"] = _retry(found[2], refusals)
    out["CircuitBreaker"] = _breaker(found.get(3), refusals)
    if 4 in found:
        out["AttemptTimeout"] = _timeout(found[4], refusals)
        _together(found, out["CircuitBreaker"], refusals)
    return out


def _places(call: Call, refusals: Refusals) -> dict[int, Applied]:
    """The policies by their place in the handler."""
    found: dict[int, Applied] = {}
    at = 0
    inner = {one.kind for one in call.policies} & {"retry", "breaker"}
    for one in call.policies:
        begin = max(at, 4) if one.kind == "timeout" and not inner else at
        place = next((i for i in range(begin, len(PATTERN)) if PATTERN[i] == one.kind), None)
        if place is None:
            order = "bulkhead, timeout, retry, breaker, timeout"
            refusals.add(
                one.at, f"the standard handler has the order {order}: this {one.kind} stands elsewhere"
            )
            continue
        found[place] = one
        at = place + 1
    return found


def _limiter(one: Applied | None, refusals: Refusals) -> dict[str, Any]:
    if one is None:
        return {"PermitLimit": k.INT_MAX, "QueueLimit": 0}
    p = one.policy
    if p.use is None and p.max_wait is None:
        return {"PermitLimit": p.limit, "QueueLimit": p.queue}
    if p.use is None:
        refusals.add((*one.at, "max_wait"), "Polly's limiter bounds how many wait, not how long")
    elif p.use != "polly-concurrency-limiter":
        refusals.add(one.at, f"{p.use} is of another library: write `use: polly-concurrency-limiter`")
    else:
        return resolved(limits.BULKHEADS[p.use].options, p.params, one.at, refusals)
    return {}


def _timeout(one: Applied, refusals: Refusals) -> dict[str, Any]:
    if one.policy.cancel != "none":
        refusals.add(
            (*one.at, "cancel"), "Polly cancels the caller's task; what the callee makes of it is no option"
        )
    if not 10_000_000 <= one.policy.after <= DAY_S * 10**9:
        refusals.add(one.at, "Polly's timeouts are 10ms to one day")
    return {"Timeout": _span(one.policy.after, one, refusals)}


def _span(ns: int, one: Applied, refusals: Refusals) -> str:
    if ns % 100:
        refusals.add(one.at, "a TimeSpan counts steps of 100ns")
    return show(ns)


def _retry(one: Applied, refusals: Refusals) -> dict[str, Any]:
    p = one.policy
    growth, fixed = p.backoff.exponential, p.backoff.fixed
    first = growth.base if growth else fixed or 0
    out: dict[str, Any] = {
        "MaxRetryAttempts": p.attempts - 1,
        "BackoffType": "Exponential" if growth else "Constant",
        "UseJitter": p.jitter != "none",
        "Delay": _span(first, one, refusals),
    }
    if p.attempts < 2:
        refusals.add((*one.at, "attempts"), _NEEDED[2])
    if growth and growth.multiplier != 2:
        refusals.add((*one.at, "backoff"), "Polly's delays double: write multiplier: 2")
    wanted = "polly" if growth else "around"
    if p.jitter not in ("none", wanted):
        refusals.add(
            (*one.at, "jitter"),
            f"the jitter of such a backoff is `{wanted}` in Polly, or none: not {p.jitter}",
        )
    if p.jitter == "around" and p.spread != 0.25:
        refusals.add((*one.at, "spread"), "Polly spreads a constant delay by a quarter: leave `spread` out")
    if growth and growth.cap < duration_ns(k.NO_CAP):
        out["MaxDelay"] = _span(growth.cap, one, refusals)
    if max(first, growth.cap if "MaxDelay" in out and growth else 0) > DAY_S * 10**9:
        refusals.add((*one.at, "backoff"), "Polly's delays are one day at most")
    if set(p.on) != set(k.HANDLED):
        refusals.add(
            (*one.at, "on"), f"the standard handler retries {', '.join(k.HANDLED)}: other choices are code"
        )
    if p.budget is not None:
        refusals.add((*one.at, "budget"), "Polly has no retry budget")
    return out


def _breaker(one: Applied | None, refusals: Refusals) -> dict[str, Any]:
    if one is None:
        return {"FailureRatio": 1.0, "MinimumThroughput": k.INT_MAX}
    if not only(one, "polly-v8", refusals):
        return {}
    return shown(k.BREAKER, resolved(k.BREAKER, one.policy.params, one.at, refusals), show)


def _together(found: dict[int, Applied], breaker: dict[str, Any], refusals: Refusals) -> None:
    """The handler refuses timeouts that do not go together, when it is made."""
    attempt = found[4].policy.after
    if 1 in found and found[1].policy.after < attempt:
        refusals.add(found[1].at, "the timeout of all tries is at least that of one")
    params = found[3].policy.params if 3 in found else {}
    sampling = resolved(k.BREAKER, params, found[3].at if 3 in found else (), refusals).get(
        "SamplingDuration"
    )
    if breaker and sampling is not None and sampling < 2 * attempt:
        refusals.add(found[4].at, f"SamplingDuration is at least twice this timeout: {show(2 * attempt)}")
