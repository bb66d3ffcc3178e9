"""What only calls on top of each other show: late timeouts, breakers that cannot trip, overload."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.policies import breaker_parts as parts
from sim.policies import catalog, outlier_catalog
from sim.scenario.breakers import Breaker
from sim.scenario.model import Scenario, Service
from sim.scenario.offered import Offered, Site, offered, source_rate
from sim.scenario.policies import ORDER, Policies, Single
from sim.scenario.source import Location
from sim.units import show_ns

Remark = tuple[Location, str]
"""Where, and what."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One policy of a call, with the block of the file it comes from."""

    kind: str
    policy: Any
    block: Location
    at: Location
    own: bool
    """Written for this edge, source or step, not a default for many."""


Around = list[tuple[Site, list[Applied]]]
"""Calls, each with its policies."""


def applied(model: Scenario, site: Site) -> list[Applied]:
    """The policies around a call from the outside in, as later blocks replace earlier ones."""
    caller, callee = site.caller.split(".")[0], site.callee.split(".")[0]
    blocks: list[tuple[Policies | None, Location, bool]] = [
        (model.policies, ("policies",), False),
        (model.services[callee].policies, ("services", callee, "policies"), False),
        (
            model.sources[caller].policies if caller in model.sources else None,
            ("sources", caller, "policies"),
            True,
        ),
        (model.edges.get(f"{caller} -> {callee}"), ("edges", f"{caller} -> {callee}"), True),
        (site.policies, (*site.at, "policies"), True),
    ]
    out: list[Applied] = []
    for block, at, own in blocks:
        if block is None:
            continue
        if block.stack is not None:
            out = [
                a for i, single in enumerate(block.stack) for a in _given(single, at, (*at, "stack", i), own)
            ]
            continue
        named = block.model_fields_set & set(ORDER)
        if named:
            kept = [a for a in out if a.kind not in named]
            out = sorted([*kept, *_given(block, at, at, own)], key=lambda a: ORDER.index(a.kind))
    return out


def _given(single: Single, block: Location, at: Location, own: bool) -> Iterator[Applied]:
    for kind in ORDER:
        if kind in single.model_fields_set and getattr(single, kind) is not None:
            yield Applied(kind, getattr(single, kind), block, (*at, kind), own)


def late_timeouts(model: Scenario, around: Around) -> Iterator[tuple[Remark, bool]]:
    """Timeouts that a deadline above always cuts short; True beside those written for this very call.

    A deadline that travels counts if every way to the call brings one that is shorter.
    """
    allowed = _allowed(model, around)
    for site, policies in around:
        limit, where = allowed.get(site.caller, math.inf), ()
        for one in policies:
            if one.kind == "deadline" and one.policy.after < limit:
                limit, where = one.policy.after, one.block
            elif one.kind == "timeout" and one.policy.after > limit and one.block != where:
                short, long = show_ns(int(limit)), show_ns(one.policy.after)
                message = f"this timeout of {long} is longer than the deadline of {short} above it"
                yield (one.at, f"{message} ({site.caller} -> {site.callee})"), one.own


def _allowed(model: Scenario, around: Around) -> dict[str, float]:
    """Per endpoint: the longest deadline that any way to it brings along, in ns."""
    allowed: dict[str, float] = {}
    changed = True
    while changed:
        changed = False
        for site, policies in around:
            inherited = math.inf if site.caller in model.sources else allowed.get(site.caller)
            if inherited is None:
                continue  # nobody reaches the caller (yet)
            for one in policies:
                if one.kind == "deadline":
                    inherited = min(inherited, one.policy.after) if one.policy.propagate else math.inf
            if inherited > allowed.get(site.callee, -1):
                allowed[site.callee] = inherited
                changed = True
    return allowed


def unlike_gateways(around: Around) -> Iterator[Remark]:
    """Callers of one callee that describe its gateway, or what the gateway runs, differently."""
    first: dict[str, tuple[str, list[tuple[str, Any]]]] = {}
    for site, policies in around:
        callee = site.callee.split(".")[0]
        gateways = [i for i, one in enumerate(policies) if one.kind == "breaker" and in_gateway(one.policy)]
        if not gateways:
            continue
        at = gateways[0]
        runs = [(one.kind, one.policy) for one in policies[at:]]
        caller, known = first.setdefault(callee, (site.caller, runs))
        if runs != known:
            both = f"{caller} -> {callee} and {site.caller} -> {callee}"
            message = f"{both} go through one gateway, and say different things about it"
            where = f"write its breaker, and what stands below it, once: in services.{callee}.policies"
            yield policies[at].at, f"{message}; {where}"


def in_gateway(breaker: Breaker) -> bool:
    """Does it live in a gateway?"""
    return breaker.place != "library" and breaker.place.gateway is not None


