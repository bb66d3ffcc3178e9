"""Rows of probabilistic throttles."""

from sim.policies.limits import throttle
from sim.policies.limits.entry import Limit
from sim.policies.options import Option
from sim.words import NS

COUNT, NUMBER, SHARE, TEXT = "count", "number", "share", "duration"

_K = Option("K", 2.0, NUMBER, "requests allowed per accept", 1e-9)
THROTTLES = {
    "google-sre-throttling": Limit(
        "Refuses with max(0, (requests - K accepts) / (requests + 1)) of the last two minutes.",
        ("Refused requests count, so it stays busy refusing while the application keeps asking.",),
        lambda s: throttle.Params(k=s["K"], window_ns=s["window"]),
        (_K, Option("window", "120s", TEXT, "sliding window", 1e-9)),
        "SRE book, Handling Overload",
        "eq. 21-1",
    ),
    "envoy-admission-control": Limit(
        "Refuses as the success rate falls below a threshold.",
        ("Its own refusals are not counted, so the rate recovers only through what it lets pass.",),
        lambda s: throttle.Params(
            k=1.0 / s["sr_threshold"], window_ns=s["sampling_window"], buckets=max(1, s["sampling_window"] // NS),
            anchored=1, counted=throttle.AT_END, power=1.0 / max(1.0, s["aggression"]),
            cap=s["max_rejection_probability"], least_per_s=s["rps_threshold"], local=0, accepts=throttle.ONLY_OK,
            grain=10_000,
        ),
        (
            Option("sampling_window", "30s", TEXT, "sliding window", 1),
            Option("sr_threshold", 95, "percent", "success rate below which it refuses", 1, 100),
            Option("aggression", 1.0, NUMBER, "the probability's root; at least 1", 0),
            Option("rps_threshold", 0, NUMBER, "requests a second below which it never refuses", 0),
            Option("max_rejection_probability", 80, "percent", "highest probability", 0, 100),
        ),
        "Envoy (envoyproxy/envoy main)",
        "extensions/filters/http/admission_control",
    ),
    "kratos-sre": Limit(
        "The SRE formula over 3 s, from 100 requests on.",
        ("Below 100 requests in 3 s it refuses nothing.",),
        lambda s: throttle.Params(
            k=1.0 / s["success"], window_ns=s["window"], buckets=s["bucket"], minimum=s["request"],
            anchored=1, counted=throttle.AT_END, accepts=throttle.ONLY_OK,
        ),
        (
            Option("success", 0.6, SHARE, "1 / K", 1e-9, 1),
            Option("request", 100, COUNT, "requests before it refuses", 0),
            Option("bucket", 10, COUNT, "slices of the window", 1),
            Option("window", "3s", TEXT, "sliding window", 1e-9),
        ),
        "kratos/aegis e0742c6",
        "circuitbreaker/sre/sre.go",
    ),
    "go-zero": Limit(
        "The SRE formula over 10 s with a factor that falls while buckets fail, and 5 free requests.",
        ("A request passes whenever none has passed for a second.",),
        lambda s: throttle.Params(
            kind=throttle.BY_RUNS, k=s["k"], k_least=s["minK"], window_ns=s["window"], buckets=s["buckets"],
            grace=s["protection"], pass_after_ns=s["forcePassDuration"], accepts=throttle.ONLY_OK,
            anchored=1, counted=throttle.AT_END,
        ),
        (
            Option("k", 1.5, NUMBER, "requests allowed per accept", 1),
            Option("minK", 1.1, NUMBER, "what it falls to", 1),
            Option("protection", 5, COUNT, "free requests", 0),
            Option("window", "10s", TEXT, "sliding window", 1e-9),
            Option("buckets", 40, COUNT, "slices of the window", 1),
            Option("forcePassDuration", "1s", TEXT, "one passes when none has for so long", 0),
        ),
        "go-zero 11f21098",
        "core/breaker/googlebreaker.go",
    ),
    "failsafe-go-throttler": Limit(
        "Refuses as the share of successes falls below 1 - failureRateThreshold.",
        ("Its own refusals are not counted.",),
        lambda s: throttle.Params(
            k=1.0 / (1.0 - s["failureRateThreshold"]), window_ns=s["thresholdingPeriod"], buckets=20,
            minimum=s["executionThreshold"], cap=s["maxRejectionRate"], local=0, accepts=throttle.ONLY_OK,
            anchored=1, counted=throttle.AT_END,
        ),
        (
            Option("failureRateThreshold", 0.1, SHARE, "share of failures that it bears", 0, 0.999),
            Option("thresholdingPeriod", "60s", TEXT, "sliding window", 1e-9),
            Option("executionThreshold", 0, COUNT, "executions before it refuses", 0),
            Option("maxRejectionRate", 0.9, SHARE, "highest probability", 0, 1),
        ),
        "failsafe-go 5759a5e",
        "adaptivethrottler/adaptivethrottler.go",
    ),
    "finagle-nack": Limit(
        "Refuses as the moving average of accepted requests falls below a half.",
        ("Below 5 requests a second every response counts as accepted.",),
        lambda s: throttle.Params(
            kind=throttle.BY_AVERAGE, window_ns=NS, buckets=5, anchored=1, tau_ns=s["window"],
            threshold=1.0 - s["nackRateThreshold"],
            cap=s["maxDropProbability"], least_per_s=s["rpsThreshold"], local=0, accepts=throttle.ALL_BUT_SHED,
        ),
        (
            Option("window", "120s", TEXT, "time constant of the average", 1e-9),
            Option("nackRateThreshold", 0.5, SHARE, "share of nacks above which it refuses", 0, 0.999),
            Option("maxDropProbability", 0.75, SHARE, "highest probability", 0, 1),
            Option("rpsThreshold", 5, NUMBER, "requests a second below which all counts as accepted", 0),
        ),
        "Finagle (twitter/finagle 4feb34c)",
        "NackAdmissionFilter.scala",
    ),
}  # fmt: skip
