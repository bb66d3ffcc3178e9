"""Limiters and budgets behind the steps of a vectors file."""

from collections.abc import Callable, Mapping
from typing import Any

from sim.policies.limits import budget, catalog, codel, concurrency, cycles, throttle
from sim.policies.options import Option, OptionError, resolve

NS = 1_000_000_000
Step = dict[str, Any]
Config = Mapping[str, Any]


class ThrottleSubject:
    """`prob` judges counts; `call` asks, and its answer is an accept if `out: ok`."""

    def __init__(self, p: throttle.Params) -> None:
        self.p = p
        self.state = throttle.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Rejection probability."""
        if step["do"] == "prob" and "requests" in step:
            return {"p": throttle.formula(self.p, step["requests"], step["accepts"])}
        seen = {"p": throttle.rejection(self.state, self.p, now_ns)}
        if step["do"] == "call":
            throttle.requested(self.state, self.p, now_ns, refused=False)
            throttle.answered(self.state, self.p, now_ns, accepted=step.get("out", "ok") == "ok")
        return seen


class LimitSubject:
    """`sample` hands one completed request to the limit; `look` only shows it."""

    def __init__(self, p: concurrency.Params) -> None:
        self.p = p
        self.state = concurrency.new(p, 1, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """The limit afterwards."""
        if step["do"] == "sample":
            rtt, dropped = round(step["rtt"] * NS), bool(step.get("dropped", False))
            concurrency.sample(self.state, self.p, now_ns, rtt, int(step["inflight"]), dropped)
        return {"limit": concurrency.current(self.state)}


class CyclesSubject:
    """`call` asks for a permission."""

    def __init__(self, p: cycles.Params) -> None:
        self.p = p
        self.state = cycles.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Admitted, and after which wait."""
        wait = cycles.take(self.state, self.p, now_ns)
        return {"adm": wait >= 0, **({"wait": wait / NS} if wait >= 0 else {})}


class SemaphoreSubject:
    """A bulkhead: `begin`, `end`, `call`; who may wait is admitted when a place is free (not shown here)."""

    def __init__(self, made: tuple[int, int, int]) -> None:
        self.limit = made[0]
        self.inside: set[str] = set()

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Admitted at once?"""
        if step["do"] == "end":
            self.inside.remove(step["id"])
            return {}
        room = len(self.inside) < self.limit
        if room and step["do"] == "begin":
            self.inside.add(step["id"])
        return {"adm": room}


COSTS = ("timeout", "throttling", "throttled")


class BudgetSubject:
    """`withdraw` asks for a retry; `deposit` says how a call or try ended."""

    def __init__(self, p: budget.Params) -> None:
        self.p = p
        self.state = budget.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Allowed, and tokens left."""
        s, p = self.state, self.p
        if "active" in step:
            s.active, s.retrying = (
                int(step["active"]) + int(step.get("pending", 0)),
                int(step.get("retries", 0)),
            )
        if step["do"] == "withdraw":
            kind = step.get("kind", "transient")
            cost = budget.allows(s, p, now_ns, kind == "timeout", kind in ("throttling", "throttled"))
            return {"allow": cost >= 0, "tokens": s.tokens}
        self._deposit(now_ns, step.get("kind") or step.get("out", "ok"))
        return {"tokens": s.tokens}

    def _deposit(self, now_ns: int, kind: str) -> None:
        s, p = self.state, self.p
        budget.started(s, p, now_ns)
        if p.kind == budget.LEAKY or p.kind == budget.RATIO:
            return
        good = kind.startswith("success") or kind == "ok"
        budget.tried(s, p, 0.0, not good)
        costs = {
            "success_after_timeout_retry": p.timeout_cost,
            "success_after_throttling_retry": p.throttling_cost,
            "success_after_transient_retry": p.cost,
            "success_after_retry": p.cost,
        }
        budget.over(s, p, good, costs.get(kind, 0.0))


class CodelSubject:
    """`queue` hands over one dequeued request's delay."""

    OPTIONS = (
        Option("interval", "100ms", "duration", "interval", 1e-9),
        Option("target", "5ms", "duration", "target delay", 1e-9),
    )

    def __init__(self, config: Config) -> None:
        self.settings = resolve(self.OPTIONS, config, "folly-codel")
        self.state = codel.State(self.settings["interval"], 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Dropped?"""
        target, interval = self.settings["target"], self.settings["interval"]
        return {"drop": codel.drops(self.state, target, interval, now_ns, round(step["delay"] * NS))}


MAKERS: dict[str, Callable[[Any], Any]] = {
    "throttle": ThrottleSubject,
    "concurrency": LimitSubject,
    "rate_limit": CyclesSubject,
    "bulkhead": SemaphoreSubject,
    "budget": BudgetSubject,
}


def subject_of(library: str, config: Config) -> Any:
    """A fresh limiter of a library, or None if there is none of that name. OptionError for its settings."""
    if library == "folly-codel":
        return CodelSubject(config)
    for block, rows in catalog.BLOCKS.items():
        if library in rows:
            return MAKERS[block](catalog.params(rows, library, dict(config)))
    return None


def names() -> list[str]:
    """Libraries there are."""
    return ["folly-codel", *(name for rows in catalog.BLOCKS.values() for name in rows)]


__all__ = ["OptionError", "names", "subject_of"]
