"""Polly (.NET), gobreaker and failsafe-go (Go), opossum (Node), Finagle and Linkerd (RPC)."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, FAILURES, MS, Entry, Parts, S
from sim.policies.catalog.jvm import failsafe_options, failsafe_parts
from sim.policies.options import Option, OptionError, parse

COUNT, FLAG, MILLIS, TEXT = "count", "flag", "duration_ms", "duration"
DAY_S = 86_400

# Polly -----------------------------------------------------------------------------------------


def _polly(sampling: int, minimum: int, ratio: float, wait: int) -> Parts:
    buckets = 10 if sampling >= 200 * MS else 1
    return {
        "window": {"time": sampling, "buckets": buckets, "grid": "lazy"},
        "trip": {"failure_ratio": ratio, "minimum": minimum, "on": "failure"},
        "open_for": {"fixed": wait},
        "leave_open": "request",
        "expiry": "inclusive",
        "probe": "single",
        "decide": "first",
        "late": "current-state",
        "while_open": "record",
        "clear": "close",
        "failures": ANY_EXCEPTION,
        "ignored_outcomes": (),
    }


POLLY_V8 = Entry(
    "Judges the share of failures over a sliding window, on failures only; one probe decides.",
    (
        "Needs MinimumThroughput (100) calls within SamplingDuration (30 s): below 3.4 calls a second per "
        "instance it never trips.",
        "Never grants a second probe: a hung one keeps it half-open until some late call ends, whose "
        "result then decides.",
        "A cancelled probe counts as handled: it closes the circuit.",
    ),
    lambda s: _polly(s["SamplingDuration"], s["MinimumThroughput"], s["FailureRatio"], s["BreakDuration"]),
    (
        Option("FailureRatio", 0.1, "share", "share of failures that opens, at or above", 0, 1),
        Option("MinimumThroughput", 100, COUNT, "calls in the window before it judges", 2),
        Option("SamplingDuration", "30s", TEXT, "window", 0.5, DAY_S),
        Option("BreakDuration", "5s", TEXT, "open time", 0.5, DAY_S),
    ),
    "Polly 8 (173d6d1d)",
    "CircuitStateController.cs, AdvancedCircuitBehavior.cs, RollingHealthMetrics.cs",
    names=(("forced_open", "isolated"),),
    wedges=True,
)

_V7: Parts = {"leave_open": "read", "probe": "one-per-open-time"}
POLLY_V7_CONSECUTIVE = Entry(
    "Opens after n handled failures in a row; one probe per break duration.",
    (
        "Reading the state moves it to half-open.",
        "Each break duration grants one more probe, so a hung probe delays, and wedges nothing.",
    ),
    lambda s: {
        **_polly(S, 1, 1.0, s["durationOfBreak"]),
        **_V7,
        "window": "consecutive",
        "trip": {"failures": s["exceptionsAllowedBeforeBreaking"], "on": "failure"},
        "while_open": "ignore",
    },
    (
        Option("exceptionsAllowedBeforeBreaking", 2, COUNT, "handled failures in a row that open", 1),
        Option("durationOfBreak", "60s", TEXT, "open time", 0, DAY_S),
    ),
    "Polly 7 API (173d6d1d)",
    "ConsecutiveCountCircuitController.cs, CircuitStateController.cs",
    breaks=("permits_conserved",),
    names=(("forced_open", "isolated"),),
)
POLLY_V7_ADVANCED = Entry(
    "Judges the share of failures over a sliding window; one probe per break duration.",
    ("Reading the state moves it to half-open.", "Below minimumThroughput per samplingDuration it never trips."),
    lambda s: {
        **_polly(s["samplingDuration"], s["minimumThroughput"], s["failureThreshold"], s["durationOfBreak"]),
        **_V7,
    },
    (
        Option("failureThreshold", 0.5, "share", "share of failures that opens, at or above", 1e-9, 1),
        Option("samplingDuration", "10s", TEXT, "window", 0.02),
        Option("minimumThroughput", 10, COUNT, "calls in the window before it judges", 2),
        Option("durationOfBreak", "30s", TEXT, "open time", 0),
    ),
    "Polly 7 API (173d6d1d)",
    "AdvancedCircuitController.cs, RollingHealthMetrics.cs",
    breaks=("permits_conserved",),
    names=(("forced_open", "isolated"),),
)  # fmt: skip

# Go --------------------------------------------------------------------------------------------


def _ready_to_trip(given: Any) -> Parts:
    """gobreaker's function, as data."""
    if given in (None, "default"):
        given = {"consecutive_failures": 5}
    if isinstance(given, dict) and set(given) == {"consecutive_failures"}:
        return {"any": [{"streak": int(given["consecutive_failures"]) + 1}], "on": "failure"}
    if not isinstance(given, dict) or set(given) != {"min_requests", "failure_ratio"}:
        msg = (
            "ReadyToTrip is `default`, {consecutive_failures: 5} (trips above it) or "
            "{min_requests: 3, failure_ratio: 60%}"
        )
        raise OptionError("ReadyToTrip", msg)
    ratio = parse(Option("failure_ratio", 0.6, "share", ""), given["failure_ratio"])
    return {"any": [{"minimum": int(given["min_requests"]), "failure_ratio": ratio}], "on": "failure"}


