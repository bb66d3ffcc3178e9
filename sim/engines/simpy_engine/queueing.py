"""Waiting places of a replica and the order in which they are served."""

from collections import deque
from collections.abc import Callable

from sim.engines.simpy_engine.jobs import Walk
from sim.policies.limits import codel
from sim.topology.types import ADAPTIVE_LIFO, CODEL, LIFO, Service


class Queue:
    """FIFO, LIFO, CoDel or adaptive LIFO. Walks that left early are skipped when they come up."""

    def __init__(self, service: Service) -> None:
        self.discipline = service.discipline
        self.target_ns = service.codel_target_ns
        self.interval_ns = service.codel_interval_ns
        self.waiting: deque[Walk] = deque()
        self.length = 0
        self.may_drop = self.discipline in (CODEL, ADAPTIVE_LIFO)
        self.emptied_at = 0
        """When the queue was last empty."""
        self.codel = codel.State(0)

    def push(self, walk: Walk, now: int) -> None:
        """To the tail."""
        if not self.length:
            self.emptied_at = now
        walk.waits_since = now
        if self.discipline == ADAPTIVE_LIFO:
            walk.patience_ns = codel.patience_ns(self.emptied_at, self.target_ns, self.interval_ns, now)
        walk.waiting = True
        self.waiting.append(walk)
        self.length += 1

    def leave(self, walk: Walk, now: int) -> None:
        """It no longer waits; if it left early, its entry is skipped when it comes up."""
        walk.waiting = False
        self.length -= 1
        if not self.length:
            self.waiting.clear()
            self.emptied_at = now

    def pop(self, now: int, shed: Callable[[Walk], None]) -> Walk | None:
        """The next to be served; those that the discipline drops on the way go to `shed`."""
        while self.length:
            newest_first = self.discipline == LIFO or (
                self.discipline == ADAPTIVE_LIFO and codel.standing(self.emptied_at, self.interval_ns, now)
            )
            walk = self.waiting.pop() if newest_first else self.waiting.popleft()
            if not walk.waiting:
                continue
            self.leave(walk, now)
            if self.may_drop and not walk.job.begun and self._drops(walk, now):
                shed(walk)
                continue
            return walk
        return None

    def _drops(self, walk: Walk, now: int) -> bool:
        delay = now - walk.waits_since
        if self.discipline == CODEL:
            return codel.drops(self.codel, self.target_ns, self.interval_ns, now, delay)
        return delay > walk.patience_ns