def idle_breakers(model: Scenario, around: Around, load: Offered) -> Iterator[Remark]:
    """Breakers whose copies see too few results to trip within the run."""
    rates: dict[tuple[Location, str, str], float] = {}
    found: dict[tuple[Location, str, str], Breaker] = {}
    for site, policies in around:
        source = model.sources.get(site.caller)
        # the load of a closed loop follows the answers: it is not judged
        visits = load.visits.get(site.caller, 0.0) if source is None else source_rate(source, model.duration)
        rate = visits * site.per_visit
        for one in policies:
            if one.kind == "breaker" and rate > 0:
                caller, callee = site.caller.split(".")[0], site.callee.split(".")[0]
                target = site.callee if one.policy.key == "endpoint" else callee
                key = (one.at, caller, target)
                rates[key] = rates.get(key, 0.0) + rate / _copies(model, one.policy, caller, callee)
                found[key] = one.policy
    for (at, caller, target), rate in rates.items():
        message = cannot_trip(found[at, caller, target], rate, model.duration)
        if message:
            yield at, f"{message} ({caller} -> {target}: {rate:.3g} calls/s per copy)"


def _copies(model: Scenario, breaker: Breaker, caller: str, callee: str) -> int:
    copies = 1
    if breaker.copies == "replica" and not in_gateway(breaker):
        source = model.sources.get(caller)
        copies = (source.clients or source.users or 1) if source else model.services[caller].replicas
    return copies * (model.services[callee].replicas if breaker.key == "replica" else 1)


_TIMED = (parts.W_TIME, parts.W_LAZY)


def _results_needed(rule: parts.Rule) -> float:
    """So many results must be in the window before the rule can hold."""
    counts = (parts.Q_N, parts.Q_ROW, parts.Q_FAILURES)
    return max([1.0, *(x for quantity, _, x in rule[1] if quantity in counts)])


def cannot_trip(breaker: Breaker, rate: float, duration: int | None) -> str:
    """Why a copy that sees so many calls per second cannot trip in a run so long; empty: it can."""
    if breaker.use not in (None, *catalog.names()) or breaker.use == "none":
        return ""
    params = catalog.params_from(breaker.model_dump())
    if not params.rules:
        return "this breaker cannot trip: its settings give it no rule"
    need = int(min(_results_needed(rule) for rule in params.rules))
    time = params.size * params.width_ns if params.window in _TIMED else 0
    if time and rate * time / 1e9 < need:
        return (
            f"this breaker cannot trip: its window of {show_ns(time)} holds {rate * time / 1e9:.3g} results "
            f"on average, and it judges {need} or more"
        )
    if duration is not None and rate * duration / 1e9 < need:
        seen = f"{rate * duration / 1e9:.3g} results"
        return f"this breaker cannot trip: a copy sees {seen} in the whole run and needs {need}"
    return ""


def _ejectors(around: Around) -> Iterator[tuple[Site, list[Applied], Applied]]:
    """Calls with host ejection: the call, all its policies, and the ejection."""
    for site, policies in around:
        for one in policies:
            if one.kind == "outlier":
                yield site, policies, one


def rival_choosers(around: Around) -> Iterator[Remark]:
    """Host ejection beside another policy that chooses the host."""
    seen = set()
    for site, policies, one in _ejectors(around):
        others = [
            a
            for a in policies
            if a is not one and (a.kind == "outlier" or (a.kind == "breaker" and a.policy.key == "replica"))
        ]
        if others and one.at not in seen:
            seen.update([one.at, *(a.at for a in others)])
            what = "other host ejection" if others[0].kind == "outlier" else "a breaker with `key: replica`"
            yield (
                one.at,
                f"both this and {what} choose the host ({site.caller} -> {site.callee}): keep one of them",
            )


def idle_ejectors(model: Scenario, around: Around) -> Iterator[Remark]:
    """Host ejection that can eject nobody."""
    seen = set()
    for site, _, one in _ejectors(around):
        service = model.services[site.callee.split(".")[0]]
        hosts = service.autoscale.max if service.autoscale else service.replicas
        why = outlier_catalog.idle(outlier_catalog.params_from(one.policy.use, one.policy.params), hosts)
        if why and one.at not in seen:
            seen.add(one.at)
            yield one.at, f"this ejects nobody: {why} ({site.caller} -> {site.callee})"


def idle_operations(model: Scenario, around: Around) -> Iterator[Remark]:
    """Operations on edges without a breaker to move."""
    guarded = {
        f"{site.caller.split('.')[0]} -> {site.callee.split('.')[0]}"
        for site, policies in around
        if any(a.kind == "breaker" for a in policies)
    }
    for i, operation in enumerate(model.operations):
        for name in operation.edge:
            if name not in guarded:
                yield (
                    ("operations", i, "edge"),
                    f"{name} has no breaker to move; give it one, or another edge",
                )


def overload(model: Scenario, sites: list[Site], load: Offered) -> Iterator[Remark]:
    """Services offered more than they can do, always or while caches are empty, and what becomes of the rest."""
    without_hits = offered(model, [site.without_hits() for site in sites])
    for name, share in load.utilisation.items():
        most = without_hits.utilisation[name]
        if most > 1:
            service = model.services[name]
            what = "cores" if service.cores is not None else "slots"
            when, then = ("", share) if share > 1 else (" with all caches empty", most)
            message = f"{name} is offered {then:.0%} of what its {what} can do{when}: {_becomes(service)}"
            yield ("services", name), message


def _becomes(service: Service) -> str:
    """What becomes of the load that is too much."""
    if service.slots is None:
        return "what is inside only grows, and slows down"
    if service.queue is None:
        return "its queue only grows"
    return (
        f"its queue of {service.queue} fills, and the rest is shed" if service.queue else "the rest is shed"
    )
