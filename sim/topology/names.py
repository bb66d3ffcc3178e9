"""Names of callers, replicas and targets: for tables, and as identities."""

from bisect import bisect

from sim.topology.types import KEY_ENDPOINT, KEY_REPLICA, Topology


def caller_names(topology: Topology) -> list[str]:
    """Names of caller ids: `db[0]` for replicas, `users[3]` for clients."""
    names = replica_names(topology)
    for source in topology.sources:
        names += [f"{source.name}[{i}]" for i in range(source.clients)]
    return names


def replica_names(topology: Topology) -> list[str]:
    """Names of global replica ids."""
    return [f"{s.name}[{i}]" for s in topology.services for i in range(s.replicas_max)]


def target_name(topology: Topology, scope: int, target: int) -> str:
    """Name of a breaker copy's target; empty for a whole edge."""
    key = topology.scopes[scope].key
    if key == KEY_ENDPOINT:
        return topology.endpoints[target].name
    if key != KEY_REPLICA:
        return ""
    at = bisect(topology.services, target, key=lambda service: service.first_replica) - 1
    service = topology.services[at]
    return f"{service.name}[{target - service.first_replica}]"
