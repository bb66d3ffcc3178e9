"""One virtual clock behind every function by which the libraries read the time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from fractions import Fraction
from unittest.mock import patch

import aiobreaker.circuitbreaker
import aiobreaker.state
import circuitbreaker
import fluxgate.circuitbreaker
import fluxgate.metric
import fluxgate.permits
import fluxgate.retries
import purgatory.domain.model
import pybreaker

from sim.words import NS

EPOCH = datetime(2026, 1, 1)


class Clock:
    """Simulated time, ns. `exact`: seconds are fractions, so that an instant 1 ns from a boundary, however
    it was reached, is just that; else they are floats, as in real life, exact on the grid of 2^-9 s."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.exact = False

    def seconds(self) -> float | Fraction:
        """What time.time, time.monotonic and time.perf_counter return."""
        return Fraction(self.now_ns, NS) if self.exact else self.now_ns / NS

    def number(self, seconds: float) -> float | Fraction:
        """A setting in seconds, for arithmetic with what `seconds` returns."""
        return Fraction(seconds) if self.exact else seconds


CLOCK = Clock()


class Datetime(datetime):
    """datetime.now and utcnow by the virtual clock; whole microseconds, as the real ones."""

    @classmethod
    def now(cls, tz=None):
        """The clock's instant in `tz`."""
        return (EPOCH + timedelta(microseconds=CLOCK.now_ns // 1000)).replace(tzinfo=tz)

    @classmethod
    def utcnow(cls):
        """The clock's instant, without a zone."""
        return cls.now()


class Time:
    """The functions of module time that the libraries call as time.x()."""

    time = monotonic = perf_counter = staticmethod(CLOCK.seconds)


def stamped_record(**values):
    """A record of fluxgate with the clock's instant: the class binds time.time when it is made."""
    record = fluxgate.metric.Record(**values)
    object.__setattr__(record, "timestamp", CLOCK.seconds())
    return record


@contextmanager
def virtual_time() -> Iterator[Clock]:
    """Inside, the libraries' time is CLOCK's."""
    with ExitStack() as patched:
        for module in (pybreaker, aiobreaker.circuitbreaker, aiobreaker.state):
            patched.enter_context(patch.object(module, "datetime", Datetime))
        patched.enter_context(patch.object(circuitbreaker, "monotonic", CLOCK.seconds))
        patched.enter_context(patch.object(fluxgate.permits, "time", CLOCK.seconds))
        patched.enter_context(patch.object(fluxgate.circuitbreaker, "Record", stamped_record))
        for module in (purgatory.domain.model, fluxgate.circuitbreaker, fluxgate.retries):
            patched.enter_context(patch.object(module, "time", Time))
        yield CLOCK
