"""Model -> topology: frozen records with integer ids. Ids follow sorted names, so that the order in the
file changes nothing; a gateway becomes a service of its own."""

import math
from typing import Any

from sim.scenario import model as m
from sim.scenario.policies import Policies, Single
from sim.topology import policies as layering
from sim.topology import rates
from sim.topology import types as t
from sim.topology.faults import build_faults
from sim.words import FOREVER, NS

MAX_BUCKETS = 600
WATCH_ALL_BELOW = 50
_BALANCERS = ("random", "round-robin", "least-outstanding", "power-of-two")


class Builder:
    """Collects records while it walks the model."""

    def __init__(self, model: m.Scenario) -> None:
        self.model = model
        self.services: list[t.Service] = []
        self.endpoints: list[t.Endpoint] = []
        self.steps: list[t.Step] = []
        self.edges: dict[str, t.Edge] = {}
        self.sites: list[t.CallSite] = []
        self.scopes: list[t.Scope] = []
        self._scope_of: dict[tuple[Any, ...], int] = {}
        self.endpoint_id: dict[str, int] = {}
        self.service_id: dict[str, int] = {}
        self.cache_id = {name: i for i, name in enumerate(sorted(model.caches))}
        self.gateways: dict[str, m.Service] = {}
        self._names: dict[str, int] = {}

    # Names -----------------------------------------------------------------------------------------

    def resolve(self, reference: str) -> str:
        """`service.endpoint` of a reference."""
        if reference in self.all_services:
            return f"{reference}.{next(iter(self.all_services[reference].endpoints))}"
        return reference

    def callee_service(self, reference: str) -> str:
        """The service of a reference."""
        return reference if reference in self.all_services else reference.rpartition(".")[0]

    @property
    def all_services(self) -> dict[str, m.Service]:
        return {**self.model.services, **self.gateways}

    # Build -----------------------------------------------------------------------------------------

    def build(self) -> t.Topology:
        model = self.model
        self._find_gateways()
        every = self.all_services
        names = sorted(every)
        self.service_id = {name: i for i, name in enumerate(names)}
        for name in names:
            for endpoint in sorted(every[name].endpoints):
                self.endpoint_id[f"{name}.{endpoint}"] = len(self.endpoint_id)
        self._declare_edges()
        first = 0
        for name in names:
            self._service(name, every[name], first)
            first += self.services[-1].replicas_max
        sources, first_client, callers = self._sources(first)
        duration = model.duration if model.duration is not None else FOREVER
        bucket, buckets = self._buckets()
        return t.Topology(
            name=model.name,
            duration_ns=duration,
            warmup_ns=model.warmup,
            drain=model.drain,
            requests=model.requests or -1,
            successes=model.successes or -1,
            reject_ns=model.reject_time,
            bucket_ns=bucket,
            buckets=buckets,
            services=tuple(self.services),
            endpoints=tuple(self.endpoints),
            steps=tuple(self.steps),
            edges=tuple(sorted(self.edges.values(), key=lambda e: e.id)),
            sites=tuple(self.sites),
            scopes=tuple(self.scopes),
            sources=sources,
            caches=tuple(self._cache(i, n, model.caches[n]) for n, i in self.cache_id.items()),
            faults=build_faults(self),
            replicas=first,
            callers=callers,
            first_client=first_client,
        )

    def _buckets(self) -> tuple[int, int]:
        model = self.model
        if model.duration is None:
            return model.bucket or NS, MAX_BUCKETS
        width = model.bucket or max(NS, math.ceil(model.duration / MAX_BUCKETS / 10**6) * 10**6)
        width = max(width, math.ceil(model.duration / MAX_BUCKETS))
        return width, math.ceil(model.duration / width)

    # Gateways --------------------------------------------------------------------------------------

    def _find_gateways(self) -> None:
        """Every call whose breaker lives in a gateway goes through `gateway(callee)`."""
        for caller, reference, extra in self._all_calls():
            place = self._gateway_of(caller, reference, extra)
            if place is None:
                continue
            callee, endpoint = self.resolve(reference).rsplit(".", 1)
            name = f"gateway({callee})"
            spec = self.gateways.get(name)
            endpoints = dict(spec.endpoints) if spec else {}
            steps = (m.Step(work=m.DistSpec(f"{place.work}ns")), m.Step(call=f"{callee}.{endpoint}"))
            endpoints[endpoint] = m.Endpoint(steps=steps)
            self.gateways[name] = m.Service(slots=place.slots, queue=place.queue, endpoints=endpoints)

    def _gateway_of(self, caller: str, reference: str, extra: Policies) -> Any:
        if caller.startswith("gateway("):
            return None
        for single in self._policies(caller, self.callee_service(reference), extra):
            if single.breaker and layering.place_of(single.breaker) == "gateway":
                return single.breaker.place.gateway  # type: ignore[union-attr]
        return None

    def _all_calls(self) -> list[tuple[str, str, Policies]]:
        found: list[tuple[str, str, Policies]] = []

        def walk(caller: str, steps: tuple[m.Step, ...]) -> None:
            for step in steps:
                if step.call is not None:
                    found.append((caller, step.call, step.policies))
                for branch in step.parallel or ():
                    walk(caller, branch)

        for name in sorted(self.model.sources):
            source = self.model.sources[name]
            found += [
                (name, call, Policies()) for call in ([source.call] if source.call else source.mix or ())
            ]
        for name in sorted(self.model.services):
            for endpoint in self.model.services[name].endpoints.values():
                walk(name, endpoint.steps)
        return found

    # Policies and edges ------------------------------------------------------------------------------

    def _policies(self, caller: str, callee: str, extra: Policies) -> tuple[Single, ...]:
        model = self.model
        blocks: list[Policies] = [model.policies]
        if callee in model.services:
            blocks.append(model.services[callee].policies)
        if caller in model.sources:
            blocks.append(model.sources[caller].policies)
        edge = model.edges.get(f"{caller} -> {callee}")
        if edge is not None:
            blocks.append(edge)
        return layering.effective(*blocks, extra)

    def _declare_edges(self) -> None:
        """Every edge, its id by its name."""
        found: dict[str, tuple[str, str]] = {}
        for caller, reference, extra in self._all_calls():
            callee = self.callee_service(self.resolve(reference))
            gateway = f"gateway({callee})"
            if self._gateway_of(caller, reference, extra) is not None:
                found[f"{caller} -> {gateway}"] = (caller, gateway)
                found[f"{gateway} -> {callee}"] = (gateway, callee)
            else:
                found[f"{caller} -> {callee}"] = (caller, callee)
        watched = self.model.watch
        for i, name in enumerate(sorted(found)):
            caller, callee = found[name]
            dist = self._network(caller, callee)
            is_source = caller in self.model.sources
            self.edges[name] = t.Edge(
                id=i,
                name=name,
                caller_service=-1 if is_source else self.service_id[caller],
                caller_source=sorted(self.model.sources).index(caller) if is_source else -1,
                callee_service=self.service_id[callee],
                out=dist,
                back=dist,
                watched=_plain(name) in watched if watched is not None else len(found) < WATCH_ALL_BELOW,
            )

    def _network(self, caller: str, callee: str) -> Any:
        edge = self.model.edges.get(f"{caller} -> {callee}")
        if edge is not None and edge.network is not None:
            return edge.network.dist
        source = self.model.sources.get(caller)
        if source is not None and source.network is not None:
            return source.network.dist
        return self.model.network.dist

    # Call sites --------------------------------------------------------------------------------------

    def site(self, caller: str, reference: str, who: str, **facts: Any) -> int:
        """A call site; `who` is the caller endpoint's or source's name. Returns its id."""
        extra: Policies = facts.pop("policies")
        target = self.resolve(reference)
        callee, endpoint = target.rsplit(".", 1)
        singles = list(self._policies(caller, callee, extra))
        behind = caller.startswith("gateway(")
        gateway = self._gateway_of(caller, reference, extra)
        if behind:
            singles = self._behind_gateway(callee)
        elif gateway is not None:
            at = next(
                i for i, s in enumerate(singles) if s.breaker and layering.place_of(s.breaker) == "gateway"
            )
            singles = singles[:at] + [s for s in singles[at + 1 :] if s.timeout]
            callee = f"gateway({callee})"
            target = f"{callee}.{endpoint}"
        edge = self.edges[f"{caller} -> {callee}"]
        site = t.CallSite(
            id=len(self.sites),
            name=self._unique(f"{who} -> {target}"),
            callee=self.endpoint_id[target],
            edge=edge.id,
            has_fallback=any(s.fallback for s in singles),
            layers=self._layers(singles, edge, shared=behind),
            **facts,
        )
        self.sites.append(site)
        return site.id

    def _behind_gateway(self, callee: str) -> list[Single]:
        """What the gateway runs: the breaker, and what stands below it in the callers' policies."""
        for caller, reference, extra in self._all_calls():
            if self.callee_service(self.resolve(reference)) == callee and self._gateway_of(
                caller, reference, extra
            ):
                singles = list(self._policies(caller, callee, extra))
                at = next(
                    i
                    for i, s in enumerate(singles)
                    if s.breaker and layering.place_of(s.breaker) == "gateway"
                )
                return singles[at:]
        raise AssertionError(callee)

    def _unique(self, name: str) -> str:
        self._names[name] = n = self._names.get(name, 0) + 1
        return name if n == 1 else f"{name}#{n}"

    def _layers(self, singles: list[Single], edge: t.Edge, *, shared: bool) -> tuple[t.Layer, ...]:
        layers, hop = [], None
        seen: dict[int, int] = {}
        for single in singles:
            layer = layering.layer_of(single)
            if single.breaker and layering.place_of(single.breaker) == "sidecar":
                place = single.breaker.place
                hop = place.sidecar.hop if not isinstance(place, str) and place.sidecar else 500_000
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
        same = sum(1 for s in self.scopes if s.edge == edge.id and s.kind == layer.kind)
        breaker = single.breaker
        key = ("edge", "endpoint", "replica").index(breaker.key) if breaker else t.KEY_EDGE
        copies = breaker.copies if breaker else "replica"
        delay = 0 if isinstance(copies, str) else copies.shared.delay
        scope = t.Scope(
            id=len(self.scopes),
            name=edge.name if same == 0 else f"{edge.name} #{same + 1}",
            kind=layer.kind,
            edge=edge.id,
            key=key,
            shared=shared or not isinstance(copies, str),
            delay_ns=delay,
        )
        self.scopes.append(scope)
        self._scope_of[identity] = scope.id
        return scope.id

    # Services ----------------------------------------------------------------------------------------

    def _service(self, name: str, spec: m.Service, first_replica: int) -> None:
        number = self.service_id[name]
        ids = tuple(self._endpoint(number, name, e, spec.endpoints[e]) for e in sorted(spec.endpoints))
        codel = (
            None
            if isinstance(spec.discipline, str)
            else spec.discipline.codel or spec.discipline.adaptive_lifo
        )
        kind = (
            spec.discipline
            if isinstance(spec.discipline, str)
            else "codel"
            if spec.discipline.codel
            else "adaptive"
        )
        scale = spec.autoscale
        slots = -1 if spec.slots is None else spec.slots
        self.services.append(
            t.Service(
                id=number,
                name=name,
                replicas=spec.replicas,
                replicas_max=scale.max if scale else spec.replicas,
                first_replica=first_replica,
                slots=slots,
                cores=slots if spec.cores is None else spec.cores,
                queue=-1 if spec.queue is None else spec.queue,
                discipline=("fifo", "lifo", "codel", "adaptive").index(kind),
                codel_target_ns=codel.target if codel else 5_000_000,
                codel_interval_ns=codel.interval if codel else 100_000_000,
                contention=spec.contention,
                holds_slot=spec.holds_slot,
                balancer=_BALANCERS.index(spec.balancer),
                panic=spec.panic,
                health_check_ns=-1 if spec.health_check is None else spec.health_check,
                cold_start_times=spec.cold_start.times if spec.cold_start else 1.0,
                cold_start_ns=spec.cold_start.for_ if spec.cold_start else 0,
                autoscale=t.Autoscale(scale.target, scale.interval, scale.startup, scale.min, scale.max)
                if scale
                else None,
                gateway=name in self.gateways,
                endpoints=ids,
            )
        )

    def _endpoint(self, service: int, service_name: str, name: str, spec: m.Endpoint) -> int:
        number = self.endpoint_id[f"{service_name}.{name}"]
        counter = [0]
        steps = tuple(self._step(s, number, f"{service_name}.{name}", counter) for s in spec.steps)
        self.endpoints.append(
            t.Endpoint(number, f"{service_name}.{name}", service, steps, spec.error_rate, spec.fail_fast)
        )
        return number

    def _step(self, spec: m.Step, endpoint: int, who: str, counter: list[int]) -> int:
        position = counter[0]
        counter[0] += 1
        site, need = -1, 0
        branches: tuple[tuple[int, ...], ...] = ()
        if spec.call is not None:
            site = self.site(
                who.rsplit(".", 1)[0], spec.call, who, source=-1, endpoint=endpoint, probability=spec.probability,
                repeat=spec.repeat, optional=spec.optional, wait=spec.wait, policies=spec.policies,
                cache=self.cache_id[spec.cache] if spec.cache else -1,
            )  # fmt: skip
        if spec.parallel is not None:
            branches = tuple(tuple(self._step(s, endpoint, who, counter) for s in b) for b in spec.parallel)
            need = spec.first or len(branches)
        step = t.Step(
            id=len(self.steps),
            kind=t.WORK if spec.work else t.CALL if spec.call else t.PARALLEL,
            endpoint=endpoint,
            position=position,
            work=spec.work.dist if spec.work else None,
            site=site,
            branches=branches,
            need=need,
            cancel=("none", "queued", "all").index(spec.cancel),
        )
        self.steps.append(step)
        return step.id

    # Sources and caches --------------------------------------------------------------------------------

    def _sources(self, replicas: int) -> tuple[tuple[t.Source, ...], tuple[int, ...], int]:
        out, first_client, next_caller = [], [], replicas
        for i, name in enumerate(sorted(self.model.sources)):
            spec = self.model.sources[name]
            clients = spec.clients or spec.users or 1
            mix = {spec.call: 1.0} if spec.call else dict(sorted((spec.mix or {}).items()))
            total, sum_, shares, sites = sum(mix.values()), 0.0, [], []
            for reference, weight in mix.items():
                sum_ += weight / total
                shares.append(sum_)
                site = self.site(
                    name, reference, name, source=i, endpoint=-1, probability=1.0, repeat=1,
                    optional=False, wait=True, cache=-1, policies=Policies(),
                )  # fmt: skip
                sites.append(site)
            shares[-1] = 1.0
            bursts = None if isinstance(spec.arrivals, str) else spec.arrivals.bursts
            out.append(
                t.Source(
                    id=i, name=name, clients=clients, sites=tuple(sites), shares=tuple(shares),
                    users=spec.users or 0, think=spec.think.dist,
                    arrivals=t.DETERMINISTIC if spec.arrivals == "deterministic" else t.POISSON,
                    rate=rates.points(spec.rate, self.model) if spec.rate else (),
                    burst_factors=_burst_factors(bursts),
                    burst_means_ns=(float(bursts.calm), float(bursts.burst)) if bursts else (0.0, 0.0),
                )
            )  # fmt: skip
            first_client.append(next_caller)
            next_caller += clients
        return tuple(out), tuple(first_client), next_caller

    def _cache(self, number: int, name: str, spec: m.Cache) -> t.Cache:
        s = 0.0 if isinstance(spec.popularity, str) else spec.popularity.zipf
        weights = [1.0 / k**s for k in range(1, spec.keys + 1)]
        total, sum_, cumulative = math.fsum(weights), 0.0, []
        for weight in weights:
            sum_ += weight / total
            cumulative.append(sum_)
        cumulative[-1] = 1.0
        return t.Cache(
            id=number, name=name, keys=spec.keys, cumulative=tuple(cumulative),
            ttl_ns=FOREVER if spec.ttl is None else spec.ttl,
            capacity=-1 if spec.capacity is None else spec.capacity,
            shared=spec.copies == "shared", hit=spec.hit.dist,
        )  # fmt: skip


def _plain(edge: str) -> str:
    """The edge by the name that the file gives it, where a gateway stands between."""
    caller, _, callee = edge.partition(" -> ")
    inner = callee.removeprefix("gateway(").removesuffix(")") if callee.startswith("gateway(") else callee
    return f"{caller} -> {inner}"


def _burst_factors(bursts: m.Bursts | None) -> tuple[float, float]:
    """Multipliers of the rate in calm and burst, with long-run mean 1."""
    if bursts is None:
        return 1.0, 1.0
    calm = bursts.calm / (bursts.calm + bursts.burst)
    base = 1.0 / (calm + (1.0 - calm) * bursts.factor)
    return base, base * bursts.factor


def build(model: m.Scenario) -> t.Topology:
    """The topology of a scenario."""
    return Builder(model).build()
