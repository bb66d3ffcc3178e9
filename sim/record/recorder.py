"""The live recorder: engines book into it, integers and sums only; `freeze` makes the Record.

What is counted lies in plain lists of the present bucket, to which engines add directly, the cheapest
thing there is. When a bucket is over, `turn` puts the lists away. A run that lasts longer than foreseen
(it ends at a number of requests) widens its buckets by merging neighbours, so that it never needs more
of them. Memory depends on sites, buckets and distinct latency bins, not on the number of calls.

An integral over time of a level (slots taken, attempts waiting) needs no intervals: who begins subtracts
the instant, who ends adds it, and at the end of a bucket each one still there adds it once more. Exact in
integers, and split exactly at the bounds of buckets.
"""

from collections.abc import Callable

import numpy as np

from sim.record.ledger import LONG, Ledgers, halved
from sim.record.types import GAUGES, VISITS, Copy, FaultSpan, Ints, Record, Transition
from sim.topology.types import Topology
from sim.words import COUNTERS, FOREVER, LEDGERS, STARTED, TRIES_STARTED

Levels = Callable[[], list[list[int]]]
"""Present level of each gauge of each replica."""


class Recorder:
    """Everything that is booked while a run goes on. `levels` says how high the gauges stand now."""

    def __init__(self, topology: Topology, levels: Levels) -> None:
        self.topology = topology
        self.levels = levels
        self.width = topology.bucket_ns
        self.buckets = topology.buckets
        self.bucket = 0
        """Number of the present bucket."""
        self.turn_at = 0
        """When it is over; FOREVER once nothing can follow it."""
        sites = topology.sites
        self.ledgers = Ledgers([topology.edges[s.edge].watched for s in sites], self.buckets)
        self.counters = [[0] * len(COUNTERS) for _ in sites]
        self.visits = [[0] * len(VISITS) for _ in topology.endpoints]
        self.gauges = [[0] * len(GAUGES) for _ in range(topology.replicas)]
        self._tables = [
            np.zeros((len(rows), self.buckets, n), dtype=np.int64)
            for rows, n in (
                (self.counters, len(COUNTERS)),
                (self.visits, len(VISITS)),
                (self.gauges, len(GAUGES)),
            )
        ]
        self.transitions: list[Transition] = []
        self.copies: list[Copy] = []
        self.faults: list[FaultSpan] = []
        self.walks: list[dict[str, object]] = []
        self._plan()

    def _plan(self) -> None:
        last = self.bucket == self.buckets - 1
        bounded = self.topology.duration_ns <= self.width * self.buckets
        self.turn_at = FOREVER if last and bounded else self.width * (self.bucket + 1)

    def turn(self, now: int) -> None:
        """Put away the buckets that are over. To be called before anything happens at or after `turn_at`."""
        while now >= self.turn_at:
            bound = self.turn_at
            self._put_away(bound)
            if self.bucket == self.buckets - 1:
                self._widen()
            self.bucket = bound // self.width
            self.ledgers.turn(self.bucket)
            self._plan()
        self.ledgers.count(LONG)

    def _put_away(self, bound: int) -> None:
        """Add the lists of the present bucket to its place in the tables, and start afresh at `bound`."""
        levels = self.levels()
        for row, level in zip(self.gauges, levels, strict=True):
            for i, n in enumerate(level):
                row[i] += n * bound
        for table, rows in zip(self._tables, (self.counters, self.visits, self.gauges), strict=True):
            if len(rows):
                table[:, self.bucket] += np.array(rows, dtype=np.int64)
            for row in rows:
                row[:] = [0] * len(row)
        for row, level in zip(self.gauges, levels, strict=True):
            for i, n in enumerate(level):
                row[i] = -n * bound

    def _widen(self) -> None:
        """Merge neighbouring buckets: twice the width, the same number."""
        self.ledgers.widen()
        self._tables = [halved(table) for table in self._tables]
        self.width *= 2

    def put_away(self, gauge: int) -> Ints:
        """The integral of a gauge over the buckets that are over, of each replica."""
        totals: Ints = self._tables[2][:, :, gauge].sum(axis=1)
        return totals

    def integral(self, replica: int, gauge: int, level: int, now: int) -> int:
        """The integral of a gauge up to now, which stands at `level`."""
        return int(self._tables[2][replica, :, gauge].sum()) + self.gauges[replica][gauge] + level * now

    def close(self, now: int) -> None:
        """Arrivals are over: gauges end here; what is booked from now on belongs to the last bucket."""
        self.turn(now)
        self._put_away(now)
        self.gauges_end = self._tables[2].copy()
        self.turn_at = FOREVER

    def freeze(self, *, end_ns: int, arrivals_end_ns: int, events: int) -> Record:
        """The finished record. `close` comes first."""
        self._put_away(end_ns)
        used = max(1, min(self.buckets, -(-arrivals_end_ns // self.width)))
        self.ledgers.count()
        counts, sums = (
            _fold(table, used).reshape(len(LEDGERS), -1, used, table.shape[-1])
            for table in (self.ledgers.counts, self.ledgers.sums)
        )
        counters = _fold(self._tables[0], used)
        begun = counters[:, :, [STARTED, TRIES_STARTED]].sum(axis=1).T
        return Record(
            end_ns=end_ns,
            arrivals_end_ns=arrivals_end_ns,
            events=events,
            bucket_ns=self.width,
            counts=counts,
            latency_ns=sums,
            counters=counters,
            histograms=self.ledgers.histograms(used),
            visits=_fold(self._tables[1], used),
            gauges=_fold(self.gauges_end, used),
            in_flight=begun - counts.sum(axis=(2, 3)),
            transitions=sorted(self.transitions),
            copies=sorted(self.copies),
            faults=sorted(self.faults, key=lambda f: (f.start_ns, f.fault)),
            walks=self.walks,
        )


def _fold(table: Ints, used: int) -> Ints:
    """Keep the first `used` buckets; what lies beyond (the drain) is added to the last one kept. A table of which
    all are used is handed over as it is: at the end memory is scarcest."""
    if used == table.shape[1]:
        return table
    kept = table[:, :used].copy()
    kept[:, used - 1] += table[:, used:].sum(axis=1)
    return kept