def _gobreaker(s: dict[str, Any]) -> Parts:
    interval, period = s["Interval"], s.get("BucketPeriod", 0)
    if interval and period:
        buckets = -(-interval // period)
        window: Any = {"time": buckets * period, "buckets": buckets, "of": "started"}
    else:
        window = {"interval": interval, "of": "started"}
    probes = s["MaxRequests"] or 1
    return {
        "window": window,
        "trip": _ready_to_trip(s["ReadyToTrip"]),
        "open_for": {"fixed": s["Timeout"] or 60 * S},
        "leave_open": "touch",
        "expiry": "strict",
        "probe": {"quota": probes},
        "decide": {"successes": probes},
        "late": "generation",
        "while_open": "record",
        "clear": "transition",
        "failures": (*ANY_EXCEPTION, "cancelled"),
    }


_GO_TRAPS = (
    "Trips above 5 failures in a row: the sixth opens it.",
    "A ratio counts started calls, those in flight included: it reacts late to what hangs.",
    "When Interval is over, results of calls begun before are dropped and counts start anew.",
    "A probe that never returns keeps it half-open for ever; a cancelled context counts as failure.",
)
_GO = (
    Option("MaxRequests", 0, COUNT, "probes, and successes that close; 0: one", 0),
    Option("Interval", "0s", TEXT, "after so long closed counts start anew; 0s: never", 0),
    Option("Timeout", "0s", TEXT, "open time; 0s: 60 s", 0),
    Option("ReadyToTrip", "default", "any", "default, {consecutive_failures: n} or {min_requests, failure_ratio}"),
)  # fmt: skip
GOBREAKER = Entry(
    "Opens when ReadyToTrip says so (default: above 5 failures in a row); MaxRequests probes must all succeed.",
    _GO_TRAPS,
    _gobreaker,
    (
        *_GO[:2],
        Option("BucketPeriod", "0s", TEXT, "with Interval: rolling buckets of this width", 0),
        *_GO[2:],
    ),
    "gobreaker v2.4.0 (sony/gobreaker fed8e9e)",
    "v2/gobreaker.go, v2/counter.go",
    wedges=True,
)
GOBREAKER_V1 = Entry(
    GOBREAKER.about, _GO_TRAPS, _gobreaker, _GO, "gobreaker v1 (sony/gobreaker)", "gobreaker.go", wedges=True
)
FAILSAFE_GO = Entry(
    "failsafe-go: as Failsafe for Java; rates are shares of 1.",
    ("By default one failure opens it.", "As many probes run at once as the window of half-open is wide."),
    lambda s: failsafe_parts(s, 100.0),
    failsafe_options(1),
    "failsafe-go (5759a5e)",
    "circuitbreaker/*.go",
    wedges=True,
)

# Node ------------------------------------------------------------------------------------------

NODE_LONGEST_MS = 2**31 - 1
"""A longer timer of node rings after 1 ms."""


def _ms(length_ns: int) -> int:
    """A timer of node, ns: whole milliseconds, at least one (lib/timers.js)."""
    return max(MS, length_ns // MS * MS)


def _opossum(s: dict[str, Any]) -> Parts:
    rolling, buckets = s["rollingCountTimeout"], s["rollingCountBuckets"]
    percent = s["errorThresholdPercentage"]
    rule: Parts = {"failure_ratio": percent, "minimum": s["volumeThreshold"] or None}
    warm = {"age": rolling} if s["allowWarmUp"] else {}
    return {
        "window": {"time": _ms(rolling // buckets) * buckets, "buckets": buckets, "of": "asked"},
        "trip": {"any": [{**rule, **warm}], "above": True, "percent": "percent", "on": "failure"},
        "open_for": {"fixed": _ms(s["resetTimeout"])},
        "leave_open": "timer",
        "expiry": "inclusive",
        "probe": "single",
        "decide": "first",
        "late": "current-state",
        "while_open": "record",
        "clear": "never",
        "failures": ANY_EXCEPTION,
        "initial": "closed" if s["enabled"] else "disabled",
    }


OPOSSUM = Entry(
    "Judges failures among all calls asked for, refused ones included; half-open by timer, one probe.",
    (
        "With volumeThreshold 0 the first failure of a quiet circuit opens it.",
        "The window is never emptied: right after a close one failure may open it again.",
        "Refused and hanging calls dilute the ratio, for they count as fired.",
        "A failure that comes when the window has forgotten all fires is an infinite ratio: with "
        "volumeThreshold 0 one timeout as long as rollingCountTimeout opens it.",
        "A probe that never returns keeps it half-open for ever: keep its `timeout`.",
    ),
    _opossum,
    (
        Option("errorThresholdPercentage", 50, "percent", "share of failures that opens, above", 0, 100),
        Option(
            "resetTimeout", 30_000, MILLIS, "open time; node's timers last at least 1 ms", 0, NODE_LONGEST_MS
        ),
        Option("rollingCountTimeout", 10_000, MILLIS, "window", 1, NODE_LONGEST_MS),
        Option("rollingCountBuckets", 10, COUNT, "its buckets", 1),
        Option("volumeThreshold", 0, COUNT, "fired calls before it judges", 0),
        Option("allowWarmUp", False, FLAG, "does not trip during the first rollingCountTimeout"),
        Option("enabled", True, FLAG, "false: admits everything and learns nothing"),
        Option("timeout", False, "any", "a policy of its own: write `timeout: 10s` beside the breaker"),
        Option("capacity", None, "any", "a policy of its own: write `bulkhead: n` beside the breaker"),
    ),
    "opossum 10.0.0",
    "lib/circuit.js, lib/status.js",
    breaks=("refuses_without_effect",),
    wedges=True,
)

# Finagle and Linkerd -----------------------------------------------------------------------------


def _mark_dead_for(given: Any) -> Parts:
    """A list of durations, then 300 s for ever; or `equalJittered(5s, 300s)`."""
    text = str(given).replace(" ", "")
    if text.startswith("equalJittered(") and text.endswith(")"):
        start, _, cap = text.removeprefix("equalJittered(").removesuffix(")").partition(",")
        first, most = (parse(Option("markDeadFor", "", TEXT, ""), x) for x in (start, cap))
        exponential = {"initial": first, "multiplier": 2.0, "cap": most}
        return {"exponential": exponential, "jitter": 1.0, "spread": "equal"}
    return {"list": parse(Option("markDeadFor", "", "durations", ""), given), "then": 300 * S}


def _finagle(s: dict[str, Any]) -> Parts:
    policy, window = s["policy"], s["window"]
    rules: list[Parts] = []
    if policy in ("consecutiveFailures", "default"):
        rules.append({"streak": s["numFailures"]})
    if policy in ("successRateWithinDuration", "default"):
        least = s["minRequestThreshold"]
        rules.append({"minimum": least, "age": window, "average_below": s["requiredSuccessRate"]})
    if policy == "successRate":
        rules.append({"seen": s["numRequests"], "average_below": s["requiredSuccessRate"]})
    average = {"average": s["numRequests"]} if policy == "successRate" else {"average": window}
    return {
        "window": {"time": window, "buckets": 5, **average, "by": "results" if policy == "successRate" else "time"},
        "trip": {"any": rules, "on": "failure"},
        "open_for": _mark_dead_for(s["markDeadFor"]),
        "leave_open": "timer",
        "expiry": "inclusive",
        "probe": "single",
        "ignored": "gives-any-back",
        "decide": "trip-rule-on-failure",
        "late": "current-state",
        "while_open": "record",
        "clear": "close",
        "failures": FAILURES,
    }  # fmt: skip


FINAGLE = Entry(
    "Failure accrual of an endpoint: dead after 5 failures in a row, or when the average of successes over "
    "30 s falls below 80 %; then one probe at a time.",
    (
        "Kept per endpoint: use `key: replica`. If every endpoint is dead the balancer still picks one.",
        "Open times grow to 300 s and stay there until a probe succeeds.",
        "A probe that never returns keeps it waiting for ever.",
    ),
    _finagle,
    (
        Option("policy", "default", "choice", "what marks dead", choices=(
            "default", "consecutiveFailures", "successRateWithinDuration", "successRate")),
        Option("numFailures", 5, COUNT, "failures in a row", 1),
        Option("requiredSuccessRate", 0.8, "share", "average of successes, below"),
        Option("window", "30s", TEXT, "time constant of the average", 1e-9),
        Option("numRequests", 100, COUNT, "successRate: weight of the average, in results", 1),
        Option("minRequestThreshold", 5, COUNT, "results in the last window before the average is judged", 0),
        Option("markDeadFor", "equalJittered(5s, 300s)", "any", "list of open times (then 300 s), or equalJittered(a, b)"),
    ),
    "Finagle (twitter/finagle 4feb34c)",
    "FailureAccrualFactory.scala, FailureAccrualPolicy.scala, Ema.scala",
    wedges=True,
)  # fmt: skip


def _linkerd(s: dict[str, Any]) -> Parts:
    rules: list[Parts] = [{"streak": s["failure-accrual-consecutive-max-failures"]}]
    rate = s["failure-accrual-success-rate-threshold"]
    if rate:
        least = s["failure-accrual-success-rate-min-requests"]
        rules.append({"minimum": least, "success_below": rate})
    return {
        "window": {"time": s["failure-accrual-success-rate-window"], "buckets": 10},
        "trip": {"any": rules, "on": "failure"},
        "open_for": {
            "exponential": {
                "initial": s["failure-accrual-consecutive-min-penalty"],
                "multiplier": 2.0,
                "cap": s["failure-accrual-consecutive-max-penalty"],
            },
            "jitter": s["failure-accrual-consecutive-jitter-ratio"],
            "spread": "added",
        },
        "leave_open": "timer",
        "expiry": "inclusive",
        "probe": "single",
        "decide": "first",
        "late": "current-state",
        "while_open": "ignore",
        "clear": "transition",
        "failures": FAILURES,
    }


LINKERD = Entry(
    "Failure accrual of an endpoint: shut after 7 failures in a row, for a growing time; one request in "
    "probation decides.",
    (
        "Off without its annotation. Kept per endpoint: use `key: replica`.",
        "One success in between resets the run: an endpoint that fails half of the time stays in.",
        "The first response in probation decides, whoever asked for it.",
    ),
    _linkerd,
    (
        Option("failure-accrual", "consecutive", "choice", "mode", choices=("consecutive", "unified")),
        Option("failure-accrual-consecutive-max-failures", 7, COUNT, "failures in a row that shut", 1),
        Option("failure-accrual-consecutive-min-penalty", "1s", TEXT, "first open time", 1e-9),
        Option("failure-accrual-consecutive-max-penalty", "60s", TEXT, "longest open time", 1e-9),
        Option("failure-accrual-consecutive-jitter-ratio", 0.5, "share", "up to so much longer", 0, 1),
        Option("failure-accrual-success-rate-threshold", 0.0, "share", "shut below this share of successes; 0: off", 0, 1),
        Option("failure-accrual-success-rate-window", "10s", TEXT, "window of that share", 1e-9),
        Option("failure-accrual-success-rate-min-requests", 5, COUNT, "results before it is judged", 1),
    ),
    "Linkerd (linkerd2-proxy 29637b64)",
    "outbound/src/http/breaker/consecutive_failures.rs, outbound/src/http/breaker.rs",
    wedges=True,
)  # fmt: skip

ENTRIES = {
    "polly-v8": POLLY_V8,
    "polly-v7-consecutive": POLLY_V7_CONSECUTIVE,
    "polly-v7-advanced": POLLY_V7_ADVANCED,
    "gobreaker": GOBREAKER,
    "gobreaker-v1": GOBREAKER_V1,
    "failsafe-go": FAILSAFE_GO,
    "opossum": OPOSSUM,
    "finagle": FINAGLE,
    "linkerd": LINKERD,
}
