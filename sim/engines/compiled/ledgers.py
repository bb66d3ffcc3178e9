"""The recorder of the compiled engine: that of the other one, with arrays for its lists."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.record.recorder import Recorder
from sim.record.types import GAUGES, VISITS, Record
from sim.topology.types import Topology
from sim.words import COUNTERS

BINS = 1 << 13
"""Places of the table of bins: it stays in the cache; when it is half full it is put away."""


class Arrays(Recorder):
    """The recorder with arrays for its lists: a bucket is put away at once, not row by row."""

    def __init__(self, topology: Topology, levels: Callable[[], Any]) -> None:
        super().__init__(topology, levels)
        made: Any = self
        made.counters = np.zeros((len(topology.sites), len(COUNTERS)), dtype=np.int64)
        made.visits = np.zeros((len(topology.endpoints), len(VISITS)), dtype=np.int64)
        made.gauges = np.zeros((topology.replicas, len(GAUGES)), dtype=np.int64)

    def _put_away(self, bound: int) -> None:
        made: Any = self
        reached = made.levels() * bound
        made.gauges += reached
        for table, rows in zip(self._tables, (made.counters, made.visits, made.gauges), strict=True):
            table[:, self.bucket] += rows
            rows[:] = 0
        made.gauges -= reached


class Tables:
    """Where the kernel counts. `hold` keeps an array and tells the kernel its address."""

    def __init__(
        self, topology: Topology, levels: Callable[[], Any], hold: Callable[[str, Any], None], w: Any
    ) -> None:
        self.w = w
        self.hold = hold
        self.recorder = Arrays(topology, levels)
        self.bins = np.zeros((BINS, 2), dtype=np.int64)
        """Keys and counts."""
        self.bins[:, 0] = -1
        w["bins_mask"], w["bins_limit"], w["buckets"] = BINS - 1, BINS // 2, self.recorder.buckets
        hold("bins", self.bins)
        for name in ("counters", "visits", "gauges"):
            hold(name, getattr(self.recorder, name))
        self.told: Any = None
        """The counts that the kernel knows of: widened buckets have others."""
        self._tell()

    def _tell(self) -> None:
        """Where the recorder stands now."""
        recorder = self.recorder
        self.w["bucket"], self.w["turn_at"] = recorder.bucket, recorder.turn_at
        if self.told is not recorder.ledgers.counts:
            self.told = recorder.ledgers.counts
            self.hold("counts", recorder.ledgers.counts)
            self.hold("sums", recorder.ledgers.sums)

    def put_away(self) -> None:
        """The bins that were counted go to the ledgers."""
        used = self.bins.take(np.flatnonzero(self.bins[:, 0] >= 0), axis=0)
        self.recorder.ledgers.add_bins(used[:, 0], used[:, 1])
        self.bins[:, 0], self.bins[:, 1] = -1, 0
        self.w["bins_n"] = 0

    def make_room(self) -> None:
        """Put the bins away if there are many."""
        if self.w["bins_n"] > self.w["bins_limit"] - 64:
            self.put_away()

    def turn(self, now: int) -> None:
        """A bucket is over. Where buckets are widened the bins move too."""
        if now >= self.recorder.width * self.recorder.buckets:
            self.put_away()
        self.recorder.turn(now)
        self._tell()

    def close(self, now: int) -> None:
        """Arrivals are over."""
        self.put_away()
        self.recorder.close(now)
        self._tell()

    def freeze(self, end_ns: int, arrivals_end_ns: int, events: int) -> Record:
        """The finished record."""
        self.put_away()
        record: Record = self.recorder.freeze(end_ns=end_ns, arrivals_end_ns=arrivals_end_ns, events=events)
        return record
