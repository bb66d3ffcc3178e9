"""Entries of our own: the baseline, and a breaker of each plain kind."""

from typing import Any

from sim.policies.catalog.entry import Entry, Parts, S

CONSECUTIVE: Parts = {
    "window": "consecutive",
    "trip": {"failures": 5, "on": "failure"},
    "open_for": {"fixed": 30 * S},
    "leave_open": "request",
    "expiry": "inclusive",
    "probe": "single",
    "decide": "first",
    "late": "generation",
    "while_open": "record",
    "clear": "transition",
}


def _plain(**parts: Any) -> Any:
    return lambda settings: {**CONSECUTIVE, **parts}


ENTRIES = {
    "none": Entry(
        "No breaker: the baseline of every comparison.", ("It lets the avalanche pass.",), lambda settings: {}
    ),
    "consecutive": Entry(
        "Opens after 5 failures in a row, for 30 s, then one probe decides. The threshold is that of "
        "gobreaker, pybreaker and circuitbreaker (5), the open time that of circuitbreaker 2.1.3 (30 s).",
        (
            "One success in between resets the count: at 50 % failures 5 in a row take 62 calls on average, "
            "at 10 % they practically never come.",
        ),
        _plain(),
        wedges=True,
    ),
    "count-window": Entry(
        "Opens when half of the last 100 results failed, for 60 s; ten probes decide. Values and comparisons "
        "of resilience4j 2.4 (CircuitBreakerConfig.java).",
        (
            "Needs 100 results before it can trip: with 3 calls a second per replica that is half a minute.",
            "A probe that never returns keeps it half-open for ever.",
        ),
        _plain(
            window={"count": 100},
            trip={"failure_ratio": 0.5, "minimum": 100, "on": "any"},
            open_for={"fixed": 60 * S},
            expiry="strict",
            probe={"quota": 10},
            decide={"failure_ratio": 0.5, "after": 10},
            late="current-state",
        ),
        wedges=True,
    ),
    "time-window": Entry(
        "Opens when half of the results of the last 10 s failed and there were at least 20, for 5 s; one "
        "probe decides. Values of Hystrix 1.5 (HystrixCommandProperties.java).",
        ("Below 2 calls a second per copy it never has 20 results in its window and cannot trip.",),
        _plain(
            window={"time": 10 * S, "buckets": 10},
            trip={"failure_ratio": 0.5, "minimum": 20, "on": "any"},
            open_for={"fixed": 5 * S},
            late="current-state",
            clear="close",
        ),
        wedges=True,
    ),
    "slow-call": Entry(
        "Opens when half of the results of the last 10 s were slower than 1 s or failed. It needs no timeout "
        "to see a slow callee, only its answers.",
        (
            "`slow` must lie well above the healthy p99, or a busy hour trips it.",
            "It sees nothing of calls that never come back.",
        ),
        _plain(
            window={"time": 10 * S, "buckets": 10},
            trip={"slow_ratio": 0.5, "failure_ratio": 0.5, "minimum": 20, "on": "any"},
            slow=S,
            open_for={"fixed": 5 * S},
            late="current-state",
        ),
        wedges=True,
    ),
}
