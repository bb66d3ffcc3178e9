"""The real libraries behind the interface of a conformance subject: `step(now_ns, step)`.

A call that overlaps others is held open: a context manager that has been entered, or a coroutine that
waits, sent on by hand. Steps, outcomes and states are those of `sim.policies.subjects`.
"""

import asyncio
from datetime import timedelta
from typing import Any, ClassVar

import aiobreaker
import circuitbreaker
import fluxgate
import fluxgate.permits
import fluxgate.retries
import fluxgate.trippers
import fluxgate.windows
import purgatory
import pybreaker
from fluxgate.errors import CallNotPermittedError

from sim.words import NS
from tests.libraries.clock import CLOCK


class Failed(Exception):
    """The call failed."""


class Excluded(Exception):
    """An error that the library was told to take for a success."""


class Untracked(Exception):
    """An error that the library was told to take for nothing."""


ERRORS = {
    "ok": None,
    "fail": Failed,
    "timeout": TimeoutError,
    "excluded": Excluded,
    "ignored": Untracked,
    "cancelled": asyncio.CancelledError,
}
REFUSED = (
    pybreaker.CircuitBreakerError,
    aiobreaker.CircuitBreakerError,
    circuitbreaker.CircuitBreakerError,
    purgatory.domain.model.OpenedState,
    CallNotPermittedError,
)


class Driver:
    """One breaker of a library on the virtual clock."""

    outcomes: tuple[str, ...] = ("ok", "fail", "timeout", "excluded", "cancelled")
    operations: ClassVar[dict[str, str]] = {}
    """Manual operations: ours by the library's method."""

    def __init__(self, config: dict[str, Any]) -> None:
        CLOCK.now_ns = 0
        self.breaker = self.made(config)
        self.held: dict[str, Any] = {}

    def made(self, config: dict[str, Any]) -> Any:
        """The library's breaker with these settings."""
        raise NotImplementedError

    def state(self) -> str:
        """Its public state, by our name."""
        raise NotImplementedError

    def enter(self) -> Any:
        """Begin a call; what holds it open. Raises one of REFUSED."""
        raise NotImplementedError

    def leave(self, held: Any, error: BaseException | None) -> None:
        """End it."""
        raise NotImplementedError

    def step(self, now_ns: int, step: dict[str, Any]) -> dict[str, Any]:
        """Do one step at its instant, then read the state."""
        CLOCK.now_ns = now_ns
        seen = getattr(self, step["do"])(step)
        return {**seen, "state": self.state()}

    def begin(self, step: dict[str, Any]) -> dict[str, Any]:
        """Ask for admission."""
        try:
            self.held[step["id"]] = self.enter()
        except REFUSED:
            return {"adm": False}
        return {"adm": True}

    def end(self, step: dict[str, Any]) -> dict[str, Any]:
        """An admitted call ends; the error that it ends with, or one that replaces it, is its caller's."""
        error = ERRORS[step.get("out", "ok")]
        try:
            self.leave(self.held.pop(step["id"]), error and error())
        except (*REFUSED, *filter(None, ERRORS.values())):
            pass
        return {}

    def call(self, step: dict[str, Any]) -> dict[str, Any]:
        """Begin and end."""
        seen = self.begin({"id": ""})
        if seen["adm"]:
            CLOCK.now_ns += round(step.get("dur", 0) * NS)
            self.end({**step, "id": ""})
        return seen

    def close(self) -> None:
        """End what is still held."""
        for held in list(self.held):
            self.end({"id": held})

    def look(self, step: dict[str, Any]) -> dict[str, Any]:
        """Only the state is read."""
        return {}

    def admin(self, step: dict[str, Any]) -> dict[str, Any]:
        """A manual operation."""
        done = getattr(self.breaker, self.operations[step["op"]])()
        if asyncio.iscoroutine(done):
            finished(done)
        return {}


def finished(coroutine: Any) -> None:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


class Hold:
    """What a held call awaits: the outcome that `Coroutines.leave` sends."""

    def __await__(self):
        error = yield
        if error is not None:
            raise error


async def work() -> None:
    """A call that lasts until its outcome is sent."""
    await Hold()


class Contexts(Driver):
    """Calls are held open by `with`."""

    def enter(self) -> Any:
        """Enter the library's context."""
        context = self.context()
        context.__enter__()
        return context

    def context(self) -> Any:
        """A context manager around one call."""
        return self.breaker

    def leave(self, held: Any, error: BaseException | None) -> None:
        """Leave it, with an error or without."""
        held.__exit__(error and type(error), error, None)


class Coroutines(Driver):
    """Calls are coroutines that wait."""

    def start(self) -> Any:
        """A coroutine of one guarded call of `work`."""
        raise NotImplementedError

    def enter(self) -> Any:
        """Run it up to where it waits for its outcome."""
        coroutine = self.start()
        coroutine.send(None)
        return coroutine

    def leave(self, held: Any, error: BaseException | None) -> None:
        """Send the outcome; it must not wait for anything else."""
        try:
            held.send(error)
        except StopIteration:
            return
        raise AssertionError("it still waits")


