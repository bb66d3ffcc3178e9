"""Cores of a replica: dedicated ones, or fewer cores than attempts at work, shared equally."""

from typing import Any

from numba.extending import register_jitable

from sim import durations, luck
from sim.engines.compiled.booking import gauge
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.draws import draw
from sim.engines.compiled.heaps import remove_first, union
from sim.engines.compiled.memory import compiled, fault_of, job_of, lists, service_of, walk_of
from sim.engines.compiled.tasks import DONE, SERVED
from sim.engines.ranks import RANK_ANSWER
from sim.record.types import WORKING_NS
from sim.topology.types import F_SLOW

register_jitable(durations.rounded)
register_jitable(durations.rounded_up)
register_jitable(durations.added)


@compiled
def work_ns(w: Any, replica: Any, walk: Any, step: Any) -> int:
    """How long this work step takes, with contention, cold start and faults."""
    job = job_of(w, walk.job)
    service = service_of(w, replica.service)
    ns = draw(w, step.work, luck.uniform(job.key, luck.WORK, step.position))
    if service.contention != 0.0 and replica.inside > 1:
        ns = durations.rounded(ns * (1.0 + service.contention * (replica.inside - 1)))
    if replica.cold_until > w.now:
        ns = durations.rounded(ns * service.cold_start_times)
    if replica.slow_n:
        for i in range(replica.faults_n):
            fault = fault_of(w, lists(w)[replica.faults + i])
            if fault.verb == F_SLOW and fault.active and touches(w, fault, job.endpoint):
                ns = durations.added(durations.rounded(ns * fault.times), fault.plus_ns)
    return ns


@compiled
def touches(w: Any, fault: Any, endpoint: int) -> bool:
    """Does the fault concern this endpoint?"""
    for i in range(fault.endpoints_n):
        if lists(w)[fault.endpoints + i] == endpoint:
            return True
    return fault.endpoints_n == 0


@compiled
def begin_work(w: Any, replica: Any, walk: Any, step: Any) -> None:
    """Start the walk's work step; the stepper goes on when it is done."""
    if replica.shared:
        move(w, replica)
        walk.work_ns = work_ns(w, replica, walk, step)
        walk.began = replica.virtual
        add_working(w, replica, walk)
        walk.finish = replica.virtual + walk.work_ns
        walk.left = walk.right = 0
        replica.top = union(w, replica.top, walk.id)
        plan(w, replica)
        return
    walk.work_ns = walk.work_left = work_ns(w, replica, walk, step)
    add_working(w, replica, walk)
    if not replica.frozen:
        run(w, replica, walk)


@compiled
def run(w: Any, replica: Any, walk: Any) -> None:
    walk.work_since = w.now
    gauge(w, replica.id, WORKING_NS, -w.now)
    walk.moment = after(w, walk.work_left, RANK_ANSWER, walk.key, DONE, walk.id)


@compiled
def done(w: Any, replica: Any, walk: Any) -> None:
    """Dedicated cores: its work is over."""
    take_working(w, replica, walk)
    walk.moment = 0
    pause(w, replica, walk)
    walk.i += 1


@compiled
def pause(w: Any, replica: Any, walk: Any) -> None:
    gauge(w, replica.id, WORKING_NS, w.now)
    worked(w, walk, w.now - walk.work_since)
    walk.work_left -= w.now - walk.work_since


@compiled
def worked(w: Any, walk: Any, ns: int) -> None:
    """A walk of a job was at work."""
    job = job_of(w, walk.job)
    if job.over:
        job.late_ns += ns
    else:
        job.worked_ns += ns


@compiled
def add_working(w: Any, replica: Any, walk: Any) -> None:
    """To the end of those at work."""
    walk.works, walk.works_before, walk.works_after = 1, replica.works_last, 0
    if replica.works_last:
        walk_of(w, replica.works_last).works_after = walk.id
    else:
        replica.works_first = walk.id
    replica.works_last = walk.id
    replica.works_n += 1


@compiled
def take_working(w: Any, replica: Any, walk: Any) -> None:
    """From among those at work."""
    before, after_ = walk.works_before, walk.works_after
    if before:
        walk_of(w, before).works_after = after_
    else:
        replica.works_first = after_
    if after_:
        walk_of(w, after_).works_before = before
    else:
        replica.works_last = before
    walk.works = walk.works_before = walk.works_after = 0
    replica.works_n -= 1


@compiled
def level(replica: Any) -> int:
    """Cores at work."""
    if replica.frozen:
        return 0
    return min(replica.cores, replica.works_n) if replica.shared else replica.works_n


@compiled
def abandon(w: Any, replica: Any, walk: Any) -> None:
    """Its work stops here."""
    if not walk.works:
        return
    if replica.shared:
        move(w, replica)
        take_working(w, replica, walk)
        worked(w, walk, int(replica.virtual - walk.began))
        plan(w, replica)
        return
    take_working(w, replica, walk)
    if walk.moment:
        cancel(w, walk.moment)
        walk.moment = 0
        pause(w, replica, walk)


@compiled
def freeze(w: Any, replica: Any) -> None:
    """Running work stops."""
    if replica.shared:
        move(w, replica)
        replica.frozen = 1
        plan(w, replica)
        return
    number = replica.works_first
    while number:
        walk = walk_of(w, number)
        pause(w, replica, walk)
        cancel(w, walk.moment)
        walk.moment = 0
        number = walk.works_after
    replica.frozen = 1


@compiled
def thaw(w: Any, replica: Any) -> None:
    """Running work resumes."""
    if replica.shared:
        move(w, replica)
        replica.frozen = 0
        plan(w, replica)
        return
    replica.frozen = 0
    number = replica.works_first
    while number:
        walk = walk_of(w, number)
        run(w, replica, walk)
        number = walk.works_after


# Shared cores ----------------------------------------------------------------------------------------


@compiled
def rate(replica: Any) -> float:
    if replica.frozen or replica.works_n == 0:
        return 0.0
    return min(1.0, replica.cores / replica.works_n)


@compiled
def move(w: Any, replica: Any) -> None:
    """Bring virtual time up to now."""
    if w.now > replica.since:
        replica.virtual += (w.now - replica.since) * rate(replica)
    replica.since = w.now


@compiled
def plan(w: Any, replica: Any) -> None:
    """Who is at work has changed: set the moment at which the next walk will be done."""
    standing = level(replica)
    gauge(w, replica.id, WORKING_NS, -(standing - replica.counted) * w.now)
    replica.counted = standing
    if replica.next_moment:
        cancel(w, replica.next_moment)
        replica.next_moment = 0
    while replica.top and not walk_of(w, replica.top).works:
        replica.top = remove_first(w, replica.top)
    speed = rate(replica)
    if replica.top and speed > 0.0:
        first = walk_of(w, replica.top)
        delay = max(0, durations.rounded_up((first.finish - replica.virtual) / speed))
        replica.next_moment = after(w, delay, RANK_ANSWER, first.key, SERVED, replica.id)


@compiled
def served(w: Any, replica: Any) -> Any:
    """Shared cores: the first walk's work is over. That walk."""
    replica.next_moment = 0
    move(w, replica)
    walk = walk_of(w, replica.top)
    replica.top = remove_first(w, replica.top)
    replica.virtual = max(replica.virtual, walk.finish)
    take_working(w, replica, walk)
    worked(w, walk, walk.work_ns)
    plan(w, replica)
    walk.i += 1
    return walk
