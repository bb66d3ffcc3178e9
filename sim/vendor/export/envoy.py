"""Policies -> Envoy's clusters, and the routes that lead to them."""

from typing import Any

from sim.policies import outlier_options
from sim.scenario.whole import Applied
from sim.vendor import write
from sim.vendor.export import mesh
from sim.vendor.export.calls import Call, Refusals, names
from sim.vendor.settings import envoy_filters
from sim.vendor.settings.envoy_fields import UINT32

_HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_FILTERS = "envoy.extensions.filters.http"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_PANIC = ("healthy_panic_threshold", "fail_traffic_on_panic")


def text(calls: list[Call], refusals: Refusals) -> str:
    """The file: a document of clusters, one of routes if any route says something, and a listener for each call
    that filters guard."""
    clusters, routes, listeners = [], [], []
    for call, name in zip(calls, names(calls), strict=True):
        found = mesh.parts(call, refusals, ("throttle", "concurrency"))
        clusters.append({"name": name, **_cluster(found, refusals)})
        route = {"match": {"prefix": f"/{name}"}, "route": {"cluster": name, **_route(found, refusals)}}
        if found.filters:
            listeners.append(_listener(name, route, found, refusals))
        elif found.whole or found.retry or found.per_try:
            routes.append(route)
    resources = {"clusters": clusters, **({"listeners": listeners} if listeners else {})}
    out = [*write.lines({"static_resources": resources}, short=0)]
    if routes:
        out += ["---", *write.lines(_table(routes), short=0)]
    return "\n".join([*out, ""])


def _table(routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "routes", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]}


