"""Policies -> Sentinel's flow and degrade rules as JSON."""

import json
from typing import Any

from sim.policies.limits import catalog as limits
from sim.scenario.whole import Applied
from sim.vendor.export.calls import Call, Refusals, names, only
from sim.vendor.export.mesh import resolved, whole
from sim.vendor.settings.sentinel import BREAKER

S, MS = 10**9, 10**6
_NONE = {
    "fallback": "a fallback is code (blockHandler), not a rule",
    "deadline": "Sentinel has no deadlines",
    "retry": "Sentinel does not retry",
    "hedge": "Sentinel does not hedge",
    "timeout": "Sentinel has no timeouts: the client that it guards has them",
    "throttle": "Sentinel has no such throttle",
    "concurrency": "Sentinel's adaptive limit is a system rule of a whole process: write `bulkhead:`",
    "outlier": "Sentinel ejects no hosts: a mesh does",
}


def text(calls: list[Call], refusals: Refusals) -> str:
    """The file: rules of all callees, in the order in which they are asked."""
    rules: list[dict[str, Any]] = []
    for call, name in zip(calls, names(calls), strict=True):
        broken = False
        for one in call.policies:
            if one.kind in _NONE:
                refusals.add(one.at, _NONE[one.kind])
                continue
            if one.kind != "breaker" and broken:
                refusals.add(
                    one.at,
                    f"Sentinel asks flow rules before degrade rules: put {one.kind} outside of the breaker",
                )
            broken |= one.kind == "breaker"
            write = {"breaker": _breaker, "rate_limit": _rate_limit, "bulkhead": _bulkhead}[one.kind]
            rules.append({"resource": name, **write(one, refusals)})
    return json.dumps(rules, indent=2) + "\n"


def _breaker(one: Applied, refusals: Refusals) -> dict[str, Any]:
    if not only(one, "sentinel", refusals):
        return {}
    values = resolved(BREAKER, one.policy.params, one.at, refusals)
    for name, unit in (("timeWindow", S), ("statIntervalMs", MS)):
        if values.get(name, 0) % unit:
            words = "seconds" if unit == S else "milliseconds"
            refusals.add((*one.at, "params", name), f"{name} counts whole {words}")
        values[name] = values.get(name, 0) // unit
    if values.get("grade") != 0:
        values.pop("slowRatioThreshold", None)
    return {name: whole(value) for name, value in values.items()}


def _rate_limit(one: Applied, refusals: Refusals) -> dict[str, Any]:
    p = one.policy
    if p.use is None:
        if p.burst != 1:
            message = "Sentinel lets one call after the other pass (controlBehavior 2): leave `burst` out"
            refusals.add((*one.at, "burst"), message)
        if p.max_wait % MS:
            refusals.add((*one.at, "max_wait"), "maxQueueingTimeMs counts whole milliseconds")
        return {
            "grade": 1,
            "count": whole(p.rate),
            "controlBehavior": 2,
            "maxQueueingTimeMs": p.max_wait // MS,
        }
    values = resolved(limits.RATE_LIMITS["resilience4j-ratelimiter"].options, p.params, one.at, refusals)
    if values.get("limitRefreshPeriod") != S or values.get("timeoutDuration") != 0:
        message = "Sentinel counts calls of a second, and refuses the others at once: write limitRefreshPeriod: 1s and timeoutDuration: 0s"
        refusals.add((*one.at, "params"), message)
    return {"grade": 1, "count": values.get("limitForPeriod", 0), "controlBehavior": 0}


def _bulkhead(one: Applied, refusals: Refusals) -> dict[str, Any]:
    if one.policy.use is not None:
        refusals.add(one.at, f"{one.policy.use} is of another library: write `bulkhead: {{limit: 10}}`")
        return {}
    if one.policy.queue:
        refusals.add((*one.at, "queue"), "nobody waits at a flow rule of threads: leave `queue` out")
    return {"grade": 0, "count": one.policy.limit}
