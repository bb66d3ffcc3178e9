"""pybreaker, aiobreaker, circuitbreaker, purgatory, fluxgate: the libraries of Python."""

import ast
from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, Entry, Parts, S
from sim.policies.options import Option, OptionError

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
        "Half-open is computed when read and admits everybody.",
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
        "At exactly ttl it still refuses; a cancelled call counts as failure.",
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

# fluxgate ----------------------------------------------------------------------------------------

Clauses = list[Parts]


class _Expression:
    """The constructor expressions of fluxgate, read as data: `MinRequests(3) & FailureRate(0.5)`."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        try:
            self.node: ast.expr = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            self.wrong(f"{text!r} is not an expression")

    def wrong(self, message: str) -> Any:
        raise OptionError(self.name, f"{self.name}: {message}")

    def call(self, node: ast.expr, known: dict[str, tuple[str, ...]]) -> tuple[str, dict[str, float]]:
        """(name, numbers by parameter) of `Name(1, b=2)`."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in known:
            self.wrong(f"{ast.unparse(node)!r} is none of {', '.join(known)}")
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        names = known[node.func.id]
        given = [*zip(names, node.args, strict=False), *((k.arg or "", k.value) for k in node.keywords)]
        values: dict[str, float] = {}
        for parameter, value in given:
            if parameter not in names or not isinstance(value, ast.Constant):
                self.wrong(f"{node.func.id} takes {', '.join(names) or 'nothing'} as numbers")
            assert isinstance(value, ast.Constant) and isinstance(value.value, int | float)
            values[parameter] = float(value.value)
        if len(node.args) > len(names):
            self.wrong(f"{node.func.id} takes {len(names)} values")
        return node.func.id, values

    def clauses(self, node: ast.expr, slow: set[float]) -> Clauses:
        """A tripper as alternatives, each a mapping of conditions that must all hold."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return [*self.clauses(node.left, slow), *self.clauses(node.right, slow)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            left, right = self.clauses(node.left, slow), self.clauses(node.right, slow)
            return [self.both(a, b) for a in left for b in right]
        name, x = self.call(node, _TRIPPERS)
        if name == "SlowRate":
            slow.add(x.get("threshold", 0.0))
        return [_condition(name, x)]

    def both(self, a: Parts, b: Parts) -> Parts:
        """Both hold: the stricter of two thresholds of one kind."""
        merged = dict(a)
        for key, value in b.items():
            same = key == "state" and key in merged and merged[key] != value
            if same:
                self.wrong("Closed() & HalfOpened() never holds")
            merged[key] = value if key == "state" else max(value, merged.get(key, value))
        return merged


_TRIPPERS = {
    "MinRequests": ("count",),
    "FailureRate": ("ratio",),
    "AvgLatency": ("threshold",),
    "SlowRate": ("ratio", "threshold"),
    "FailureStreak": ("count",),
    "Closed": (),
    "HalfOpened": (),
}


def _condition(name: str, x: dict[str, float]) -> Parts:
    if name == "MinRequests":
        return {"minimum": int(x["count"])}
    if name == "FailureRate":
        return {"failure_ratio": x["ratio"]}
    if name == "AvgLatency":
        return {"mean_latency": round(x["threshold"] * S)}
    if name == "SlowRate":
        return {"slow_ratio": x["ratio"]}
    if name == "FailureStreak":
        return {"streak": int(x["count"])}
    return {"state": "closed" if name == "Closed" else "half_open"}


def _fluxgate(s: dict[str, Any]) -> Parts:
    slow: set[float] = set()
    tripper = _Expression("tripper", s["tripper"])
    clauses = tripper.clauses(tripper.node, slow)
    if len(slow) > 1:
        tripper.wrong("several SlowRate thresholds in one breaker are not supported: use one")
    return {
        "window": _fluxgate_window(_Expression("window", s["window"])),
        "trip": {"any": clauses, "slow_of": "successes", "on": "any"},
        # Slow is at or above the threshold there.
        "slow": round(slow.pop() * S) - 1 if slow else None,
        "open_for": _fluxgate_retry(_Expression("retry", s["retry"])),
        "leave_open": "request",
        "expiry": "inclusive",
        "probe": _fluxgate_permit(_Expression("permit", s["permit"])),
        "decide": "trip-rule",
        "late": "same-state",
        "while_open": "ignore",
        "clear": "transition",
        "failures": ANY_EXCEPTION,
    }


def _fluxgate_window(e: _Expression) -> Parts:
    name, x = e.call(e.node, {"CountWindow": ("size",), "TimeWindow": ("size",)})
    size = int(x["size"])
    return {"count": size} if name == "CountWindow" else {"time": size * S, "buckets": size, "grid": "kept"}


def _fluxgate_retry(e: _Expression) -> Parts:
    known = {
        "Cooldown": ("duration", "jitter_ratio"),
        "Backoff": ("initial", "multiplier", "max_duration", "jitter_ratio"),
        "Never": (),
        "Always": (),
    }
    name, x = e.call(e.node, known)
    jitter = {"jitter": x.get("jitter_ratio", 0.0)}
    if name == "Cooldown":
        return {"fixed": round(x["duration"] * S), **jitter}
    if name == "Backoff":
        cap = round(x.get("max_duration", 300.0) * S)
        initial = round(x["initial"] * S)
        return {
            "exponential": {"initial": initial, "multiplier": x.get("multiplier", 2.0), "cap": cap},
            **jitter,
        }
    return {"fixed": 1 << 62 if name == "Never" else 0}


def _fluxgate_permit(e: _Expression) -> Any:
    name, x = e.call(e.node, {"All": (), "Random": ("ratio",), "RampUp": ("initial", "final", "duration")})
    if name == "All":
        return "unbounded"
    if name == "Random":
        return {"ramp": {"start": x["ratio"], "end": x["ratio"], "over": S}}
    return {"ramp": {"start": x["initial"], "end": x["final"], "over": round(x["duration"] * S)}}


FLUXGATE = Entry(
    "Judges an expression of conditions after every result; half-open admits a growing share of calls.",
    (
        "Needs 100 results before it can trip, with default settings.",
        "In half-open the same expression decides: below MinRequests the first success closes, and a "
        "failure decides nothing.",
        "TimeWindow forgets a second only when its slot is used again: after silence old failures still count.",
        "RampUp starts by refusing 9 of 10 probes.",
        "Model: jitter is drawn once per opening here; the library draws it at every request.",
    ),
    _fluxgate,
    (
        Option("window", "CountWindow(100)", "text", "CountWindow(n) or TimeWindow(seconds)"),
        Option("tripper", "MinRequests(100) & FailureRate(0.5)", "text", "conditions joined by & and |"),
        Option("retry", "Cooldown(60.0)", "text", "Cooldown, Backoff, Never or Always"),
        Option("permit", "RampUp(0.1, 1.0, 60.0)", "text", "All(), Random(p) or RampUp(from, to, seconds)"),
    ),
    "fluxgate 0.9.4",
    "fluxgate/circuitbreaker.py, windows.py, trippers.py, retries.py, permits.py",
)

ENTRIES = {
    "pybreaker": PYBREAKER,
    "aiobreaker": AIOBREAKER,
    "circuitbreaker": CIRCUITBREAKER,
    "purgatory": PURGATORY,
    "fluxgate": FLUXGATE,
}
