"""Policies -> Istio's DestinationRule and VirtualService."""

from typing import Any

from sim.policies import outlier_options
from sim.units import show_ns
from sim.vendor import write
from sim.vendor.export import mesh
from sim.vendor.export.calls import Call, Refusals
from sim.vendor.settings.envoy_fields import UINT32
from sim.vendor.settings.istio_fields import ENVOY_NAMES

API = "networking.istio.io/v1"
MS = 1_000_000


def text(calls: list[Call], refusals: Refusals) -> str:
    """The file: a DestinationRule, if it says something, and a VirtualService for each host."""
    documents: list[dict[str, Any]] = []
    done: dict[str, Call] = {}
    for call in calls:
        other = done.setdefault(call.callee, call)
        if other is not call:
            if [(a.kind, a.policy) for a in other.policies] != [(a.kind, a.policy) for a in call.policies]:
                at = call.policies[0].at if call.policies else ()
                message = (
                    f"{other.edge} has other policies: a DestinationRule is one for all callers of a host"
                )
                refusals.add(at, message)
            continue
        found = mesh.parts(call, refusals)
        policy = _traffic(found, refusals)
        if policy:
            documents.append(
                _resource("DestinationRule", call.callee, {"host": call.callee, "trafficPolicy": policy})
            )
        route = {"route": [{"destination": {"host": call.callee}}], **_route(found, refusals)}
        documents.append(_resource("VirtualService", call.callee, {"hosts": [call.callee], "http": [route]}))
    texts = ("\n".join(write.lines(document, short=0)) for document in documents)
    return "\n---\n".join(texts) + "\n"


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    plain = name.lower().replace("_", "-").replace(".", "-")
    return {"apiVersion": API, "kind": kind, "metadata": {"name": plain}, "spec": spec}


def _traffic(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    http: dict[str, Any] = {}
    tcp: dict[str, Any] = {}
    out: dict[str, Any] = {}
    if found.bulkhead:
        limits = mesh.pool(found.bulkhead, refusals)
        for name, theirs in ENVOY_NAMES.items():
            value = limits.get(theirs, UINT32)
            if value == 0:
                at = (*found.bulkhead.at, "params", theirs)
                refusals.add(at, f"in Istio a limit of 0 is none, so {name} cannot say it")
            if value != UINT32:
                (tcp if name == "maxConnections" else http)[name] = value
        if limits.get("protocol") == "HTTP2":
            http["h2UpgradePolicy"] = "UPGRADE"
    budget = mesh.budget(found.retry, refusals) if found.retry else {}
    if budget.get("budget_percent") == 0:
        http["maxRetries"] = budget["min_retry_concurrency"]
        if not http["maxRetries"] and found.retry:
            refusals.add(
                (*found.retry.at, "budget"), "in Istio maxRetries: 0 is no limit: leave the retry out"
            )
    elif budget:
        names = {"budget_percent": "percent", "min_retry_concurrency": "minRetryConcurrency"}
        out["retryBudget"] = {names[name]: value for name, value in budget.items()}
    pool = {name: one for name, one in (("tcp", tcp), ("http", http)) if one}
    if pool:
        out["connectionPool"] = pool
    return out | ({"outlierDetection": _outlier(found, refusals)} if found.outlier else {})


def _outlier(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    one = found.outlier
    assert one is not None
    if one.policy.use != "istio":
        refusals.add(
            one.at, f"{one.policy.use} has settings that Istio has not: write `use: istio` with its params"
        )
        return {}
    if one.policy.copies != "replica":
        refusals.add((*one.at, "copies"), "every sidecar judges for itself: leave `copies` out")
    options = outlier_options.ISTIO
    return mesh.shown(options, mesh.resolved(options, one.policy.params, one.at, refusals, given_only=True))


def _route(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for timeout in filter(None, (found.whole, found.per_try)):
        if timeout.policy.after < MS:
            refusals.add(timeout.at, "Istio's timeouts are 1ms or longer")
    if found.whole:
        out["timeout"] = show_ns(found.whole.policy.after)
    # Without a word on retries every route of a mesh retries twice.
    retries: dict[str, Any] = {"attempts": found.retry.policy.attempts - 1 if found.retry else 0}
    if found.retry:
        words, codes = mesh.retry_words(found.retry, refusals)
        base, cap = mesh.back_off(found.retry, refusals)
        retries["retryOn"] = ",".join([*words, *map(str, codes)])
        if base != 25 * MS:
            retries["backoff"] = show_ns(base)
        if base < MS or cap != 10 * base:
            at = (*found.retry.at, "backoff")
            refusals.add(
                at,
                f"Istio's waits grow to ten times the first one, which is 1ms or longer: write cap: {show_ns(10 * base)}",
            )
        if found.retry.policy.attempts < 2:
            refusals.add((*found.retry.at, "attempts"), "one try is no retry: leave the retry out")
    if found.per_try and not found.retry:
        message = "in Istio a timeout within bulkhead and outlier is one of each retry: write a retry, or the timeout first in `stack:`"
        refusals.add(found.per_try.at, message)
    elif found.per_try:
        retries["perTryTimeout"] = show_ns(found.per_try.policy.after)
    return out | {"retries": retries}
