"""The catalogue: named rows of breaker parts, and the way from a file's parts to parameters.

A row is data in the same spelling as the scenario file (durations in ns, shares 0..1), so
`{use: count-window, trip: {...}}` is a row with one part replaced.
"""

from dataclasses import dataclass
from typing import Any

from sim.policies import breaker_parts as b
from sim.words import OUTCOMES

S = 1_000_000_000
FAILURES = ("error", "timeout", "shed", "unreachable")
"""Learned as failure by default."""
IGNORED = ("broken", "limited", "bulkhead", "expired", "cancelled")
"""Learned as nothing: they give a probe permit back."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: what it is, where its values come from, where it bites."""

    parts: dict[str, Any]
    about: str
    traps: str


_CONSECUTIVE: dict[str, Any] = {
    "window": "consecutive",
    "trip": {"failures": 5, "on": "failure"},
    "open_for": {"fixed": 30 * S},
    "leave_open": "request",
    "expiry": "inclusive",
    "probe": "single",
    "decide": "first",
    "late": "generation",
    "clear": "transition",
}

ROWS: dict[str, Row] = {
    "none": Row({}, "No breaker: the baseline of every comparison.", "It lets the avalanche pass."),
    "consecutive": Row(
        _CONSECUTIVE,
        "Opens after 5 failures in a row, for 30 s, then one probe decides. The threshold is that of "
        "gobreaker, pybreaker and circuitbreaker (5), the open time that of circuitbreaker 2.1.3 (30 s).",
        "One success in between resets the count: at 50 % failures 5 in a row take 62 calls on average, at "
        "10 % they practically never come.",
    ),
    "count-window": Row(
        {
            **_CONSECUTIVE,
            "window": {"count": 100},
            "trip": {"failure_ratio": 0.5, "minimum": 100, "on": "any"},
            "open_for": {"fixed": 60 * S},
            "expiry": "strict",
            "probe": {"quota": 10},
            "decide": {"failure_ratio": 0.5, "after": 10},
            "late": "current-state",
        },
        "Opens when half of the last 100 results failed, for 60 s; ten probes decide. Values and comparisons "
        "of resilience4j 2.4 (CircuitBreakerConfig.java).",
        "Needs 100 results before it can trip: with 3 calls a second per replica that is half a minute. "
        "A probe that never returns keeps it half-open for ever.",
    ),
    "time-window": Row(
        {
            **_CONSECUTIVE,
            "window": {"time": 10 * S, "buckets": 10},
            "trip": {"failure_ratio": 0.5, "minimum": 20, "on": "any"},
            "open_for": {"fixed": 5 * S},
            "late": "current-state",
            "clear": "close",
        },
        "Opens when half of the results of the last 10 s failed and there were at least 20, for 5 s; one "
        "probe decides. Values of Hystrix 1.5 (HystrixCommandProperties.java).",
        "Below 2 calls a second per copy it never has 20 results in its window and cannot trip.",
    ),
    "slow-call": Row(
        {
            **_CONSECUTIVE,
            "window": {"time": 10 * S, "buckets": 10},
            "trip": {"slow_ratio": 0.5, "failure_ratio": 0.5, "minimum": 20, "on": "any"},
            "slow": S,
            "open_for": {"fixed": 5 * S},
            "late": "current-state",
        },
        "Opens when half of the results of the last 10 s were slower than 1 s or failed. It needs no timeout "
        "to see a slow callee, only its answers.",
        "`slow` must lie well above the healthy p99, or a busy hour trips it; it sees nothing of calls that "
        "never come back.",
    ),
}

PARTS: dict[str, str] = {
    "window": "what it remembers: `consecutive`, {count: n}, {time: 10s, buckets: 10}",
    "trip": "when closed becomes open: failures, failure_ratio, slow_ratio (any of them), minimum results",
    "slow": "a result strictly slower than this carries the slow flag",
    "open_for": "how long open lasts: fixed or exponential over openings without a close, with jitter",
    "leave_open": "what ends open: the next `request` (lazy) or a `timer`",
    "expiry": "at exactly the end of the open time: `inclusive` lets pass, `strict` not yet",
    "probe": "admission in half-open: `single`, {quota: n} in all, {concurrent: n} at once",
    "decide": "what ends half-open: `first` result, {successes: n}, {failure_ratio, after}",
    "late": "results of calls admitted in an earlier state: count for the `current-state`, or are dropped by `generation`",
    "clear": "what empties the window: every `transition`, or `close` only",
    "failures": "reasons learned as failure; the caller's own refusals are ignored",
    "place": "`library` (free), `sidecar` (a hop each way), `gateway` (a queueing hop, one copy for all)",
    "key": "one copy per `edge`, callee `endpoint` or callee `replica`",
    "copies": "one per caller `replica`, or `shared`, perhaps with a delay",
}
"""Every part in a sentence."""


