"""Waiting places of a replica and the order in which they are served, as a list through the walks."""

from typing import Any

from numba.extending import register_jitable

from sim.engines.compiled.booking import gauge
from sim.engines.compiled.memory import compiled, job_of, service_of, walk_of
from sim.policies.limits import codel
from sim.record.types import QUEUE_NS
from sim.topology.types import ADAPTIVE_LIFO, CODEL, LIFO

register_jitable(codel.drops)
register_jitable(codel.standing)
register_jitable(codel.patience_ns)


@compiled
def wait(w: Any, replica: Any, walk: Any) -> None:
    """To the tail."""
    gauge(w, replica.id, QUEUE_NS, -w.now)
    service = service_of(w, replica.service)
    if not replica.queue_n:
        replica.emptied_at = w.now
    walk.waits_since = w.now
    if service.discipline == ADAPTIVE_LIFO:
        walk.patience_ns = codel.patience_ns(
            replica.emptied_at, service.codel_target_ns, service.codel_interval_ns, w.now
        )
    walk.waiting, walk.queue_before, walk.queue_after = 1, replica.queue_last, 0
    if replica.queue_last:
        walk_of(w, replica.queue_last).queue_after = walk.id
    else:
        replica.queue_first = walk.id
    replica.queue_last = walk.id
    replica.queue_n += 1


@compiled
def leave_queue(w: Any, replica: Any, walk: Any) -> None:
    """It no longer waits."""
    gauge(w, replica.id, QUEUE_NS, w.now)
    before, after = walk.queue_before, walk.queue_after
    if before:
        walk_of(w, before).queue_after = after
    else:
        replica.queue_first = after
    if after:
        walk_of(w, after).queue_before = before
    else:
        replica.queue_last = before
    walk.waiting = walk.queue_before = walk.queue_after = 0
    replica.queue_n -= 1
    if not replica.queue_n:
        replica.emptied_at = w.now


@compiled
def next_waiting(w: Any, replica: Any) -> Any:
    """The next to be served; it leaves the queue."""
    service = service_of(w, replica.service)
    newest_first = service.discipline == LIFO or (
        service.discipline == ADAPTIVE_LIFO
        and codel.standing(replica.emptied_at, service.codel_interval_ns, w.now)
    )
    walk = walk_of(w, replica.queue_last if newest_first else replica.queue_first)
    leave_queue(w, replica, walk)
    return walk


@compiled
def drops(w: Any, replica: Any, walk: Any) -> bool:
    """Does the discipline drop this walk, which has just left the queue?"""
    service = service_of(w, replica.service)
    if (service.discipline != CODEL and service.discipline != ADAPTIVE_LIFO) or job_of(w, walk.job).begun:
        return False
    delay = w.now - walk.waits_since
    if service.discipline == CODEL:
        return codel.drops(replica, service.codel_target_ns, service.codel_interval_ns, w.now, delay)
    return delay > walk.patience_ns
