"""Simulated time on SimPy: moments at integer nanoseconds, ordered by (time, rank, identity).

SimPy orders events by (time, priority, insertion). The priority here holds the rank of the kind of
event and the identity key of whom it concerns, so the order at one instant does not depend on who was
scheduled first.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import simpy

from sim.engines.ranks import (
    DEPTH,
    INSTANT_LIMIT,
    RANK_ANSWER,
    RANK_ARRIVAL,
    RANK_FAULT,
    RANK_TIMER,
)
from sim.errors import SimulationError
from sim.record.recorder import Recorder

__all__ = [
    "DEPTH",
    "INSTANT_LIMIT",
    "RANK_ANSWER",
    "RANK_ARRIVAL",
    "RANK_FAULT",
    "RANK_TIMER",
    "Clock",
    "Moment",
]

Action = Callable[[Any], None]
_bare = object.__new__


class Moment(simpy.Event):
    """An event that calls one function with one subject, unless it is cancelled first. Made by `after`
    without the constructor of SimPy's event: it has one action instead of a list of callbacks."""

    action: Action | None
    subject: Any

    def cancel(self) -> None:
        """It will pass without doing anything."""
        self.action = None
        self.subject = None


class Clock(simpy.Environment):
    """SimPy's environment with the event order of the design, and moments as its events."""

    now: int = 0
    """ns; an attribute, since a run reads it more often than anything else."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(initial_time=0)
        self.recorder = recorder
        self.scheduled = 0
        self.stopped = False
        """Set by whoever sees that the run is over: no moment after the present one happens."""
        self.depth = 0
        """Messages without delay that are being handled within each other."""
        self.rows = 0
        """Rows of timers so far."""
        self._instant = -1
        self._same = 0

    def after(self, delay: int, rank: int, key: int, action: Action, subject: Any) -> Moment:
        """Call `action(subject)` after `delay` ns."""
        moment = _bare(Moment)
        moment.action = action
        moment.subject = subject
        self.scheduled = number = self.scheduled + 1
        if delay <= 0:
            self._stand_still(subject if subject is not None else getattr(action, "__self__", action))
        # What Environment.schedule does, without the call: this is the hottest line of a run.
        heappush(self._queue, (self.now + delay, rank | key >> 4, number, moment))  # type: ignore[misc]
        return moment

    def at_once(self) -> bool:
        """May what happens at this instant be handled within the present event? Nothing else is due now that
        could come before it, and it is not the end of a long chain of such messages."""
        if self.depth >= DEPTH:
            return False
        queue, now = self._queue, self.now
        while queue and queue[0][0] == now:
            first: Any = queue[0][3]
            if first.action is not None or first.subject is not None:
                return False
            heappop(queue)
        return True

    def advance(self, end: int, most: int) -> bool:
        """Let at most `most` moments before `end` happen; False when it is over before that."""
        queue, recorder = self._queue, self.recorder
        turn_at = recorder.turn_at
        for _ in range(most):
            if not queue or queue[0][0] >= end:
                return False
            now, _, _, moment = heappop(queue)
            action = moment.action  # type: ignore[attr-defined]
            if action is None:
                # Cancelled, or the turn of a row: no time passes for that.
                if moment.subject is not None:  # type: ignore[attr-defined]
                    moment.subject.hand_over(now)  # type: ignore[attr-defined]
                continue
            self.now = now  # type: ignore[assignment]
            if now >= turn_at:
                recorder.turn(now)  # type: ignore[arg-type]
                turn_at = recorder.turn_at
            action(moment.subject)  # type: ignore[attr-defined]
            if self.stopped:
                return False
        return True

    def move_to(self, end: int) -> None:
        """Nothing more happens before `end`."""
        self.now = end

    def _stand_still(self, subject: Any) -> None:
        now = self.now
        if now != self._instant:
            self._instant, self._same = now, 0
        self._same += 1
        if self._same > INSTANT_LIMIT:
            msg = f"a million events at one instant ({now / 1e9} s): time stands still at {subject!r}"
            raise SimulationError(msg)


class Timers:
    """Timers of one kind, most of which are cancelled long before they pass.

    They stand in a row, by instant. Only at the instant of its first one does the row hand over what is
    still wanted, so the heap stays as small as what really happens, and a cancelled timer costs no event.
    """

    def __init__(self, clock: Clock, rank: int, action: Action) -> None:
        self.clock = clock
        self.rank = rank
        self.action = action
        self.row: deque[tuple[int, int, int, Moment]] = deque()
        clock.rows = self.number = clock.rows + 1
        self.turn = _bare(Moment)
        self.turn.action, self.turn.subject = None, self

    def set(self, until: int, key: int, subject: Any) -> Moment:
        """Call the action with `subject` at the instant `until`, which lies ahead."""
        clock, row = self.clock, self.row
        moment = _bare(Moment)
        moment.action = self.action
        moment.subject = subject
        clock.scheduled = number = clock.scheduled + 1
        entry = (until, self.rank | key >> 4, number, moment)
        if not row:
            row.append(entry)
            self._plan()
        elif until >= row[-1][0]:
            row.append(entry)
        else:  # out of turn: a deadline has shortened it
            heappush(clock._queue, entry)  # type: ignore[misc]
        return moment

    def _plan(self) -> None:
        # Before all else at that instant, where those handed over then find their place by rank and identity.
        heappush(self.clock._queue, (self.row[0][0], 0, self.number, self.turn))  # type: ignore[misc]

    def hand_over(self, now: int) -> None:
        """To the heap, what is still wanted of what is due now."""
        row = self.row
        while row:
            if row[0][3].action is None:
                row.popleft()
            elif row[0][0] <= now:
                heappush(self.clock._queue, row.popleft())  # type: ignore[misc]
            else:
                self._plan()
                return
