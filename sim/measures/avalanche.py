"""The avalanche: failing endpoints, bystanders, lost requests, recovery (design 5)."""

import math
from collections.abc import Container
from dataclasses import dataclass

from sim.measures import graph
from sim.measures.baseline import baseline
from sim.measures.names import names_in
from sim.measures.selection import fault_span, sites_of, window
from sim.measures.spells import Spell, low, series, spells
from sim.record.types import Record
from sim.topology.types import L_TIMEOUT, Topology
from sim.words import FOREVER, OK, STARTED

HEALTHY, LOW, FAILING, NO_CALLS = "healthy", "low", "failing", "no calls"
RECOVERED = 0.95
RECOVERY_WINDOW_NS = 10 * 10**9
RECOVERY_REQUESTS = 200
LONG_AFTER_FAULT = 5
LONG_AFTER_TIMEOUT = 20
"""So many times the fault, and the longest timeout, must be seen before "metastable" is said."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one endpoint."""

    endpoint: int
    sites: tuple[int, ...]
    """The calls it is judged by."""
    threshold: float
    """Success share below which it is ill; nan without calls to compare with."""
    spells: tuple[Spell, ...]
    """When it failed."""
    dependant: bool
    distance: int | None

    @property
    def since_ns(self) -> int:
        """First failing time of one that failed."""
        return self.spells[0].start_ns

    def calls(self, record: Record, start_ns: int, stop_ns: int) -> tuple[int, int]:
        """(succeeded, completed) in the buckets that overlap a window."""
        n, s = series(record, self.sites)
        window = slice(start_ns // record.bucket_ns, -(-stop_ns // record.bucket_ns))
        return sum(s[window]), sum(n[window])

    def state(self, record: Record, start_ns: int, stop_ns: int) -> str:
        """How it stood in a window: failing, low (too short or too few calls to say failing), healthy, or
        without calls."""
        if any(s.start_ns < stop_ns and s.stop_ns > start_ns for s in self.spells):
            return FAILING
        good, calls = self.calls(record, start_ns, stop_ns)
        if not calls:
            return NO_CALLS
        return LOW if low(good, calls, self.threshold) else HEALTHY


def verdicts(
    record: Record, topology: Topology, healthy_share: float, twin: Record | None = None
) -> list[Verdict]:
    """Of every endpoint: did it fail after the first fault began, and when?"""
    span = fault_span(record)
    start = span[0] if span else topology.warmup_ns
    needs = graph.dependants(topology)
    hops = graph.distance(topology)
    apart = graph.touched_edges(topology)
    into = names_in(topology).into
    out = []
    for endpoint in (e.id for e in topology.endpoints):
        # What is lost on a touched edge is lost in the caller's step: it says nothing about the callee.
        sites = tuple(i for i in into.get(endpoint, ()) if topology.sites[i].edge not in apart)
        usual = baseline(record, topology, sites, twin) if sites else math.nan
        threshold = healthy_share * usual  # nothing is below nan
        found = tuple(spells(record, sites, threshold, start)) if sites else ()
        out.append(Verdict(endpoint, sites, threshold, found, endpoint in needs, hops.get(endpoint)))
    return out


def failing(
    record: Record, topology: Topology, healthy_share: float, twin: Record | None = None
) -> list[Verdict]:
    """Every endpoint that failed after the first fault began, by first failing time."""
    found = [v for v in verdicts(record, topology, healthy_share, twin) if v.spells]
    return sorted(found, key=lambda v: (v.since_ns, v.endpoint))


def doubtful(
    record: Record, topology: Topology, healthy_share: float, twin: Record | None = None
) -> list[Verdict]:
    """Endpoints that were low during the fault as a whole, yet too briefly, or with too few calls, to be
    called failing."""
    start, stop = window(record, topology, "during fault")
    return [
        v
        for v in verdicts(record, topology, healthy_share, twin)
        if not v.spells and v.state(record, start, stop) == LOW
    ]


def recovery_time(record: Record, topology: Topology, twin: Record | None = None) -> tuple[float, str]:
    """(seconds from the last fault's end to recovery, how to read it).

    Recovery: start of the first 10 s window (widened to 200 requests) from which to the end the success
    share at the sources stays at or above 0.95 x baseline less 3 binomial standard errors. inf: not
    recovered; 0 if it never left; nan without a fault that ended.
    """
    span = fault_span(record)
    if span is None or span[1] >= record.arrivals_end_ns:
        return float("nan"), "no fault ended within the run"
    sites = sites_of(topology, "")
    usual = baseline(record, topology, sites, twin)
    n, s = series(record, sites)
    width = record.bucket_ns
    first = span[1] // width
    end = max(first + 1, record.arrivals_end_ns // width)
    size = max(1, -(-RECOVERY_WINDOW_NS // width))
    rate = sum(n[first:end]) / max(1, end - first)
    widened = rate > 0 and size * rate < RECOVERY_REQUESTS
    if widened:
        size = math.ceil(RECOVERY_REQUESTS / rate)
    recovered = None
    # A window that the end cuts short would forgive too much, unless there is no other.
    for b in range(max(first, end - size), first - 1, -1):
        stop = min(end, b + size)
        total, good = sum(n[b:stop]), sum(s[b:stop])
        if total == 0:
            continue
        level = RECOVERED * usual
        if good / total < level - 3 * math.sqrt(max(level * (1 - level), 0.0) / total):
            break
        recovered = b
    note = f"windows of {size * width / 1e9:g} s" + (" (widened to 200 requests)" if widened else "")
    if recovered is None:
        verdict = f"not recovered in {(record.arrivals_end_ns - span[1]) / 1e9:g} s"
        if metastable(record, topology):
            verdict = f"metastable: {verdict}, with the load back at its baseline"
        return float("inf"), f"{verdict}; {note}"
    return max(0.0, (recovered * width - span[1]) / 1e9), note


def lost_requests(record: Record, topology: Topology, endpoints: Container[int] | None = None) -> float:
    """Requests of the sources that failed from the first fault's start on; of those to `endpoints` if given."""
    span = fault_span(record)
    first = (span[0] if span else topology.warmup_ns) // record.bucket_ns
    sites = [i for i in sites_of(topology, "") if endpoints is None or topology.sites[i].callee in endpoints]
    table = record.counts[0, sites, first:].sum(axis=(0, 1))
    return float(table.sum() - table[OK])


def metastable(record: Record, topology: Topology) -> bool:
    """May a run that does not recover be called metastable, and not just too short?

    The offered load is back at or below what it was before the fault (within 3 standard errors), and the run
    goes on for 5 times the fault and 20 times the longest timeout.
    """
    span = fault_span(record)
    if span is None:
        return False
    after_ns = record.arrivals_end_ns - span[1]
    timeouts = [
        layer.params.timeout_ns for s in topology.sites for layer in s.layers if layer.kind == L_TIMEOUT
    ]
    longest = max((t for t in timeouts if t < FOREVER), default=0)
    if after_ns < LONG_AFTER_FAULT * (span[1] - span[0]) or after_ns < LONG_AFTER_TIMEOUT * longest:
        return False
    width = record.bucket_ns
    begun = record.counters[list(sites_of(topology, "")), :, STARTED].sum(axis=0)
    before = begun[topology.warmup_ns // width : span[0] // width]
    after = begun[-(-span[1] // width) : record.arrivals_end_ns // width]
    if not len(before) or not len(after):
        return False
    usual = float(before.sum()) / len(before)
    return bool(after.sum() / len(after) <= usual + 3 * math.sqrt(usual / len(before) + usual / len(after)))
