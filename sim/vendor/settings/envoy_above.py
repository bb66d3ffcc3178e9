"""What stands around Envoy's clusters and routes: connection managers, routes without a cluster, parts that are not read.

Source: envoyproxy/envoy main, api/envoy/extensions/filters/network/http_connection_manager/v3, .../bootstrap/v3.
"""

from collections.abc import Iterable, Iterator

from sim.vendor import keys
from sim.vendor.cursor import READ, Cursor, camel, fields
from sim.vendor.marked import Idle, Mistakes

_LIKE = "names, logs and statistics change no call"
_WIRE = "how bytes travel changes no call of the model"
_HEADERS = "requests and answers of the model have no headers"
_ARRIVES = "a request of the model arrives at once and as a whole"
_ENDS = "connections of the model do not end"


def _all(why: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


MANAGER = {
    **_all(READ, "http_filters", "route_config", "stream_idle_timeout", "common_http_protocol_options"),
    **_all(_ARRIVES, "request_timeout", "request_headers_timeout"),
    **_all(_ENDS, "drain_timeout", "delayed_close_timeout", "http1_safe_max_connection_duration"),
    **_all(_LIKE, "@type", "stat_prefix", "tracing", "access_log", "access_log_options", "access_log_flush_interval",
           "flush_access_log_on_new_request", "generate_request_id", "request_id_extension"),
    **_all(_WIRE, "codec_type", "http_protocol_options", "http2_protocol_options", "http3_protocol_options",
           "max_request_headers_kb", "upgrade_configs", "stream_error_on_invalid_http_message", "stream_flush_timeout"),
    **_all("routes that come from a server are not in this file", "rds", "scoped_routes"),
    **_all(_HEADERS, "server_name", "server_header_transformation", "scheme_header_transformation", "via",
           "use_remote_address", "xff_num_trusted_hops", "skip_xff_append", "normalize_path", "merge_slashes",
           "add_user_agent", "forward_client_cert_details", "set_current_client_cert_details", "local_reply_config",
           "preserve_external_request_id", "always_set_request_id_in_response", "internal_address_config",
           "path_with_escaped_slashes_action", "strip_matching_host_port", "strip_any_host_port"),
}  # fmt: skip
_STREAMS = {
    "max_stream_duration": READ,
    **_all(_ENDS, "idle_timeout", "max_connection_duration", "max_requests_per_connection"),
    **_all(_HEADERS, "max_headers_count", "max_response_headers_kb", "headers_with_underscores_action"),
}
_INSTEAD = ("redirect", "direct_response", "cluster_header", "cluster_specifier_plugin", "weighted_clusters",
            "inline_cluster_specifier_plugin", "filter_action", "non_forwarding_action")  # fmt: skip
_RESOURCES = ("clusters", "listeners", "secrets")
WEIGHTED = {
    "clusters": READ,
    **_all("the share of the requests: a scenario says who calls whom", "total_weight", "runtime_key_prefix",
           "header_name", "use_hash_policy", "random_value_specifier"),
}  # fmt: skip
WEIGHT = {
    **_all(READ, "name"),
    "weight": "the share of the requests: a scenario says who calls whom",
    **_all(_HEADERS, "cluster_header", "metadata_match", "request_headers_to_add", "request_headers_to_remove",
           "response_headers_to_add", "response_headers_to_remove", "host_rewrite_literal", "typed_per_filter_config"),
}  # fmt: skip


def manager(here: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> dict[str, Cursor]:
    """What a connection manager says of each request: stream_idle_timeout, max_stream_duration. A field that is not
    known here is told as one that is not read."""
    if here is None or not isinstance(here.data, dict):
        return {}
    names = {*MANAGER, *map(camel, MANAGER)}
    known = {**MANAGER, **_all("not known here, and not read", *(k for k in here.data if k not in names))}
    read = fields(here, known, "a connection manager", idle, mistakes, both=True)
    streams = read.pop("common_http_protocol_options", None)
    if streams is not None:
        read |= fields(streams, _STREAMS, "common_http_protocol_options", idle, mistakes, both=True)
    return {name: one for name, one in read.items() if name in ("stream_idle_timeout", "max_stream_duration")}


def weights(weighted: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> None:
    """The shares of clusters."""
    if weighted is None:
        return
    read = fields(weighted, WEIGHTED, "weighted_clusters", idle, mistakes, both=True)
    for one in read["clusters"].items(mistakes) if "clusters" in read else ():
        fields(one, WEIGHT, "a weighted cluster", idle, mistakes, both=True)


def unknown(roots: Iterable[Cursor], mistakes: Mistakes) -> None:
    """Fields of static_resources that Envoy has not."""
    for root in roots:
        for name in ("static_resources", "staticResources"):
            here = root.below(name)
            for key in here.data if here is not None and isinstance(here.data, dict) else ():
                if here is not None and key not in _RESOURCES:
                    keys.unknown((here / key).given(), _RESOURCES, name, {}, mistakes)


def elsewhere(entries: Iterable[Cursor]) -> Iterator[str]:
    """Routes that lead to no cluster by its name, with what they do instead."""
    for entry in entries:
        route = entry.below("route")
        below = route.data if route is not None and isinstance(route.data, dict) else {}
        words = [key for key in (*entry.data, *below) if key in _INSTEAD or key in map(camel, _INSTEAD)]
        yield f"{words[0] if words else 'no cluster'} (line {entry.at.line})"
