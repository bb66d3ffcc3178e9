"""Load balancing: which replica of a service an attempt goes to."""

from collections.abc import Callable

from sim import luck
from sim.engines.simpy_engine.clock import Clock
from sim.engines.simpy_engine.replica import Replica
from sim.topology.types import LEAST_OUTSTANDING, POWER_OF_TWO, ROUND_ROBIN, Service


class Balancer:
    """Chooses among the members of one service.

    Model: all callers of a service share its balancer, which knows what is outstanding at each replica.
    A stopped replica is offered until a health check notices (never, by default).
    """

    def __init__(self, service: Service, clock: Clock) -> None:
        self.service = service
        self.clock = clock
        self.members: list[Replica] = []
        self.turn = 0
        self.changes = 0
        """How often members have joined or left."""

    def known(self) -> list[Replica]:
        """Members that no health check has found to be down."""
        after = self.service.health_check_ns
        if after < 0:
            return self.members
        now = self.clock.now
        return [r for r in self.members if r.up or r.down_since + after > now]

    def pick(self, key: int) -> Replica | None:
        """A replica, or None if there is no host."""
        known = self.members if self.service.health_check_ns < 0 else self.known()
        if len(known) == 1:
            return known[0]
        return self.choose(known, key) if known else None

    def pick_willing(self, key: int, willing: Callable[[Replica], bool]) -> tuple[Replica | None, bool]:
        """A replica whose breaker admits, and whether panic overruled the breakers.

        (None, False): every host is ejected. Panic: more than the panic share of hosts is ejected.
        (None, True): there is no host at all, which no breaker is to blame for.
        """
        known = self.known()
        if not known:
            return None, True
        able = [r for r in known if willing(r)]
        if (len(known) - len(able)) / len(known) > self.service.panic:
            return self.choose(known, key), True
        return (self.choose(able, key) if able else None), False

    def choose(self, hosts: list[Replica], key: int) -> Replica:
        """One of these."""
        n = len(hosts)
        if n == 1:
            return hosts[0]
        kind = self.service.balancer
        if kind == ROUND_ROBIN:
            self.turn += 1
            return hosts[(self.turn - 1) % n]
        first = int(luck.uniform(key, luck.PICK) * n)
        if kind == POWER_OF_TWO:
            second = (first + 1 + int(luck.uniform(key, luck.PICK, 1) * (n - 1))) % n
            return min(hosts[first], hosts[second], key=_outstanding)
        if kind == LEAST_OUTSTANDING:
            # Ties go to the first at or after a drawn place, so that no host is preferred.
            return min(hosts[first:] + hosts[:first], key=_outstanding)
        return hosts[first]


def _outstanding(replica: Replica) -> int:
    return len(replica.jobs)
