"""Who calls whom, by name: references, gateways, and the policies of each call."""

from typing import Any

from sim.scenario import model as m
from sim.scenario.policies import Policies, Single
from sim.topology import policies as layering

Call = tuple[str, str, Policies]
"""Caller service or source, reference to the callee, policies of the step."""


class Wiring:
    """The names of a model, with a service of its own for each gateway."""

    def __init__(self, model: m.Scenario) -> None:
        self.model = model
        self.gateways: set[str] = set()
        self.services: dict[str, m.Service] = dict(model.services)
        """Gateways included."""
        self.calls = _all_calls(model)
        self._effective: dict[tuple[int, ...], tuple[Single, ...]] = {}
        """By the blocks that apply: most calls of a large graph have the same."""
        self._gateway_calls: dict[str, Call] = {}
        """The first call through the gateway of each service that has one."""
        self._find_gateways()
        self.service_id = {name: i for i, name in enumerate(sorted(self.services))}
        endpoints = [f"{s}.{e}" for s in self.service_id for e in sorted(self.services[s].endpoints)]
        self.endpoint_id = {name: i for i, name in enumerate(endpoints)}
        self.source_id = {name: i for i, name in enumerate(sorted(model.sources))}
        self.cache_id = {name: i for i, name in enumerate(sorted(model.caches))}

    def resolve(self, reference: str) -> str:
        """`service.endpoint` of a reference."""
        if reference in self.services:
            return f"{reference}.{next(iter(self.services[reference].endpoints))}"
        return reference

    def callee_service(self, reference: str) -> str:
        """The service of a reference."""
        return reference if reference in self.services else reference.rpartition(".")[0]

    def policies(self, caller: str, callee: str, extra: Policies) -> tuple[Single, ...]:
        """What applies to a call between two services, from the general to the special."""
        model = self.model
        blocks: list[Policies] = [model.policies]
        if callee in model.services:
            blocks.append(model.services[callee].policies)
        if caller in model.sources:
            blocks.append(model.sources[caller].policies)
        edge = model.edges.get(f"{caller} -> {callee}")
        if edge is not None:
            blocks.append(edge)
        saying = [block for block in (*blocks, extra) if block.model_fields_set]
        key = tuple(map(id, saying))
        if key not in self._effective:
            self._effective[key] = layering.effective(*saying)
        return self._effective[key]

    # Gateways --------------------------------------------------------------------------------------

    def _find_gateways(self) -> None:
        """Every call whose breaker lives in a gateway goes through `gateway(callee)`."""
        for caller, reference, extra in self.calls:
            place = self.gateway_of(caller, reference, extra)
            if place is None:
                continue
            callee, endpoint = self.resolve(reference).rsplit(".", 1)
            name = f"gateway({callee})"
            self._gateway_calls.setdefault(callee, (caller, reference, extra))
            spec = self.services.get(name)
            endpoints = dict(spec.endpoints) if spec else {}
            steps = (m.Step(work=m.DistSpec(f"{place.work}ns")), m.Step(call=f"{callee}.{endpoint}"))
            endpoints[endpoint] = m.Endpoint(steps=steps)
            self.gateways.add(name)
            self.services[name] = m.Service(slots=place.slots, queue=place.queue, endpoints=endpoints)

    def gateway_of(self, caller: str, reference: str, extra: Policies) -> Any:
        """The gateway that a call goes through, as the file describes it; None without."""
        if is_gateway(caller):
            return None
        for single in self.policies(caller, self.callee_service(reference), extra):
            if at_gateway(single):
                return single.breaker.place.gateway  # type: ignore[union-attr]
        return None

    def behind_gateway(self, callee: str) -> list[Single]:
        """What the gateway runs: the breaker, and what stands below it in the callers' policies."""
        caller, _, extra = self._gateway_calls[callee]
        singles = list(self.policies(caller, callee, extra))
        return singles[gateway_at(singles) :]


def is_gateway(name: str) -> bool:
    """Is this the name of a gateway's service?"""
    return name.startswith("gateway(")


def at_gateway(single: Single) -> bool:
    """Is it a breaker that lives in a gateway?"""
    return single.breaker is not None and layering.place_of(single.breaker) == "gateway"


def gateway_at(singles: list[Single]) -> int:
    """Where in a call's policies the gateway's breaker stands."""
    return next(i for i, single in enumerate(singles) if at_gateway(single))


def _all_calls(model: m.Scenario) -> list[Call]:
    found: list[Call] = []

    def walk(caller: str, steps: tuple[m.Step, ...]) -> None:
        for step in steps:
            if step.call is not None:
                found.append((caller, step.call, step.policies))
            for branch in step.parallel or ():
                walk(caller, branch)

    for name in sorted(model.sources):
        source = model.sources[name]
        found += [(name, call, Policies()) for call in ([source.call] if source.call else source.mix or ())]
    for name in sorted(model.services):
        for endpoint in model.services[name].endpoints.values():
            walk(name, endpoint.steps)
    return found
