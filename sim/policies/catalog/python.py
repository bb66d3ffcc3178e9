"""pybreaker, aiobreaker, circuitbreaker, purgatory: the libraries of Python; fluxgate has its own file."""

from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, Entry, Parts, S
from sim.policies.catalog.fluxgate import FLUXGATE
from sim.policies.options import Option

COUNT, SECONDS = "count", "duration_s"
_RUN: Parts = {
    "window": "consecutive",
    "leave_open": "request",
    "expiry": "inclusive",
    "probe": "unbounded",
    "decide": "first",
    "failures": ANY_EXCEPTION,
}


def _run(threshold: int, wait: int, **parts: Any) -> Parts:
    """Parts of a breaker that counts failures in a row."""
    return {**_RUN, "trip": {"failures": threshold, "on": "failure"}, "open_for": {"fixed": wait}, **parts}


PYBREAKER = Entry(
    "Opens after fail_max failures in a row; success_threshold good calls in half-open close it.",
    (
        "`call()` holds one lock around the whole call: threads of one process run one call at a time. Put "
        "`bulkhead: 1` below it to see that; `calling()` and `call_async()` do not serialise.",
        "Half-open admits everybody; a cancelled call counts as failure.",
        "A result is handled by the state the call began in: late failures prolong the open time.",
        "Each process has its own; excluded exceptions count as success and reset the run.",
    ),
    lambda s: _run(
        s["fail_max"],
        s["reset_timeout"],
        late="started-state",
        clear="close",
        decide={"successes": s["success_threshold"]},
        failures=(*ANY_EXCEPTION, "cancelled"),
    ),
    (
        Option("fail_max", 5, COUNT, "failures in a row that open", 1),
        Option("reset_timeout", 60, SECONDS, "open time", 0),
        Option("success_threshold", 1, COUNT, "good calls in half-open that close", 1),
        Option("throw_new_error_on_trip", True, "flag", "which error the tripping call sees: none of ours"),
    ),
    "pybreaker 1.4.1",
    "pybreaker/__init__.py",
)
AIOBREAKER = Entry(
    "Opens after fail_max failures in a row; the first result of a call begun in half-open decides.",
    (
        "Half-open admits everybody.",
        "A result is handled by the state the call began in: a late failure of half-open re-opens a closed "
        "breaker, a late success of half-open closes an open one, late failures prolong the open time.",
    ),
    lambda s: _run(s["fail_max"], s["timeout_duration"] or 60 * S, late="started-state", clear="close"),
    (
        Option("fail_max", 5, COUNT, "failures in a row that open", 1),
        Option("timeout_duration", 60, SECONDS, "open time; 0: 60 s", 0),
    ),
    "aiobreaker 1.2.0",
    "aiobreaker/circuitbreaker.py, aiobreaker/state.py",
)
CIRCUITBREAKER = Entry(
    "Opens after failure_threshold failures in a row; after recovery_timeout everybody passes until a result.",
    (
        "Half-open is computed when read and admits everybody; a recovery_timeout of 0 is one of 30 s.",
        "While open a late failure restarts the open time, a late success closes at once.",
        "The count is kept while open: after it, one failure opens again.",
        "With the default expected_exception a cancelled task counts as success.",
    ),
    lambda s: _run(
        s["failure_threshold"],
        s["recovery_timeout"] or 30 * S,
        leave_open="read",
        late="current-state",
        while_open="restart-or-close",
        clear="close",
        ignored_outcomes=(),
    ),
    (
        Option("failure_threshold", 5, COUNT, "failures in a row that open", 1),
        Option("recovery_timeout", 30, SECONDS, "open time; 0: 30 s", 0),
    ),
    "circuitbreaker 2.1.3",
    "circuitbreaker.py",
)
PURGATORY = Entry(
    "Opens after threshold failures in a row; after ttl everybody passes until the first result.",
    (
        "Half-open admits everybody; late results of the closed time decide too.",
        "At exactly ttl it still refuses; a ttl of 0 is one of 30 s; a cancelled call counts as failure.",
    ),
    lambda s: _run(
        s["threshold"],
        s["ttl"] or 30 * S,
        expiry="strict",
        late="current-state",
        while_open="ignore",
        clear="transition",
        failures=(*ANY_EXCEPTION, "cancelled"),
    ),
    (
        Option("threshold", 5, COUNT, "failures in a row that open", 1),
        Option("ttl", 30, SECONDS, "open time; 0: 30 s", 0),
    ),
    "purgatory 3.0.1",
    "purgatory/domain/model.py",
)

ENTRIES = {
    "pybreaker": PYBREAKER,
    "aiobreaker": AIOBREAKER,
    "circuitbreaker": CIRCUITBREAKER,
    "purgatory": PURGATORY,
    "fluxgate": FLUXGATE,
}
