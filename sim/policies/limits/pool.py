"""Bulkheads: a semaphore, or a pool of threads in the order of the JDK (core threads, queue, more threads).

A pool starts a thread for each call up to `core`; then calls queue; only when the queue is full more threads
start, up to `limit`, and end when they have been idle for `keep_alive_ns` (ThreadPoolExecutor.java). With
core = limit it is a semaphore with waiting places.
"""

from dataclasses import dataclass

FULL, WAIT, PASS = range(3)
FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Params:
    """A bulkhead as numbers."""

    limit: int
    queue: int = 0
    max_wait_ns: int = FOREVER
    core: int = FOREVER
    """Calls at once before others queue; at or above `limit`: a semaphore."""
    keep_alive_ns: int = 0


class State:
    """Calls inside, and the threads of a pool with the instants since which some are idle."""

    __slots__ = ("first_idle", "idle", "idle_n", "taken", "threads")

    def __init__(self, p: Params) -> None:
        self.taken = 0
        self.threads = 0
        self.idle = [0] * idle_places(p)
        """A ring: since when each idle thread is idle, the longest first."""
        self.first_idle = 0
        self.idle_n = 0


def idle_places(p: Params) -> int:
    """How many threads may be idle; a semaphore has none."""
    return p.limit if p.core < p.limit else 0


def enter(s: State, p: Params, now: int, waiting: int) -> int:
    """A call comes while so many wait: PASS (it is inside then), WAIT or FULL."""
    if p.core >= p.limit:
        if s.taken < p.limit:
            s.taken += 1
            return PASS
        return WAIT if waiting < p.queue else FULL
    _end_idle(s, p, now)
    if s.threads < p.core:
        s.threads += 1
    elif s.idle_n:
        _oldest_works(s)
    elif waiting < p.queue:
        return WAIT
    elif s.threads < p.limit:
        s.threads += 1
    else:
        return FULL
    s.taken += 1
    return PASS


def leave(s: State, p: Params, now: int) -> None:
    """A call ends."""
    s.taken -= 1
    if p.core < p.limit:
        s.idle[(s.first_idle + s.idle_n) % len(s.idle)] = now
        s.idle_n += 1


def next_enters(s: State, p: Params) -> bool:
    """Is there a place for one of those who wait? It is taken if so."""
    if p.core >= p.limit:
        if s.taken >= p.limit:
            return False
    elif s.idle_n:
        s.idle_n -= 1
    else:
        return False
    s.taken += 1
    return True


def _oldest_works(s: State) -> None:
    s.first_idle = (s.first_idle + 1) % len(s.idle)
    s.idle_n -= 1


def _end_idle(s: State, p: Params, now: int) -> None:
    while s.threads > p.core and s.idle_n and now - s.idle[s.first_idle] >= p.keep_alive_ns:
        _oldest_works(s)
        s.threads -= 1
