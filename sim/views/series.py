"""Time series of a run: what figures and frames both show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measures.latency import from_bins
from sim.measures.selection import sites_of
from sim.record import types as r
from sim.words import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, METRICS_ONLY, OPEN, REFUSALS, STARTED

Floats = NDArray[np.float64]


def times_s(run: Any) -> Floats:
    """Start of each bucket."""
    times: Floats = np.arange(run.record.counts.shape[2]) * (run.record.bucket_ns / 1e9)
    return times


def width_s(run: Any) -> float:
    """Width of a bucket."""
    return float(run.record.bucket_ns / 1e9)


def outcomes_per_s(run: Any, target: str = "", ledger: int = 0) -> Floats:
    """(buckets, outcomes) completed per second."""
    table: Floats = run.record.counts[ledger, list(sites_of(run.topology, target))].sum(axis=0) / width_s(run)
    return table


def offered_per_s(run: Any, target: str = "") -> Floats:
    """Calls begun per second."""
    sites = list(sites_of(run.topology, target))
    table: Floats = run.record.counters[sites, :, STARTED].sum(axis=0) / width_s(run)
    return table


def quantiles_s(
    run: Any, target: str, qs: tuple[float, ...], ledger: int = 0, *, refused: bool = True
) -> Floats:
    """(buckets, quantiles) of latency; nan in empty buckets and where nothing was watched.

    `refused` False leaves out what was refused, mostly within microseconds.
    """
    left_out = () if refused else REFUSALS
    bins: list[dict[int, int]] = [{} for _ in range(run.record.counts.shape[2])]
    for site in sites_of(run.topology, target):
        columns = run.record.histograms[ledger, site]
        for b, outcome, bin_, n in zip(*(c.tolist() for c in columns), strict=True):
            if b >= 0 and outcome not in left_out:
                bins[b][bin_] = bins[b].get(bin_, 0) + n
    return np.array([[from_bins(found, q) for q in qs] for found in bins])


def refused(run: Any, target: str = "", ledger: int = 0) -> int:
    """Calls of a target that were refused."""
    sites = list(sites_of(run.topology, target))
    return int(run.record.counts[ledger][sites][..., list(REFUSALS)].sum())


def slots_up(run: Any, service: int) -> Floats:
    """Slots of the replicas that are up, mean per bucket."""
    table: Floats = run.topology.services[service].slots * replica_gauge(run, service, r.UP_NS)
    return table


def trips_per_s(run: Any, scopes: set[int] | None = None) -> Floats:
    """B per second and bucket."""
    out = np.zeros(run.record.counts.shape[2])
    for t in run.record.transitions:
        if t.to_state == OPEN and (scopes is None or t.scope in scopes):
            out[min(t.t_ns // run.record.bucket_ns, len(out) - 1)] += 1
    table: Floats = out / width_s(run)
    return table


def state_spans(run: Any) -> dict[tuple[int, int, int], list[tuple[float, float, int]]]:
    """Per breaker copy: (start_s, end_s, state), from its creation to the end of arrivals."""
    end = run.record.arrivals_end_ns
    spans: dict[tuple[int, int, int], list[tuple[float, float, int]]] = {}
    current = {(c.scope, c.caller, c.target): (c.t_ns, CLOSED) for c in run.record.copies}
    for who in current:
        spans[who] = []
    for t in run.record.transitions:
        who = (t.scope, t.caller, t.target)
        since, state = current.get(who, (0, CLOSED))
        spans.setdefault(who, []).append((since / 1e9, min(t.t_ns, end) / 1e9, state))
        current[who] = (t.t_ns, t.to_state)
    for who, (since, state) in current.items():
        if since < end:
            spans[who].append((since / 1e9, end / 1e9, state))
    return {who: spans[who] for who in sorted(spans)}


def replica_gauge(run: Any, service: int, gauge: int) -> Floats:
    """Mean of a gauge per bucket, summed over the replicas of a service."""
    spec = run.topology.services[service]
    rows = slice(spec.first_replica, spec.first_replica + spec.replicas_max)
    table: Floats = run.record.gauges[rows, :, gauge].sum(axis=0) / run.record.bucket_ns
    return table


GAUGES = {"queue": r.QUEUE_NS, "busy slots": r.INSIDE_NS, "cores at work": r.WORKING_NS}
USUAL_STATES = (CLOSED, OPEN, HALF_OPEN)
STATES = (*USUAL_STATES, FORCED_OPEN, DISABLED, METRICS_ONLY)
