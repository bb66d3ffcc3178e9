"""Host ejection by name: the settings of Envoy, Istio and gRPC, and what parameters they come to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.policies import outlier_options as own
from sim.policies import outlier_params as o
from sim.policies.options import Option, OptionError, resolve
from sim.words import NS

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ejector:
    """One entry."""

    about: str
    traps: tuple[str, ...]
    options: tuple[Option, ...]
    params: Callable[[Mapping[str, Any], bool], o.Params]
    """Settings as given -> parameters; True: settings that would have no effect are tolerated."""
    version: str
    source: str
    codes: tuple[int, ...] = o.ENVOY_CODES
    """By outcome number: what a host's counters hear."""


def names() -> tuple[str, ...]:
    """Names of the entries."""
    return tuple(ENTRIES)


def params_from(name: str, given: Mapping[str, Any] | None = None, *, lenient: bool = False) -> o.Params:
    """Parameters of an entry with its own settings.

    KeyError if no entry is called so; OptionError if a setting is unknown, illegal, contradicts another, or
    (unless `lenient`) has no effect.
    """
    return ENTRIES[name].params(given or {}, lenient)


def idle(p: o.Params, hosts: int) -> str:
    """Why it can eject none of so many hosts; empty if it can."""
    detectors = (
        (p.run_5xx, o.BY_5XX), (p.run_gateway, o.BY_GATEWAY), (p.split and p.run_local, o.BY_LOCAL),
        (p.rate, o.BY_RATE), (p.percentage, o.BY_PERCENTAGE),
        (p.rate and p.split, o.BY_LOCAL_RATE), (p.percentage and p.split, o.BY_LOCAL_PERCENTAGE),
    )  # fmt: skip
    if not any(on and p.enforced[cause] for on, cause in detectors):
        return "none of its detectors is in force"
    if p.limit == o.LIMIT_INCLUDING and not p.always_one and 100.0 / hosts > p.max_percent:
        return f"one of {hosts} hosts is {100 / hosts:.3g}%, and it may eject {p.max_percent:g}% at most"
    if p.limit == o.LIMIT_BEFORE and p.max_percent == 0:
        return "it may eject 0% of the hosts"
    by_run = any(on and p.enforced[cause] for on, cause in detectors[:3])
    if not by_run and hosts < min(
        p.rate_hosts if p.rate else hosts + 1, p.percentage_hosts if p.percentage else hosts + 1
    ):
        return f"its statistics need more than {hosts} hosts"
    return ""


def _whole(settings: Settings, name: str) -> int:
    """A percentage that the library keeps as a whole number."""
    percent = round(settings[name] * 100, 9)
    if percent != int(percent):
        raise OptionError(name, f"{name}: {percent:g} is not a whole number of percent")
    return int(percent)


def _needs_split(settings: Settings, given: Mapping[str, Any], split: str, names: tuple[str, ...]) -> None:
    for name in names:
        if name in given and not settings[split]:
            raise OptionError(name, f"{name} has no effect without {split}: true")


