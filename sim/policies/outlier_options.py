"""The settings of the host ejectors under their own names: defaults, units, legal ranges."""

from sim.policies import outlier_params as o
from sim.policies.options import Option

COUNT, PERCENT, TIME = "count", "percent", "duration"
MOST = 2**32 - 1
NS_IN_S = 1e-9
"""The shortest time longer than none, in s."""
BLOCK = "a mapping; its presence switches the algorithm on"


def _count(name: str, default: int, about: str) -> Option:
    return Option(name, default, COUNT, about, 0, MOST)


def _percent(name: str, default: float, about: str) -> Option:
    return Option(name, default, PERCENT, about, 0, 100)


def _time(name: str, default: str, about: str, low: float = NS_IN_S) -> Option:
    return Option(name, default, TIME, about, low)


ENVOY = (
    _count("consecutive_5xx", 5, "server errors in a row, local ones too without the split; 0: off"),
    _percent("enforcing_consecutive_5xx", 100, "share of detections that eject"),
    _count("consecutive_gateway_failure", 5, "502, 503 and 504 in a row; 0: off"),
    _percent("enforcing_consecutive_gateway_failure", 0, "share of detections that eject"),
    _time("interval", "10s", "time between sweeps"),
    _time("base_ejection_time", "30s", "an ejection lasts this times the host's multiplier"),
    _time("max_ejection_time", "300s", "longest ejection; default the longer of 300s and base_ejection_time"),
    _time("max_ejection_time_jitter", "0s", "added to each ejection: uniform up to this", 0),
    _percent("max_ejection_percent", 10, "share of the hosts that may be out, the new one included"),
    Option("always_eject_one_host", False, "flag", "the first ejection is not bound by max_ejection_percent"),
    _count("success_rate_minimum_hosts", 5, "hosts with enough requests before success rates are judged"),
    _count("success_rate_request_volume", 100, "requests of a host in one interval before its rate counts"),
    _count("success_rate_stdev_factor", 1900, "thousandths of a standard deviation below the mean: ejected"),
    _percent("enforcing_success_rate", 100, "share of detections that eject"),
    _percent("failure_percentage_threshold", 85, "at or above: ejected"),
    _percent("enforcing_failure_percentage", 0, "share of detections that eject"),
    _count("failure_percentage_minimum_hosts", 5, "hosts with enough requests before percentages are judged"),
    _count("failure_percentage_request_volume", 50, "requests of a host in one interval before it counts"),
    Option("split_external_local_origin_errors", False, "flag",
           "timeouts and failed connections have counters of their own"),
    _count("consecutive_local_origin_failure", 5, "timeouts and failed connections in a row; 0: off (split)"),
    _percent("enforcing_consecutive_local_origin_failure", 100, "share of detections that eject (split)"),
    _percent("enforcing_local_origin_success_rate", 100, "share of detections that eject (split)"),
    _percent("enforcing_failure_percentage_local_origin", 0, "share of detections that eject (split)"),
    Option("successful_active_health_check_uneject_host", True, "flag", "a good health check returns the host",
           elsewhere="health checks of the model only see stopped replicas, and return no host"),
    _percent("healthy_panic_threshold", 50, "of common_lb_config: below this share of healthy hosts all are used"),
    Option("fail_traffic_on_panic", False, "flag", "of common_lb_config: in panic no host is used"),
)  # fmt: skip

ENVOY_ENFORCING = {
    o.BY_5XX: "enforcing_consecutive_5xx",
    o.BY_GATEWAY: "enforcing_consecutive_gateway_failure",
    o.BY_LOCAL: "enforcing_consecutive_local_origin_failure",
    o.BY_RATE: "enforcing_success_rate",
    o.BY_PERCENTAGE: "enforcing_failure_percentage",
    o.BY_LOCAL_RATE: "enforcing_local_origin_success_rate",
    o.BY_LOCAL_PERCENTAGE: "enforcing_failure_percentage_local_origin",
}
"""By cause."""
ENVOY_LOCAL = (
    "consecutive_local_origin_failure",
    *(ENVOY_ENFORCING[cause] for cause in (o.BY_LOCAL, o.BY_LOCAL_RATE, o.BY_LOCAL_PERCENTAGE)),
)
"""Settings of the split mode."""

ISTIO = (
    _count("consecutive5xxErrors", 5, "server errors in a row; 0: off"),
    _count("consecutiveGatewayErrors", 0, "502, 503 and 504 in a row; 0: off"),
    _time("interval", "10s", "time between sweeps", 0.001),
    _time("baseEjectionTime", "30s", "an ejection lasts this times the host's multiplier", 0.001),
    _percent("maxEjectionPercent", 10, "share of the hosts that may be out; 0 means Envoy's 10"),
    _percent("minHealthPercent", 0, "below this share of healthy hosts all are used; 0: never"),
    Option("splitExternalLocalOriginErrors", False, "flag",
           "timeouts and failed connections have counters of their own"),
    _count("consecutiveLocalOriginFailures", 5, "timeouts and failed connections in a row (split); 0 means 5"),
    Option("consecutiveErrors", 5, COUNT, "removed", elsewhere="it was removed; write consecutive5xxErrors"),
)  # fmt: skip
ISTIO_RUNS = (
    ("consecutive5xxErrors", "consecutive_5xx", "enforcing_consecutive_5xx"),
    (
        "consecutiveGatewayErrors",
        "consecutive_gateway_failure",
        "enforcing_consecutive_gateway_failure",
    ),
)
"""Istio's name, Envoy's, and what Envoy enforces when it is set above 0."""
ISTIO_SAME = {"interval": "interval", "baseEjectionTime": "base_ejection_time"}

GRPC = (
    _time("interval", "10s", "time between sweeps"),
    _time("baseEjectionTime", "30s", "an ejection lasts this times the host's multiplier"),
    _time("maxEjectionTime", "300s", "longest ejection; at least baseEjectionTime", 0),
    _percent("maxEjectionPercent", 10, "no ejection once this share of the hosts is out"),
    Option("successRateEjection", None, "any", BLOCK),
    Option("failurePercentageEjection", None, "any", BLOCK),
    Option("childPolicy", None, "any", "load balancing", elsewhere="write `balancer:` of the service"),
)
GRPC_RATE = (
    _count("stdevFactor", 1900, "thousandths of a standard deviation below the mean: ejected"),
    _percent("enforcementPercentage", 100, "share of detections that eject"),
    _count("minimumHosts", 5, "hosts with enough calls before rates are judged"),
    _count("requestVolume", 100, "calls of a host in one interval before its rate counts"),
)
GRPC_PERCENTAGE = (
    _percent("threshold", 85, "above: ejected"),
    _percent("enforcementPercentage", 100, "share of detections that eject"),
    _count("minimumHosts", 5, "hosts with enough calls before percentages are judged"),
    _count("requestVolume", 50, "calls of a host in one interval before it counts"),
)
