"""The two ledgers while a run goes on: what completed, how, after how long.

A booking is two appends to a log, which is counted whenever it has grown long: so a booking costs next
to nothing, and memory does not depend on the number of calls.
"""

from array import array
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.record.histogram import SUB_BITS
from sim.record.types import Columns, Ints
from sim.words import LEDGERS, OUTCOMES

LONG = 1 << 16
"""Bookings that wait to be counted."""
BIN_BITS = 12
"""Bits of a key that hold the bin (bins of 62-bit times stay below 4096)."""
POWERS = 2 ** np.arange(63, dtype=np.int64)
O = len(OUTCOMES)  # noqa: E741 - shapes are single letters in this room


class Bins:
    """How often each key came; sorted by key, each key once."""

    def __init__(self) -> None:
        self.keys = np.zeros(0, dtype=np.int64)
        self.counts = np.zeros(0, dtype=np.int64)
        self._waiting: list[tuple[Ints, Ints]] = []
        self._waiting_n = 0

    def add(self, keys: Ints) -> None:
        """One more of each of these. What is known is counted in place: only new keys cost memory."""
        self.merge(*np.unique(keys, return_counts=True))

    def add_later(self, keys: Ints, counts: Ints) -> None:
        """So many more of each of these, in any order. They wait until they are many beside those that are known:
        an insertion moves all of them. `settle` ends the waiting."""
        self._waiting.append((keys, counts))
        self._waiting_n += len(keys)
        if self._waiting_n > max(LONG, len(self.keys)):
            self.settle()

    def settle(self) -> None:
        """Count what waits."""
        if self._waiting:
            keys, counts = (np.concatenate(column) for column in zip(*self._waiting, strict=True))
            self._waiting, self._waiting_n = [], 0
            self.merge(*_sorted(keys, counts, "quicksort"))

    def merge(self, keys: Ints, counts: Ints) -> None:
        """So many more of each of these, which are sorted and differ."""
        place = np.searchsorted(self.keys, keys)
        known = np.zeros(len(keys), dtype=bool)
        inside = place < len(self.keys)
        known[inside] = self.keys[place[inside]] == keys[inside]
        self.counts[place[known]] += counts[known]
        fresh = ~known
        new = place[fresh] + np.arange(fresh.sum())
        """Where the new ones stand, among the others."""
        others = np.ones(len(self.keys) + len(new), dtype=bool)
        others[new] = False
        self.keys = _joined(others, self.keys, keys[fresh])
        self.counts = _joined(others, self.counts, counts[fresh])

    def move(self, new: Callable[[Ints], Ints], first: Callable[[Ints], Ints]) -> None:
        """Every key becomes another; those that become one are counted together. `first` gives the least
        possible key of those that become one with a key: in pieces, so that a move costs little memory."""
        cuts = np.unique(np.searchsorted(self.keys, first(self.keys[::LONG])))
        pieces = [self._moved(new, a, b) for a, b in pairwise([0, *cuts[1:], len(self.keys)])]
        self.keys = np.concatenate([keys for keys, _ in pieces])
        self.counts = np.concatenate([counts for _, counts in pieces])

    def _moved(self, new: Callable[[Ints], Ints], a: int, b: int) -> tuple[Ints, Ints]:
        return _sorted(new(self.keys[a:b]), self.counts[a:b], "stable")  # quick where much is in order


def _joined(first: NDArray[np.bool_], one: Ints, other: Ints) -> Ints:
    """One where `first`, the other elsewhere, both in their order."""
    out = np.empty(len(first), dtype=np.int64)
    out[first], out[~first] = one, other
    return out


def _sorted(keys: Ints, counts: Ints, kind: Literal["quicksort", "stable"]) -> tuple[Ints, Ints]:
    """Keys in order, each once, with the sums of their counts."""
    order = np.argsort(keys, kind=kind)
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts


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
        self._bins.add(self._pack(row, bucket, outcome, (shift << SUB_BITS) + (ns >> shift)))

    def add_bins(self, keys: Ints, counts: Ints) -> None:
        """So many more of these bins, packed as `_pack` does: from an engine that counts by itself."""
        self._bins.add_later(keys, counts)

    def _pack(self, row: Ints, bucket: Ints, outcome: Ints, bin_: Ints) -> Ints:
        return ((row * self.buckets + bucket) * O + outcome) << BIN_BITS | bin_

    def _unpack(self, keys: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        place, bin_ = keys >> BIN_BITS, keys & ((1 << BIN_BITS) - 1)
        return place // O // self.buckets, place // O % self.buckets, place % O, bin_

    def _moving(self, where: Callable[[Ints], Ints], rest: int) -> Callable[[Ints], Ints]:
        """Keys with their buckets moved; `rest` 0 clears outcome and bin, 1 keeps them."""

        def moved(keys: Ints) -> Ints:
            row, bucket, outcome, bin_ = self._unpack(keys)
            return self._pack(row, where(bucket), rest * outcome, rest * bin_)

        return moved

    def widen(self) -> None:
        """Neighbouring buckets become one."""
        self.count()
        self._bins.settle()
        self.counts, self.sums = halved(self.counts), halved(self.sums)
        self._bins.move(self._moving(lambda b: b // 2, 1), self._moving(lambda b: b // 2 * 2, 0))
        self._marks = [(0, self._marks[-1][1] // 2)]

    def histograms(self, used: int) -> dict[tuple[int, int], Columns]:
        """(ledger, site) -> columns bucket, outcome, bin, count. What lies beyond `used` buckets (the
        drain) counts in the last one kept; the bucket of a site that is not watched is -1."""
        self.count()
        self._bins.settle()
        bins = self._bins
        ends = self._ends()
        last = bins.keys[ends[1:][np.diff(ends) > 0] - 1]
        if (self._unpack(last)[1] >= used).any():

            def last_kept(bucket: Ints) -> Ints:
                return np.minimum(bucket, used - 1)

            bins.move(self._moving(last_kept, 1), self._moving(last_kept, 0))
            ends = self._ends()
        out = {}
        for i, (a, b) in enumerate(pairwise(ends)):
            out[divmod(i, self.sites)] = (*self._columns(bins.keys[a:b], i % self.sites), bins.counts[a:b])
        return out

    def _ends(self) -> Ints:
        """Where the bins of each row begin, and where those of the last one end."""
        rows = np.arange(len(self.counts) + 1)
        found: Ints = np.searchsorted(self._bins.keys, self._pack(rows, 0 * rows, 0 * rows, 0 * rows))
        return found

    def _columns(
        self, keys: Ints, site: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int16]]:
        """bucket, outcome, bin; one after the other and in place, for this is where memory peaks."""
        bin_ = (keys & ((1 << BIN_BITS) - 1)).astype(np.int16)
        place = keys >> BIN_BITS
        outcome = (place % O).astype(np.int8)
        place //= O
        place %= self.buckets
        if not self.watched[site]:
            place[:] = -1
        return place.astype(np.int32), outcome, bin_


def halved(table: Ints) -> Ints:
    """Sums of neighbours along axis 1, in the first half of a table of the same shape."""
    pairs = np.add.reduceat(table, np.arange(0, table.shape[1], 2), axis=1)
    out = np.zeros_like(table)
    out[:, : pairs.shape[1]] = pairs
    return out
