"""The real thing: pybreaker, circuitbreaker and purgatory as breakers of a simulation.

    pip install '.[libraries]'        # in a checkout of cascadelab
    cascadelab compare scenarios/plugins/real-breakers.yaml --plugin scenarios/plugins/real_breakers.py

Each is the library's own object under simulated time; `params:` of the file are its own arguments. What a
failure is, is the file's to say (`failures:`, `ignored_outcomes:`); an ignored try ends there as a
cancelled one, for these libraries know no result that is neither good nor bad.
"""

from asyncio import CancelledError
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec, module_from_spec

from sim.policies.plugins import breaker

NS = 1_000_000_000


class Failed(Exception):
    """The try failed."""


class SimulatedTime:
    """What the libraries read instead of the clock, set before each of their steps."""

    now_ns = 0

    @classmethod
    def time(cls):
        """time.time and time.monotonic, s."""
        return cls.now_ns / NS

    @classmethod
    def now(cls, tz=None):
        """datetime.now; whole microseconds."""
        return datetime(2026, 1, 1, tzinfo=tz or UTC) + timedelta(microseconds=cls.now_ns // 1000)


def private(name, **instead):
    """A copy of a module of our own with `instead` in place of its clock: others keep the real time."""
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        msg = f"{name} is not installed: pip install '.[libraries]' in a checkout of cascadelab"
        raise ImportError(msg)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(instead)
    return module


PYBREAKER = private("pybreaker", datetime=SimulatedTime)
CIRCUITBREAKER = private("circuitbreaker", monotonic=SimulatedTime.time)
PURGATORY = private("purgatory.domain.model", time=SimulatedTime)


class Real:
    """A library's breaker behind the interface of a user's breaker."""

    states = {"half-open": "half_open", "opened": "open", "half-opened": "half_open"}  # noqa: RUF012
    """Its names of states where they differ from ours."""
    refusals = ()
    """The errors by which it refuses."""

    def admit(self, now_ns):
        """What holds the try open, or None."""
        SimulatedTime.now_ns = now_ns
        try:
            return self.enter()
        except self.refusals:
            return None

    def settle(self, now_ns, ticket, outcome):
        """Leave what holds it; the error that comes out is the caller's."""
        SimulatedTime.now_ns = now_ns
        error = Failed() if outcome.failed else CancelledError() if outcome.ignored else None
        try:
            ticket.__exit__(error and type(error), error, None)
        except (Failed, CancelledError, *self.refusals):
            return

    @property
    def state(self):
        """As the library says."""
        name = self.named()
        return self.states.get(name, name)


@breaker("real-pybreaker")
class Pybreaker(Real):
    """`calling()`: `call()` would hold its lock all the while."""

    refusals = (PYBREAKER.CircuitBreakerError,)

    def __init__(self, **settings):
        self.it = PYBREAKER.CircuitBreaker(**settings)

    def enter(self):
        """A `with` statement of the library."""
        held = self.it.calling()
        held.__enter__()
        return held

    def named(self):
        """Its state."""
        return self.it.current_state


@breaker("real-circuitbreaker")
class Circuitbreaker(Real):
    """What its decorator does: refuse while `opened`, else `with` the breaker."""

    refusals = (CIRCUITBREAKER.CircuitBreakerError,)

    def __init__(self, **settings):
        self.it = CIRCUITBREAKER.CircuitBreaker(**settings)

    def enter(self):
        """As `decorate`."""
        if self.it.opened:
            raise CIRCUITBREAKER.CircuitBreakerError(self.it)
        self.it.__enter__()
        return self.it

    def named(self):
        """Its state, half-open as soon as it is due."""
        return self.it.state


@breaker("real-purgatory")
class Purgatory(Real):
    """The context that its factories hand out."""

    refusals = (PURGATORY.OpenedState,)

    def __init__(self, threshold=5, ttl=30):
        self.it = PURGATORY.Context("it", threshold, ttl)

    def enter(self):
        """A `with` statement of the library."""
        self.it.messages.clear()  # what a message bus would carry away
        return self.it.__enter__()

    def named(self):
        """Its state."""
        return self.it.state
