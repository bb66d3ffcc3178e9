"""The live recorder: engines book into it, integers and sums only; `freeze` makes the Record.

Memory depends on sites, buckets and distinct latency bins, not on the number of calls. A run that
lasts longer than foreseen (it ends at a number of requests) widens its buckets by merging
neighbours, so that it never needs more of them.
"""

from array import array

import numpy as np

from sim.record.histogram import SUB_BITS
from sim.record.types import (
    FAILED,
    FINISHED,
    GAUGES,
    SOJOURN_NS,
    VISITS,
    WAIT_NS,
    Copy,
    FaultSpan,
    Ints,
    Record,
    Transition,
)
from sim.topology.types import Topology
from sim.words import COUNTERS, LEDGERS, OUTCOMES, STARTED, TRIES_STARTED

O = len(OUTCOMES)  # noqa: E741 - shapes are single letters in this room
C = len(COUNTERS)
V = len(VISITS)
G = len(GAUGES)
BIN_BITS = 12
"""Bits of a histogram key that hold the bin (bins of 62-bit times stay below 4096)."""


def _zeros(n: int) -> "array[int]":
    return array("q", bytes(8 * n))


class Recorder:
    """Everything that is booked while a run goes on."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.width = topology.bucket_ns
        self.buckets = topology.buckets
        self.span_ns = self.width * self.buckets
        sites, t = topology.sites, topology.buckets
        self.counts = [[_zeros(t * O) for _ in sites] for _ in LEDGERS]
        self.sums = [[_zeros(t * O) for _ in sites] for _ in LEDGERS]
        self.histograms: list[list[dict[int, int]]] = [[{} for _ in sites] for _ in LEDGERS]
        self.watched = [topology.edges[s.edge].watched for s in sites]
        self.counters = [_zeros(t * C) for _ in sites]
        self.visits = [_zeros(t * V) for _ in topology.endpoints]
        self.gauges = [_zeros(t * G) for _ in range(topology.replicas)]
        self.gauge_end_ns = topology.duration_ns
        self.transitions: list[Transition] = []
        self.copies: list[Copy] = []
        self.faults: list[FaultSpan] = []
        self.walks: list[dict[str, object]] = []

    def bucket(self, now: int) -> int:
        """The bucket of an instant; what ends after the planned duration belongs to the last one."""
        if now >= self.span_ns:
            if self.topology.duration_ns <= self.span_ns:
                return self.buckets - 1
            while now >= self.span_ns:
                self._widen()
        return now // self.width

    def book(self, ledger: int, site: int, now: int, outcome: int, latency_ns: int) -> None:
        """A call or try completed."""
        i = (now // self.width if now < self.span_ns else self.bucket(now)) * O + outcome
        self.counts[ledger][site][i] += 1
        self.sums[ledger][site][i] += latency_ns
        shift = latency_ns.bit_length() - SUB_BITS - 1
        bin_ = latency_ns if shift <= 0 else (shift << SUB_BITS) + (latency_ns >> shift)
        key = (i if self.watched[site] else outcome) << BIN_BITS | bin_
        histogram = self.histograms[ledger][site]
        histogram[key] = histogram.get(key, 0) + 1

    def count(self, site: int, now: int, counter: int) -> None:
        """One more of a counter of a call site."""
        bucket = now // self.width if now < self.span_ns else self.bucket(now)
        self.counters[site][bucket * C + counter] += 1

    def visit(self, endpoint: int, now: int, what: int, amount: int = 1) -> None:
        """Something happened at an endpoint's replica."""
        bucket = now // self.width if now < self.span_ns else self.bucket(now)
        self.visits[endpoint][bucket * V + what] += amount

    def finished(self, endpoint: int, now: int, failed: bool, wait_ns: int, sojourn_ns: int) -> None:
        """An attempt ran to its answer."""
        row = self.visits[endpoint]
        i = (now // self.width if now < self.span_ns else self.bucket(now)) * V
        row[i + FINISHED] += 1
        row[i + FAILED] += failed
        row[i + WAIT_NS] += wait_ns
        row[i + SOJOURN_NS] += sojourn_ns

    def span(self, replica: int, gauge: int, start: int, end: int, level: int = 1) -> None:
        """A replica's gauge stood `level` higher from start to end; split exactly at bucket bounds."""
        if end > self.gauge_end_ns:
            end = self.gauge_end_ns
        if start >= end:
            return
        if end > self.span_ns:
            self.bucket(end - 1)
        width, row = self.width, self.gauges[replica]
        first = start // width
        last = (end - 1) // width
        if first == last:
            row[first * G + gauge] += (end - start) * level
            return
        row[first * G + gauge] += ((first + 1) * width - start) * level
        for b in range(first + 1, last):
            row[b * G + gauge] += width * level
        row[last * G + gauge] += (end - last * width) * level

    def _widen(self) -> None:
        """Merge neighbouring buckets: twice the width, the same number."""
        for tables, stride in ((self.counters, C), (self.visits, V), (self.gauges, G)):
            tables[:] = [_halve(row, stride) for row in tables]
        for group in (*self.counts, *self.sums):
            group[:] = [_halve(row, O) for row in group]
        for ledger in self.histograms:
            for site, histogram in enumerate(ledger):
                if self.watched[site]:
                    ledger[site] = _halve_histogram(histogram)
        self.width *= 2
        self.span_ns *= 2

    def freeze(self, *, end_ns: int, arrivals_end_ns: int, events: int) -> Record:
        """The finished record."""
        used = max(1, min(self.buckets, -(-arrivals_end_ns // self.width)))
        t = self.buckets
        counts = _stack(self.counts, t, O)
        counters = _rows(self.counters, t, C)
        begun = counters[:, :, [STARTED, TRIES_STARTED]].sum(axis=1).T
        return Record(
            end_ns=end_ns,
            arrivals_end_ns=arrivals_end_ns,
            events=events,
            bucket_ns=self.width,
            counts=_fold(counts, 2, used),
            latency_ns=_fold(_stack(self.sums, t, O), 2, used),
            counters=_fold(counters, 1, used),
            histograms=self._histograms(used),
            visits=_fold(_rows(self.visits, t, V), 1, used),
            gauges=_fold(_rows(self.gauges, t, G), 1, used),
            in_flight=begun - counts.sum(axis=(2, 3)),
            transitions=sorted(self.transitions),
            copies=sorted(self.copies),
            faults=sorted(self.faults, key=lambda f: (f.start_ns, f.fault)),
            walks=self.walks,
        )

    def _histograms(self, used: int) -> dict[tuple[int, int], tuple[Ints, Ints, Ints, Ints]]:
        out = {}
        for ledger, sites in enumerate(self.histograms):
            for site, histogram in enumerate(sites):
                merged: dict[tuple[int, int, int], int] = {}
                for key, n in histogram.items():
                    place, bin_ = key >> BIN_BITS, key & ((1 << BIN_BITS) - 1)
                    bucket = min(place // O, used - 1) if self.watched[site] else -1
                    row = (bucket, place % O, bin_)
                    merged[row] = merged.get(row, 0) + n
                rows = np.array([(*k, n) for k, n in sorted(merged.items())], dtype=np.int64).reshape(-1, 4)
                out[ledger, site] = (rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])
        return out


def _halve(row: "array[int]", stride: int) -> "array[int]":
    table = np.frombuffer(row, dtype=np.int64).reshape(-1, stride)
    half = np.add.reduceat(table, np.arange(0, len(table), 2), axis=0)
    out = np.zeros_like(table)
    out[: len(half)] = half
    return array("q", out.tobytes())


def _halve_histogram(histogram: dict[int, int]) -> dict[int, int]:
    out: dict[int, int] = {}
    for key, n in histogram.items():
        place, bin_ = key >> BIN_BITS, key & ((1 << BIN_BITS) - 1)
        half = (place // O // 2 * O + place % O) << BIN_BITS | bin_
        out[half] = out.get(half, 0) + n
    return out


def _rows(rows: "list[array[int]]", buckets: int, stride: int) -> Ints:
    if not rows:
        return np.zeros((0, buckets, stride), dtype=np.int64)
    return np.stack([np.frombuffer(r, dtype=np.int64).reshape(buckets, stride) for r in rows])


def _stack(ledgers: "list[list[array[int]]]", buckets: int, stride: int) -> Ints:
    return np.stack([_rows(rows, buckets, stride) for rows in ledgers])


def _fold(table: Ints, axis: int, used: int) -> Ints:
    """Keep the first `used` buckets; what lies beyond (drain) is added to the last one kept."""
    kept = np.take(table, range(used), axis=axis)
    rest = np.take(table, range(used, table.shape[axis]), axis=axis).sum(axis=axis)
    index = (slice(None),) * axis + (used - 1,)
    kept[index] += rest
    return kept
