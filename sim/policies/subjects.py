"""What a conformance vector talks to: a policy behind one method, `step`.

A subject is given one step of a vector at its instant and says what could be seen after it, by the keys
of the vectors file: adm, state, allow, tokens, limit, ejected, drop, p, wait.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from sim.policies import breaker as machine
from sim.policies import catalog, outlier_subject
from sim.policies.catalog.parts import params_from_parts
from sim.policies.limits import subjects as limiters
from sim.words import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, METRICS_ONLY, NS, OPEN, OUTCOMES, STATES

Step = dict[str, Any]


class Subject(Protocol):
    """One policy object under a vector."""

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Do one step at its instant. ValueError if it cannot be done."""


ALIASES = {
    "finagle-failure-accrual": "finagle",
    "linkerd-failure-accrual": "linkerd",
    "polly": "polly-v8",
    "resilience4j-circuitbreaker": "resilience4j",
}
OPERATIONS = {
    "open": OPEN,
    "half_open": HALF_OPEN,
    "close": CLOSED,
    "closed": CLOSED,
    "reset": CLOSED,
    "enable": CLOSED,
    "force_open": FORCED_OPEN,
    "forced_open": FORCED_OPEN,
    "isolate": FORCED_OPEN,
    "isolated": FORCED_OPEN,
    "disable": DISABLED,
    "disabled": DISABLED,
    "force_closed": METRICS_ONLY,
    "metrics_only": METRICS_ONLY,
}
"""Manual operations by the libraries' words."""


class BreakerSubject:
    """An entry of the catalogue: calls with a beginning and an end, looks, manual operations."""

    def __init__(self, entry: catalog.Entry, parts: catalog.Parts) -> None:
        self.params = params_from_parts(parts)
        learn = catalog.learn_from(parts, "library")
        self.verdicts = {
            "ok": machine.SUCCESS,
            "fail": learn[OUTCOMES.index("error")],
            "timeout": learn[OUTCOMES.index("timeout")],
            "ignored": machine.IGNORE,
            "excluded": machine.SUCCESS,
            "cancelled": learn[OUTCOMES.index("cancelled")],
        }
        self.names = dict(entry.names)
        self.record = machine.new(self.params, key=1)
        self.now = 0
        self.open_calls: dict[str, tuple[int, int]] = {}
        """By id: ticket, and when it began."""

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """Timers ring first, then the step is done; the state is read last, if anybody asks."""
        if step["do"] not in _ACTIONS:
            msg = f"a breaker knows no step `do: {step['do']}`"
            raise ValueError(msg)
        self.catch_up(now_ns)
        seen = _ACTIONS[step["do"]](self, step)
        return {**seen, "state": self.seen_state()} if "state" in step else seen

    def seen_state(self) -> str:
        """The state by the library's own name; reading it may move it."""
        machine.look(self.record, self.params, self.now)
        state = STATES[self.record.state]
        return self.names.get(state, state)

    def catch_up(self, now_ns: int) -> None:
        """Time goes on; timers ring on the way."""
        while (due := machine.due(self.record, self.params)) <= now_ns:
            self.now = max(self.now, due)
            machine.tick(self.record, self.params, self.now)
        self.now = max(self.now, now_ns)

    def begin(self, step: Step) -> dict[str, Any]:
        """Ask for admission; an admitted call is known by its id."""
        ticket = machine.admit(self.record, self.params, self.now)
        if ticket:
            self.open_calls[step["id"]] = (ticket, self.now)
        return {"adm": bool(ticket)}

    def end(self, step: Step) -> dict[str, Any]:
        """The call that began with this id ends."""
        if step["id"] not in self.open_calls:
            msg = f"no call {step['id']!r} has begun and was admitted"
            raise ValueError(msg)
        ticket, began = self.open_calls.pop(step["id"])
        elapsed = round(step["lat"] * NS) if "lat" in step else self.now - began
        machine.settle(self.record, self.params, self.now, ticket, self._verdict(step), elapsed)
        return {}

    def call(self, step: Step) -> dict[str, Any]:
        """Begin, and end `dur` later if admitted."""
        seen = self.begin({"id": ""})
        if seen["adm"]:
            self.catch_up(self.now + round(step.get("dur", 0) * NS))
            self.end({**step, "id": ""})
        return seen

    def admin(self, step: Step) -> dict[str, Any]:
        """A manual operation."""
        op = str(step["op"]).replace("-", "_")
        if op not in OPERATIONS:
            msg = f"no manual operation is called {op!r}; there are {', '.join(OPERATIONS)}"
            raise ValueError(msg)
        machine.force(self.record, self.params, self.now, OPERATIONS[op])
        return {}

    def _verdict(self, step: Step) -> int:
        out = step.get("out", "ok")
        if out not in self.verdicts:
            msg = f"no outcome is called {out!r}; there are {', '.join(self.verdicts)}"
            raise ValueError(msg)
        return self.verdicts[out]


