"""Autoscaling: replicas join after a start-up delay and leave at once."""

import math
from typing import Any

from sim.engines.compiled.booking import N_GAUGES
from sim.engines.compiled.clock import after
from sim.engines.compiled.cores import level
from sim.engines.compiled.faults import boot
from sim.engines.compiled.memory import ANY, compiled, ints, lists, replica_of
from sim.engines.compiled.stopping import crash
from sim.engines.compiled.tasks import JOINS, LEAVE, LOOK, PLAN_LOOK, then
from sim.engines.ranks import RANK_FAULT
from sim.record.types import WORKING_NS


@compiled
def plan_look(w: Any, service: Any) -> None:
    """The next look comes after one interval."""
    after(w, service.interval_ns, RANK_FAULT, service.key, LOOK, service.id)


@compiled
def look(w: Any, service: Any) -> None:
    """How many replicas are wanted?"""
    if w.draining:
        return
    n = service.members_n
    wanted = math.ceil(n * utilisation(w, service) / service.target - 1e-9)
    wanted = max(service.least, min(service.most, wanted))
    for _ in range(wanted - n - service.starting):
        service.starting += 1
        after(w, service.startup_ns, RANK_FAULT, service.key, JOINS, service.id)
    then(w, PLAN_LOOK, service.id)
    then(w, LEAVE, service.id, n - wanted)


@compiled
def utilisation(w: Any, service: Any) -> float:
    """Of the members, since the last look."""
    total = 0.0
    for i in range(service.members_n):
        replica = replica_of(w, lists(w)[service.members + i])
        busy = busy_ns(w, replica)
        total += busy - replica.seen_busy_ns
        replica.seen_busy_ns = busy
    cores = service.cores if service.cores >= 0 else 1
    capacity = cores * service.members_n * (w.now - service.last_ns)
    service.last_ns = w.now
    return total / capacity if capacity else 0.0


@compiled
def busy_ns(w: Any, replica: Any) -> int:
    """Its cores at work, integrated up to now."""
    present = ints(w.gauges_at, ANY)[replica.id * N_GAUGES + WORKING_NS]
    return replica.worked_ns + present + level(replica) * w.now


@compiled
def joins(w: Any, service: Any) -> None:
    """The free replica with the lowest id joins."""
    service.starting -= 1
    if w.draining:
        return
    for number in range(service.first_replica, service.first_replica + service.replicas_max):
        replica = replica_of(w, number)
        if not replica.member:
            replica.member = 1
            # What it did before it last left was seen then.
            replica.seen_busy_ns = busy_ns(w, replica)
            insert(w, service, number)
            if not replica.stops:
                boot(w, replica, True)
            return


@compiled
def insert(w: Any, service: Any, number: int) -> None:
    """Among the members, by id."""
    members, place = lists(w), service.members + service.members_n
    while place > service.members and members[place - 1] > number:
        members[place] = members[place - 1]
        place -= 1
    members[place] = number
    service.members_n += 1
    service.changes += 1


@compiled
def leave(w: Any, service: Any, n: int) -> None:
    """The members with the highest ids leave and drop their in-flight results."""
    if n <= 0:
        return
    then(w, LEAVE, service.id, n - 1)
    service.members_n -= 1
    service.changes += 1
    replica = replica_of(w, lists(w)[service.members + service.members_n])
    replica.member = 0
    if replica.up:
        crash(w, replica)
