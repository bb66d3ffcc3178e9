"""fluxgate: an algebra of conditions, read from its constructor expressions."""

import ast
from collections.abc import Callable
from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, Entry, Parts, S
from sim.policies.options import Option, OptionError

Clauses = list[Parts]
Known = dict[str, tuple[tuple[str, ...], int, Callable[..., bool], str]]
"""Constructors by name: parameters, how many must be given, the library's own legal range and its words."""


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

    def call(self, node: ast.expr, known: Known) -> tuple[str, dict[str, float]]:
        """(name, numbers by parameter) of `Name(1, b=2)`; what is not given is left out."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in known:
            self.wrong(f"{ast.unparse(node)!r} is none of {', '.join(known)}")
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        names, needed, legal, rule = known[node.func.id]
        given = [*zip(names, node.args, strict=False), *((k.arg or "", k.value) for k in node.keywords)]
        values: dict[str, float] = {}
        for parameter, value in given:
            if parameter not in names or not isinstance(value, ast.Constant):
                self.wrong(f"{node.func.id} takes {', '.join(names) or 'nothing'} as numbers")
            assert isinstance(value, ast.Constant) and isinstance(value.value, int | float)
            values[parameter] = float(value.value)
        if len(node.args) > len(names):
            self.wrong(f"{node.func.id} takes {len(names)} values")
        if len(values) < needed or any(name not in values for name in names[:needed]):
            self.wrong(f"{node.func.id} needs {', '.join(names[:needed])}")
        if not legal(**values):
            self.wrong(f"{node.func.id}: {rule}")
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


def _nothing(name: str) -> Known:
    return {name: ((), 0, lambda: True, "")}


def _whole(count: float) -> bool:
    return count > 0 and count == int(count)


_COUNT = "count must be a whole number above 0"
_RATIO = "ratio must lie above 0 and be at most 1"
_TRIPPERS: Known = {
    "MinRequests": (("count",), 1, _whole, _COUNT),
    "FailureRate": (("ratio",), 1, lambda ratio: 0 < ratio <= 1, _RATIO),
    "AvgLatency": (("threshold",), 1, lambda threshold: threshold > 0, "threshold must lie above 0"),
    "SlowRate": (
        ("ratio", "threshold"),
        2,
        lambda ratio, threshold: 0 < ratio <= 1 and threshold > 0,
        f"{_RATIO}; threshold must lie above 0",
    ),
    "FailureStreak": (("count",), 1, _whole, _COUNT),
    **_nothing("Closed"),
    **_nothing("HalfOpened"),
}
_WINDOWS: Known = {
    name: (("size",), 1, lambda size: size >= 1, "size must be at least 1")
    for name in ("CountWindow", "TimeWindow")
}
_JITTER = "jitter_ratio must be at least 0 and below 1"
_RETRIES: Known = {
    "Cooldown": (
        ("duration", "jitter_ratio"),
        1,
        lambda duration, jitter_ratio=0.0: duration > 0 and 0 <= jitter_ratio < 1,
        f"duration must lie above 0; {_JITTER}",
    ),
    "Backoff": (
        ("initial", "multiplier", "max_duration", "jitter_ratio"),
        1,
        lambda initial, multiplier=2.0, max_duration=300.0, jitter_ratio=0.0: (
            0 < initial <= max_duration and multiplier > 1 and 0 <= jitter_ratio < 1
        ),
        f"0 < initial <= max_duration (300) and multiplier above 1; {_JITTER}",
    ),
    **_nothing("Never"),
    **_nothing("Always"),
}
_PERMITS: Known = {
    **_nothing("All"),
    "Random": (("ratio",), 1, lambda ratio: 0 <= ratio <= 1, "ratio must be 0 to 1"),
    "RampUp": (
        ("initial", "final", "duration"),
        3,
        lambda initial, final, duration: 0 < initial <= final <= 1 and duration > 0,
        "0 < initial <= final <= 1, and duration above 0",
    ),
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
    name, x = e.call(e.node, _WINDOWS)
    size = int(x["size"])
    return {"count": size} if name == "CountWindow" else {"time": size * S, "buckets": size, "grid": "kept"}


def _fluxgate_retry(e: _Expression) -> Parts:
    name, x = e.call(e.node, _RETRIES)
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
    name, x = e.call(e.node, _PERMITS)
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
        "Model: half-open of the async class lets 10 calls run and keeps others waiting; here nobody waits.",
        "A failure is never slow, and no latency is remembered of it.",
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
