"""A tick-by-tick port of joemag1/queueingsimulator, whose README prints three shares of failed requests.

Ten workers, a queue of 1000, a timeout of 1000 ticks that the workers do not know of. A request takes a whole number of
ticks, Normal(50, 12.5) without its fraction; while a spike lasts, ten times that, for the first 1000 requests (not for
so many ticks). Requests come by accumulating Normal(r, r / 4) per tick. What is refused or late is sent again at once,
one time in two, and counts as another request. A worker that is done looks into the queue at its next tick; a request
that comes before that finds it idle and takes it, ahead of everybody who waits.
"""

import heapq
import random
from collections import deque

WORKERS, ROOM, TIMEOUT, SLOW = 10, 1_000, 1_000, 1_000
TICKS = 1_000_000


class Simulation:
    """One run."""

    def __init__(self, seed: int, *, spike: bool, lifo: bool, overtaking: bool) -> None:
        self.draw = random.Random(seed)
        self.slow_left = SLOW if spike else 0
        self.lifo, self.overtaking = lifo, overtaking
        self.idle = WORKERS
        self.queue: deque[tuple[int, int]] = deque()
        self.at_work: list[tuple[int, int]] = []
        """(tick at which it is done, tick at which it came)"""
        self.total = self.failed = self.now = 0

    def request(self) -> None:
        """One comes; refused ones come again, every other time."""
        while not self._enter():
            self.failed += 1
            if self.draw.random() >= 0.5:
                return

    def _enter(self) -> bool:
        self.total += 1
        ticks = max(0, int(self.draw.gauss(50.0, 12.5)))
        if self.slow_left:
            self.slow_left -= 1
            ticks *= 10
        if self.idle and (self.overtaking or not self.queue):
            self._begin(self.now, ticks)
        elif len(self.queue) < ROOM:
            self.queue.append((self.now, ticks))
        else:
            return False
        return True

    def _begin(self, came: int, ticks: int) -> None:
        self.idle -= 1
        heapq.heappush(self.at_work, (self.now + max(1, ticks), came))

    def work(self) -> None:
        """Idle workers take from the queue; those who are done now will do so at the next tick."""
        while self.idle and self.queue:
            self._begin(*(self.queue.pop() if self.lifo else self.queue.popleft()))
        while self.at_work and self.at_work[0][0] <= self.now:
            _, came = heapq.heappop(self.at_work)
            self.idle += 1
            if self.now - came > TIMEOUT:
                self.failed += 1
                if self.draw.random() < 0.5:
                    self.request()


def replicate(seed: int, rate: str, spike: str, lifo: str, overtaking: str = "yes") -> dict[str, float]:
    """One run of a million ticks: the share of all requests, repeated ones too, that failed."""
    run = Simulation(seed, spike=spike == "yes", lifo=lifo == "yes", overtaking=overtaking == "yes")
    mean, waiting = float(rate), 0.0
    for run.now in range(TICKS):
        run.work()
        waiting += run.draw.gauss(mean, mean / 4.0)
        while waiting >= 1.0:
            waiting -= 1.0
            run.request()
    return {"failed": run.failed / run.total}
