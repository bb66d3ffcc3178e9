"""What both engines derive from a topology before a run."""

from sim import luck
from sim.topology.names import target_name
from sim.topology.types import PARALLEL, WORK, Service, Topology


def shares_cores(topology: Topology, service: Service) -> bool:
    """Do attempts at work share cores? Else each has one of its own."""
    few = service.cores >= 0 and (service.slots < 0 or service.cores < service.slots)
    return few or (service.cores >= 0 and _works_in_parallel(topology, service))


def _works_in_parallel(topology: Topology, service: Service) -> bool:
    """May one attempt be at work in two branches at once? Then it needs more than a core of its own."""
    steps = topology.steps

    def works(branch: tuple[int, ...]) -> bool:
        return any(steps[i].kind == WORK or any(works(inner) for inner in steps[i].branches) for i in branch)

    own = {e.id for e in topology.endpoints if e.service == service.id}
    return any(
        sum(works(branch) for branch in step.branches) > 1
        for step in steps
        if step.kind == PARALLEL and step.endpoint in own
    )


def copy_key(topology: Topology, seed: int, what: str, scope: int, caller_name: str, target: int) -> int:
    """The luck of one copy of a stateful policy: by names, which no other service changes."""
    place = target_name(topology, scope, target) if target >= 0 else ""
    return luck.named(seed, f"{what} {topology.scopes[scope].name} @{caller_name} {place}")
