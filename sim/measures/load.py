"""What arrives at services and what they do with it: attempts, amplification, gauges of replicas."""

import math

from sim.measures.baseline import calm
from sim.measures.selection import Selection
from sim.record import types as r
from sim.record.types import Record
from sim.topology.types import Topology
from sim.words import EXPIRED, LOCAL_REFUSALS, STARTED


def ratio(a: float, b: float) -> float:
    """a / b, nan if b is 0."""
    return float(a / b) if b else math.nan


def width_s(s: Selection) -> float:
    """Length of the buckets of the window; the last one of a run may be cut short."""
    width = s.record.bucket_ns
    end = min(s.buckets.stop * width, s.record.arrivals_end_ns)
    return max(0, int(end - s.buckets.start * width)) / 1e9


def visits(s: Selection, what: int) -> float:
    """Of the attempts at the selected endpoints; nan for a source, where nothing arrives."""
    return float(s.record.visits[list(s.endpoints), s.buckets, what].sum()) if s.endpoints else math.nan


def _rows(s: Selection) -> list[int]:
    every = [s.topology.services[k] for k in s.services]
    return [i for x in every for i in range(x.first_replica, x.first_replica + x.replicas_max)]


def gauge(s: Selection, what: int) -> float:
    """Mean of a gauge over the window, summed over replicas; nan for a source, which has none."""
    total = float(s.record.gauges[_rows(s), s.buckets, what].sum())
    return ratio(total / 1e9, width_s(s)) if s.services else math.nan


def utilisation(s: Selection) -> float:
    """Cores at work / cores that are up, over the services whose cores are limited."""
    busy = capacity = 0.0
    for k in s.services:
        service = s.topology.services[k]
        if service.cores > 0:
            rows = list(range(service.first_replica, service.first_replica + service.replicas_max))
            busy += float(s.record.gauges[rows, s.buckets, r.WORKING_NS].sum())
            capacity += service.cores * float(s.record.gauges[rows, s.buckets, r.UP_NS].sum())
    return ratio(busy, capacity)


def amplification(s: Selection) -> float:
    """Attempts that arrived at the selected endpoints per request that the sources began."""
    return ratio(visits(s, r.ARRIVED), _requests(s.record, s.topology, s.buckets))


def _requests(record: Record, topology: Topology, buckets: slice) -> int:
    sites = [x.id for x in topology.sites if x.source >= 0]
    return int(record.counters[sites, buckets, STARTED].sum())


def amplification_ratio(s: Selection, twin: Record | None = None) -> float:
    """Amplification within the window over that of the baseline; nan if nothing arrived there."""
    t = s.topology
    sites = tuple(x.id for x in t.sites if x.callee in s.endpoints)
    source, buckets = calm(s.record, t, sites, twin)
    if source is twin and twin is not None:
        return ratio(amplification(s), _sent_per_request(twin, t, sites, buckets))
    before = float(source.visits[list(s.endpoints), buckets, r.ARRIVED].sum())
    return ratio(amplification(s), ratio(before, _requests(source, t, buckets)))


def _sent_per_request(twin: Record, topology: Topology, sites: tuple[int, ...], buckets: slice) -> float:
    """Amplification of a twin, of which a run folder keeps the calls and tries only.

    Model: without faults no attempt is lost on its way, so what is sent arrives; what a caller's own policies
    refused was not sent.
    """
    tries = twin.counts[1, list(sites), buckets].sum(axis=(0, 1))
    sent = float(tries.sum() - tries[[*LOCAL_REFUSALS, EXPIRED]].sum())
    roots = [x.id for x in topology.sites if x.source >= 0]
    return ratio(sent, float(twin.counts[0, roots, buckets].sum()))
