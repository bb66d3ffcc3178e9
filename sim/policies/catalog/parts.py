"""From the parts of a breaker, as a scenario file spells them, to parameters."""

from typing import Any

from sim.policies import breaker_parts as b
from sim.policies.catalog.contradictions import refuse
from sim.policies.catalog.entry import Parts
from sim.words import CLOSED, FOREVER, OPEN, STATES

GRIDS = ("reset", "epoch", "lazy", "kept")
OF = ("results", "started", "asked")
ON = ("any", "failure", "bucket")
PERCENTS = {
    "exact": b.Q_FAILURE_RATIO,
    "percent": b.Q_FAILURE_PERCENT,
    "cut": b.Q_FAILURE_PERCENT_CUT,
    "rounded": b.Q_FAILURE_PERCENT_ROUNDED,
}
LEAVE = ("request", "read", "touch", "timer")
SPREAD = ("both", "added", "equal")
IGNORED = ("gives-back", "gives-any-back", "reopens", "rolls-back")
LATE = ("current-state", "generation", "started-state", "same-state")
WHILE_OPEN = ("record", "ignore", "restart-or-close")
CLEAR = ("transition", "close", "never")

CONDITIONS = {
    "minimum": (b.Q_N, b.AT_LEAST),
    "failures": (b.Q_FAILURES, None),
    "streak": (b.Q_ROW, None),
    "failure_ratio": (b.Q_FAILURE_RATIO, None),
    "slow_ratio": (b.Q_SLOW_RATIO, None),
    "success_below": (b.Q_SUCCESS_RATIO, b.BELOW),
    "average_below": (b.Q_EMA, b.BELOW),
    "mean_latency": (b.Q_MEAN_NS, b.AT_LEAST),
    "age": (b.Q_AGE_NS, b.AT_LEAST),
    "seen": (b.Q_SEEN, b.AT_LEAST),
    "state": (b.Q_STATE, b.EQUAL),
}
"""Conditions of a trip rule; the comparison of those with None is `at least`, or `above` if the rule says so.
Volume, age and state come first: they are the cheapest to judge, and name no cause."""


def params_from_parts(parts: Parts) -> b.Params:
    """Parameters of complete parts. Contradiction, a ValueError, if they do not go together."""
    window = _window(parts["window"])
    rules = trip_rules(parts["trip"], consecutive=parts["window"] == "consecutive")
    slow = any(c[0] == b.Q_SLOW_RATIO for _, conditions in rules for c in conditions)
    refuse(parts, window, rules)
    evaluate = ON.index(parts["trip"].get("on") or "any")
    return b.Params(
        slow_ns=FOREVER if parts.get("slow") is None else parts["slow"],
        slow_failures=int(parts["trip"].get("slow_of") != "successes"),
        rules=rules,
        judges_slow=int(slow),
        slow_ratio=_slow_ratio(rules),
        evaluate=evaluate,
        late=LATE.index(parts["late"]),
        while_open=WHILE_OPEN.index(parts.get("while_open") or "record"),
        clear=CLEAR.index(parts["clear"]),
        initial=STATES.index(parts.get("initial") or "closed"),
        **window,
        **_open(parts),
        **_half_open(parts),
    )


