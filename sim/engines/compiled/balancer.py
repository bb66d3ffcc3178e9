"""Load balancing: which replica of a service an attempt goes to."""

from typing import Any

from sim import luck
from sim.engines.compiled.memory import ANY, compiled, ints, lists, replica_of
from sim.topology.types import LEAST_OUTSTANDING, POWER_OF_TWO, ROUND_ROBIN


@compiled
def pick(w: Any, service: Any, key: Any) -> int:
    """A replica, or -1 if there is no host."""
    n = known(w, service)
    if n == 1:
        return ints(w.hosts_at, ANY)[0]
    return choose(w, service, n, key) if n else -1


@compiled
def known(w: Any, service: Any) -> int:
    """Members that no health check has found to be down, among `hosts`; how many."""
    hosts, n, after = ints(w.hosts_at, ANY), 0, service.health_check_ns
    for i in range(service.members_n):
        number = lists(w)[service.members + i]
        replica = replica_of(w, number)
        if after < 0 or replica.up or replica.down_since + after > w.now:
            hosts[n] = number
            n += 1
    return n


@compiled
def choose(w: Any, service: Any, n: int, key: Any) -> int:
    """One of the n `hosts`."""
    hosts = ints(w.hosts_at, ANY)
    if n == 1:
        return hosts[0]
    kind = service.balancer
    if kind == ROUND_ROBIN:
        service.turn += 1
        return hosts[(service.turn - 1) % n]
    first = int(luck.uniform(key, luck.PICK) * n)
    if kind == POWER_OF_TWO:
        second = (first + 1 + int(luck.uniform(key, luck.PICK, 1) * (n - 1))) % n
        return hosts[second if outstanding(w, hosts[second]) < outstanding(w, hosts[first]) else first]
    if kind == LEAST_OUTSTANDING:
        # Ties go to the first at or after a drawn place, so that no host is preferred.
        best = first
        for i in range(first + 1, first + n):
            if outstanding(w, hosts[i % n]) < outstanding(w, hosts[best]):
                best = i % n
        return hosts[best]
    return hosts[first]


@compiled
def outstanding(w: Any, number: int) -> int:
    return replica_of(w, number).jobs_n
