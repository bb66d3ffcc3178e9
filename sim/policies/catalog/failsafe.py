"""Failsafe under its own settings, and what failsafe-go shares with it."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, Entry, Parts
from sim.policies.options import Option


def pair(value: Any, capacity: int) -> tuple[int, int]:
    """(threshold, capacity) of `3`, `[3, 5]`, or `3` beside a capacity."""
    if isinstance(value, list | tuple):
        return int(value[0]), int(value[1])
    return int(value), capacity or int(value)


def failsafe_parts(s: dict[str, Any], rate_of: float) -> Parts:
    """Parts of Failsafe and failsafe-go; a rate threshold times `rate_of` is in percents."""
    failures, capacity = pair(s["failureThreshold"], s["failureThresholdingCapacity"])
    successes, success_capacity = pair(s["successThreshold"], s["successThresholdingCapacity"])
    rate, executions, period = (
        s["failureRateThreshold"],
        s["failureExecutionThreshold"],
        s["failureThresholdingPeriod"],
    )
    if failures > capacity or successes > success_capacity:
        msg = "a threshold must not lie above its capacity"
        raise ValueError(msg)
    if rate and not (executions and period):
        msg = "failureRateThreshold needs failureExecutionThreshold and failureThresholdingPeriod"
        raise ValueError(msg)
    capacity = max(capacity, executions)
    share = rate * rate_of / 100.0
    half = success_capacity if successes else executions or capacity
    if successes:
        decide: Parts = {"successes": successes, "failures": success_capacity - successes + 1}
    elif rate:
        decide = {"failure_ratio": share, "after": executions, "percent": "rounded"}
    else:
        decide = {"successes": capacity - failures + 1, "failures": failures}
    rule = {"failure_ratio": share} if rate else {"failures": failures}
    return {
        "window": {"time": period, "buckets": 10} if period else {"count": capacity},
        "trip": {"any": [{"minimum": max(1, executions), **rule}], "percent": "rounded", "on": "any"},
        "open_for": {"fixed": s["delay"], "jitter": s["jitterFactor"] or _jitter(s)},
        "leave_open": "request",
        "expiry": "inclusive",
        "probe": {"concurrent": half},
        "decide": decide,
        "late": "current-state",
        "while_open": "record",
        "clear": "transition",
        "failures": ANY_EXCEPTION,
    }  # fmt: skip


def _jitter(s: dict[str, Any]) -> float:
    """A jitter given as a duration, as a share of the delay."""
    if s["jitter"] > s["delay"]:
        msg = "jitter must not be longer than delay"
        raise ValueError(msg)
    return float(s["jitter"] / s["delay"]) if s["delay"] else 0.0


def failsafe_options(rate_high: float) -> tuple[Option, ...]:
    """The settings that both Failsafes share."""
    return (
        Option("failureThreshold", 1, "counts", "failures that open; [f, capacity]: f of the last capacity"),
        Option("failureThresholdingCapacity", 0, "count", "results remembered; 0: as many as the threshold", 0),
        Option("failureRateThreshold", 0, "number", "share of failures, rounded to whole percents; 0: off", 0, rate_high),
        Option("failureExecutionThreshold", 0, "count", "results before it judges; 0: none needed", 0),
        Option("failureThresholdingPeriod", "0s", "duration", "window of time, 10 buckets; 0s: count", 0),
        Option("successThreshold", 0, "counts", "successes that close; [s, capacity]: s of capacity", ),
        Option("successThresholdingCapacity", 0, "count", "probes at once; 0: as many as the threshold", 0),
        Option("delay", "60s", "duration", "open time", 0),
        Option("jitterFactor", 0.0, "share", "open time times [1 - factor, 1 + factor]", 0, 1),
        Option("jitter", "0s", "duration", "open time plus or minus up to so much", 0),
    )  # fmt: skip


FAILSAFE = Entry(
    "Opens after f failures, in a row or of the last results; the same rule, or a success threshold, "
    "decides half-open.",
    (
        "By default one failure opens it.",
        "A count rule does not wait for a full window.",
        "As many probes run at once as the window of half-open is wide.",
        "A rate is rounded to whole percents before it is compared: 49.5 % is 50 %.",
    ),
    lambda s: failsafe_parts(s, 1.0),
    failsafe_options(100),
    "Failsafe 3.3 (ed3f927)",
    "ClosedState.java, HalfOpenState.java, OpenState.java, CountingCircuitStats.java, TimedCircuitStats.java",
    wedges=True,
)
