"""Faults of the file -> fault records with integer targets."""

from dataclasses import dataclass, replace
from typing import Any

from sim.distributions import CONSTANT
from sim.scenario import model as m
from sim.scenario.check import REPLICA
from sim.topology import types as t
from sim.topology.build_wiring import Wiring
from sim.words import FOREVER

_VERB = {
    "slow": t.F_SLOW,
    "freeze": t.F_FREEZE,
    "fail": t.F_FAIL,
    "hang": t.F_HANG,
    "stop": t.F_STOP,
    "cut": t.F_CUT,
    "surge": t.F_SURGE,
    "flush": t.F_FLUSH,
}


@dataclass(frozen=True, slots=True)
class _Names:
    """What a target of a fault may be called."""

    wiring: Wiring
    edges: dict[str, t.Edge]
    services: dict[str, t.Service]


def build_faults(
    wiring: Wiring, edges: dict[str, t.Edge], services: dict[str, t.Service]
) -> tuple[t.Fault, ...]:
    """All faults, in the order of the file. Each has a name of its own, for its luck hangs on it."""
    names = _Names(wiring, edges, services)
    faults: dict[str, t.Fault] = {}
    for number, fault in enumerate(wiring.model.faults):
        made = _fault(names, number, fault)
        name, nth = made.name, 1
        while name in faults:
            nth += 1
            name = f"{made.name}#{nth}"
        faults[name] = replace(made, name=name)
    return tuple(faults.values())


def _fault(names: _Names, number: int, fault: m.Fault) -> t.Fault:
    spec: Any = getattr(fault, fault.verb)
    replicas, endpoints = _targets(names, spec)
    length = fault.for_.dist if fault.for_ is not None else None
    fixed = length is not None and length.kind == CONSTANT
    random = fault.mttr.dist if fault.mttr is not None else None if fixed else length
    return t.Fault(
        id=number,
        name=fault.name or _name(fault.verb, spec),
        verb=_VERB[fault.verb],
        replicas=replicas,
        endpoints=endpoints,
        edges=tuple(sorted(e.id for name in getattr(spec, "edge", ()) for e in _edges(names, name))),
        sources=tuple(sorted(names.wiring.source_id[s] for s in getattr(spec, "source", ()))),
        caches=tuple(sorted(names.wiring.cache_id[c] for c in getattr(spec, "cache", ()))),
        times=getattr(spec, "times", 1.0),
        plus_ns=getattr(spec, "plus", 0),
        share=getattr(spec, "share", 1.0),
        mode=t.CUT_BLACK_HOLE if getattr(spec, "mode", "") == "black-hole" else t.CUT_REFUSE,
        way=("both", "out", "back").index(getattr(spec, "way", "both")),
        schedule=t.AT_TIME
        if fault.at is not None
        else t.AT_RANDOM
        if fault.mtbf is not None
        else t.AFTER_REQUESTS,
        at_ns=fault.at or 0,
        for_ns=int(length.a) if fixed and length is not None else FOREVER,
        mtbf=fault.mtbf.dist if fault.mtbf is not None else None,
        mttr=random,
        after_requests=fault.after_requests or 0,
        repeat=fault.repeat,
    )


def _edges(names: _Names, name: str) -> list[t.Edge]:
    """The edge; where a gateway stands between, the caller's way to it."""
    if name in names.edges:
        return [names.edges[name]]
    caller, _, callee = name.partition(" -> ")
    return [names.edges[f"{caller} -> gateway({callee})"]]


def _targets(names: _Names, spec: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(global replica ids, endpoint ids); endpoints narrow the fault to themselves."""
    by_name = names.services
    replicas: set[int] = set()
    endpoints: set[int] = set()
    for name in getattr(spec, "service", ()):
        replicas |= _all(by_name[name])
        endpoints |= set(by_name[name].endpoints)
    for name in getattr(spec, "endpoint", ()):
        target = names.wiring.resolve(name)
        endpoints.add(names.wiring.endpoint_id[target])
        replicas |= _all(by_name[target.rsplit(".", 1)[0]])
    for name in getattr(spec, "replica", ()):
        match = REPLICA.fullmatch(name)
        assert match is not None
        service = by_name[match["service"]]
        first, last = int(match["first"]), int(match["last"] or match["first"])
        replicas |= {service.first_replica + i for i in range(first, last + 1)}
        endpoints |= set(service.endpoints)
    whole = not getattr(spec, "endpoint", ())
    return tuple(sorted(replicas)), () if whole else tuple(sorted(endpoints))


def _all(service: t.Service) -> set[int]:
    return set(range(service.first_replica, service.first_replica + service.replicas_max))


def _name(verb: str, spec: Any) -> str:
    targets = [
        x for k in ("service", "endpoint", "replica", "edge", "source", "cache") for x in getattr(spec, k, ())
    ]
    return f"{verb} {', '.join(targets)}"
