"""The fields of Istio's DestinationRule and VirtualService: which are read, why the others have no meaning here.

Source: istio/api b8f8791d, networking/v1alpha3; translation to Envoy: istio/istio 011b88bb.
"""

from sim.policies import outlier_options
from sim.policies.options import Option
from sim.vendor.cursor import READ
from sim.vendor.settings.envoy_fields import UINT32

VERSION = "Istio (istio/api b8f8791d)"
_WHO = "which callers and gateways it is for: a scenario says who calls whom"
_WIRE = "how bytes travel changes no call of the model"
_BALANCER = "which host is chosen: a scenario has `balancer:` of the service"
_LABELS = "labels choose replicas: a scenario has services"
_MATCH = "which requests it takes: a scenario says who calls whom"
_HEADERS = "requests and answers of the model have no headers"
_FAULTS = "faults are written below `faults:` of a scenario"


def _all(why: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


RESOURCE = {
    **_all(READ, "kind", "spec", "metadata"),
    "apiVersion": "it says whose resource this is",
    "status": "it is no setting",
}
RULE = {
    **_all(READ, "host", "trafficPolicy", "subsets"),
    **_all(_WHO, "exportTo", "workloadSelector"),
}
TRAFFIC = {
    **_all(READ, "connectionPool", "outlierDetection", "portLevelSettings", "retryBudget"),
    **_all(_WIRE, "tls", "tunnel", "proxyProtocol"),
    "loadBalancer": _BALANCER,
}
PORT = {
    **_all(READ, "port", "connectionPool", "outlierDetection"),
    "tls": _WIRE,
    "loadBalancer": _BALANCER,
}
SUBSET = {**_all(READ, "name", "trafficPolicy"), "labels": _LABELS}
POOL = _all(READ, "tcp", "http")
TCP = {
    "maxConnections": READ,
    "connectTimeout": "connecting takes no time in the model",
    **_all(_WIRE, "tcpKeepalive", "maxConnectionDuration", "idleTimeout"),
}
HTTP_POOL = {
    **_all(READ, "http1MaxPendingRequests", "http2MaxRequests", "maxRetries", "h2UpgradePolicy"),
    **_all(_WIRE, "maxRequestsPerConnection", "idleTimeout", "useClientProtocol", "maxConcurrentStreams"),
}
POOL_TIMES = ("connectTimeout", "idleTimeout", "maxConnectionDuration")
OUTLIER = {
    **{option.name: READ for option in outlier_options.ISTIO},
    "outlierDetectionHttpErrorCodes": READ,
}
BUDGET = _all(READ, "percent", "minRetryConcurrency")
BUDGET_OPTIONS = (
    Option("percent", 20, "percent", "of the requests in flight", 0, 100),
    Option("minRetryConcurrency", 3, "count", "always allowed", 0),
)

SERVICE = {
    **_all(READ, "hosts", "http"),
    **_all(_WHO, "gateways", "exportTo"),
    **_all("the model's calls are requests and answers", "tcp", "tls"),
}
ROUTE = {
    **_all(READ, "name", "route", "timeout", "retries"),
    **_all(_MATCH, "match", "delegate", "redirect", "directResponse"),
    **_all(_HEADERS, "rewrite", "headers", "corsPolicy", "appendHeaders", "removeResponseHeaders", "appendRequestHeaders",
           "appendResponseHeaders", "removeRequestHeaders", "websocketUpgrade"),
    **_all("copies of requests to another service are not modelled", "mirror", "mirrors", "mirrorPercent", "mirror_percent",
           "mirrorPercentage"),
    "fault": _FAULTS,
}  # fmt: skip
TARGET = {
    "destination": READ,
    **_all("the share of the requests: a scenario says who calls whom", "weight"),
    **_all(_HEADERS, "headers", "removeResponseHeaders", "appendResponseHeaders", "removeRequestHeaders",
           "appendRequestHeaders"),
}  # fmt: skip
DESTINATION = _all(READ, "host", "subset", "port")
RETRIES = {
    **_all(READ, "attempts", "perTryTimeout", "retryOn", "backoff"),
    **_all("where a retry goes: the balancer of the service chooses again", "retryRemoteLocalities", "retryIgnorePreviousHosts"),
}  # fmt: skip

GONE_KINDS = {
    "DestinationPolicy": "it was removed in Istio 1.0; write a DestinationRule",
    "RouteRule": "it was removed in Istio 1.0; write a VirtualService",
}
LIMITS = (
    Option("maxConnections", UINT32, "count", "connections", 0, UINT32),
    Option("http1MaxPendingRequests", UINT32, "count", "waiting places for a connection", 0, UINT32),
    Option("http2MaxRequests", UINT32, "count", "requests at once", 0, UINT32),
)
"""Unset or 0, a limit is none: 2^32 - 1."""
ENVOY_NAMES = {
    "maxConnections": "max_connections",
    "http1MaxPendingRequests": "max_pending_requests",
    "http2MaxRequests": "max_requests",
}
MAX_RETRIES = Option("maxRetries", UINT32, "count", "retries at once", 0, UINT32)
TIMEOUT = Option("timeout", "0s", "duration", "all tries together; 0: as long as it takes", 0)
RETRY_OPTIONS = (
    Option("attempts", 2, "count", "retries at most", 0, 999),
    Option("perTryTimeout", "0s", "duration", "longest wait of a try", 0),
    Option("backoff", "25ms", "duration", "the first wait is up to this", 0.001),
)
RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
"""Of the mesh (istio/istio, route/retry/retry.go; 503 was taken out in 1.24)."""
