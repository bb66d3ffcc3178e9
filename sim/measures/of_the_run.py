"""Measures that know the faults and the baseline: those of the run as a whole, and those of a target."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from sim.measures import avalanche
from sim.measures.avalanche import Verdict
from sim.measures.excess import excess_loss
from sim.measures.load import amplification_ratio
from sim.measures.selection import Selection, fault_span, select
from sim.record.types import Record
from sim.scenario.expect import Measure
from sim.topology.types import Topology


@dataclass(frozen=True, slots=True)
class Case:
    """A run, what counts as healthy in it, and its fault-free twin if there is one."""

    record: Record
    topology: Topology
    healthy_share: float
    twin: Record | None

    def failing(self) -> list[Verdict]:
        """Every endpoint that failed."""
        return avalanche.failing(self.record, self.topology, self.healthy_share, self.twin)

    def bystanders(self) -> list[Verdict]:
        """The avalanche."""
        return [e for e in self.failing() if not e.dependant]


def _services(case: Case) -> float:
    return float(len({case.topology.endpoints[e.endpoint].service for e in case.bystanders()}))


def _lost_by_bystanders(case: Case) -> float:
    endpoints = {e.endpoint for e in case.bystanders()}
    return avalanche.lost_requests(case.record, case.topology, endpoints)


def _spread_time(case: Case) -> float:
    span, found = fault_span(case.record), case.failing()
    return (max(e.since_ns for e in found) - span[0]) / 1e9 if span and found else math.nan


def _spread_distance(case: Case) -> float:
    hops = [e.distance for e in case.failing() if e.distance is not None]
    return float(max(hops)) if hops else math.nan


def _recovery_time(case: Case) -> float:
    return avalanche.recovery_time(case.record, case.topology, case.twin)[0]


def _metastable(case: Case) -> float:
    seconds = _recovery_time(case)
    if math.isnan(seconds):
        return math.nan
    return float(math.isinf(seconds) and avalanche.metastable(case.record, case.topology))


OF_THE_RUN: dict[str, tuple[str, str, int, Callable[[Case], float]]] = {
    "failing_endpoints": (
        "endpoints that failed after the fault began", "", -1, lambda case: float(len(case.failing())),
    ),
    "failing_bystanders": (
        "the avalanche: endpoints that failed without a mandatory path to what the fault touched", "", -1,
        lambda case: float(len(case.bystanders())),
    ),
    "failing_bystander_services": (
        "the avalanche as services: those with an endpoint that failed as a bystander", "", -1, _services,
    ),
    "failing_dependants": (
        "failing endpoints with a mandatory path to what the fault touched", "", -1,
        lambda case: float(sum(e.dependant for e in case.failing())),
    ),
    "lost_requests": (
        "requests of the sources that failed from the fault's start on", "", -1,
        lambda case: avalanche.lost_requests(case.record, case.topology),
    ),
    "lost_bystander_requests": (
        "the avalanche as requests: of lost_requests, those to endpoints that failed as bystanders", "", -1,
        _lost_by_bystanders,
    ),
    "spread_time": (
        "time from the fault's start to when the last endpoint began to fail; nan (no value) if none failed "
        "or there is no fault", "s", 0, _spread_time,
    ),
    "spread_distance": (
        "most hops between the fault and an endpoint that failed; nan (no value) if none failed or no path "
        "joins them", "", -1, _spread_distance,
    ),
    "recovery_time": (
        "time from the fault's end to the window from which the success share stays at its baseline; "
        "inf if it does not come back; nan (no value) if no fault ended within the run", "s", -1,
        _recovery_time,
    ),
    "metastable": (
        "1 if the run did not recover although the load is back at its baseline and the run was long enough "
        "to say so, else 0; nan (no value) if no fault ended within the run", "", -1, _metastable,
    ),
}  # fmt: skip
"""Measures of the run as a whole: they take neither target nor window."""


def _excess(case: Case, m: Measure) -> float:
    span = fault_span(case.record)
    if span is None:
        return math.nan
    chosen = select(m, case.record, case.topology)
    if not m.window:
        since = slice(span[0] // case.record.bucket_ns, case.record.counts.shape[2])
        chosen = replace(chosen, buckets=since)
    return excess_loss(chosen, case.twin)


def _ratio(case: Case, m: Measure) -> float:
    if fault_span(case.record) is None:
        return math.nan
    chosen: Selection = select(
        m if m.window else replace(m, window="during fault"), case.record, case.topology
    )
    return amplification_ratio(chosen, case.twin)


OF_A_FAULT: dict[str, tuple[str, str, int, Callable[[Case, Measure], float]]] = {
    "excess_loss": (
        "F minus what would be lost if every call that the fault touches simply failed at once; from the "
        "first fault's start on if no window is named; nan (no value) without a fault, and where nobody calls",
        "", -1, _excess,
    ),
    "amplification_ratio": (
        "amplification (during the fault if no window is named) over that before the fault, or of the twin "
        "if fewer than 200 calls came before it; nan (no value) without a fault, and where nothing arrived "
        "before it", "", -1, _ratio,
    ),
}  # fmt: skip
"""Measures of a target and a window that compare with what was before the fault."""