def names() -> tuple[str, ...]:
    """Names of the rows."""
    return tuple(ROWS)


def merged(spec: dict[str, Any]) -> dict[str, Any]:
    """The parts of a breaker block: its row with what the block itself says on top.

    KeyError if `use` names no row.
    """
    row = ROWS[spec.get("use") or "consecutive"].parts
    return {**row, **{k: v for k, v in spec.items() if k in PARTS and v is not None}}


def params_from(spec: dict[str, Any]) -> b.Params:
    """Parameters of a breaker block. ValueError if its parts contradict each other."""
    if spec.get("use") == "none":
        return b.Params(always=1)
    parts = merged(spec)
    window, trip, open_for = parts["window"], parts["trip"], parts["open_for"]
    values: dict[str, Any] = {}
    if window == "consecutive":
        values["window"] = b.W_CONSECUTIVE
        if trip.get("failure_ratio") or trip.get("slow_ratio"):
            msg = "a ratio needs a window of results: write window: {count: 100} or {time: 10s}"
            raise ValueError(msg)
    elif window.get("count"):
        values |= {"window": b.W_COUNT, "size": window["count"]}
        minimum = trip.get("minimum") or 1
        if minimum > window["count"]:
            msg = (
                f"a window of {window['count']} results never holds the minimum of {minimum}: it cannot trip"
            )
            raise ValueError(msg)
    else:
        size = window.get("buckets") or 10
        values |= {"window": b.W_TIME, "size": size, "width_ns": max(1, window["time"] // size)}
    if trip.get("slow_ratio") and not parts.get("slow"):
        msg = "slow_ratio needs `slow:` to say what is slow"
        raise ValueError(msg)
    values["failures"] = trip.get("failures") or 0
    values["failure_ratio"] = trip.get("failure_ratio") or 0.0
    values["slow_ratio"] = trip.get("slow_ratio") or 0.0
    values["minimum"] = trip.get("minimum") or 1
    values["evaluate"] = b.ON_FAILURE if trip.get("on") == "failure" else b.ON_ANY
    return b.Params(**values, **_open(open_for), **_half_open(parts))


def _open(open_for: dict[str, Any]) -> dict[str, Any]:
    growth = open_for.get("exponential")
    values: dict[str, Any] = {"jitter": open_for.get("jitter") or 0.0}
    if growth:
        values |= {
            "open_kind": b.OPEN_EXPONENTIAL,
            "open_ns": growth["initial"],
            "multiplier": growth.get("multiplier", 2.0),
        }
        if growth.get("cap"):
            values["cap_ns"] = growth["cap"]
    else:
        values["open_ns"] = open_for["fixed"]
    return values


def _half_open(parts: dict[str, Any]) -> dict[str, Any]:
    probe, decide = parts["probe"], parts["decide"]
    values: dict[str, Any] = {
        "strict": int(parts["expiry"] == "strict"),
        "leave": b.LEAVE_TIMER if parts["leave_open"] == "timer" else b.LEAVE_REQUEST,
        "late": b.LATE_GENERATION if parts["late"] == "generation" else b.LATE_CURRENT,
        "clear": b.CLEAR_CLOSE if parts["clear"] == "close" else b.CLEAR_TRANSITION,
    }
    if probe != "single":
        quota = probe.get("quota")
        values |= {
            "probe": b.PROBE_QUOTA if quota else b.PROBE_CONCURRENT,
            "probes": quota or probe["concurrent"],
        }
    if decide == "first":
        return values
    if decide.get("successes"):
        values |= {"decide": b.DECIDE_SUCCESSES, "decide_n": decide["successes"]}
    else:
        values |= {
            "decide": b.DECIDE_RATE,
            "decide_n": decide["after"],
            "decide_ratio": decide["failure_ratio"],
        }
    quota = values.get("probes") if values.get("probe") == b.PROBE_QUOTA else None
    if quota is not None and values["decide_n"] > quota:
        msg = f"a quota of {quota} probes never gives the {values['decide_n']} results that decide: it would stay half-open for ever"
        raise ValueError(msg)
    return values


def learn_from(spec: dict[str, Any], place: str) -> tuple[int, ...]:
    """By outcome number: b.SUCCESS, b.FAILURE or b.IGNORE.

    A sidecar or gateway sees transport outcomes only: an application `error` is a success there,
    unless `failures:` names it.
    """
    failures = spec.get("failures")
    if failures is None:
        failures = tuple(f for f in FAILURES if place == "library" or f != "error")
    return tuple(
        b.FAILURE if name in failures else b.IGNORE if name in IGNORED else b.SUCCESS for name in OUTCOMES
    )
