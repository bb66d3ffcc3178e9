"""The summary of a run: the ledger of everybody, the avalanche, recovery."""

import math
from typing import Any

from sim.measures import avalanche, evaluate
from sim.measures.selection import fault_span
from sim.record.types import Record
from sim.scenario.model import Scenario
from sim.topology.types import Topology
from sim.words import REASONS

LEDGER = ("N", "S", "F", "success_share", "R", "p50", "p90", "p99", "p999")


def ledger(record: Record, topology: Topology, target: str = "", *, tries: bool = False) -> dict[str, Any]:
    """N, S, F by reason, R and B of a target."""
    prefix, suffix = ("tries." if tries else ""), (f"({target})" if target else "")
    out: dict[str, Any] = {m: evaluate(f"{prefix}{m}{suffix}", record, topology) for m in LEDGER}
    out["F_by_reason"] = {
        r: n
        for r in REASONS
        if (n := evaluate(f"{prefix}{r}{suffix}", record, topology)) and not math.isnan(n)
    }
    out["B"] = evaluate(f"trips{suffix}", record, topology)
    return out


def article(record: Record, topology: Topology, target: str = "") -> dict[str, Any]:
    """What the article states as identities, beside what is measured.

    (1) S + F = N holds. (2) F = B, (3) R = S/S + F, (4) B = F/N are not identities.
    """
    call = ledger(record, topology, target)
    one = ledger(record, topology, target, tries=True)
    trips, n = call["B"], one["N"]
    return {
        "1: S + F = N": {"S + F": call["S"] + call["F"], "N": call["N"]},
        "2: F = B": {"F": call["F"], "B": trips},
        "3: R = S/S + F": {
            "as printed (1 + F)": 1 + call["F"],
            "as meant (success share)": call["success_share"],
            "R": call["R"],
        },
        "4: B = F/N": {
            "F/N (failure share)": one["F"] / n if n else math.nan,
            "B/N (trips per try)": trips / n if n else math.nan,
        },
    }


def needs_twin(record: Record, topology: Topology) -> bool:
    """Does the time before the fault hold too few calls of some endpoint for a baseline of its own?"""
    span = fault_span(record)
    if span is None:
        return False
    first, stop = topology.warmup_ns // record.bucket_ns, span[0] // record.bucket_ns
    called: dict[int, int] = {}
    for site in topology.sites:
        calls = int(record.counts[0, site.id, first:stop].sum())
        called[site.callee] = called.get(site.callee, 0) + calls
    return any(n < avalanche.BASELINE_CALLS for n in called.values())


def summarise(
    record: Record, topology: Topology, scenario: Scenario, twin: Record | None = None
) -> dict[str, Any]:
    """Everything of summary.json."""
    failing = avalanche.failing(record, topology, scenario.healthy_share, twin)
    seconds, note = avalanche.recovery_time(record, topology, twin)
    start = fault_span(record)
    return {
        "whole": ledger(record, topology),
        "sources": {s.name: ledger(record, topology, s.name) for s in topology.sources},
        "services": {s.name: ledger(record, topology, s.name) for s in topology.services},
        "edges": {e.name: ledger(record, topology, e.name) for e in topology.edges},
        "steps": {s.name: ledger(record, topology, s.name) for s in topology.sites},
        "tries": {e.name: ledger(record, topology, e.name, tries=True) for e in topology.edges},
        "article": article(record, topology),
        "avalanche": {
            "failing": [
                {
                    "endpoint": topology.endpoints[e.endpoint].name,
                    "bystander": not e.dependant,
                    "after_s": (e.since_ns - (start[0] if start else 0)) / 1e9,
                    "distance": e.distance,
                }
                for e in failing
            ],
            "lost_requests": avalanche.lost_requests(record, topology),
            "recovery_s": seconds,
            "recovery_note": note,
        },
        "in_flight": int(record.in_flight[0].sum()),
    }