def _envoy(given: Mapping[str, Any], lenient: bool) -> o.Params:
    s = resolve(own.ENVOY, given, "envoy-outlier-detection", elsewhere_too=lenient)
    if not lenient:
        _needs_split(s, given, "split_external_local_origin_errors", own.ENVOY_LOCAL)
    longest = (
        s["max_ejection_time"] if "max_ejection_time" in given else max(300 * NS, s["base_ejection_time"])
    )
    if longest < s["base_ejection_time"]:
        raise OptionError("max_ejection_time", "max_ejection_time cannot be shorter than base_ejection_time")
    split = int(s["split_external_local_origin_errors"])
    enforced = _enforced(s)
    return o.Params(
        interval_ns=s["interval"],
        base_ns=s["base_ejection_time"],
        max_ns=longest,
        jitter_ns=s["max_ejection_time_jitter"],
        max_percent=_whole(s, "max_ejection_percent"),
        always_one=int(s["always_eject_one_host"]),
        run_5xx=s["consecutive_5xx"],
        run_gateway=s["consecutive_gateway_failure"],
        split=split,
        run_local=s["consecutive_local_origin_failure"],
        rate=int(enforced[o.BY_RATE] > 0 or (split > 0 and enforced[o.BY_LOCAL_RATE] > 0)),
        rate_hosts=s["success_rate_minimum_hosts"],
        rate_volume=s["success_rate_request_volume"],
        rate_factor=s["success_rate_stdev_factor"] / 1000.0,
        percentage=int(enforced[o.BY_PERCENTAGE] > 0 or (split > 0 and enforced[o.BY_LOCAL_PERCENTAGE] > 0)),
        percentage_hosts=s["failure_percentage_minimum_hosts"],
        percentage_volume=s["failure_percentage_request_volume"],
        percentage_threshold=_whole(s, "failure_percentage_threshold"),
        enforced=enforced,
        panic_percent=int(s["healthy_panic_threshold"] * 100 + 0.5),  # Envoy rounds it to a whole percent
        fail_on_panic=int(s["fail_traffic_on_panic"]),
    )


def _enforced(s: Settings) -> tuple[int, ...]:
    by_cause = [0] * len(o.CAUSES)
    for cause, name in own.ENVOY_ENFORCING.items():
        by_cause[cause] = _whole(s, name)
    return tuple(by_cause)


def _istio(given: Mapping[str, Any], lenient: bool) -> o.Params:
    """Istio's translation (pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection)."""
    s = resolve(own.ISTIO, given, "istio", elsewhere_too=lenient)
    if not lenient:
        _needs_split(s, given, "splitExternalLocalOriginErrors", ("consecutiveLocalOriginFailures",))
    envoy: Settings = {
        "enforcing_success_rate": 0,
        "healthy_panic_threshold": given.get("minHealthPercent", 0),
    }
    for name, its, enforcing in own.ISTIO_RUNS:
        if name in given:
            envoy[its] = s[name]
            envoy[enforcing] = 100 if s[name] > 0 else 0
    for name, its in own.ISTIO_SAME.items():
        if name in given:
            envoy[its] = given[name]
    if s["maxEjectionPercent"] > 0:
        envoy["max_ejection_percent"] = given.get("maxEjectionPercent", 10)
    if s["splitExternalLocalOriginErrors"]:
        envoy |= {"split_external_local_origin_errors": True, "enforcing_local_origin_success_rate": 0}
        if s["consecutiveLocalOriginFailures"] > 0:
            envoy["consecutive_local_origin_failure"] = s["consecutiveLocalOriginFailures"]
            envoy["enforcing_consecutive_local_origin_failure"] = 100
    return _envoy(envoy, True)


def _grpc(given: Mapping[str, Any], lenient: bool) -> o.Params:
    s = resolve(own.GRPC, given, "grpc-outlier-detection", elsewhere_too=lenient)
    rate = _block(given, "successRateEjection", own.GRPC_RATE)
    percentage = _block(given, "failurePercentageEjection", own.GRPC_PERCENTAGE)
    enforced = [0] * len(o.CAUSES)
    enforced[o.BY_RATE] = _whole(rate, "enforcementPercentage")
    enforced[o.BY_PERCENTAGE] = _whole(percentage, "enforcementPercentage")
    return o.Params(
        interval_ns=s["interval"],
        base_ns=s["baseEjectionTime"],
        max_ns=max(s["baseEjectionTime"], s["maxEjectionTime"]),
        max_percent=_whole(s, "maxEjectionPercent"),
        run_5xx=0,
        run_gateway=0,
        rate=int("successRateEjection" in given),
        rate_hosts=rate["minimumHosts"],
        rate_volume=rate["requestVolume"],
        rate_factor=rate["stdevFactor"] / 1000.0,
        percentage=int("failurePercentageEjection" in given),
        percentage_hosts=percentage["minimumHosts"],
        percentage_volume=percentage["requestVolume"],
        percentage_threshold=_whole(percentage, "threshold"),
        enforced=tuple(enforced),
        panic_percent=0.0,
        ok_below=300,
        limit=o.LIMIT_BEFORE,
        order=o.EJECT_FIRST,
        decay=o.DECAY_EACH_SWEEP,
        strict_return=1,
        strict_percentage=1,
        judge_ejected=1,
        uncapped=1,
        unit=1.0,
    )


