"""Services, their endpoints and the steps of these."""

from sim.scenario import model as m
from sim.topology import types as t
from sim.topology.build_sites import Sites

_BALANCERS = ("random", "round-robin", "least-outstanding", "power-of-two")
_DISCIPLINES = ("fifo", "lifo", "codel", "adaptive")
_CODEL_TARGET_NS, _CODEL_INTERVAL_NS = 5_000_000, 100_000_000


class Services:
    """Collects services, endpoints and steps, and the call sites of the steps, in the order of their ids."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.wiring = sites.wiring
        self.services: list[t.Service] = []
        self.endpoints: list[t.Endpoint] = []
        self.steps: list[t.Step] = []
        self.replicas = 0
        for name in self.wiring.service_id:
            self._service(name, self.wiring.services[name])

    def _service(self, name: str, spec: m.Service) -> None:
        number = self.wiring.service_id[name]
        ids = tuple(self._endpoint(number, name, e, spec.endpoints[e]) for e in sorted(spec.endpoints))
        discipline, codel_target_ns, codel_interval_ns = _discipline(spec)
        scale = spec.autoscale
        slots = -1 if spec.slots is None else spec.slots
        service = t.Service(
            id=number,
            name=name,
            replicas=spec.replicas,
            replicas_max=scale.max if scale else spec.replicas,
            first_replica=self.replicas,
            slots=slots,
            cores=slots if spec.cores is None else spec.cores,
            queue=-1 if spec.queue is None else spec.queue,
            discipline=discipline,
            codel_target_ns=codel_target_ns,
            codel_interval_ns=codel_interval_ns,
            contention=spec.contention,
            holds_slot=spec.holds_slot,
            balancer=_BALANCERS.index(spec.balancer),
            panic=spec.panic,
            health_check_ns=-1 if spec.health_check is None else spec.health_check,
            cold_start_times=spec.cold_start.times if spec.cold_start else 1.0,
            cold_start_ns=spec.cold_start.for_ if spec.cold_start else 0,
            autoscale=_autoscale(scale),
            gateway=name in self.wiring.gateways,
            endpoints=ids,
        )
        self.services.append(service)
        self.replicas += service.replicas_max

    def _endpoint(self, service: int, service_name: str, name: str, spec: m.Endpoint) -> int:
        full = f"{service_name}.{name}"
        number = self.wiring.endpoint_id[full]
        counter = [0]
        steps = tuple(self._step(s, number, full, counter) for s in spec.steps)
        self.endpoints.append(t.Endpoint(number, full, service, steps, spec.error_rate, spec.fail_fast))
        return number

    def _step(self, spec: m.Step, endpoint: int, who: str, counter: list[int]) -> int:
        position = counter[0]
        counter[0] += 1
        site, need = -1, 0
        branches: tuple[tuple[int, ...], ...] = ()
        if spec.call is not None:
            site = self.sites.add(
                who.rsplit(".", 1)[0], spec.call, who, source=-1, endpoint=endpoint, probability=spec.probability,
                repeat=spec.repeat, optional=spec.optional, wait=spec.wait, policies=spec.policies,
                cache=self.wiring.cache_id[spec.cache] if spec.cache else -1,
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


def _discipline(spec: m.Service) -> tuple[int, int, int]:
    """(discipline, CoDel's target and interval in ns)."""
    given = spec.discipline
    if isinstance(given, str):
        return _DISCIPLINES.index(given), _CODEL_TARGET_NS, _CODEL_INTERVAL_NS
    kind = "codel" if given.codel else "adaptive"
    codel = given.codel or given.adaptive_lifo
    target = codel.target if codel else _CODEL_TARGET_NS
    return _DISCIPLINES.index(kind), target, codel.interval if codel else _CODEL_INTERVAL_NS


def _autoscale(scale: m.Autoscale | None) -> t.Autoscale | None:
    return t.Autoscale(scale.target, scale.interval, scale.startup, scale.min, scale.max) if scale else None
