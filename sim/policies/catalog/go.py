"""gobreaker and failsafe-go: the libraries of Go."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, Entry, Parts, S
from sim.policies.catalog.failsafe import failsafe_options, failsafe_parts
from sim.policies.options import Option, OptionError, parse

COUNT, TEXT = "count", "duration"


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

ENTRIES = {
    "gobreaker": GOBREAKER,
    "gobreaker-v1": GOBREAKER_V1,
    "failsafe-go": FAILSAFE_GO,
}
