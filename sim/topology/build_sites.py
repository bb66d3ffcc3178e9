"""Edges, call sites with their layers, and the scopes of what keeps state."""

from collections import Counter
from typing import Any

from sim.scenario.policies import Policies, Single
from sim.topology import policies as layering
from sim.topology import types as t
from sim.topology.build_wiring import Wiring, gateway_at, is_gateway

WATCH_ALL_BELOW = 50
SIDECAR_HOP_NS = 500_000


class Sites:
    """Collects call sites and scopes; edges are there from the start."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.edges = declare_edges(wiring)
        self.sites: list[t.CallSite] = []
        self.scopes: list[t.Scope] = []
        self._scope_of: dict[tuple[Any, ...], int] = {}
        self._scopes_on: Counter[tuple[int, int]] = Counter()
        self._layer_of: dict[int, t.Layer] = {}
        """By the policy, which `wiring` keeps: most calls of a large graph have the same."""
        self._names: dict[str, int] = {}

    def add(self, caller: str, reference: str, who: str, *, policies: Policies, **facts: Any) -> int:
        """A call site; `who` is the caller endpoint's or source's name. Returns its id."""
        wiring = self.wiring
        target = wiring.resolve(reference)
        callee, endpoint = target.rsplit(".", 1)
        singles = list(wiring.policies(caller, callee, policies))
        behind = is_gateway(caller)
        if behind:
            singles = wiring.behind_gateway(callee)
        elif wiring.gateway_of(caller, reference, policies) is not None:
            at = gateway_at(singles)
            singles = singles[:at] + [s for s in singles[at + 1 :] if s.timeout]
            callee = f"gateway({callee})"
            target = f"{callee}.{endpoint}"
        edge = self.edges[f"{caller} -> {callee}"]
        site = t.CallSite(
            id=len(self.sites),
            name=self._unique(f"{who} -> {target}"),
            callee=wiring.endpoint_id[target],
            edge=edge.id,
            has_fallback=any(s.fallback for s in singles),
            layers=self._layers(singles, edge, shared=behind),
            **facts,
        )
        self.sites.append(site)
        return site.id

    def _unique(self, name: str) -> str:
        self._names[name] = n = self._names.get(name, 0) + 1
        return name if n == 1 else f"{name}#{n}"

    def _layers(self, singles: list[Single], edge: t.Edge, *, shared: bool) -> tuple[t.Layer, ...]:
        layers, hop = [], None
        seen: dict[int, int] = {}
        for single in singles:
            layer = self._layer_of.get(id(single))
            if layer is None:
                layer = self._layer_of[id(single)] = layering.layer_of(single)
            if single.breaker and layering.place_of(single.breaker) == "sidecar":
                place = single.breaker.place
                hop = place.sidecar.hop if not isinstance(place, str) and place.sidecar else SIDECAR_HOP_NS
            if layering.stateful(layer):
                nth = seen[layer.kind] = seen.get(layer.kind, 0) + 1
                layer = t.Layer(layer.kind, layer.params, self._scope(single, layer, edge, nth, shared))
            layers.append(layer)
        return tuple(layering.complete(layers, hop))

    def _scope(self, single: Single, layer: t.Layer, edge: t.Edge, nth: int, shared: bool) -> int:
        """Call sites of one edge with equal policies share one scope."""
        identity = (edge.id, layer.kind, nth, repr(layer.params), repr(single))
        if identity in self._scope_of:
            return self._scope_of[identity]
        same = self._scopes_on[edge.id, layer.kind]
        self._scopes_on[edge.id, layer.kind] += 1
        breaker, outlier = single.breaker, single.outlier
        key = ("edge", "endpoint", "replica").index(breaker.key) if breaker else t.KEY_EDGE
        if outlier:
            key = t.KEY_REPLICA
        kept = breaker or outlier
        copies = kept.copies if kept else "replica"
        delay = 0 if isinstance(copies, str) else copies.shared.delay
        scope = t.Scope(
            id=len(self.scopes),
            name=edge.name if same == 0 else f"{edge.name} #{same + 1}",
            kind=layer.kind,
            edge=edge.id,
            key=key,
            shared=shared or copies != "replica",
            delay_ns=delay,
        )
        self.scopes.append(scope)
        self._scope_of[identity] = scope.id
        return scope.id


def declare_edges(wiring: Wiring) -> dict[str, t.Edge]:
    """Every edge by its name; one that goes through a gateway becomes two."""
    found: dict[str, tuple[str, str]] = {}
    for caller, reference, extra in wiring.calls:
        callee = wiring.callee_service(reference)
        gateway = f"gateway({callee})"
        if wiring.gateway_of(caller, reference, extra) is not None:
            found[f"{caller} -> {gateway}"] = (caller, gateway)
            found[f"{gateway} -> {callee}"] = (gateway, callee)
        else:
            found[f"{caller} -> {callee}"] = (caller, callee)
    watch = wiring.model.watch
    if watch is None:
        watch = tuple(map(_plain, found)) if len(found) < WATCH_ALL_BELOW else ()
    edges = {}
    for i, name in enumerate(sorted(found)):
        caller, callee = found[name]
        dist = _network(wiring, caller, callee)
        edges[name] = t.Edge(
            id=i,
            name=name,
            caller_service=wiring.service_id.get(caller, -1) if caller not in wiring.source_id else -1,
            caller_source=wiring.source_id.get(caller, -1),
            callee_service=wiring.service_id[callee],
            out=dist,
            back=dist,
            watched=caller in wiring.source_id or _plain(name) in watch,
        )
    return edges


def _network(wiring: Wiring, caller: str, callee: str) -> Any:
    model = wiring.model
    edge = model.edges.get(f"{caller} -> {callee}")
    if edge is not None and edge.network is not None:
        return edge.network.dist
    source = model.sources.get(caller)
    if source is not None and source.network is not None:
        return source.network.dist
    return model.network.dist


def _plain(edge: str) -> str:
    """The edge by the name that the file gives it, where a gateway stands between."""
    caller, _, callee = edge.partition(" -> ")
    inner = callee.removeprefix("gateway(").removesuffix(")") if is_gateway(callee) else callee
    return f"{caller} -> {inner}"