def _block(given: Mapping[str, Any], name: str, options: tuple[Option, ...]) -> Settings:
    """A mapping within the settings; without it its defaults, which then have no effect."""
    block = given.get(name, {})
    if not isinstance(block, Mapping):
        raise OptionError(name, f"{name}: {block!r} is not a mapping such as {{enforcementPercentage: 100}}")
    try:
        return resolve(options, block, name)
    except OptionError as error:
        raise OptionError(f"{name}.{error.name}", str(error)) from error


ENTRIES: dict[str, Ejector] = {
    "envoy-outlier-detection": Ejector(
        "Ejects a host after 5 server errors in a row, or when its success rate lies 1.9 standard deviations "
        "below the mean; for 30 s times the number of its ejections. Sweeps every 10 s return it.",
        (
            "max_ejection_percent 10 ejects nobody where there are fewer than 10 hosts: the share with the "
            "new one must stay within it. Older releases always let one go; always_eject_one_host does now.",
            "Below healthy_panic_threshold (50% of hosts healthy) all hosts are used again, ejected ones too.",
            "It helps only if other hosts are healthy: what all hosts share (a database, an overload) it "
            "makes worse, for fewer hosts then carry the load.",
            "Success in between resets the run: half of failures give 5 in a row once in 62 calls, a tenth never.",
            "Gateway failures and failure percentages are detected but enforced at 0% by default.",
            "Every proxy decides alone: with few calls per proxy the volumes (100, 50) are never reached.",
            "Return is full: the host gets its whole share at once, and only sweeps return it.",
        ),
        own.ENVOY,
        _envoy,
        "Envoy main",
        "source/common/upstream/outlier_detection_impl.cc, api/envoy/config/cluster/v3/outlier_detection.proto",
    ),
    "istio": Ejector(
        "DestinationRule outlierDetection: Envoy's ejection after 5 server errors in a row, without success "
        "rates and without the panic threshold.",
        (
            "maxEjectionPercent 10, as in Envoy, ejects nobody where there are fewer than 10 hosts.",
            "minHealthPercent unset switches panic off: with maxEjectionPercent 100 every host may be out, and "
            "then every call is refused.",
            "Success rates and failure percentages are never judged; gateway errors only if set.",
            "consecutiveGatewayErrors above consecutive5xxErrors has no effect: the other run ends first.",
        ),
        own.ISTIO,
        _istio,
        "Istio (istio/istio 011b88bb, istio/api b8f8791d)",
        "pilot/pkg/networking/core/cluster_traffic_policy.go, networking/v1alpha3/destination_rule.proto",
    ),
    "grpc-outlier-detection": Ejector(
        "Every 10 s ejects hosts whose success rate or failure percentage stands out, for 30 s times the "
        "number of ejections. Each of the two runs only if its block is written.",
        (
            "Without successRateEjection and failurePercentageEjection it does nothing.",
            "Needs 5 hosts with 100 (success rate) or 50 (percentage) calls in one interval, per client.",
            "The limit is compared before an ejection: one host can always go, whatever maxEjectionPercent.",
            "No panic: with every host ejected every call fails.",
            "It helps only if other hosts are healthy.",
        ),
        own.GRPC,
        _grpc,
        "gRPC (proposal A50, grpc-go 4793ad04)",
        "proposal/A50-xds-outlier-detection.md, balancer/outlierdetection/balancer.go",
        o.GRPC_CODES,
    ),
}
