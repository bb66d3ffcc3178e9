"""Hystrix, resilience4j, Sentinel, Failsafe: the libraries of the JVM."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, FAILURES, MS, Entry, Parts, S
from sim.policies.catalog.failsafe import FAILSAFE
from sim.policies.options import Option

COUNT, RATIO, FLAG, MILLIS = "count", "percent", "flag", "duration_ms"
BY_OUTCOME = "say it by outcome: `failures:` and `ignored_outcomes:` of the breaker"
NO_MEANING = "it has no meaning in a simulation; leave it out"


def _hystrix(s: dict[str, Any]) -> Parts:
    rolling, snapshot = (
        s["metrics.rollingStats.timeInMilliseconds"],
        s["metrics.healthSnapshot.intervalInMilliseconds"],
    )
    if rolling % snapshot:
        msg = "metrics.rollingStats.timeInMilliseconds must be a multiple of metrics.healthSnapshot.intervalInMilliseconds"
        raise ValueError(msg)
    forced = "forced_open" if s["circuitBreaker.forceOpen"] else "metrics_only"
    stays_closed = s["circuitBreaker.forceClosed"] or not s["circuitBreaker.enabled"]
    return {
        "window": {"time": rolling, "buckets": rolling // snapshot},
        "trip": {
            "failure_ratio": s["circuitBreaker.errorThresholdPercentage"],
            "percent": "cut",
            "minimum": s["circuitBreaker.requestVolumeThreshold"],
            "on": "bucket",
        },
        "open_for": {"fixed": s["circuitBreaker.sleepWindowInMilliseconds"]},
        "leave_open": "request",
        "expiry": "strict",
        "probe": "single",
        "ignored": "reopens",
        "decide": "first",
        "late": "current-state",
        "while_open": "record",
        "clear": "close",
        "failures": (*FAILURES, "bulkhead"),
        "initial": forced if s["circuitBreaker.forceOpen"] or stays_closed else "closed",
    }  # fmt: skip


HYSTRIX = Entry(
    "Judges the share of errors over rolling buckets, each time a bucket closes; one probe decides.",
    (
        "It is judged only when a bucket closes (500 ms): all calls until then are admitted.",
        "Needs 20 requests in 10 s per command and process: below 2 calls a second it cannot trip.",
        "A probe that never returns keeps it half-open until some other command ends; set its timeout.",
        "An ignored result (bad request) re-opens a half-open circuit.",
    ),
    _hystrix,
    (
        Option("circuitBreaker.enabled", True, FLAG, "false: it never opens"),
        Option("circuitBreaker.requestVolumeThreshold", 20, COUNT, "requests in the rolling window", 0),
        Option("circuitBreaker.errorThresholdPercentage", 50, RATIO, "share of errors, cut to whole percents", 0, 100),
        Option("circuitBreaker.sleepWindowInMilliseconds", 5000, MILLIS, "open time", 0),
        Option("circuitBreaker.forceOpen", False, FLAG, "refuses everything; wins over forceClosed"),
        Option("circuitBreaker.forceClosed", False, FLAG, "admits everything"),
        Option("metrics.rollingStats.timeInMilliseconds", 10_000, MILLIS, "rolling window", 1),
        Option("metrics.rollingStats.numBuckets", 10, COUNT, "not used by the breaker", 1),
        Option("metrics.healthSnapshot.intervalInMilliseconds", 500, MILLIS, "width of the breaker's buckets", 1),
    ),
    "Hystrix 1.5 (Netflix/Hystrix 7c03bafe)",
    "HystrixCircuitBreaker.java, HealthCountsStream.java, HystrixCommandMetrics.java",
    prefixes=("hystrix.command.default.", "circuitBreaker.", "metrics."),
    breaks=("permits_conserved",),
    wedges=True,
)  # fmt: skip


def _resilience4j(s: dict[str, Any]) -> Parts:
    size, minimum, quota = (
        s["slidingWindowSize"],
        s["minimumNumberOfCalls"],
        s["permittedNumberOfCallsInHalfOpenState"],
    )
    timed = s["slidingWindowType"] == "TIME_BASED"
    automatic = s["automaticTransitionFromOpenToHalfOpenEnabled"]
    return {
        "window": {"time": size * S, "buckets": size, "grid": "epoch"} if timed else {"count": size},
        "trip": {
            "failure_ratio": s["failureRateThreshold"],
            "slow_ratio": s["slowCallRateThreshold"],
            "minimum": minimum if timed else min(minimum, size),
            "on": "any",
        },
        "slow": s["slowCallDurationThreshold"],
        "open_for": _wait(s),
        "leave_open": "timer" if automatic else "request",
        "expiry": "inclusive" if automatic else "strict",
        "probe": {"quota": quota},
        "ignored": "gives-any-back",
        "half_open_for": {"longest": s["maxWaitDurationInHalfOpenState"], "then": s["transitionToStateAfterWaitDuration"].lower()},
        "decide": {"failure_ratio": s["failureRateThreshold"], "after": min(minimum, quota)},
        "late": "current-state",
        "while_open": "record",
        "clear": "transition",
        "failures": ANY_EXCEPTION,
        "initial": s["initialState"].lower(),
    }  # fmt: skip


def _wait(s: dict[str, Any]) -> Parts:
    growing, random = s["enableExponentialBackoff"], s["enableRandomizedWait"]
    if growing and random:
        msg = "enableExponentialBackoff and enableRandomizedWait exclude each other"
        raise ValueError(msg)
    wait: Parts = {"fixed": s["waitDurationInOpenState"], "step": MS}
    if growing:
        cap = s["exponentialMaxWaitDurationInOpenState"]
        exponential = {"initial": wait.pop("fixed"), "multiplier": s["exponentialBackoffMultiplier"]}
        wait["exponential"] = exponential | ({"cap": cap} if cap else {})
    return wait | ({"jitter": s["randomizedWaitFactor"]} if random else {})


STATES = ("CLOSED", "OPEN", "HALF_OPEN", "FORCED_OPEN", "DISABLED", "METRICS_ONLY")
RESILIENCE4J = Entry(
    "Judges failures and slow calls over the last calls or seconds; a quota of probes decides by rate.",
    (
        "Needs minimumNumberOfCalls (100) results per instance before it can trip: at 3 calls a second and "
        "replica that is half a minute; with a time window of 10 s it never trips.",
        "Waits for ever on a probe that never returns, unless maxWaitDurationInHalfOpenState is set.",
        "A slow call is one slower than slowCallDurationThreshold (60 s): by default nothing is slow.",
        "Results of calls admitted before it opened count as probes.",
        "A success can trip it: it may be the result that reaches the minimum.",
    ),
    _resilience4j,
    (
        Option("failureRateThreshold", 50, RATIO, "share of failures that opens, at or above", 1e-9, 100),
        Option("slowCallRateThreshold", 100, RATIO, "share of slow calls that opens, at or above", 1e-9, 100),
        Option("slowCallDurationThreshold", "60s", MILLIS, "slower than this is slow (strict)", 1e-6),
        Option("slidingWindowType", "COUNT_BASED", "choice", "calls or seconds", choices=("COUNT_BASED", "TIME_BASED")),
        Option("slidingWindowSize", 100, COUNT, "calls, or seconds on the clock's whole seconds", 1),
        Option("minimumNumberOfCalls", 100, COUNT, "results before it judges", 1),
        Option("permittedNumberOfCallsInHalfOpenState", 10, COUNT, "probes in all", 1),
        Option("waitDurationInOpenState", "60s", MILLIS, "open time", 1),
        Option("maxWaitDurationInHalfOpenState", 0, MILLIS, "longest stay in half-open; 0: for ever", 0),
        Option("transitionToStateAfterWaitDuration", "OPEN", "choice", "where that stay ends", choices=("OPEN", "CLOSED")),
        Option("automaticTransitionFromOpenToHalfOpenEnabled", False, FLAG, "half-open by timer, without a call"),
        Option("enableExponentialBackoff", False, FLAG, "open time grows while it does not close"),
        Option("exponentialBackoffMultiplier", 1.5, "number", "growth per opening", 1),
        Option("exponentialMaxWaitDurationInOpenState", 0, MILLIS, "longest open time; 0: none", 0),
        Option("enableRandomizedWait", False, FLAG, "open time spread by the factor"),
        Option("randomizedWaitFactor", 0.5, "share", "uniform in [1 - factor, 1 + factor]", 0, 1),
        *(
            Option(name, None, "any", "which results count", elsewhere=BY_OUTCOME)
            for name in (
                "recordExceptions", "ignoreExceptions", "recordFailurePredicate", "ignoreExceptionPredicate",
                "recordResultPredicate", "ignoreExceptionsPrecedence",
            )
        ),
        *(
            Option(name, None, "any", "of the library's workings", elsewhere=NO_MEANING)
            for name in (
                "writableStackTraceEnabled", "registerHealthIndicator", "allowHealthIndicatorToFail",
                "eventConsumerBufferSize", "slidingWindowSynchronizationStrategy",
            )
        ),
        Option("initialState", "CLOSED", "choice", "state at the start", choices=STATES),
    ),
    "resilience4j 2.4 (af9e7c97)",
    "CircuitBreakerStateMachine.java, CircuitBreakerMetrics.java, SlidingTimeWindowMetrics.java",
    wedges=True,
)  # fmt: skip


def _sentinel(s: dict[str, Any]) -> Parts:
    grade, count, slow = s["grade"], s["count"], s["slowRatioThreshold"]
    if grade == 1 and count > 1:
        msg = "count is a ratio of 0..1 with grade 1 (exception ratio)"
        raise ValueError(msg)
    # Above the threshold; a slow ratio of 1, above which nothing lies, already at it.
    above = grade != 0 or slow < 1.0
    rule = {("slow_ratio", "failure_ratio", "failures")[grade]: slow if grade == 0 else count}
    return {
        "window": {"time": s["statIntervalMs"], "buckets": 1, "grid": "epoch"},
        "trip": {"any": [{"minimum": s["minRequestAmount"], **rule}], "above": above, "on": "any"},
        "slow": int(count + 0.5) * MS if grade == 0 else None,
        "open_for": {"fixed": s["timeWindow"]},
        "leave_open": "request",
        "expiry": "inclusive",
        "probe": "single",
        "ignored": "rolls-back",
        "decide": "first",
        "late": "current-state",
        "while_open": "record",
        "clear": "close",
        "failures": () if grade == 0 else FAILURES,
    }  # fmt: skip


SENTINEL = Entry(
    "One degrade rule: slow ratio, error ratio or error count over one tumbling window; the first result "
    "of anyone decides half-open. Several rules: several breakers in a `stack`.",
    (
        "The window tumbles on the clock's grid: errors on both sides of a boundary never add up.",
        "The comparison is strict: count 3 errors needs the fourth, an error ratio of 1.0 never trips.",
        "Blocked calls are not counted; the first result of any call in flight decides half-open.",
        "timeWindow is seconds, statIntervalMs milliseconds.",
    ),
    _sentinel,
    (
        Option("resource", "", "text", "where the rule applies: the edge it stands at"),
        Option("limitApp", "default", "text", "not used by degrade rules"),
        Option("grade", 0, COUNT, "0 slow ratio, 1 error ratio, 2 error count", 0, 2),
        Option("count", 0.5, "number", "grade 0: longest latency in ms; 1: ratio 0..1; 2: errors", 0, needed=True),
        Option("timeWindow", 10, "duration_s", "open time", 0.001, needed=True),
        Option("minRequestAmount", 5, COUNT, "results before it judges", 1),
        Option("slowRatioThreshold", 1.0, "share", "grade 0: share of slow calls", 0, 1),
        Option("statIntervalMs", 1000, MILLIS, "width of the window", 1, 120_000),
    ),
    "Sentinel 1.8 (d75a6687)",
    "AbstractCircuitBreaker.java, ExceptionCircuitBreaker.java, ResponseTimeCircuitBreaker.java, DegradeSlot.java",
    wedges=True,
    example=(("grade", 1), ("count", 0.5), ("timeWindow", 10)),
)  # fmt: skip


ENTRIES = {
    "hystrix": HYSTRIX,
    "resilience4j": RESILIENCE4J,
    "sentinel": SENTINEL,
    "failsafe": FAILSAFE,
}
