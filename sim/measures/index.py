"""What measures look up again and again, found once per topology or record: a thousand services have ten thousand
targets."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from functools import wraps
from itertools import chain
from typing import NamedTuple, TypeVar

from sim.record.types import Copy, Record, Transition
from sim.topology.types import Topology

KEPT = 4
X = TypeVar("X")
Y = TypeVar("Y")


def once(build: Callable[[X], Y]) -> Callable[[X], Y]:
    """Remember what was built for the last few objects, which nobody changes any more."""
    kept: deque[tuple[X, Y]] = deque(maxlen=KEPT)

    @wraps(build)
    def get(of: X) -> Y:
        for known, made in kept:
            if known is of:
                return made
        made = build(of)
        kept.append((of, made))
        return made

    return get


Ids = dict[str, tuple[int, ...]]


class Names(NamedTuple):
    """What each name stands for."""

    sites_of_all: tuple[int, ...]
    sites: tuple[Ids, ...]
    """By name of a source, service, endpoint, edge, step: the first that knows the name says it."""
    services: Ids
    services_of_all: tuple[int, ...]
    endpoints: tuple[Ids, ...]
    """By name of an endpoint, of a step."""
    endpoints_of_service: tuple[tuple[int, ...], ...]


def _grouped(pairs: Iterable[tuple[str, int]], names: Iterable[str] = ()) -> Ids:
    found: dict[str, list[int]] = {name: [] for name in names}
    for name, i in pairs:
        found.setdefault(name, []).append(i)
    return {name: tuple(ids) for name, ids in found.items()}


def _through_gateways(t: Topology) -> Iterable[tuple[str, str, int]]:
    """(`web -> db`, db, the edge that stands for it where a gateway stands between them)."""
    for e in t.edges:
        caller, _, rest = e.name.partition(" -> gateway(")
        if rest.endswith(")"):
            yield f"{caller} -> {rest[:-1]}", rest[:-1], e.id


@once
def names(t: Topology) -> Names:
    """Of a topology."""
    service_names, endpoint_names = [s.name for s in t.services], [e.name for e in t.endpoints]
    edge_names = [e.name for e in t.edges]
    alias = {edge: name for name, _, edge in _through_gateways(t)}
    by_source = _grouped(
        ((t.sources[s.source].name, s.id) for s in t.sites if s.source >= 0), (s.name for s in t.sources)
    )
    by_service = _grouped(
        ((service_names[t.endpoints[s.callee].service], s.id) for s in t.sites), service_names
    )
    by_endpoint = _grouped(((endpoint_names[s.callee], s.id) for s in t.sites), endpoint_names)
    by_edge = _grouped(((edge_names[s.edge], s.id) for s in t.sites), edge_names)
    by_alias = _grouped((alias[s.edge], s.id) for s in t.sites if s.edge in alias)
    ids = {s.name: s.id for s in t.services}
    services = chain(
        ((s.name, s.id) for s in t.services),
        ((e.name, e.service) for e in t.endpoints),
        ((e.name, e.callee_service) for e in t.edges),
        ((s.name, t.endpoints[s.callee].service) for s in t.sites),
        ((name, ids[callee]) for name, callee, _ in _through_gateways(t) if callee in ids),
    )
    return Names(
        sites_of_all=tuple(s.id for s in t.sites if s.source >= 0),
        sites=(
            by_source,
            by_service,
            by_endpoint,
            by_edge,
            by_alias,
            _grouped((s.name, s.id) for s in t.sites),
        ),
        services=_grouped(services),
        services_of_all=tuple(s.id for s in t.services),
        endpoints=(
            _grouped((e.name, e.id) for e in t.endpoints),
            _grouped((s.name, s.callee) for s in t.sites),
        ),
        endpoints_of_service=tuple(tuple(sorted(s.endpoints)) for s in t.services),
    )


@once
def moves_by_scope(record: Record) -> dict[int, list[tuple[int, Transition]]]:
    """Numbered transitions."""
    found = defaultdict(list)
    for i, move in enumerate(record.transitions):
        found[move.scope].append((i, move))
    return dict(found)


@once
def copies_by_scope(record: Record) -> dict[int, list[Copy]]:
    """Copies that came into being."""
    found = defaultdict(list)
    for copy in record.copies:
        found[copy.scope].append(copy)
    return dict(found)


def moves_of(record: Record, scopes: Iterable[int]) -> list[Transition]:
    """Transitions in these scopes, in the order of the log."""
    by_scope = moves_by_scope(record)
    return [move for _, move in sorted(chain.from_iterable(by_scope.get(s, ()) for s in set(scopes)))]


def copies_of(record: Record, scopes: Iterable[int]) -> list[Copy]:
    """Copies in these scopes."""
    by_scope = copies_by_scope(record)
    return [copy for s in sorted(set(scopes)) for copy in by_scope.get(s, ())]
