"""Excess loss: what failed beyond what must fail if every touched call simply failed at once (design 5)."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.measures import needs
from sim.measures.baseline import baseline
from sim.measures.selection import Selection, fault_span
from sim.record.types import Record
from sim.topology.types import Topology
from sim.words import CACHE_HITS, CACHE_MISSES, OK, STARTED


def excess_loss(s: Selection, twin: Record | None = None) -> float:
    """F of the selection's calls, minus what they would lose if every touched call simply failed at once.

    Below 0: the fault cost less than if what it touched had failed at once (a slow answer may still come).
    nan without a fault, and where nobody calls.

    Model: the calls are those that the run began; who would have called again, or less often, had calls
    failed at once is not asked. What fails on any day stays: the calls that need nothing touched fail as
    often as in the baseline.
    """
    sites = list(s.sites)
    usual = baseline(s.record, s.topology, s.sites, twin)
    if fault_span(s.record) is None or not sites or math.isnan(usual):
        return math.nan
    counts = s.counts()
    begun = s.record.counters[sites, s.buckets, STARTED]
    must = forced_shares(s.record, s.topology)[sites, s.buckets]
    expected = float((begun * (1.0 - usual * (1.0 - must))).sum())
    return float(counts.sum() - counts[OK]) - expected


def forced_shares(record: Record, topology: Topology) -> NDArray[np.float64]:
    """(sites, buckets): share of the calls begun then that fail if every touched call fails at once."""
    out = np.zeros((record.counts.shape[1], record.counts.shape[2]))
    spans = [f for f in record.faults if f.end_ns > f.start_ns]
    cuts = sorted({t for f in spans for t in (f.start_ns, f.end_ns)})
    misses = miss_shares(record)
    known: dict[frozenset[int], NDArray[np.float64]] = {}
    for start, end in pairwise(cuts):
        active = frozenset(f.fault for f in spans if f.start_ns <= start and f.end_ns >= end)
        if active not in known:
            touched = needs.touch(topology, active)
            known[active] = np.array(needs.failing_shares(topology, touched, misses))
        out += np.outer(known[active], _overlap(record, start, end))
    return out


def miss_shares(record: Record) -> tuple[float, ...]:
    """By call site: the share of its look-ups since the first fault that missed; 1 where none was made."""
    span = fault_span(record)
    first = span[0] // record.bucket_ns if span else 0
    seen = record.counters[:, first:].sum(axis=1)
    hits, misses = seen[:, CACHE_HITS], seen[:, CACHE_MISSES]
    return tuple((np.where(hits + misses > 0, misses, 1) / np.maximum(hits + misses, 1)).tolist())


def _overlap(record: Record, start: int, end: int) -> NDArray[np.float64]:
    """By bucket: the share of it that lies in a span. The last bucket is as long as calls came in it."""
    width = record.bucket_ns
    left = np.arange(record.counts.shape[2], dtype=np.int64) * width
    right = np.minimum(left + width, max(record.arrivals_end_ns, 1))
    common = np.minimum(right, end) - np.maximum(left, start)
    return np.asarray(np.clip(common, 0, None) / np.maximum(right - left, 1), dtype=np.float64)
