"""The baseline: from the warm-up to the first fault, or the fault-free twin if that holds too few calls."""

from sim.measures.selection import fault_span
from sim.record.types import Record
from sim.topology.types import Topology
from sim.words import OK

BASELINE_CALLS = 200


def calm(
    record: Record, topology: Topology, sites: tuple[int, ...], twin: Record | None
) -> tuple[Record, slice]:
    """(record, buckets) of the baseline of calls at sites; few calls are better than none without a twin."""
    span = fault_span(record)
    first = topology.warmup_ns // record.bucket_ns
    stop = (span[0] // record.bucket_ns) if span else record.counts.shape[2]
    own = slice(first, max(first, stop))
    if twin is None or record.counts[0, list(sites), own].sum() >= BASELINE_CALLS:
        return record, own
    return twin, slice(topology.warmup_ns // twin.bucket_ns, twin.counts.shape[2])


def baseline(record: Record, topology: Topology, sites: tuple[int, ...], twin: Record | None) -> float:
    """Success share of the baseline; nan if nothing was called."""
    source, buckets = calm(record, topology, sites, twin)
    table = source.counts[0, list(sites), buckets].sum(axis=(0, 1))
    return float(table[OK] / table.sum()) if table.sum() else float("nan")
