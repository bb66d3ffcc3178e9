"""The window of a breaker by brute force: every event is kept in a list, and each question is answered by
going through all of it. It shares no code with `sim.policies`."""

import math
from dataclasses import dataclass
from itertools import pairwise

from sim.policies import breaker_parts as b


@dataclass(frozen=True)
class Event:
    """A call that started (`counts`: it is in the denominator), or a result."""

    at: int
    counts: bool
    result: bool
    failed: bool = False
    slow: bool = False
    elapsed: int = 0


class NaiveWindow:
    """What has happened since the window was last emptied."""

    def __init__(self, p, now):
        self.p = p
        self.clear(now)

    def clear(self, now):
        self.events, self.start, self.row = [], now, 0

    def asked(self, now):
        """A call is counted as it starts."""
        self.shorten(now)
        self.events.append(Event(now, True, False))

    def answered(self, now, failed, slow, elapsed):
        """A result."""
        self.shorten(now)
        self.row = self.row + 1 if failed else 0
        self.events.append(Event(now, self.p.of == b.OF_RESULTS, True, failed, slow, elapsed))

    def shorten(self, now):
        """gobreaker: a run is no longer than the failures that its rolling window still holds."""
        if self.p.of != b.OF_RESULTS and self.p.window in (b.W_TIME, b.W_EMA):
            self.row = min(self.row, sum(e.failed for e in self.inside(now)))

    def bucket(self, at):
        origin = 0 if self.p.grid == b.GRID_EPOCH else self.start
        return (at - origin) // self.p.width_ns

    def inside(self, now):
        """The events in the window, for what happens or is judged at `now`."""
        p, events = self.p, self.events
        if p.window == b.W_INTERVAL:
            return events
        if p.window == b.W_COUNT:
            return [e for e in events if e.result][-p.size :]
        if p.window == b.W_CONSECUTIVE:
            last_good = max((i for i, e in enumerate(events) if not e.failed), default=0)
            return events[last_good:]
        if p.window == b.W_LAZY:
            return self.lazy(now)
        if p.window == b.W_STALE:
            latest = {self.bucket(e.at) % p.size: self.bucket(e.at) for e in events}
            return [e for e in events if latest[self.bucket(e.at) % p.size] == self.bucket(e.at)]
        return [e for e in events if self.bucket(e.at) > self.bucket(now) - p.size]

    def lazy(self, now):
        kept, began = [], -1
        for e in self.events:
            if began < 0 or e.at >= began + self.p.width_ns:
                began = e.at
            kept.append((began, e))
        return [e for began, e in kept if now - began < self.p.span_ns]

    def average(self):
        """Of successes; each result weighs what the time (or one result) since the one before gives it."""
        results = [e for e in self.events if e.result]
        if not results:
            return 1.0
        weights = []
        for before, after in pairwise(results):
            step = 1 if self.p.ema_by_count else after.at - before.at
            weights.append(math.exp(-step / self.p.ema))
        total = 0.0
        for i, e in enumerate(results):
            own = 1.0 if i == 0 else 1.0 - weights[i - 1]
            total += (not e.failed) * own * math.prod(weights[i:])
        return total

    def counts(self, now):
        """n, failures, slow results, and the latencies of successes."""
        kept = self.inside(now)
        return (
            sum(e.counts for e in kept),
            sum(e.failed for e in kept),
            sum(e.slow for e in kept),
            sum(e.elapsed for e in kept if e.result and not e.failed),
        )

    def quantity(self, which, now, state):
        """What a condition asks for."""
        n, failures, slow, latency = self.counts(now)
        if which in (b.Q_FAILURE_RATIO, *PERCENTS):
            if n == 0:
                return math.inf if failures else 0.0
            return PERCENTS.get(which, lambda x: x)(failures / n)
        if which in (b.Q_SLOW_RATIO, b.Q_SUCCESS_RATIO, b.Q_MEAN_NS) and n == 0:
            return math.inf if failures else 0.0
        return {
            b.Q_N: lambda: n,
            b.Q_FAILURES: lambda: failures,
            b.Q_ROW: lambda: self.row,
            b.Q_SLOW_RATIO: lambda: slow / n,
            b.Q_SUCCESS_RATIO: lambda: (n - failures) / n,
            b.Q_MEAN_NS: lambda: latency / n,
            b.Q_EMA: self.average,
            b.Q_AGE_NS: lambda: now - self.start,
            b.Q_SEEN: lambda: sum(e.result for e in self.events),
            b.Q_STATE: lambda: state,
        }[which]()

    def trips(self, now, state):
        """(certainly, possibly): an average within 1e-9 of its threshold may fall on either side."""
        sure = maybe = False
        for _, conditions in self.p.rules:
            found = [(self.quantity(q, now, state), how, limit, q == b.Q_EMA) for q, how, limit in conditions]
            near = any(soft and abs(x - limit) < 1e-9 for x, _, limit, soft in found)
            if all(
                COMPARE[how](x, limit) or (soft and abs(x - limit) < 1e-9) for x, how, limit, soft in found
            ):
                maybe, sure = True, sure or not near
        return sure, maybe


PERCENTS = {
    b.Q_FAILURE_PERCENT: lambda x: x * 100.0,
    b.Q_FAILURE_PERCENT_CUT: lambda x: math.trunc(x * 100.0),
    b.Q_FAILURE_PERCENT_ROUNDED: lambda x: math.floor(x * 100.0 + 0.5),
}
COMPARE = {
    b.AT_LEAST: lambda x, limit: x >= limit,
    b.ABOVE: lambda x, limit: x > limit,
    b.BELOW: lambda x, limit: x < limit,
    b.EQUAL: lambda x, limit: x == limit,
}
