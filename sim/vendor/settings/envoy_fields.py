"""The fields of Envoy's messages: which are read, and why the others have no meaning here.

Source: envoyproxy/envoy main, api/envoy/config/{cluster,route,bootstrap}/v3.
"""

from sim.policies import outlier_options
from sim.policies.options import Option
from sim.vendor.cursor import READ

VERSION = "Envoy (envoyproxy/envoy main)"
_NAMES = "names, labels and statistics change no call"
_HOSTS = "how hosts are found and grouped: a scenario has `services:` and `replicas:`"
_BALANCER = "which host is chosen: a scenario has `balancer:` of the service"
_WIRE = "how bytes travel changes no call of the model"
_HEALTH = "health checks are those of the service here: `health_check:`"
_CONNECT = "connecting takes no time in the model"
_PANIC = "no host is ejected, so there is no panic"
_MATCH = "which requests a route takes: a scenario says who calls whom"
_HEADERS = "requests and answers of the model have no headers"
_OTHER = "the model has no such thing"


def _all(why: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


CLUSTER = {
    **_all(READ, "name", "circuit_breakers", "outlier_detection", "common_lb_config", "http2_protocol_options",
           "typed_extension_protocol_options", "protocol_selection"),
    **_all(_NAMES, "alt_stat_name", "metadata", "track_timeout_budgets", "track_cluster_stats", "lrs_server",
           "lrs_report_endpoint_metrics", "observability_name"),
    **_all(_HOSTS, "type", "cluster_type", "eds_cluster_config", "load_assignment", "hosts", "dns_refresh_rate",
           "dns_jitter", "dns_failure_refresh_rate", "respect_dns_ttl", "dns_lookup_family", "dns_resolvers",
           "use_tcp_for_dns_lookups", "dns_resolution_config", "typed_dns_resolver_config", "wait_for_warm_on_init",
           "cleanup_interval", "lb_subset_config", "transport_socket_matches", "transport_socket_matcher"),
    **_all(_BALANCER, "lb_policy", "ring_hash_lb_config", "maglev_lb_config", "original_dst_lb_config",
           "least_request_lb_config", "round_robin_lb_config", "load_balancing_policy"),
    **_all(_WIRE, "per_connection_buffer_limit_bytes", "upstream_bind_config", "transport_socket", "tls_context",
           "upstream_connection_options", "filters", "upstream_config", "preconnect_policy",
           "connection_pool_per_downstream_connection", "upstream_http_protocol_options",
           "common_http_protocol_options", "http_protocol_options", "max_requests_per_connection",
           "per_connection_buffer_high_watermark_timeout"),
    **_all(_HEALTH, "health_checks", "close_connections_on_host_health_failure", "ignore_health_on_host_removal"),
    "connect_timeout": _CONNECT,
}  # fmt: skip
COMMON_LB = {
    **_all(READ, "healthy_panic_threshold", "zone_aware_lb_config"),
    **_all(_BALANCER, "locality_weighted_lb_config", "locality_config_specifier", "consistent_hashing_lb_config"),
    **_all(_HOSTS, "update_merge_window", "ignore_new_hosts_until_first_hc", "close_connections_on_host_set_change",
           "override_host_status"),
}  # fmt: skip
ZONES = {
    "fail_traffic_on_panic": READ,
    **_all("the model has no zones", "routing_enabled", "min_cluster_size", "force_locality_direct_routing", "force_local_zone",
           "locality_basis"),
}  # fmt: skip
BREAKERS = {
    "thresholds": READ,
    "per_host_thresholds": "it limits connections to each host; the model counts the requests of a callee",
}
THRESHOLDS = {
    **_all(
        READ,
        "priority",
        "max_connections",
        "max_pending_requests",
        "max_requests",
        "max_retries",
        "retry_budget",
    ),
    "track_remaining": _NAMES,
    "max_connection_pools": "the model has one pool of connections per callee",
}
RETRY_BUDGET = {"budget_percent": READ, "min_retry_concurrency": READ, "budget_interval": READ}
OUTLIER = {
    **{option.name: READ for option in outlier_options.ENVOY if not option.elsewhere},
    "successful_active_health_check_uneject_host": "health checks of the model return no ejected host",
    "monitors": READ,
}
for _name in ("healthy_panic_threshold", "fail_traffic_on_panic"):
    del OUTLIER[_name]
ROUTE = {
    **_all(READ, "cluster", "weighted_clusters", "timeout", "retry_policy", "hedge_policy"),
    "cluster_header": "a header chooses the cluster",
    "retry_policy_typed_config": READ,
    **_all(_HEADERS, "metadata_match", "prefix_rewrite", "regex_rewrite", "path_rewrite_policy", "path_rewrite",
           "host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header", "host_rewrite_path_regex",
           "host_rewrite", "append_x_forwarded_host", "cors", "hash_policy", "upgrade_configs",
           "internal_redirect_action", "internal_redirect_policy", "max_internal_redirects", "grpc_timeout_offset",
           "max_grpc_timeout", "early_data_policy", "rate_limits", "include_vh_rate_limits",
           "cluster_not_found_response_code", "cluster_specifier_plugin", "inline_cluster_specifier_plugin",
           "auto_host_rewrite_header"),
    **_all("every request of the model has the same priority", "priority"),
    **_all(READ, "idle_timeout", "max_stream_duration"),
    "flush_timeout": "an answer of the model comes as a whole",
    **_all(_OTHER, "request_mirror_policies", "request_mirror_policy"),
}  # fmt: skip
_FILTERS = "settings of filters for some requests only have no counterpart in the model"
ENTRY = {
    **_all(READ, "route", "name"),
    **_all(_MATCH, "match", "redirect", "direct_response", "filter_action", "non_forwarding_action"),
    **_all(_NAMES, "metadata", "decorator", "tracing", "stat_prefix"),
    **_all(_FILTERS, "typed_per_filter_config", "per_filter_config"),
    **_all(_HEADERS, "request_headers_to_add", "request_headers_to_remove", "response_headers_to_add",
           "response_headers_to_remove"),
    **_all(_WIRE, "per_request_buffer_limit_bytes", "request_body_buffer_limit"),
}  # fmt: skip
"""A route with what it matches."""
HOST = {
    **_all(READ, "routes", "retry_policy", "hedge_policy", "retry_policy_typed_config"),
    **_all(_MATCH, "name", "domains", "matcher", "require_tls", "virtual_clusters"),
    **_all(_FILTERS, "typed_per_filter_config", "per_filter_config", "rate_limits"),
    **_all(_HEADERS, "request_headers_to_add", "request_headers_to_remove", "response_headers_to_add",
           "response_headers_to_remove", "cors", "include_request_attempt_count", "include_attempt_count_in_response",
           "include_is_timeout_retry_header"),
    **_all(_WIRE, "per_request_buffer_limit_bytes", "request_body_buffer_limit"),
    **_all(_OTHER, "request_mirror_policies"),
    "metadata": _NAMES,
}  # fmt: skip
"""A virtual host."""
_RETRY_HOST = "where a retry goes: the balancer of the service chooses again"
RETRY = {
    **_all(READ, "retry_on", "num_retries", "per_try_timeout", "retry_back_off", "retriable_status_codes"),
    **_all(_RETRY_HOST, "retry_priority", "retry_host_predicate", "host_selection_retry_max_attempts",
           "retry_options_predicates"),
    **_all(_HEADERS, "retriable_headers", "retriable_request_headers", "rate_limited_retry_back_off"),
    "per_try_idle_timeout": READ,
}  # fmt: skip
BACK_OFF = {"base_interval": READ, "max_interval": READ}
HEDGE = {
    "hedge_on_per_try_timeout": READ,
    **_all("Envoy has the field and does not act on it", "initial_requests", "additional_request_chance"),
}

UINT32 = 2**32 - 1
RETRY_OPTIONS = (
    Option("num_retries", 1, "count", "retries at most", 0, 999),
    Option("base_interval", "25ms", "duration", "the first wait is up to this", 1e-9),
    Option("max_interval", "250ms", "duration", "a wait is up to this at most", 1e-9),
)
STREAM = {
    "max_stream_duration": READ,
    **_all(_HEADERS, "grpc_timeout_header_max", "grpc_timeout_header_offset"),
}
"""How long a stream may be."""
ROUTE_TIMEOUT = Option("timeout", "15s", "duration", "all tries together; 0: as long as it takes", 0)
TIME = Option("time", "0s", "duration", "0: as long as it takes", 0)
MAX_RETRIES = Option("max_retries", 3, "count", "retries at once", 0, UINT32)

RETRY_ON: dict[str, tuple[str, ...]] = {
    "5xx": ("error", "timeout", "shed", "unreachable"),
    "gateway-error": ("timeout", "shed", "unreachable"),
    "reset": ("timeout", "unreachable"),
    "reset-before-request": ("unreachable",),
    "connect-failure": ("unreachable",),
    "refused-stream": (),
    "cancelled": (),
    "deadline-exceeded": (),
    "internal": ("error",),
    "resource-exhausted": ("shed",),
    "unavailable": ("shed",),
    "retriable-status-codes": (),
    "retriable-4xx": (),
    "retriable-headers": (),
    "envoy-ratelimited": (),
    "http3-post-connect-failure": (),
}
"""Outcomes that a word of retry_on stands for (retry_state_impl.cc): 5xx and gateway-error take answers and resets, a
timeout of a try among these; reset and connect-failure take no answers. A callee that sheds answers with 503. A retry is
never made for what the cluster's own limits refuse."""
GRPC = ("cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable")
"""Words for statuses of gRPC, which come over HTTP/2 alone."""
CODES = {500: "error", 503: "shed"}
"""Outcomes that come as answers with a status code. A lost connection and a timeout are no answers: they are resets."""
NO_OUTCOME = {
    "refused-stream": "a stream that HTTP/2 refuses; a callee of the model that sheds answers with 503",
    "429": "the code of a rate limiter; a callee of the model that sheds answers with 503",
    "502": "the code of an answer; a connection that fails is connect-failure or reset",
    "504": "the code of an answer; a try that times out is reset, gateway-error or 5xx",
}
"""Why a word stands for nothing, where it seems to stand for something."""