def _window(window: Any) -> Parts:
    if window == "consecutive":
        return {"window": b.W_CONSECUTIVE}
    of = OF.index(window.get("of") or "results")
    if window.get("count"):
        return {"window": b.W_COUNT, "size": window["count"], "of": of}
    if window.get("interval") is not None:
        return {"window": b.W_INTERVAL, "width_ns": window["interval"], "of": of}
    size = window.get("buckets") or 10
    grid = window.get("grid") or "reset"
    values: Parts = {"size": size, "width_ns": max(1, window["time"] // size), "of": of}
    if window.get("average"):
        by_count = window.get("by") == "results"
        return {**values, "window": b.W_EMA, "ema": float(window["average"]), "ema_by_count": int(by_count)}
    if grid == "lazy":
        return {**values, "window": b.W_LAZY, "span_ns": window["time"]}
    if grid == "kept":
        return {**values, "window": b.W_STALE, "grid": b.GRID_EPOCH}
    return {**values, "window": b.W_TIME, "grid": b.GRID_EPOCH if grid == "epoch" else b.GRID_RESET}


def trip_rules(trip: Parts, *, consecutive: bool) -> tuple[b.Rule, ...]:
    """The rules of a trip block, any of which trips."""
    clauses = [dict(clause) for clause in trip.get("any") or ()]
    volume = {"minimum": trip["minimum"]} if trip.get("minimum") else {}
    if trip.get("failures"):
        clauses.append({"streak" if consecutive else "failures": trip["failures"]})
    clauses += [
        {**volume, key: trip[key]} for key in ("failure_ratio", "slow_ratio") if trip.get(key) is not None
    ]
    return tuple(_rule(clause, trip) for clause in clauses)


def _rule(clause: Parts, trip: Parts) -> b.Rule:
    above = b.ABOVE if trip.get("above") else b.AT_LEAST
    conditions, cause = [], b.NO_CAUSE
    for key, (quantity, comparison) in CONDITIONS.items():
        threshold = clause.get(key)
        if threshold is None:
            continue
        if key == "state":
            threshold = STATES.index(threshold)
        if key == "failure_ratio":
            quantity = PERCENTS[trip.get("percent") or "exact"]
            threshold = _in_percents(threshold, quantity)
            cause = b.BY_RATIO
        cause = b.CAUSE_OF.get(quantity, cause)
        conditions.append((quantity, above if comparison is None else comparison, float(threshold)))
    # Volume, age and state say when to look, so they are asked first.
    conditions.sort(key=lambda c: c[0] in b.CAUSE_OF)
    return cause or b.BY_COUNT, tuple(conditions)


def _in_percents(share: float, quantity: int) -> float:
    """A threshold as what is compared with it. The percents are those that were written: 0.55 * 100 is
    55.00000000000001, which an 11th failure of 20 does not exceed."""
    return share if quantity == b.Q_FAILURE_RATIO else round(share * 100.0, 9)


def _slow_ratio(rules: tuple[b.Rule, ...]) -> float:
    found = [x for _, conditions in rules for q, _, x in conditions if q == b.Q_SLOW_RATIO]
    return min(found, default=0.0)


def _open(parts: Parts) -> Parts:
    open_for = parts["open_for"]
    values: Parts = {
        "jitter": open_for.get("jitter") or 0.0,
        "jitter_kind": SPREAD.index(open_for.get("spread") or "both"),
        "step_ns": open_for.get("step") or 1,
        "strict": int(parts["expiry"] == "strict"),
        "leave": LEAVE.index(parts["leave_open"]),
    }
    growth = open_for.get("exponential")
    if growth:
        values |= {
            "open_kind": b.OPEN_EXPONENTIAL,
            "open_ns": growth["initial"],
            "multiplier": growth.get("multiplier", 2.0),
            "cap_ns": growth.get("cap") or FOREVER,
        }
    elif open_for.get("list"):
        then = open_for.get("then")
        last = open_for["list"][-1] if then is None else then
        values |= {"open_kind": b.OPEN_LIST, "open_list": tuple(open_for["list"]), "open_ns": last}
    else:
        values["open_ns"] = open_for["fixed"]
    return values


def _half_open(parts: Parts) -> Parts:
    longest = parts.get("half_open_for") or {}
    values: Parts = {
        "ignored": IGNORED.index(parts.get("ignored") or "gives-back"),
        "half_open_ns": longest.get("longest") or 0,
        "half_open_then": CLOSED if longest.get("then") == "closed" else OPEN,
        **_probe(parts["probe"]),
    }
    decide = parts["decide"]
    if decide in ("trip-rule", "trip-rule-on-failure"):
        return values | {"decide": b.DECIDE_RULE + (decide != "trip-rule")}
    if decide == "first":
        return values
    if decide.get("successes"):
        return values | {"closes_at": decide["successes"], "opens_at": decide.get("failures") or 1}
    rounding = PERCENTS[decide.get("percent") or "exact"]
    return values | {
        "decide": b.DECIDE_RATE,
        "decide_n": decide["after"],
        "decide_ratio": _in_percents(decide["failure_ratio"], rounding),
        "decide_quantity": rounding,
    }


def _probe(probe: Any) -> Parts:
    if isinstance(probe, str):
        kinds = {
            "single": b.PROBE_SINGLE,
            "unbounded": b.PROBE_UNBOUNDED,
            "one-per-open-time": b.PROBE_PERIOD,
        }
        return {"probe": kinds[probe]}
    if probe.get("quota"):
        return {"probe": b.PROBE_QUOTA, "probes": probe["quota"]}
    if probe.get("concurrent"):
        return {"probe": b.PROBE_CONCURRENT, "probes": probe["concurrent"]}
    ramp = probe["ramp"]
    return {
        "probe": b.PROBE_RAMP,
        "ramp_from": ramp["start"],
        "ramp_to": ramp["end"],
        "ramp_ns": max(1, ramp["over"]),
    }
