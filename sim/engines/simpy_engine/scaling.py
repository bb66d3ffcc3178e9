"""Autoscaling: replicas join after a start-up delay and leave at once."""

import math
from typing import TYPE_CHECKING, Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_FAULT
from sim.record.types import WORKING_NS
from sim.topology.types import Autoscale, Service

if TYPE_CHECKING:
    from sim.engines.simpy_engine.world import World


class Autoscaler:
    """Every interval: replicas wanted = ceil(replicas * utilisation / target), within min and max.

    Utilisation is cores at work over cores since the last look; an attempt that waits uses no core.
    Model: the controller of the Kubernetes Horizontal Pod Autoscaler without its tolerance band.
    """

    def __init__(self, world: "World", service: Service, scale: Autoscale) -> None:
        self.world = world
        self.clock = world.clock
        self.service = service
        self.scale = scale
        self.key = luck.named(world.seed, f"autoscale {service.name}")
        self.starting = 0
        self.last_ns = 0

    def start(self) -> None:
        """The first look comes after one interval."""
        self._plan()

    def _plan(self) -> None:
        self.clock.after(self.scale.interval_ns, RANK_FAULT, self.key, self._look, None)

    def _look(self, subject: Any) -> None:
        if self.world.draining:
            return
        members = self.world.balancers[self.service.id].members
        wanted = math.ceil(len(members) * self._utilisation() / self.scale.target - 1e-9)
        wanted = max(self.scale.min, min(self.scale.max, wanted))
        for _ in range(wanted - len(members) - self.starting):
            self.starting += 1
            self.clock.after(self.scale.startup_ns, RANK_FAULT, self.key, self._join, None)
        for _ in range(len(members) - wanted):
            self.world.leave(self.service)
        self._plan()

    def _utilisation(self) -> float:
        """Of the members, since the last look."""
        now, total = self.clock.now, 0.0
        for replica in self.world.balancers[self.service.id].members:
            busy = self.world.recorder.integral(replica.id, WORKING_NS, replica.cores.level(), now)
            total += busy - replica.seen_busy_ns
            replica.seen_busy_ns = busy
        members = self.world.balancers[self.service.id].members
        cores = self.service.cores if self.service.cores >= 0 else 1
        capacity = cores * len(members) * (now - self.last_ns)
        self.last_ns = now
        return total / capacity if capacity else 0.0

    def _join(self, subject: Any) -> None:
        self.starting -= 1
        if not self.world.draining:
            self.world.join(self.service)
