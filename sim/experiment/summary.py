"""The summary of a run: the ledger of everybody, the avalanche, recovery."""

import math
from collections.abc import Iterable
from typing import Any, Protocol

from sim.experiment import summary_breakers
from sim.measures import avalanche, breakers, evaluate, latency
from sim.measures.baseline import BASELINE_CALLS
from sim.measures.graph import touched_edges
from sim.measures.registry import REGISTRY
from sim.measures.selection import Selection, fault_span, select, sites_of, window
from sim.record.types import Record
from sim.scenario.expect import Measure
from sim.scenario.model import Scenario
from sim.topology.types import Topology
from sim.words import OK, OUTCOMES, REASONS


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """The name."""


QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


def ledger(record: Record, topology: Topology, target: str = "", *, tries: bool = False) -> dict[str, Any]:
    """N, S, F by reason, R (also by outcome) and B of a target."""
    chosen = select(Measure("N", target, tries=tries), record, topology)
    counts = dict(zip(OUTCOMES, chosen.counts().tolist(), strict=True))
    out: dict[str, Any] = {m: REGISTRY[m].function(chosen) for m in ("N", "S", "F", "success_share")}
    out |= _latency(chosen)
    out["F_by_reason"] = {reason: float(counts[reason]) for reason in REASONS if counts[reason]}
    # A refusal takes microseconds and must not flatter the rest.
    out["R_by_outcome"] = {outcome: _latency(chosen, outcome) for outcome, n in counts.items() if n}
    return out | {name: REGISTRY[name].function(chosen) for name in ("B", "reopenings", "open_share")}


def _latency(chosen: Selection, outcome: str = "") -> dict[str, float]:
    """Mean and quantiles, of one outcome or of all."""
    bins = latency.bins(chosen, outcome)
    quantiles = {name: latency.from_bins(bins, q) for name, q in QUANTILES.items()}
    return {"R": latency.mean(chosen, outcome)} | quantiles


def article(record: Record, topology: Topology, target: str = "") -> dict[str, Any]:
    """What the article states as identities, beside what is measured.

    (1) S + F = N holds. (2) F = B, (3) R = S/S + F, (4) B = F/N are not identities. Trips are per try that a
    breaker guards, and the failure share beside them is that of the same tries; nan without a breaker.
    """
    call = ledger(record, topology, target)
    guarded = breakers.guarded(select(Measure("N", target), record, topology))
    n = int(guarded.sum())
    suffix = f"({target})" if target else ""
    return {
        "1: S + F = N": {"S + F": call["S"] + call["F"], "N": call["N"]},
        "2: F = B": {"F": call["F"], "B": call["B"]},
        "3: R = S/S + F": {
            "as printed (1 + F)": 1 + call["F"],
            "as meant (success share)": call["success_share"],
            "R": call["R"],
        },
        "4: B = F/N": {
            "F/N (failure share of guarded tries)": 1 - int(guarded[OK]) / n if n else math.nan,
            "B/N (trips per guarded try)": evaluate(f"trips_per_try{suffix}", record, topology),
        },
    }


def needs_twin(record: Record, topology: Topology) -> bool:
    """Does the time before the fault hold too few calls of some endpoint for a baseline of its own?"""
    span = fault_span(record)
    if span is None:
        return False
    first, stop = topology.warmup_ns // record.bucket_ns, span[0] // record.bucket_ns
    apart = touched_edges(topology)
    called: dict[int, int] = {}
    for site in topology.sites:
        if site.edge not in apart:
            calls = int(record.counts[0, site.id, first:stop].sum())
            called[site.callee] = called.get(site.callee, 0) + calls
    return any(n < BASELINE_CALLS for n in called.values())


def summarise(
    record: Record, topology: Topology, scenario: Scenario, twin: Record | None = None
) -> dict[str, Any]:
    """Everything of summary.json."""
    known: dict[tuple[int, ...], dict[str, Any]] = {}

    def of_each(table: Iterable[Named], *, tries: bool = False) -> dict[str, Any]:
        """Many targets are the same calls: a service with one caller, an edge with one step."""
        out = {}
        for name in (one.name for one in table):
            sites = (tries, *sites_of(topology, name))
            if sites not in known:
                known[sites] = ledger(record, topology, name, tries=tries)
            out[name] = known[sites]
        return out

    return {
        "whole": ledger(record, topology),
        "sources": of_each(topology.sources),
        "services": of_each(topology.services),
        "edges": of_each(topology.edges),
        "steps": of_each(topology.sites),
        "tries": of_each(topology.edges, tries=True),
        "breakers": summary_breakers.per_copy(record, topology),
        "article": article(record, topology),
        "avalanche": _avalanche(record, topology, scenario.healthy_share, twin),
        "in_flight": int(record.in_flight[0].sum()),
    }


def _avalanche(record: Record, topology: Topology, healthy: float, twin: Record | None) -> dict[str, Any]:
    span = fault_span(record)
    start = span[0] if span else 0
    seconds, note = avalanche.recovery_time(record, topology, twin)

    def ask(measure: str) -> float:
        return evaluate(measure, record, topology, healthy_share=healthy, twin=twin)

    def one(e: avalanche.Verdict) -> dict[str, Any]:
        name = topology.endpoints[e.endpoint].name
        return {
            "endpoint": name,
            "bystander": not e.dependant,
            "after_s": (e.since_ns - start) / 1e9,
            "distance": e.distance,
            "F": ask(f"F({name})") if span is None else ask(f"F({name}) {start}ns..{record.end_ns + 1}ns"),
            "excess_loss": ask(f"excess_loss({name})") if e.dependant else None,
        }

    def unsure(e: avalanche.Verdict) -> dict[str, Any]:
        good, calls = e.calls(record, *window(record, topology, "during fault"))
        return {"endpoint": topology.endpoints[e.endpoint].name, "S": good, "N": calls}

    return {
        "bucket_s": record.bucket_ns / 1e9,
        "failing": [one(e) for e in avalanche.failing(record, topology, healthy, twin)],
        "doubtful": [unsure(e) for e in avalanche.doubtful(record, topology, healthy, twin)],
        "bystander_services": ask("failing_bystander_services"),
        "lost_requests": ask("lost_requests"),
        "lost_bystander_requests": ask("lost_bystander_requests"),
        "recovery_s": seconds,
        "recovery_note": note,
    }
