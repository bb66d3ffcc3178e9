"""Limiters and budgets behind the steps of a vectors file."""

from collections.abc import Callable, Mapping
from typing import Any

from sim.policies.limits import budget, catalog, codel, concurrency, cycles, pool, throttle
from sim.policies.options import Option, OptionError, resolve
from sim.words import ERROR, NS, SHED, TIMEOUT, UNREACHABLE

Step = dict[str, Any]
Config = Mapping[str, Any]


def _cannot(step: Step, what: str) -> ValueError:
    return ValueError(f"{what} knows no step `do: {step['do']}`")


class ThrottleSubject:
    """`prob` judges counts; `call` asks, and its answer is an accept if `out: ok`; `begin`, `end`; `look`."""

    def __init__(self, p: throttle.Params) -> None:
        self.p = p
        self.state = throttle.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Probability of refusing."""
        do = step["do"]
        if do == "prob" and "requests" in step:
            return {"p": throttle.formula(self.p, step["requests"], step["accepts"])}
        if do not in ("prob", "look", "call", "begin", "end"):
            raise _cannot(step, "a throttle")
        seen = {"p": throttle.rejection(self.state, self.p, now_ns)}
        if do in ("call", "begin"):
            refused = step.get("adm") is False
            throttle.requested(self.state, self.p, now_ns, refused=refused)
            if refused or do == "begin":
                return seen
        if do in ("call", "end"):
            later = now_ns + round(step.get("dur", 0) * NS)
            accepted = step.get("out", "ok") == "ok"
            throttle.answered(self.state, self.p, later, accepted=accepted)
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
            concurrency.sample(self.state, self.p, now_ns, rtt, int(step.get("inflight", 0)), dropped)
        elif step["do"] not in ("look", "sweep"):
            raise _cannot(step, "a concurrency limit")
        return {"limit": concurrency.current(self.state, self.p, now_ns)}


class CyclesSubject:
    """`call` asks for a permission, or for `permits`."""

    def __init__(self, p: cycles.Params) -> None:
        self.p = p
        self.state = cycles.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Admitted, and after which wait."""
        if step["do"] not in ("call", "begin"):
            raise _cannot(step, "a rate limiter")
        wait = cycles.take(self.state, self.p, now_ns, int(step.get("permits", 1)))
        return {"adm": wait >= 0, **({"wait": wait / NS} if wait >= 0 else {})}


class BulkheadSubject:
    """`begin`, `end`, `call`. A pool admits who may queue; a semaphore only who is inside at once."""

    def __init__(self, p: pool.Params) -> None:
        self.p = p
        self.state = pool.State(self.p)
        self.inside: set[str] = set()
        self.waiting: list[str] = []

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Admitted?"""
        if step["do"] == "end":
            self._end(now_ns, step["id"])
            return {}
        if step["do"] not in ("begin", "call"):
            raise _cannot(step, "a bulkhead")
        who = str(step.get("id", ""))
        given = pool.enter(self.state, self.p, now_ns, len(self.waiting))
        queued = given == pool.WAIT and self.p.max_wait_ns >= pool.FOREVER
        if given == pool.PASS:
            self.inside.add(who)
        elif queued:
            self.waiting.append(who)
        if step["do"] == "call" and (given == pool.PASS or queued):
            self._end(now_ns, who)
        return {"adm": given == pool.PASS or queued}

    def _end(self, now_ns: int, who: str) -> None:
        if who in self.waiting:
            self.waiting.remove(who)
            return
        if who not in self.inside:
            msg = f"no call {who!r} is inside"
            raise ValueError(msg)
        self.inside.remove(who)
        pool.leave(self.state, self.p, now_ns)
        if self.waiting and pool.next_enters(self.state, self.p):
            self.inside.add(self.waiting.pop(0))


KINDS = {
    "transient": UNREACHABLE,
    "timeout": TIMEOUT,
    "throttling": SHED,
    "throttled": SHED,
    "error": ERROR,
    "server": ERROR,
    "server_error": ERROR,
    "fail": ERROR,
}
"""What a retry follows, by the words of vectors."""
IN_FLIGHT = ("active", "inflight", "pending")
RETRYING = ("retries", "hedges")


class BudgetSubject:
    """`withdraw` asks for a retry; `deposit` says how a call or try ended; `begin` and `end` of a call in
    flight; numbers in flight may also be given outright."""

    def __init__(self, p: budget.Params) -> None:
        self.p = p
        self.state = budget.new(p, 0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Allowed, and tokens left."""
        s, p, do = self.state, self.p, step["do"]
        if any(name in step for name in IN_FLIGHT):
            s.active = sum(int(step.get(name, 0)) for name in IN_FLIGHT)
        if any(name in step for name in RETRYING):
            s.retrying = sum(int(step.get(name, 0)) for name in RETRYING)
        seen: dict[str, Any] = {}
        if do == "withdraw":
            cost = budget.allows(s, p, now_ns, _known(KINDS, step.get("kind", "transient"), "kind"))
            seen["allow"] = cost >= 0
        elif do == "deposit":
            self._deposit(now_ns, step.get("kind") or step.get("out", "ok"))
        elif do == "begin":
            budget.started(s, p, now_ns)
        elif do == "end":
            budget.over(s, p, step.get("out", "ok") == "ok", 0.0)
        elif do != "look":
            raise _cannot(step, "a retry budget")
        return {**seen, "tokens": budget.balance(s, p, now_ns)}

    def _deposit(self, now_ns: int, kind: str) -> None:
        s, p = self.state, self.p
        if p.kind in (budget.LEAKY, budget.RATIO):
            budget.started(s, p, now_ns)
            return
        if p.kind == budget.CONCURRENT:
            budget.tried(s, p, 1.0, False)
            return
        good, cost = kind.startswith("success") or kind == "ok", 0.0
        if kind.startswith("success_after_"):
            after = kind.removeprefix("success_after_").removesuffix("retry").strip("_") or "transient"
            cost = p.costs[_known(KINDS, after, "kind")]
        elif not good:
            _known(KINDS, kind, "kind")
        budget.tried(s, p, 0.0, not good)
        s.active += 1
        budget.over(s, p, good, cost)


def _known(words: Mapping[str, int], word: str, what: str) -> int:
    if word not in words:
        msg = f"no {what} is called {word!r}; there are {', '.join(words)}"
        raise ValueError(msg)
    return words[word]


class CodelSubject:
    """`queue` hands over one dequeued request's delay."""

    OPTIONS = (
        Option("interval", "100ms", "duration_ms", "interval", 1e-6),
        Option("target", "5ms", "duration_ms", "target delay", 1e-6),
    )

    def __init__(self, config: Config) -> None:
        given = {"target" if name == "targetDelay" else name: value for name, value in config.items()}
        self.settings = resolve(self.OPTIONS, given, "folly-codel")
        self.state = codel.State(0)

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Dropped?"""
        if step["do"] != "queue":
            raise _cannot(step, "a queue discipline")
        target, interval = self.settings["target"], self.settings["interval"]
        return {"drop": codel.drops(self.state, target, interval, now_ns, round(step["delay"] * NS))}


MAKERS: dict[str, Callable[[Any], Any]] = {
    "throttle": ThrottleSubject,
    "concurrency": LimitSubject,
    "rate_limit": CyclesSubject,
    "bulkhead": BulkheadSubject,
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