def _listener(name: str, route: dict[str, Any], found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    """A connection manager with its filters, and the route behind them."""
    filters = [one for one in (_filter(applied, refusals) for applied in found.filters) if one]
    manager = {
        "@type": f"type.googleapis.com/{_MANAGER}",
        "stat_prefix": name,
        "route_config": _table([route]),
        "http_filters": [*filters, {"name": "envoy.filters.http.router"}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": name, "filter_chains": [chain]}


def _filter(one: Applied, refusals: Refusals) -> dict[str, Any]:
    for name, (policy, row) in envoy_filters.ROWS.items():
        if one.kind == policy and one.policy.use == row:
            options = envoy_filters.options(name)
            values = mesh.shown(
                options, mesh.resolved(options, one.policy.params, one.at, refusals), mesh.seconds
            )
            config = _admission(values) if name == "admission_control" else _adaptive(values)
            return {"name": f"{envoy_filters.PREFIX}{name}", "typed_config": config}
    use = next(row for policy, row in envoy_filters.ROWS.values() if policy == one.kind)
    refusals.add(one.at, f"Envoy has one {one.kind}: write `use: {use}`")
    return {}


def _admission(values: dict[str, Any]) -> dict[str, Any]:
    ranges = [{"start": 100, "end": 500}]
    return {
        "@type": f"type.googleapis.com/{_FILTERS}.admission_control.v3.AdmissionControl",
        "sampling_window": values["sampling_window"],
        "success_criteria": {"http_criteria": {"http_success_status": ranges}},
        "sr_threshold": {"default_value": {"value": values["sr_threshold"]}},
        "aggression": {"default_value": values["aggression"]},
        "rps_threshold": {"default_value": values["rps_threshold"]},
        "max_rejection_probability": {"default_value": {"value": values["max_rejection_probability"]}},
    }


def _adaptive(values: dict[str, Any]) -> dict[str, Any]:
    percents = ("sample_aggregate_percentile", "jitter", "buffer")
    shown = {name: {"value": value} if name in percents else value for name, value in values.items()}
    if values["fixed_value"] == "0s":
        del shown["fixed_value"]  # it is measured
    gradient = {
        "sample_aggregate_percentile": shown["sample_aggregate_percentile"],
        "concurrency_limit_params": {name: shown[name] for name in envoy_filters.LIMIT},
        "min_rtt_calc_params": {name: shown[name] for name in envoy_filters.MIN_RTT if name in shown},
    }
    kind = f"type.googleapis.com/{_FILTERS}.adaptive_concurrency.v3.AdaptiveConcurrency"
    return {"@type": kind, "gradient_controller_config": gradient}


def _cluster(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    none = {
        "max_connections": UINT32,
        "max_pending_requests": UINT32,
        "max_requests": UINT32,
        "protocol": "HTTP1",
    }
    # Where the scenario has no limit, Envoy's own would come in unasked.
    limits = mesh.pool(found.bulkhead, refusals) if found.bulkhead else none
    http2 = limits.pop("protocol", "HTTP1") == "HTTP2"
    if found.retry:
        budget = mesh.budget(found.retry, refusals)
        if not budget:
            limits["max_retries"] = UINT32
        elif budget.get("budget_percent") == 0:
            limits["max_retries"] = budget["min_retry_concurrency"]
        else:
            percent = {"value": budget["budget_percent"]}
            limits["retry_budget"] = {**budget, "budget_percent": percent}
    out: dict[str, Any] = {"circuit_breakers": {"thresholds": [{"priority": "DEFAULT", **limits}]}}
    if http2:
        options = {
            "@type": f"type.googleapis.com/{_HTTP2}",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        out["typed_extension_protocol_options"] = {_HTTP2: options}
    return out | (_outlier(found, refusals) if found.outlier else {})


def _outlier(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    one = found.outlier
    assert one is not None
    if one.policy.use != "envoy-outlier-detection":
        message = (
            f"{one.policy.use} judges hosts otherwise: write `use: envoy-outlier-detection` with its params"
        )
        refusals.add(one.at, message)
        return {}
    if one.policy.copies != "replica":
        refusals.add((*one.at, "copies"), "every Envoy judges for itself: leave `copies` out")
    options = outlier_options.ENVOY
    values = mesh.resolved(options, one.policy.params, one.at, refusals, given_only=True)
    panic = {name: values.pop(name) for name in _PANIC if name in values}
    out: dict[str, Any] = {"outlier_detection": mesh.shown(options, values, mesh.seconds)}
    lb: dict[str, Any] = {}
    if _PANIC[0] in panic:
        lb[_PANIC[0]] = {"value": panic[_PANIC[0]]}
    if _PANIC[1] in panic:
        lb["zone_aware_lb_config"] = {_PANIC[1]: panic[_PANIC[1]]}
    return out | ({"common_lb_config": lb} if lb else {})


def _route(found: mesh.Parts, refusals: Refusals) -> dict[str, Any]:
    # Without a timeout Envoy would put 15 s; 0s is none.
    out: dict[str, Any] = {"timeout": mesh.seconds(found.whole.policy.after) if found.whole else "0s"}
    policy: dict[str, Any] = {}
    if found.retry:
        words, codes = mesh.retry_words(found.retry, refusals)
        base, cap = mesh.back_off(found.retry, refusals)
        policy = {
            "retry_on": ",".join([*words, *(("retriable-status-codes",) if codes else ())]),
            "num_retries": found.retry.policy.attempts - 1,
            "retry_back_off": {"base_interval": mesh.seconds(base), "max_interval": mesh.seconds(cap)},
        }
        if codes:
            policy["retriable_status_codes"] = codes
        if cap < base:
            refusals.add(
                (*found.retry.at, "backoff"), "max_interval is at least base_interval: raise the cap"
            )
        if found.retry.policy.attempts < 2:
            refusals.add((*found.retry.at, "attempts"), "one try is no retry: leave the retry out")
    elif found.per_try:
        policy["num_retries"] = 0
    if found.per_try:
        policy["per_try_timeout"] = mesh.seconds(found.per_try.policy.after)
    return out | ({"retry_policy": policy} if policy else {})
