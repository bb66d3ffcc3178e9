"""The catalogue of limiters and budgets: a library's own settings, and the parameters they come to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.policies.catalog.entry import settings
from sim.policies.limits import budget, concurrency, cycles, throttle
from sim.policies.options import Option

S = 1_000_000_000
COUNT, NUMBER, SHARE, TEXT = "count", "number", "share", "duration"


@dataclass(frozen=True, slots=True)
class Limit:
    """One row."""

    about: str
    traps: tuple[str, ...]
    make: Callable[[dict[str, Any]], Any]
    """Its settings, defaults filled in, as parameters."""
    options: tuple[Option, ...]
    version: str
    source: str
    prefixes: tuple[str, ...] = ()


def params(rows: Mapping[str, Limit], name: str, given: Mapping[str, Any] | None = None) -> Any:
    """Parameters of a row. KeyError if there is none; OptionError if a setting is unknown or illegal."""
    row = rows[name]
    return row.make(settings(row, given or {}, name))


# Probabilistic throttles ---------------------------------------------------------------------------
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
            k=1.0 / s["sr_threshold"], window_ns=s["sampling_window"], buckets=max(1, s["sampling_window"] // S),
            power=1.0 / max(1.0, s["aggression"]), cap=s["max_rejection_probability"],
            least_per_s=s["rps_threshold"], local=0, accepts=throttle.ONLY_OK,
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
            accepts=throttle.ONLY_OK,
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
        ("One request passes every second whatever happens.",),
        lambda s: throttle.Params(
            kind=throttle.BY_RUNS, k=s["k"], k_least=s["minK"], window_ns=s["window"], buckets=s["buckets"],
            grace=s["protection"], pass_after_ns=s["forcePassDuration"], accepts=throttle.ONLY_OK,
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
            kind=throttle.BY_AVERAGE, window_ns=s["window"], buckets=2, threshold=s["nackRateThreshold"],
            cap=s["maxDropProbability"], least_per_s=s["rpsThreshold"], local=0, accepts=throttle.ALL_BUT_SHED,
        ),
        (
            Option("window", "120s", TEXT, "time constant of the average", 1e-9),
            Option("nackRateThreshold", 0.5, SHARE, "accepted share below which it refuses", 1e-9, 1),
            Option("maxDropProbability", 0.75, SHARE, "highest probability", 0, 1),
            Option("rpsThreshold", 5, NUMBER, "requests a second below which all counts as accepted", 0),
        ),
        "Finagle (twitter/finagle 4feb34c)",
        "NackAdmissionFilter.scala",
    ),
}  # fmt: skip

# Concurrency limits ----------------------------------------------------------------------------------


def _limits(initial: int, least: int, most: int, *more: Option) -> tuple[Option, ...]:
    return (
        Option("initialLimit", initial, COUNT, "limit at the start", 1),
        Option("minLimit", least, COUNT, "least limit", 1),
        Option("maxLimit", most, COUNT, "greatest limit", 1),
        *more,
    )


_SMOOTHING = Option("smoothing", 0.2, SHARE, "weight of the new limit", 0, 1)
_NETFLIX = "Netflix concurrency-limits 78a74b9"
CONCURRENCY = {
    "netflix-aimd": Limit(
        "One more per sample while half used; times 0.9 at a drop or a slow call.",
        ("Latency moves it only beyond its timeout (5 s).",),
        lambda s: concurrency.Params(
            concurrency.AIMD, s["initialLimit"], s["minLimit"], s["maxLimit"], s["backoffRatio"], s["timeout"]
        ),
        _limits(
            20, 20, 200,
            Option("backoffRatio", 0.9, SHARE, "what a drop multiplies by", 0.5, 1),
            Option("timeout", "5s", TEXT, "a slower sample is a drop", 1e-9),
        ),
        _NETFLIX,
        "AIMDLimit.java",
    ),
    "netflix-vegas": Limit(
        "Estimates the queue from the least latency, and holds it between 3 and 6 log10 of the limit.",
        ("A probe that happens to be slow makes a slow callee look fast.",),
        lambda s: concurrency.Params(
            concurrency.VEGAS, s["initialLimit"], 1, s["maxConcurrency"],
            smoothing=s["smoothing"], probe=s["probeMultiplier"],
        ),
        (
            Option("initialLimit", 20, COUNT, "limit at the start", 1),
            Option("maxConcurrency", 1000, COUNT, "greatest limit", 1),
            Option("smoothing", 1.0, SHARE, "weight of the new limit", 0, 1),
            Option("probeMultiplier", 30, COUNT, "limits of samples between two probes", 1),
        ),
        _NETFLIX,
        "VegasLimit.java",
    ),
    "netflix-gradient2": Limit(
        "Compares latency with its long average; the limit falls as it grows beyond the tolerance.",
        ("A slow increase of latency becomes the long average, and is tolerated.",),
        lambda s: concurrency.Params(
            concurrency.GRADIENT2, s["initialLimit"], s["minLimit"], s["maxConcurrency"],
            smoothing=s["smoothing"], tolerance=s["rttTolerance"], queue=float(s["queueSize"]),
            window=s["longWindow"],
        ),
        (
            Option("initialLimit", 20, COUNT, "limit at the start", 1),
            Option("minLimit", 20, COUNT, "least limit", 1),
            Option("maxConcurrency", 200, COUNT, "greatest limit", 1),
            _SMOOTHING,
            Option("rttTolerance", 1.5, NUMBER, "latency may grow so far without effect", 1),
            Option("queueSize", 4, COUNT, "queue that it allows", 0),
            Option("longWindow", 600, COUNT, "samples of the long average", 1),
        ),
        _NETFLIX,
        "Gradient2Limit.java",
    ),
    "netflix-gradient": Limit(
        "Compares latency with the least latency; drops to its queue now and then to measure that anew.",
        ("While it measures, throughput falls.",),
        lambda s: concurrency.Params(
            concurrency.GRADIENT, s["initialLimit"], s["minLimit"], s["maxConcurrency"], s["backoffRatio"],
            smoothing=s["smoothing"], tolerance=s["rttTolerance"], probe=s["probeInterval"],
        ),
        (
            Option("initialLimit", 50, COUNT, "limit at the start", 1),
            Option("minLimit", 1, COUNT, "least limit", 1),
            Option("maxConcurrency", 1000, COUNT, "greatest limit", 1),
            _SMOOTHING,
            Option("rttTolerance", 2.0, NUMBER, "latency may grow so far without effect", 1),
            Option("probeInterval", 1000, COUNT, "samples between two measurements", 1),
            Option("backoffRatio", 0.9, SHARE, "what a drop multiplies by", 0.5, 1),
        ),
        _NETFLIX,
        "GradientLimit.java",
    ),
    "envoy-adaptive-concurrency": Limit(
        "Compares the median latency of each interval with the least latency, which it measures anew now "
        "and then at its least limit.",
        ("While it measures, 50 samples pass at a limit of 3.",),
        lambda s: concurrency.Params(
            concurrency.ENVOY, s["min_concurrency"], s["min_concurrency"], s["max_concurrency_limit"],
            update_ns=s["concurrency_update_interval"], recalc_ns=s["interval"], recalc_jitter=s["jitter"],
            samples=s["request_count"], buffer=s["buffer"], percentile=s["sample_aggregate_percentile"],
        ),
        (
            Option("sample_aggregate_percentile", 50, "percent", "latency that stands for an interval", 0, 100),
            Option("max_concurrency_limit", 1000, COUNT, "greatest limit", 1),
            Option("concurrency_update_interval", "100ms", TEXT, "interval between updates", 1e-9),
            Option("interval", "60s", TEXT, "interval between measurements of the least latency", 1e-9),
            Option("request_count", 50, COUNT, "samples of such a measurement", 1),
            Option("jitter", 15, "percent", "that interval is up to so much longer", 0, 100),
            Option("min_concurrency", 3, COUNT, "least limit", 1),
            Option("buffer", 25, "percent", "latency may grow so far without effect", 0, 100),
        ),
        "Envoy (envoyproxy/envoy main)",
        "extensions/filters/http/adaptive_concurrency/controller/gradient_controller.cc",
        prefixes=("gradient_controller_config.", "concurrency_limit_params.", "min_rtt_calc_params."),
    ),
}  # fmt: skip

# Rate limiters -----------------------------------------------------------------------------------------
RATE_LIMITS = {
    "resilience4j-ratelimiter": Limit(
        "So many calls per cycle; a call may reserve a place in a later cycle and wait for it.",
        ("The default cycle is 500 ns long: it limits nothing until limitRefreshPeriod is set.",),
        lambda s: cycles.Params(s["limitForPeriod"], s["limitRefreshPeriod"], s["timeoutDuration"]),
        (
            Option("limitForPeriod", 50, COUNT, "calls per cycle", 1),
            Option("limitRefreshPeriod", "500ns", "duration_ms", "length of a cycle", 1e-6),
            Option("timeoutDuration", "5s", "duration_ms", "longest wait", 0),
        ),
        "resilience4j 2.4 (af9e7c97)",
        "AtomicRateLimiter.java",
    ),
}

# Bulkheads: (calls at once, waiting places or -1, longest wait in ns) -------------------------------------
UNLIMITED = -1


def _hystrix_pool(s: dict[str, Any]) -> tuple[int, int, int]:
    queue = max(0, s["maxQueueSize"])
    return s["coreSize"], min(queue, s["queueSizeRejectionThreshold"]) if queue else 0, 1 << 62


BULKHEADS = {
    "resilience4j-bulkhead": Limit(
        "At most so many calls at once; the others wait up to maxWaitDuration, first come first served.",
        ("By default nobody waits.",),
        lambda s: (s["maxConcurrentCalls"], UNLIMITED if s["maxWaitDuration"] else 0, s["maxWaitDuration"]),
        (
            Option("maxConcurrentCalls", 25, COUNT, "calls at once", 1),
            Option("maxWaitDuration", 0, "duration_ms", "longest wait", 0),
            Option("fairCallHandling", True, "flag", "first come first served, which is so here"),
        ),
        "resilience4j 2.4 (af9e7c97)",
        "SemaphoreBulkhead.java",
    ),
    "resilience4j-thread-pool-bulkhead": Limit(
        "A pool of threads with a queue; full, it refuses.",
        ("Threads beyond the core start only when the queue is full.",),
        lambda s: (s["maxThreadPoolSize"], s["queueCapacity"], 1 << 62),
        (
            Option("coreThreadPoolSize", 1, COUNT, "Model: all threads up to the maximum are there", 1),
            Option("maxThreadPoolSize", 2, COUNT, "threads; the library's default is the number of cores", 1),
            Option("queueCapacity", 100, COUNT, "waiting places", 1),
            Option("keepAliveDuration", "20ms", "duration_ms", "of no effect here", 0),
        ),
        "resilience4j 2.4 (af9e7c97)",
        "FixedThreadPoolBulkhead.java",
    ),
    "hystrix-semaphore": Limit(
        "At most so many calls at once; nobody waits.",
        (),
        lambda s: (s["execution.isolation.semaphore.maxConcurrentRequests"], 0, 0),
        (Option("execution.isolation.semaphore.maxConcurrentRequests", 10, COUNT, "calls at once", 1),),
        "Hystrix 1.5 (Netflix/Hystrix 7c03bafe)",
        "HystrixCommandProperties.java",
        prefixes=("execution.isolation.semaphore.",),
    ),
    "hystrix-thread-pool": Limit(
        "A pool of threads; by default without a queue.",
        ("queueSizeRejectionThreshold (5) binds before maxQueueSize.",),
        _hystrix_pool,
        (
            Option("coreSize", 10, COUNT, "threads", 1),
            Option("maxQueueSize", -1, COUNT, "waiting places; -1: none", -1),
            Option("queueSizeRejectionThreshold", 5, COUNT, "waiting places that are used", 0),
        ),
        "Hystrix 1.5 (Netflix/Hystrix 7c03bafe)",
        "HystrixThreadPoolProperties.java",
    ),
    "envoy-thresholds": Limit(
        "At most so many requests at once, and so many that wait for a connection.",
        ("Each Envoy counts for itself: n callers admit n times as many.",),
        lambda s: (s["max_requests"], s["max_pending_requests"], 1 << 62),
        (
            Option("max_requests", 1024, COUNT, "requests at once", 1),
            Option("max_pending_requests", 1024, COUNT, "waiting places", 0),
        ),
        "Envoy (envoyproxy/envoy main)",
        "upstream/resource_manager_impl.h",
    ),
    "polly-concurrency-limiter": Limit(
        "At most PermitLimit at once, QueueLimit wait.",
        (),
        lambda s: (s["PermitLimit"], s["QueueLimit"], 1 << 62),
        (
            Option("PermitLimit", 1000, COUNT, "calls at once", 1),
            Option("QueueLimit", 0, COUNT, "waiting places", 0),
        ),
        "Polly 8 (173d6d1d)",
        "RateLimiterStrategyOptions.cs",
    ),
}

# Retry budgets -------------------------------------------------------------------------------------------


def _aws(cost: int, timeout: int, throttling: int) -> tuple[Option, ...]:
    return (
        Option("capacity", 500, NUMBER, "tokens at the start, and at most", 1),
        Option("retry_cost", cost, NUMBER, "of a retry", 0),
        Option("timeout_cost", timeout, NUMBER, "of a retry after a timeout", 0),
        Option("throttling_cost", throttling, NUMBER, "of a retry after the callee shed it", 0),
        Option("no_retry_increment", 1, NUMBER, "earned by a success without retry", 0),
    )


def _quota(s: dict[str, Any]) -> budget.Params:
    return budget.Params(
        budget.QUOTA, capacity=s["capacity"], cost=s["retry_cost"], timeout_cost=s["timeout_cost"],
        throttling_cost=s["throttling_cost"], no_retry_earns=s["no_retry_increment"],
    )  # fmt: skip


_AWS_TRAPS = ("A client sees only itself: n clients have n quotas.",)
_FINAGLE = (
    Option("percentCanRetry", 0.2, SHARE, "retries per request", 0, 1),
    Option("minRetriesPerSec", 10, NUMBER, "always allowed", 0),
    Option("ttl", "10s", TEXT, "how long a request counts", 1e-9),
)
BUDGETS = {
    "aws-sdk-standard": Limit(
        "A retry costs 5 of 500 tokens, 10 after a timeout; a success gives back what its last retry cost.",
        _AWS_TRAPS, _quota, _aws(5, 10, 5), "botocore 1.38.0", "retries/standard.py, retries/quota.py",
    ),
    "aws-sdk-standard-2026": Limit(
        "A retry costs 14 of 500 tokens, 5 after throttling.",
        _AWS_TRAPS, _quota, _aws(14, 14, 5), "botocore 1.44.5", "retries/standard.py",
    ),
    "smithy-rs": Limit(
        "A retry costs 5 of 500 tokens, 10 after a transient error or timeout.",
        _AWS_TRAPS, _quota, _aws(10, 10, 5), "smithy-rs", "aws-smithy-runtime/src/client/retries",
    ),
    "grpc-retry-throttling": Limit(
        "Retries only while more than half of the tokens are there; a failure costs one.",
        ("With 10 tokens the fifth failure in a row stops retries; it takes 10 successes to earn one back.",),
        lambda s: budget.Params(budget.THROTTLE, ratio=s["tokenRatio"], capacity=s["maxTokens"]),
        (
            Option("maxTokens", 10, NUMBER, "tokens at the start, and at most", 1e-3, 1000),
            Option("tokenRatio", 0.1, NUMBER, "earned by a success", 1e-3),
        ),
        "gRPC (gRFC A6)", "A6-client-retries.md",
    ),
    "finagle-retry-budget": Limit(
        "Retries up to a share of the requests of the last 10 s, and some always.",
        ("The reserve of 10 retries a second is for every client by itself.",),
        lambda s: budget.Params(
            budget.LEAKY, ratio=s["percentCanRetry"], min_per_s=s["minRetriesPerSec"], window_ns=s["ttl"]
        ),
        _FINAGLE, "Finagle (twitter/finagle 4feb34c)", "RetryBudget.scala",
    ),
    "linkerd-retry-budget": Limit(
        "Retries up to a share of the requests of the last 10 s, and some always.",
        ("The reserve of 10 retries a second is for every proxy by itself.",),
        lambda s: budget.Params(
            budget.RATIO, ratio=s["retryRatio"], min_per_s=s["minRetriesPerSecond"], window_ns=s["ttl"]
        ),
        (
            Option("retryRatio", 0.2, SHARE, "retries per request", 0, 1),
            Option("minRetriesPerSecond", 10, NUMBER, "always allowed", 0),
            Option("ttl", "10s", TEXT, "how long a request counts", 1e-9),
        ),
        "Linkerd (ServiceProfile)", "linkerd.io/docs, retryBudget",
    ),
    "envoy-retry-budget": Limit(
        "Retries at once up to a share of the requests in flight, and some always.",
        ("3 retries at once are always allowed, in each Envoy.",),
        lambda s: budget.Params(
            budget.CONCURRENT, ratio=s["budget_percent"], min_concurrent=s["min_retry_concurrency"]
        ),
        (
            Option("budget_percent", 20, "percent", "of the requests in flight", 0, 100),
            Option("min_retry_concurrency", 3, COUNT, "always allowed", 0),
        ),
        "Envoy (envoyproxy/envoy main)", "upstream/resource_manager_impl.h",
    ),
    "failsafe-go-budget": Limit(
        "Retries and hedges at once up to a share of the executions in flight.",
        (),
        lambda s: budget.Params(budget.CONCURRENT, ratio=s["maxRate"], min_concurrent=s["minConcurrency"]),
        (
            Option("maxRate", 0.2, SHARE, "of the executions in flight", 0, 1),
            Option("minConcurrency", 3, COUNT, "always allowed", 0),
        ),
        "failsafe-go 5759a5e", "budget/budget.go",
    ),
}  # fmt: skip

BLOCKS: dict[str, dict[str, Limit]] = {
    "throttle": THROTTLES,
    "concurrency": CONCURRENCY,
    "rate_limit": RATE_LIMITS,
    "bulkhead": BULKHEADS,
    "budget": BUDGETS,
}
"""Rows by the policy block whose `use:` names them."""
