"""Spells of failing, and low shares: when calls into an endpoint succeed less than usual.

The one place that decides it: text, figures, frames and measures all read it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.record.types import Record
from sim.words import OK

Z95 = 1.959963984540054
MERGE = 20
"""Neighbouring buckets are merged until each holds so many completed calls."""
IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Spell:
    """3 or more low (merged) buckets in a row, from the first bucket that lost calls to the last. In ns."""

    start_ns: int
    stop_ns: int


def wilson_upper(successes: int, n: int) -> float:
    """Upper bound of the 95 % Wilson interval of a share."""
    p, z2 = successes / n, Z95 * Z95
    centre = p + z2 / (2 * n)
    spread = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (centre + spread) / (1 + z2 / n)


def series(record: Record, sites: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """(completed, succeeded) per bucket over sites, on the ledger of calls."""
    table: NDArray[np.int64] = record.counts[0, list(sites)].sum(axis=0)
    return table.sum(axis=1).tolist(), table[:, OK].tolist()


def low(good: int, calls: int, threshold: float) -> bool:
    """Is the success share of these calls surely (97.5 %) below the threshold?"""
    return calls > 0 and wilson_upper(good, calls) < threshold


def _merged(n: list[int], s: list[int], first: int) -> Iterator[tuple[int, int, int, int]]:
    """(first bucket, end bucket, completed, succeeded), greedy from the left.

    An empty bucket keeps the verdict by joining its neighbour.
    """
    begun, calls, good = first, 0, 0
    for b in range(first, len(n)):
        calls, good = calls + n[b], good + s[b]
        if calls >= MERGE:
            yield begun, b + 1, calls, good
            begun, calls, good = b + 1, 0, 0


def spells(record: Record, sites: tuple[int, ...], threshold: float, start_ns: int) -> list[Spell]:
    """The spells of failing calls at sites from `start_ns` on."""
    n, s = series(record, sites)
    if n == s:
        return []  # nothing was lost
    rows: list[list[int]] = [[]]
    in_row = [0]
    for begun, end, calls, good in _merged(n, s, start_ns // record.bucket_ns):
        if low(good, calls, threshold):
            # Merging must not hide when: buckets at the ends of the row that lost nothing are left out.
            rows[-1] += [b for b in range(begun, end) if s[b] < n[b]]
            in_row[-1] += 1
        elif rows[-1]:
            rows.append([])
            in_row.append(0)
    width = record.bucket_ns
    return [
        Spell(max(lost[0] * width, start_ns), (lost[-1] + 1) * width)
        for lost, length in zip(rows, in_row, strict=True)
        if length >= IN_A_ROW
    ]
