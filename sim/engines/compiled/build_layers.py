"""Call sites with their layers, scopes with the tables of their copies, parameters of breakers."""

from typing import Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.compiled.layers import L_CALL
from sim.policies.limits import cycles
from sim.topology import types as t
from sim.topology.names import caller_names
from sim.words import CALLS, TRIES

PARAMETERS = {
    t.L_THROTTLE: ("throttle_params", layout.THROTTLE_PARAMS),
    t.L_CONCURRENCY: ("concurrency_params", layout.CONCURRENCY_PARAMS),
    t.L_OUTLIER: ("outlier_params", layout.OUTLIER_PARAMS),
}
"""Where the parameters of layers lie that have a record of their own."""

PLAIN = (t.L_FALLBACK, t.L_DEADLINE, t.L_BREAKER, t.L_TIMEOUT, t.L_TRY, t.L_ATTEMPT)
"""Layers after which nothing of a call is left (see `answering`)."""


class Layers:
    """By the names of WORLD."""

    def __init__(self, topology: t.Topology, standing: Any) -> None:
        self.topology = topology
        self.standing = standing
        self.tables: dict[str, Any] = {}
        self.caller_names = caller_names(topology)
        self.params: list[dict[str, Any]] = []
        self.breakers: list[Any] = []
        """The same as the policies' own records."""
        self.limits: list[dict[str, Any]] = []
        self.limit_params: list[Any] = []
        """The same for the limits."""
        self.others: dict[int, list[dict[str, Any]]] = {kind: [] for kind in PARAMETERS}
        self.other_params: dict[int, list[Any]] = {kind: [] for kind in PARAMETERS}
        """By kind of layer: parameters of those that have a record of their own, and the policies' own."""
        self.copies: list[Any] = []
        """By scope: the numbers of its copies."""
        self.rows: list[dict[str, Any]] = [{}]
        """Number 0 is nobody."""
        sites = [self._site(site) for site in topology.sites]
        self._table("sites", layout.SITE, sites)
        self._table("layers", layout.LAYER, self.rows)
        self._table("params", layout.PARAMS, self.params)
        self._table("limits", layout.LIMIT, self.limits)
        for kind, rows in self.others.items():
            self._table(PARAMETERS[kind][0], PARAMETERS[kind][1], rows)
        self._table("scopes", layout.SCOPE, [self._scope(s) for s in topology.scopes])

    def _table(self, name: str, dtype: Any, rows: list[dict[str, Any]]) -> None:
        self.tables[name] = self.standing.table(name, dtype, rows)

    def _site(self, site: t.CallSite) -> dict[str, Any]:
        root = len(self.rows)
        self._layer(site, t.Layer(L_CALL), 0)
        for i, spec in enumerate(site.layers):
            self._layer(site, spec, sum(before.kind == spec.kind for before in site.layers[:i]))
        self.rows[-1]["inner"] = 0
        same = ("id", "edge", "callee", "repeat", "optional", "wait", "cache", "probability")
        return {name: getattr(site, name) for name in same} | {"root": root, "plain": self._plain(site)}

    def _plain(self, site: t.CallSite) -> bool:
        """Has a call one try at most, and is nothing of it left on the clock or on the way once it is answered?"""
        late = any(
            spec.kind == t.L_BREAKER and self.topology.scopes[spec.scope].delay_ns for spec in site.layers
        )
        return not late and all(spec.kind in PLAIN for spec in site.layers)

    def _layer(self, site: t.CallSite, spec: t.Layer, nth: int) -> None:
        number = len(self.rows)
        ledger = CALLS if spec.kind == L_CALL else TRIES
        scopes = self.topology.scopes
        by_host = any(x.kind in t.WITH_STATES and scopes[x.scope].key == t.KEY_REPLICA for x in site.layers)
        row = {
            "id": number, "kind": spec.kind, "site": site.id, "inner": number + 1, "scope": spec.scope,
            "nth": nth, "edge": site.edge, "endpoint": site.callee,
            "service": self.topology.endpoints[site.callee].service,
            "row": ledger * len(self.topology.sites) + site.id,
            "watched": self.topology.edges[site.edge].watched, "by_host": by_host,
        }  # fmt: skip
        self.rows.append(row | self._own(site, spec))

    def _own(self, site: t.CallSite, spec: t.Layer) -> dict[str, Any]:
        """What its kind adds."""
        p: Any = spec.params
        if spec.kind == t.L_TIMEOUT:
            return {"timeout_ns": p.timeout_ns, "cancel": p.cancel}
        if spec.kind == t.L_DEADLINE:
            return {"deadline_ns": p.deadline_ns, "propagate": p.propagate}
        if spec.kind == t.L_RETRY:
            same = ("attempts", "backoff", "base_ns", "multiplier", "cap_ns", "jitter", "spread", "on")
            return {name: getattr(p, name) for name in same} | {"params": self._limit(p.budget)}
        if spec.kind in (t.L_BULKHEAD, t.L_RATE_LIMIT):
            return {"params": self._limit(p)}
        if spec.kind == t.L_HEDGE:
            cancel = next((s.params.cancel for s in site.layers if s.kind == t.L_TIMEOUT), t.CANCEL_NONE)
            return {"delay_ns": p.delay_ns, "extra": p.extra, "cancel": cancel}
        if spec.kind == t.L_HOP:
            return {"delay_ns": p.delay_ns}
        if spec.kind == t.L_FALLBACK:
            return {"on": p.on}
        if spec.kind == t.L_BREAKER:
            scope = self.topology.scopes[spec.scope]
            late = {"delay_ns": scope.delay_ns if scope.shared else 0}
            return late | {"params": self._params(p.params), "learn": p.learn, "key_kind": scope.key}
        if spec.kind == t.L_OUTLIER:
            return {"params": self._other(spec.kind, p.params), "learn": p.codes}
        if spec.kind in PARAMETERS:
            return {"params": self._other(spec.kind, p)}
        return {}

    def _other(self, kind: int, p: Any) -> int:
        """Parameters of a throttle, a concurrency limit or an ejector; their number."""
        names = PARAMETERS[kind][1].names
        self.others[kind].append({name: getattr(p, name) for name in names or ()})
        self.other_params[kind].append(p)
        return len(self.others[kind]) - 1

    def _limit(self, p: Any) -> int:
        """Parameters of a bulkhead, a rate limit or a budget; their number."""
        names = f"{layout.LIMIT_INTS} {layout.LIMIT_FLOATS} costs".split()
        row = {name: getattr(p, name) for name in names if hasattr(p, name)}
        self.limits.append(row | {"cycles": isinstance(p, cycles.Params)})
        self.limit_params.append(p)
        return len(self.limits) - 1

    def _params(self, p: Any) -> int:
        """Parameters of a breaker; their number."""
        names = f"{layout.PARAMS_INTS} {layout.PARAMS_FLOATS}".split()
        row = {name: getattr(p, name) for name in names}
        for name in layout.PARAMS_LISTS:
            row |= {f"{name}_at": self.standing.keep(getattr(p, name)), f"{name}_n": len(getattr(p, name))}
        row["thresholds_at"] = self.standing.keep(p.thresholds, np.float64)
        row["thresholds_n"] = len(p.thresholds)
        self.params.append(row)
        self.breakers.append(p)
        return len(self.params) - 1

    def _scope(self, scope: t.Scope) -> dict[str, Any]:
        edge = self.topology.edges[scope.edge]
        first_caller, callers = self._callers(edge)
        first_target, targets = self._targets(scope, edge)
        if scope.shared:
            callers = 1
        copies = np.zeros(callers * targets, dtype=np.int64)
        self.copies.append(copies)
        return {
            "id": scope.id, "kind": scope.kind, "key": scope.key, "shared": scope.shared,
            "first_caller": first_caller, "callers": callers, "first_target": first_target, "targets": targets,
            "table_at": copies.ctypes.data,
        }  # fmt: skip

    def table_of(self, scope: int) -> Any:
        """Numbers of a scope's copies: callers x targets."""
        return self.copies[scope]

    def _callers(self, edge: t.Edge) -> tuple[int, int]:
        """(first caller id, how many) that use an edge."""
        if edge.caller_source >= 0:
            source = self.topology.sources[edge.caller_source]
            return self.topology.first_client[source.id], source.clients
        service = self.topology.services[edge.caller_service]
        return service.first_replica, service.replicas_max

    def _targets(self, scope: t.Scope, edge: t.Edge) -> tuple[int, int]:
        """(first target id, how many) that its copies may stand for."""
        service = self.topology.services[edge.callee_service]
        if scope.key == t.KEY_REPLICA:
            return service.first_replica, service.replicas_max
        if scope.key == t.KEY_ENDPOINT:
            return min(service.endpoints), max(service.endpoints) - min(service.endpoints) + 1
        return 0, 1