class RulesSubject:
    """Several breakers of one resource, asked in order; every one hears how an admitted call ended.

    Refused by a later one, a call is nobody's result: those before roll back what they gave it.
    """

    def __init__(self, parts: list[BreakerSubject]) -> None:
        self.parts = parts

    def step(self, now_ns: int, step: Step) -> dict[str, Any]:
        """As of one breaker; the state is open if any is, else half-open if any is."""
        for part in self.parts:
            part.catch_up(now_ns)
        seen: dict[str, Any] = {}
        if step["do"] == "call":
            seen = self._begin({"id": ""})
            if seen["adm"]:
                later = now_ns + round(step.get("dur", 0) * NS)
                for part in self.parts:
                    part.catch_up(later)
                    part.end({**step, "id": ""})
        elif step["do"] == "begin":
            seen = self._begin(step)
        else:
            for part in self.parts:
                _ACTIONS[step["do"]](part, step)
        states = [part.seen_state() for part in self.parts]
        found = [s for s in ("forced_open", "open", "half_open") if s in states]
        return {**seen, "state": found[0] if found else states[0]}

    def _begin(self, step: Step) -> dict[str, Any]:
        for i, part in enumerate(self.parts):
            if not part.begin(step)["adm"]:
                for before in self.parts[:i]:
                    before.end({"id": step["id"], "out": "ignored"})
                return {"adm": False}
        return {"adm": True}


_ACTIONS: dict[str, Callable[[BreakerSubject, Step], dict[str, Any]]] = {
    "call": BreakerSubject.call,
    "begin": BreakerSubject.begin,
    "end": BreakerSubject.end,
    "look": lambda subject, step: {},
    "admin": BreakerSubject.admin,
}


def subject_of(library: str, config: Mapping[str, Any]) -> Subject:
    """A fresh policy of a library. ValueError if it is unknown or its settings are wrong."""
    name = ALIASES.get(library, library)
    if name in catalog.ENTRIES:
        entry, rules = catalog.ENTRIES[name], config.get("rules")
        if isinstance(rules, list) and set(config) == {"rules"}:
            return RulesSubject(
                [BreakerSubject(entry, catalog.parts_of(name, r, elsewhere_too=True)) for r in rules]
            )
        return BreakerSubject(entry, catalog.parts_of(name, dict(config), elsewhere_too=True))
    if library in outlier_subject.SUBJECTS:
        return outlier_subject.SUBJECTS[library](dict(config))
    limiter = limiters.subject_of(name, config)
    if limiter is not None:
        found: Subject = limiter
        return found
    known = sorted(
        [
            *(n for n in catalog.ENTRIES if catalog.ENTRIES[n].version),
            *limiters.names(),
            *outlier_subject.SUBJECTS,
        ]
    )
    msg = f"no library is called {library!r}; {_near(library, known)}"
    raise ValueError(msg)


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
