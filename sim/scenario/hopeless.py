"""Can any request succeed at all?

Model: no faults, room everywhere and all the time in the world: what cannot succeed here never can.
"""

from sim.scenario.model import Endpoint, Scenario, Step
from sim.scenario.offered import Site, mix
from sim.scenario.policies import Policies, no_policies
from sim.scenario.whole import applied


def hopeless(model: Scenario) -> bool:
    """No request of any source can ever succeed."""
    possible = {
        f"{s}.{e}": spec for s, service in model.services.items() for e, spec in service.endpoints.items()
    }
    while lost := [name for name, spec in possible.items() if not _endpoint(model, name, spec, possible)]:
        for name in lost:
            del possible[name]
    calls = [(name, call) for name, source in model.sources.items() for call in mix(source)]
    return not any(_call(model, name, call, no_policies(), possible) for name, call in calls)


def _endpoint(model: Scenario, name: str, spec: Endpoint, possible: dict[str, Endpoint]) -> bool:
    return spec.error_rate < 1.0 and all(_step(model, name, step, possible) for step in spec.steps)


def _step(model: Scenario, caller: str, step: Step, possible: dict[str, Endpoint]) -> bool:
    if step.parallel is not None:
        branches = [all(_step(model, caller, s, possible) for s in branch) for branch in step.parallel]
        return sum(branches) >= (step.first or len(branches))
    if step.call is None or step.optional or not step.wait or step.probability < 1.0:
        return True
    return _call(model, caller, step.call, step.policies, possible)


def _call(
    model: Scenario, caller: str, reference: str, policies: Policies, possible: dict[str, Endpoint]
) -> bool:
    service = model.services.get(reference)
    callee = f"{reference}.{next(iter(service.endpoints))}" if service else reference
    site = Site(caller, callee, 1.0, True, policies, ())
    return callee in possible or any(one.kind == "fallback" for one in applied(model, site))
