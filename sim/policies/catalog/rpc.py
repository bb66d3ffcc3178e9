"""Finagle and Linkerd: failure accrual of an endpoint."""

from typing import Any

from sim.policies.catalog.entry import FAILURES, Entry, Parts, S
from sim.policies.options import Option, parse

COUNT, TEXT = "count", "duration"


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
    policy = s["policy"]
    by_results = policy == "successRate"
    window = parse(Option("window", "", COUNT if by_results else TEXT, "", 1e-9), s["window"])
    rules: list[Parts] = []
    if policy in ("consecutiveFailures", "default"):
        rules.append({"streak": s["numFailures"]})
    if policy in ("successRateWithinDuration", "default"):
        least = s["minRequestThreshold"]
        rules.append({"minimum": least, "age": window, "average_below": s["requiredSuccessRate"]})
    if by_results:
        rules.append({"seen": window, "average_below": s["requiredSuccessRate"]})
    return {
        "window": {"time": S if by_results else window, "buckets": 5, "average": window, "by": "results" if by_results else "time"},
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
        Option("window", "30s", "any", "time constant of the average; with successRate in results"),
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
    prefixes=("balancer.linkerd.io/", "failure-accrual-consecutive-", "failure-accrual-success-rate-"),
    wedges=True,
)  # fmt: skip

ENTRIES = {
    "finagle": FINAGLE,
    "linkerd": LINKERD,
}
