"""Which rows and buckets a measure reads: targets and windows.

A window acts on whole buckets: every bucket that overlaps it is in, so it is never narrower than asked.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measures.names import names_in
from sim.record.types import Record
from sim.scenario.expect import Measure, parse_window
from sim.topology.types import Topology
from sim.words import FOREVER


@dataclass(frozen=True, slots=True)
class Selection:
    """One measure's view of a run."""

    record: Record
    topology: Topology
    target: str
    """"" = the whole system."""
    ledger: int
    sites: tuple[int, ...]
    services: tuple[int, ...]
    endpoints: tuple[int, ...]
    """Whose attempts are counted: an endpoint's own, else all of the services."""
    buckets: slice
    seconds: float
    """Length of the window."""
    whole: bool
    """The window is the whole run: nothing is cut."""
    span: tuple[int, int]
    """The window in ns."""

    def counts(self) -> NDArray[np.int64]:
        """Outcomes summed over sites and window."""
        table: NDArray[np.int64] = self.record.counts[self.ledger, list(self.sites), self.buckets].sum(
            axis=(0, 1)
        )
        return table

    def counter(self, which: int) -> int:
        """A counter summed over sites and window."""
        return int(self.record.counters[list(self.sites), self.buckets, which].sum())


def fault_span(record: Record) -> tuple[int, int] | None:
    """From the first fault's start to the last fault's end, or None."""
    if not record.faults:
        return None
    return min(f.start_ns for f in record.faults), max(f.end_ns for f in record.faults)


def window(record: Record, topology: Topology, text: str) -> tuple[int, int]:
    """The bounds of a named window, ns. Without a fault, `during fault` is the whole run."""
    start, end = topology.warmup_ns, record.arrivals_end_ns
    fault = fault_span(record)
    if text in ("", "whole") or (fault is None and "fault" in text):
        return start, end
    if fault is not None and text == "during fault":
        return fault[0], min(max(fault[1], fault[0] + 1), end)
    if fault is not None and text == "before fault":
        return start, max(fault[0], start)
    if fault is not None and text == "after fault":
        return min(fault[1], end), end
    return parse_window(text)


def sites_of(topology: Topology, target: str) -> tuple[int, ...]:
    """Call sites of a target: all of the sources for the whole, a source's, an edge's, those into a service
    or endpoint, or one site."""
    return names_in(topology).sites_of(target)


def names_of(topology: Topology) -> list[str]:
    """What a target may be called."""
    t = topology
    return [x.name for table in (t.sources, t.services, t.endpoints, t.edges, t.sites) for x in table]


def services_of(topology: Topology, target: str) -> tuple[int, ...]:
    """Services of a target; all for the whole."""
    return names_in(topology).services_of(target)


def select(measure: Measure, record: Record, topology: Topology) -> Selection:
    """The rows and buckets of a measure."""
    start, end = window(record, topology, measure.window)
    last = record.counts.shape[2]
    names = names_in(topology)
    first = min(start // record.bucket_ns, last)
    stop = last if end >= record.arrivals_end_ns else min(last, -(-end // record.bucket_ns))
    return Selection(
        record=record,
        topology=topology,
        target=measure.target,
        ledger=1 if measure.tries else 0,
        sites=names.sites_of(measure.target),
        services=names.services_of(measure.target),
        endpoints=names.endpoints_of(measure.target),
        buckets=slice(first, max(first, stop)),
        seconds=max(0, min(end, FOREVER) - start) / 1e9,
        whole=start == 0 and stop == last,
        span=(start, end),
    )
