"""opossum: the library of Node."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, MS, Entry, Parts
from sim.policies.catalog.jvm import BY_OUTCOME, NO_MEANING
from sim.policies.options import Option

COUNT, FLAG, MILLIS = "count", "flag", "duration_ms"
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
