"""Latency: means from sums, quantiles from merged histograms (at most 0.8 % error)."""

import numpy as np

from sim.measures.selection import Selection
from sim.record.histogram import midpoint
from sim.words import OUTCOMES


def mean(s: Selection, outcome: str = "") -> float:
    """Mean latency in seconds of completed calls; nan without any."""
    total = s.record.latency_ns[s.ledger, list(s.sites), s.buckets]
    counts = s.record.counts[s.ledger, list(s.sites), s.buckets]
    if outcome:
        i = OUTCOMES.index(outcome)
        total, counts = total[..., i], counts[..., i]
    n = counts.sum()
    return float(total.sum() / n / 1e9) if n else float("nan")


def quantile(s: Selection, q: float, outcome: str = "") -> float:
    """Latency quantile in seconds. nan if a site has no histogram per bucket and the window needs one."""
    return from_bins(bins(s, outcome), q)


def bins(s: Selection, outcome: str = "") -> dict[int, int]:
    """The merged histogram of completed calls: count by bin. Empty, too, if a site has no histogram per bucket
    and the window needs one."""
    out: dict[int, int] = {}
    for site in s.sites:
        bucket, kind, bin_, count = s.record.histograms[s.ledger, site]
        if len(bucket) and bucket[0] < 0:
            if not s.whole:
                return {}
            keep = np.ones(len(bucket), dtype=bool)
        else:
            keep = (bucket >= s.buckets.start) & (bucket < s.buckets.stop)
        if outcome:
            keep &= kind == OUTCOMES.index(outcome)
        for b, n in zip(bin_[keep].tolist(), count[keep].tolist(), strict=True):
            out[b] = out.get(b, 0) + n
    return out


def from_bins(bins: dict[int, int], q: float) -> float:
    """The q-quantile (nearest rank) in seconds of a histogram."""
    total = sum(bins.values())
    if not total:
        return float("nan")
    rank, seen = max(1, int(np.ceil(q * total))), 0
    for b in sorted(bins):
        seen += bins[b]
        if seen >= rank:
            return midpoint(b) / 1e9
    raise AssertionError(bins)
