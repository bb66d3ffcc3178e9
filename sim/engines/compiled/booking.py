"""What the recorder counts: `sim.record` over flat tables."""

from typing import Any

from numba.cpython.unsafe.numbers import leading_zeros

from sim.engines.compiled.memory import ANY, compiled, ints
from sim.engines.compiled.pools import OUTSIDE
from sim.record.histogram import SUB_BITS
from sim.record.ledger import BIN_BITS
from sim.record.types import GAUGES, VISITS
from sim.words import COUNTERS, OUTCOMES

N_COUNTERS, N_VISITS, N_GAUGES, N_OUTCOMES = len(COUNTERS), len(VISITS), len(GAUGES), len(OUTCOMES)
SPREAD = -7046029254386353131
"""The golden ratio again: the highest bits of the product spread keys over the table."""
SPREAD_SHIFT = 48
"""So many bits are left out: more than enough stay for the table."""


@compiled
def count(w: Any, site: int, what: int) -> None:
    """One more at a call site."""
    ints(w.counters_at, ANY)[site * N_COUNTERS + what] += 1


@compiled
def visit(w: Any, endpoint: int, what: int, n: int) -> None:
    """So much more at an endpoint."""
    ints(w.visits_at, ANY)[endpoint * N_VISITS + what] += n


@compiled
def gauge(w: Any, replica: int, what: int, n: int) -> None:
    """A level of a replica rises (n = -now) or falls (n = now)."""
    ints(w.gauges_at, ANY)[replica * N_GAUGES + what] += n


@compiled
def book(w: Any, row: int, watched: int, outcome: int, ns: int) -> None:
    """A call or a try of ledger row `row` has completed."""
    place = (row * w.buckets + w.bucket) * N_OUTCOMES + outcome
    ints(w.counts_at, ANY)[place] += 1
    ints(w.sums_at, ANY)[place] += ns
    if not watched:
        place = row * w.buckets * N_OUTCOMES + outcome
    add_bin(w, place << BIN_BITS | bin_of(ns))


@compiled
def bin_of(ns: int) -> int:
    """`sim.record.histogram.bin_of`."""
    shift = 63 - leading_zeros(ns) - SUB_BITS
    if shift <= 0:
        return ns
    return (shift << SUB_BITS) + (ns >> shift)


@compiled
def add_bin(w: Any, key: int) -> None:
    """One more of this key, in a table of keys and counts with open addresses; an empty place holds -1.
    Eight neighbouring bins stand side by side: together they come, and they share lines of the cache."""
    bins = ints(w.bins_at, ANY)
    place = ((((key >> 3) * SPREAD) >> SPREAD_SHIFT) << 3 | key & 7) & w.bins_mask
    while bins[2 * place] != key:
        if bins[2 * place] == -1:
            bins[2 * place] = key
            w.bins_n += 1
            if w.bins_n > w.bins_limit:
                w.low |= OUTSIDE
            break
        place = (place + 1) & w.bins_mask
    bins[2 * place + 1] += 1
