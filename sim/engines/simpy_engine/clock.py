"""Simulated time on SimPy: moments at integer nanoseconds, ordered by (time, rank, identity).

SimPy orders events by (time, priority, insertion). The priority here holds the rank of the kind of
event and the identity key of whom it concerns, so the order at one instant does not depend on who was
scheduled first.
"""

from collections.abc import Callable
from typing import Any

import simpy

from sim.errors import SimulationError

RANK_FAULT = 1 << 60
RANK_ANSWER = 2 << 60
RANK_TIMER = 3 << 60
RANK_ARRIVAL = 4 << 60
"""At one instant: faults, then answers (and work that ends), then timeouts, then arrivals."""

INSTANT_LIMIT = 1_000_000
"""So many events without time passing are a loop, not a model."""


class Moment(simpy.Event):
    """An event that calls one function with one argument, unless it is cancelled first."""

    _ok = True
    _value = None

    def __init__(self, action: Callable[["Moment"], None], subject: Any) -> None:
        # Not calling the parent's constructor saves a third of the cost; it only sets these two.
        self.callbacks = [action]
        self.subject = subject

    def cancel(self) -> None:
        """It will pass without doing anything."""
        if self.callbacks is not None:
            self.callbacks.clear()


class Clock:
    """SimPy's environment with the event order of the design."""

    def __init__(self) -> None:
        self.env = simpy.Environment(initial_time=0)
        self.scheduled = 0
        self._instant = -1
        self._same = 0

    @property
    def now(self) -> int:
        """Simulated time in ns."""
        return self.env._now  # type: ignore[return-value]

    def after(
        self, delay: int, rank: int, key: int, action: Callable[[Moment], None], subject: Any
    ) -> Moment:
        """Call `action` with a moment that carries `subject` after `delay` ns."""
        moment = Moment(action, subject)
        self.scheduled += 1
        if delay <= 0:
            self._stand_still(subject)
        self.env.schedule(moment, rank | key >> 4, delay)  # type: ignore[arg-type]
        return moment

    def _stand_still(self, subject: Any) -> None:
        now = self.now
        if now != self._instant:
            self._instant, self._same = now, 0
        self._same += 1
        if self._same > INSTANT_LIMIT:
            msg = f"a million events at one instant ({now / 1e9} s): time stands still at {subject!r}"
            raise SimulationError(msg)
