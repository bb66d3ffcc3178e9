"""The two ledgers while a run goes on: what completed, how, after how long.

A booking is two appends to a log, which is counted whenever it has grown long: so a booking costs next
to nothing, and memory does not depend on the number of calls.
"""

from array import array
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from sim.record.histogram import SUB_BITS
from sim.record.types import Ints
from sim.words import LEDGERS, OUTCOMES

LONG = 1 << 16
"""Bookings that wait to be counted."""
BIN_BITS = 12
"""Bits of a key that hold the bin (bins of 62-bit times stay below 4096)."""
POWERS = 2 ** np.arange(63, dtype=np.int64)
O = len(OUTCOMES)  # noqa: E741 - shapes are single letters in this room


class Bins:
    """How often each key came, sorted by key; held as few arrays that are merged when they have doubled."""

    def __init__(self) -> None:
        self._held = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        self._fresh: list[tuple[Ints, Ints]] = []

    def add(self, keys: Ints, counts: Ints) -> None:
        """`counts[i]` more of `keys[i]`."""
        self._fresh.append(_merged(keys, counts))
        if sum(len(k) for k, _ in self._fresh) > LONG + len(self._held[0]):
            self.take()

    def take(self) -> tuple[Ints, Ints]:
        """(keys, counts), each key once."""
        if self._fresh:
            keys, counts = zip(self._held, *self._fresh, strict=True)
            self._held = _merged(np.concatenate(keys), np.concatenate(counts))
            self._fresh = []
        return self._held


def _merged(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first], np.add.reduceat(counts, first) if len(first) else counts


class Ledgers:
    """Calls and tries of all sites. Rows are (ledger, site); `code(ledger, site) + outcome` is booked."""

    def __init__(self, watched: list[bool], buckets: int) -> None:
        self.watched = np.array(watched, dtype=bool)
        self.sites = len(watched)
        self.buckets = buckets
        shape = (len(LEDGERS) * self.sites, buckets, O)
        self.counts = np.zeros(shape, dtype=np.int64)
        self.sums = np.zeros(shape, dtype=np.int64)
        self.codes = array("q")
        self.latencies = array("q")
        """The log: engines append a code and a latency in ns."""
        self._marks = [(0, 0)]
        """(position in the log, bucket from there on)."""
        self._bins = Bins()

    def code(self, ledger: int, site: int) -> int:
        """What to append for outcome 0 of this site."""
        return (ledger * self.sites + site) * O

    def turn(self, bucket: int) -> None:
        """What is booked from now on belongs to `bucket`."""
        self._marks.append((len(self.codes), bucket))

    def count(self, at_least: int = 1) -> None:
        """Count the log if it holds so many bookings."""
        n = len(self.codes)
        if n < at_least:
            return
        codes, ns = np.array(self.codes, dtype=np.int64), np.array(self.latencies, dtype=np.int64)
        del self.codes[:], self.latencies[:]
        starts, buckets = np.array(self._marks, dtype=np.int64).T
        self._marks = [(0, self._marks[-1][1])]
        row, outcome = codes // O, codes % O
        bucket = np.repeat(buckets, np.diff(starts, append=n))
        np.add.at(self.counts, (row, bucket, outcome), 1)
        np.add.at(self.sums, (row, bucket, outcome), ns)
        # The bit length by search, not by logarithm: exact for every integer, as `bin_of` is.
        shift = np.maximum(np.searchsorted(POWERS, ns, side="right") - SUB_BITS - 1, 0)
        bucket = np.where(self.watched[row % self.sites], bucket, 0)
        self._bins.add(
            self._pack(row, bucket, outcome, (shift << SUB_BITS) + (ns >> shift)), np.ones_like(ns)
        )

    def _pack(self, row: Ints, bucket: Ints, outcome: Ints, bin_: Ints) -> Ints:
        return ((row * self.buckets + bucket) * O + outcome) << BIN_BITS | bin_

    def _unpack(self, keys: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        place, bin_ = keys >> BIN_BITS, keys & ((1 << BIN_BITS) - 1)
        return place // O // self.buckets, place // O % self.buckets, place % O, bin_

    def _moved(self, where: Callable[[Ints], Ints]) -> tuple[Ints, Ints]:
        """All bins so far, with their buckets moved."""
        keys, counts = self._bins.take()
        row, bucket, outcome, bin_ = self._unpack(keys)
        return _merged(self._pack(row, where(bucket), outcome, bin_), counts)

    def widen(self) -> None:
        """Neighbouring buckets become one."""
        self.count()
        self.counts, self.sums = halved(self.counts), halved(self.sums)
        bins = self._moved(lambda bucket: bucket // 2)
        self._bins = Bins()
        self._bins.add(*bins)
        self._marks = [(0, self._marks[-1][1] // 2)]

    def histograms(self, used: int) -> dict[tuple[int, int], tuple[Ints, Ints, Ints, Ints]]:
        """(ledger, site) -> columns bucket, outcome, bin, count. What lies beyond `used` buckets (the
        drain) counts in the last one kept; the bucket of a site that is not watched is -1."""
        self.count()
        keys, counts = self._moved(lambda bucket: np.minimum(bucket, used - 1))
        row, bucket, outcome, bin_ = self._unpack(keys)
        ends = np.searchsorted(row, np.arange(len(self.counts) + 1))
        out = {}
        for i, (a, b) in enumerate(pairwise(ends)):
            shown = bucket[a:b] if self.watched[i % self.sites] else np.full(b - a, -1)
            out[divmod(i, self.sites)] = (shown, outcome[a:b], bin_[a:b], counts[a:b])
        return out


def halved(table: Ints) -> Ints:
    """Sums of neighbours along axis 1, in the first half of a table of the same shape."""
    pairs = np.add.reduceat(table, np.arange(0, table.shape[1], 2), axis=1)
    out = np.zeros_like(table)
    out[:, : pairs.shape[1]] = pairs
    return out
