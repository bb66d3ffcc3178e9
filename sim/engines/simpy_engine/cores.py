"""Cores of a replica: dedicated ones, or fewer cores than attempts at work, shared equally."""

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from sim import durations
from sim.engines.simpy_engine.clock import RANK_ANSWER, Moment
from sim.engines.simpy_engine.jobs import Walk
from sim.record.types import WORKING_NS
from sim.topology.types import Step

if TYPE_CHECKING:
    from sim.engines.simpy_engine.replica import Replica


class DedicatedCores:
    """Every attempt inside has a core of its own: work takes as long as it is."""

    def __init__(self, replica: "Replica") -> None:
        self.replica = replica
        self.clock = replica.clock
        self.gauges = replica.gauges
        self.working: dict[Walk, None] = {}
        self.frozen = False
        self.on_done = self._done
        """Bound once, not for every step."""

    def begin(self, walk: Walk, step: Step) -> None:
        """Start the walk's work step; the stepper goes on when it is done."""
        walk.work_ns = walk.work_left = self.replica.work_ns(walk, step)
        self.working[walk] = None
        if not self.frozen:
            self._run(walk)

    def _run(self, walk: Walk) -> None:
        walk.work_since = self.clock.now
        self.gauges[WORKING_NS] -= walk.work_since
        walk.moment = self.clock.after(walk.work_left, RANK_ANSWER, walk.job.key, self.on_done, walk)

    def _done(self, walk: Walk) -> None:
        del self.working[walk]
        walk.moment = None
        self._pause(walk)
        walk.i += 1
        self.replica.stepper.advance(walk)

    def level(self) -> int:
        """Cores at work."""
        return 0 if self.frozen else len(self.working)

    def abandon(self, walk: Walk) -> None:
        """Its work stops here."""
        if walk in self.working:
            del self.working[walk]
            if walk.moment is not None:
                walk.moment.cancel()
                walk.moment = None
                self._pause(walk)

    def _pause(self, walk: Walk) -> None:
        now = self.clock.now
        done = now - walk.work_since
        self.gauges[WORKING_NS] += now
        walk.work_left -= done
        job = walk.job
        if job.over:
            job.late_ns += done
        else:
            job.worked_ns += done

    def freeze(self) -> None:
        """Running work stops."""
        for walk in self.working:
            self._pause(walk)
            walk.moment.cancel()  # type: ignore[union-attr]
            walk.moment = None
        self.frozen = True

    def thaw(self) -> None:
        """Running work resumes."""
        self.frozen = False
        for walk in self.working:
            self._run(walk)


class SharedCores(DedicatedCores):
    """`cores` shared equally among all at work (processor sharing when cores = 1).

    Each unit of `virtual` time serves every walk at work by one ns; it runs at min(1, cores / n).
    """

    def __init__(self, replica: "Replica", cores: int) -> None:
        super().__init__(replica)
        self.cores = cores
        self.virtual = 0.0
        self.since = 0
        self.counted = 0
        """Cores at work as the gauge has it."""
        self.heap: list[tuple[float, int, int, Walk]] = []
        self.next: Moment | None = None

    def _rate(self) -> float:
        if self.frozen or not self.working:
            return 0.0
        return min(1.0, self.cores / len(self.working))

    def level(self) -> int:
        return 0 if self.frozen else min(self.cores, len(self.working))

    def _move(self) -> None:
        """Bring virtual time up to now."""
        now = self.clock.now
        if now > self.since:
            self.virtual += (now - self.since) * self._rate()
        self.since = now

    def _plan(self) -> None:
        """Who is at work has changed: set the moment at which the next walk will be done."""
        level = self.level()
        self.gauges[WORKING_NS] -= (level - self.counted) * self.clock.now
        self.counted = level
        if self.next is not None:
            self.next.cancel()
            self.next = None
        while self.heap and self.heap[0][3] not in self.working:
            heappop(self.heap)
        rate = self._rate()
        if self.heap and rate > 0.0:
            finish, key, _, _ = self.heap[0]
            delay = max(0, durations.rounded_up((finish - self.virtual) / rate))
            self.next = self.clock.after(delay, RANK_ANSWER, key, self._served, None)

    def begin(self, walk: Walk, step: Step) -> None:
        self._move()
        walk.work_ns = self.replica.work_ns(walk, step)
        walk.began = self.virtual
        self.working[walk] = None
        heappush(self.heap, (self.virtual + walk.work_ns, walk.job.key, walk.number, walk))
        self._plan()

    def _served(self, subject: None) -> None:
        self.next = None
        self._move()
        finish, _, _, walk = heappop(self.heap)
        self.virtual = max(self.virtual, finish)
        del self.working[walk]
        walk.job.worked(walk.work_ns)
        self._plan()
        walk.i += 1
        self.replica.stepper.advance(walk)

    def abandon(self, walk: Walk) -> None:
        if walk in self.working:
            self._move()
            del self.working[walk]
            walk.job.worked(int(self.virtual - walk.began))
            self._plan()

    def freeze(self) -> None:
        self._move()
        self.frozen = True
        self._plan()

    def thaw(self) -> None:
        self._move()
        self.frozen = False
        self._plan()
