"""opossum: the library of Node."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, MS, Entry, Parts
from sim.policies.catalog.jvm import BY_OUTCOME, NO_MEANING
from sim.policies.options import Option

COUNT, FLAG, MILLIS = "count", "flag", "duration_ms"


def _opossum(s: dict[str, Any]) -> Parts:
    rolling, buckets = s["rollingCountTimeout"], s["rollingCountBuckets"]
    percent = s["errorThresholdPercentage"]
    rule: Parts = {"failure_ratio": percent, "minimum": max(1, s["volumeThreshold"])}
    warm = {"age": rolling} if s["allowWarmUp"] else {}
    return {
        "window": {"time": rolling // buckets // MS * MS * buckets, "buckets": buckets, "of": "asked"},
        "trip": {"any": [{**rule, **warm}], "above": True, "percent": "percent", "on": "failure"},
        "open_for": {"fixed": s["resetTimeout"]},
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
        "A probe that never returns keeps it half-open for ever: keep its `timeout`.",
    ),
    _opossum,
    (
        Option("errorThresholdPercentage", 50, "percent", "share of failures that opens, above", 0, 100),
        Option("resetTimeout", 30_000, MILLIS, "open time", 0),
        Option("rollingCountTimeout", 10_000, MILLIS, "window", 1),
        Option("rollingCountBuckets", 10, COUNT, "its buckets", 1),
        Option("volumeThreshold", 0, COUNT, "fired calls before it judges", 0),
        Option("allowWarmUp", False, FLAG, "does not trip during the first rollingCountTimeout"),
        Option("enabled", True, FLAG, "false: admits everything and learns nothing"),
        Option("timeout", 10_000, "any", "longest call", elsewhere="write `timeout: 10s` beside the breaker"),
        Option("capacity", None, "any", "calls at once", elsewhere="write `bulkhead: n` beside the breaker"),
        Option("errorFilter", None, "any", "which errors count", elsewhere=BY_OUTCOME),
        *(
            Option(name, None, "any", "of the library's workings", elsewhere=NO_MEANING)
            for name in ("name", "group", "rollingPercentilesEnabled", "enableSnapshots", "cache", "coalesce")
        ),
    ),
    "opossum 10.0.0",
    "lib/circuit.js, lib/status.js",
    breaks=("refuses_without_effect",),
    wedges=True,
)

ENTRIES = {
    "opossum": OPOSSUM,
}
