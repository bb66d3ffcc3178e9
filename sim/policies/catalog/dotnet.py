"""Polly: the library of .NET."""

from sim.policies.catalog.entry import ANY_EXCEPTION, MS, Entry, Parts, S
from sim.policies.options import Option

COUNT, TEXT = "count", "duration"
DAY_S = 86_400


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
        "A cancelled probe counts as unhandled: it closes the circuit.",
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

ENTRIES = {
    "polly-v8": POLLY_V8,
    "polly-v7-consecutive": POLLY_V7_CONSECUTIVE,
    "polly-v7-advanced": POLLY_V7_ADVANCED,
}