class Alone(Driver):
    """Calls run inside the library's `call`, one after the other."""

    def call(self, step: dict[str, Any]) -> dict[str, Any]:
        """Begin and end inside the library."""
        error = ERRORS[step.get("out", "ok")]
        ran = []

        def work() -> None:
            ran.append(True)
            CLOCK.now_ns += round(step.get("dur", 0) * NS)
            if error is not None:
                raise error()

        try:
            self.breaker.call(work)
        except (*REFUSED, *filter(None, ERRORS.values())):
            pass
        return {"adm": bool(ran)}


class Pybreaker(Contexts):
    """`calling()`, which holds the lock only while it begins."""

    operations: ClassVar = {"open": "open", "half_open": "half_open", "close": "close"}

    def made(self, config: dict[str, Any]) -> Any:
        """Keyword arguments are the settings."""
        return pybreaker.CircuitBreaker(**config, exclude=[Excluded])

    def state(self) -> str:
        """closed, open, half-open."""
        return self.breaker.current_state.replace("-", "_")

    def context(self) -> Any:
        """The context manager of a call."""
        return self.breaker.calling()


class PybreakerCall(Alone, Pybreaker):
    """`call()`, one call at a time: the lock is held all the while."""


class Aiobreaker(Coroutines):
    """`call_async`."""

    operations: ClassVar = {"open": "open", "half_open": "half_open", "close": "close"}

    def made(self, config: dict[str, Any]) -> Any:
        """The duration is a timedelta there."""
        wait = timedelta(seconds=config["timeout_duration"])
        return aiobreaker.CircuitBreaker(config["fail_max"], wait, exclude=[Excluded])

    def state(self) -> str:
        """The member's name, small."""
        return self.breaker.current_state.name.lower()

    def start(self) -> Any:
        """A guarded call."""
        return self.breaker.call_async(work)


class Circuitbreaker(Coroutines):
    """The decorator of a coroutine function."""

    operations: ClassVar = {"close": "reset"}

    def made(self, config: dict[str, Any]) -> Any:
        """Excluded is none of the expected exceptions."""
        expected = (Failed, TimeoutError)
        wait = CLOCK.number(config["recovery_timeout"])
        breaker = circuitbreaker.CircuitBreaker(config["failure_threshold"], wait, expected)
        self.guarded = breaker(work)
        return breaker

    def state(self) -> str:
        """As it stands."""
        return self.breaker.state

    def start(self) -> Any:
        """A guarded call."""
        return self.guarded()


class Purgatory(Contexts):
    """`with breaker:` of the synchronous factory."""

    names: ClassVar = {"closed": "closed", "opened": "open", "half-opened": "half_open"}

    def made(self, config: dict[str, Any]) -> Any:
        """By the factory, as users do."""
        factory = purgatory.SyncCircuitBreakerFactory(exclude=[Excluded])
        return factory.get_breaker("it", config["threshold"], CLOCK.number(config["ttl"]))

    def state(self) -> str:
        """closed, opened, half-opened."""
        return self.names[self.breaker.context.state]


WORDS = {
    name: part
    for module in (fluxgate.trippers, fluxgate.windows, fluxgate.retries, fluxgate.permits)
    for name, part in vars(module).items()
    if name in module.__all__
}
"""What fluxgate's constructor expressions are made of."""


def fluxgate_parts(config: dict[str, Any]) -> dict[str, Any]:
    """Constructor arguments from the texts of a configuration."""
    return {name: eval(text, dict(WORDS)) for name, text in config.items()}


class FluxgateAsync(Coroutines):
    """`AsyncCircuitBreaker.call`."""

    outcomes = ("ok", "fail", "timeout", "ignored", "cancelled")
    operations: ClassVar = {
        "close": "reset",
        "disabled": "disable",
        "metrics_only": "metrics_only",
        "forced_open": "force_open",
    }
    made_by = fluxgate.AsyncCircuitBreaker

    def made(self, config: dict[str, Any]) -> Any:
        """Untracked errors count as nothing."""
        tracker = fluxgate.trackers.All() & ~fluxgate.trackers.TypeOf(Untracked)
        return self.made_by(**fluxgate_parts(config), tracker=tracker)

    def state(self) -> str:
        """As it stands."""
        return self.breaker.info().state

    def start(self) -> Any:
        """A guarded call."""
        return self.breaker.call(work)


class FluxgateSync(Alone, FluxgateAsync):
    """`CircuitBreaker.call`, one call at a time."""

    made_by = fluxgate.CircuitBreaker


DRIVERS: dict[str, type[Driver]] = {
    "pybreaker": Pybreaker,
    "pybreaker-call": PybreakerCall,
    "aiobreaker": Aiobreaker,
    "circuitbreaker": Circuitbreaker,
    "purgatory": Purgatory,
    "fluxgate-async": FluxgateAsync,
    "fluxgate-sync": FluxgateSync,
}
"""By library and, where it has two ways, the way."""
