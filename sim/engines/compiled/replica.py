"""A replica: slots, a queue, cores, and the faults that lie on it now."""

from typing import Any

from sim import luck
from sim.engines.compiled.booking import gauge, visit
from sim.engines.compiled.clock import after
from sim.engines.compiled.cores import touches
from sim.engines.compiled.memory import compiled, endpoint_of, fault_of, frame_of, job_of, lists, walk_of
from sim.engines.compiled.pools import take_job, take_walk
from sim.engines.compiled.queueing import wait
from sim.engines.compiled.tasks import ANSWER, FAULT_BEGIN, HUNG_UP, LEFT, SERVE, then
from sim.engines.ranks import RANK_TIMER
from sim.record import types as record
from sim.topology.types import F_FAIL, F_HANG
from sim.words import ERROR, FOREVER, OK, SHED


@compiled
def new_job(w: Any, layer: Any, frame: Any, endpoint: int, replica: int) -> Any:
    """An attempt at a replica (-1: at none)."""
    number = take_job(w)
    job = job_of(w, number)
    job.id, job.layer, job.frame, job.key, job.endpoint = number, layer.id, frame.id, frame.key, endpoint
    job.replica, job.arrived, job.arriving = replica, w.now, w.happened
    job.deadline = frame.deadline if frame_of(w, frame.call).propagates else FOREVER
    job.begun = job.begun_at = job.over = job.degraded = job.outcome = job.told = job.fault = 0
    job.worked_ns = job.late_ns = job.first_walk = job.last_walk = job.only_walk = job.walks_n = 0
    job.before = job.after = job.running_before = job.running_after = job.runs_on = job.chain = 0
    return job


@compiled
def new_walk(w: Any, job: Any, steps: int, steps_n: int, join: int) -> Any:
    """A pass along a list of steps; the last of its job's walks."""
    number = take_walk(w)
    walk = walk_of(w, number)
    walk.id, walk.job, walk.key, walk.steps, walk.steps_n = number, job.id, job.key, steps, steps_n
    walk.join, walk.number = join, job.walks_n
    walk.i = walk.rep = walk.calls = walk.moment = walk.waiting = walk.over = walk.has_slot = 0
    walk.next = walk.queue_before = walk.queue_after = walk.works = walk.left = walk.right = 0
    if job.last_walk:
        walk_of(w, job.last_walk).next = number
    else:
        job.first_walk = number
    job.last_walk = number
    job.only_walk = 0 if job.walks_n else number
    job.walks_n += 1
    return walk


@compiled
def join_jobs(w: Any, replica: Any, job: Any) -> None:
    """To the end of the jobs here."""
    job.before, job.after = replica.jobs_last, 0
    if replica.jobs_last:
        job_of(w, replica.jobs_last).after = job.id
    else:
        replica.jobs_first = job.id
    replica.jobs_last = job.id
    replica.jobs_n += 1


@compiled
def leave_jobs(w: Any, replica: Any, job: Any) -> None:
    before, following = job.before, job.after
    if before:
        job_of(w, before).after = following
    else:
        replica.jobs_first = following
    if following:
        job_of(w, following).before = before
    else:
        replica.jobs_last = before
    replica.jobs_n -= 1


@compiled
def offer(w: Any, replica: Any, job: Any) -> Any:
    """An attempt arrives: it starts, waits, or is shed. The walk that may go on, if it starts."""
    endpoint = endpoint_of(w, job.endpoint)
    walk = new_walk(w, job, endpoint.steps, endpoint.steps_n, 0)
    w.busy += 1
    waits = replica.inside >= replica.slots or replica.queue_n > 0
    if waits and replica.queue_n >= replica.places:
        shed(w, job)
        return 0
    join_jobs(w, replica, job)
    if replica.watching:
        accepted(w, replica, job)
    if waits:
        wait(w, replica, walk)
        return 0
    return walk.id


@compiled
def accepted(w: Any, replica: Any, job: Any) -> None:
    """Faults that count here: the n-th accepted one is served, and the fault begins as it leaves."""
    for i in range(replica.faults_n):
        fault = fault_of(w, lists(w)[replica.faults + i])
        if fault.counting:
            fault.count += 1
            if fault.count == fault.after_requests:
                fault.counting = 0
                job.fault = fault.id + 1


@compiled
def shed(w: Any, job: Any) -> None:
    """It is turned away, now or by the discipline of the queue; it is among the jobs no longer."""
    job.over = 1
    visit(w, job.endpoint, record.SHED, 1)
    then(w, LEFT, job.id)
    then(w, ANSWER, job.id, SHED)


@compiled
def start(w: Any, replica: Any, walk: Any) -> bool:
    """Take a slot; does the walk go on? A hung one waits, one that fails fast has failed (see `begun`)."""
    job = job_of(w, walk.job)
    replica.inside += 1
    gauge(w, replica.id, record.INSIDE_NS, -w.now)
    walk.has_slot = 1
    if job.begun:
        return True
    job.begun, job.begun_at = 1, w.now
    visit(w, job.endpoint, record.STARTED, 1)
    if replica.hanging_n and share(w, replica, job, F_HANG) > luck.uniform(job.key, luck.HANG):
        until = gives_up_at(w, job)
        if until < FOREVER:
            walk.moment = after(w, max(0, until - w.now), RANK_TIMER, job.key, HUNG_UP, job.id)
        return False
    if endpoint_of(w, job.endpoint).fail_fast and fails(w, replica, job):
        walk.over = 1
        complete(w, replica, job, ERROR)
        return False
    return True


@compiled
def gives_up_at(w: Any, job: Any) -> int:
    """The instant at which its caller stops waiting."""
    frame = frame_of(w, job.frame)
    until = frame.deadline
    frame = frame_of(w, frame.parent)
    while frame.id != frame.call:
        if 0 < frame.until < until:
            until = frame.until
        frame = frame_of(w, frame.parent)
    return until


@compiled
def complete(w: Any, replica: Any, job: Any, outcome: int) -> None:
    """The main walk is through: the coin is shown, the slot is free, the answer goes back."""
    endpoint = endpoint_of(w, job.endpoint)
    if (
        outcome == OK
        and (replica.failing_n or endpoint.error_rate != 0.0)
        and not endpoint.fail_fast
        and fails(w, replica, job)
    ):
        outcome = ERROR
    visit(w, job.endpoint, record.FINISHED, 1)
    visit(w, job.endpoint, record.FAILED, 1 if outcome != OK else 0)
    visit(w, job.endpoint, record.WAIT_NS, job.begun_at - job.arrived)
    visit(w, job.endpoint, record.SOJOURN_NS, w.now - job.arrived)
    then(w, ANSWER, job.id, outcome)
    # Who waits comes before whoever the answer sends next.
    if replica.queue_n or job.fault:
        then(w, SERVE, replica.id)
    release(w, replica, job)


@compiled
def release(w: Any, replica: Any, job: Any) -> None:
    """Free what the job held; its work is booked."""
    job.over = 1
    leave_jobs(w, replica, job)
    number, kept, still = job.first_walk, 0, 0
    job.first_walk = job.last_walk = 0
    while number:
        walk = walk_of(w, number)
        number = walk.next
        if walk.has_slot:
            free_slot(w, replica, walk)
        if not walk.over and job.walks_n > 1:
            if kept:
                walk_of(w, kept).next = walk.id
            else:
                job.first_walk = walk.id
            kept = walk.id
            still += 1
    job.walks_n = still
    if kept:
        walk_of(w, kept).next = 0
        job.last_walk = kept
        run_on(w, replica, job)
        w.busy += 1
    if job.worked_ns:
        visit(w, job.endpoint, record.WORK_NS, job.worked_ns)
    left(w, job)


@compiled
def run_on(w: Any, replica: Any, job: Any) -> None:
    """It is over, and branches of it run on for nobody."""
    job.runs_on, job.running_before, job.running_after = 1, replica.running_last, 0
    if replica.running_last:
        job_of(w, replica.running_last).running_after = job.id
    else:
        replica.running_first = job.id
    replica.running_last = job.id


@compiled
def ran_on(w: Any, replica: Any, job: Any) -> None:
    """A branch of a job that is over is through; with the last one its work is booked as waste."""
    number = job.first_walk
    while number:
        walk = walk_of(w, number)
        if not walk.over:
            return
        number = walk.next
    if not job.runs_on:
        return
    before, following = job.running_before, job.running_after
    if before:
        job_of(w, before).running_after = following
    else:
        replica.running_first = following
    if following:
        job_of(w, following).running_before = before
    else:
        replica.running_last = before
    job.runs_on = job.first_walk = job.last_walk = 0
    visit(w, job.endpoint, record.WORK_NS, job.late_ns)
    visit(w, job.endpoint, record.WASTED_NS, job.late_ns)
    left(w, job)


@compiled
def left(w: Any, job: Any) -> None:
    """It is here no longer; a fault that waited for that begins."""
    one_less(w)
    if job.fault:
        then(w, FAULT_BEGIN, job.fault - 1)
        job.fault = 0


@compiled
def one_less(w: Any) -> None:
    """A call, a try or an attempt at a replica is over; a drain stops when nothing is under way."""
    w.busy -= 1
    if w.draining and w.busy == 0:
        w.stopped = 1


@compiled
def free_slot(w: Any, replica: Any, walk: Any) -> None:
    walk.has_slot = 0
    replica.inside -= 1
    gauge(w, replica.id, record.INSIDE_NS, w.now)


@compiled
def share(w: Any, replica: Any, job: Any, verb: int) -> float:
    """Of attempts that the faults of this verb touch."""
    good = 1.0
    for i in range(replica.faults_n):
        fault = fault_of(w, lists(w)[replica.faults + i])
        if fault.verb == verb and fault.active and touches(w, fault, job.endpoint):
            good *= 1.0 - fault.share
    return 1.0 - good


@compiled
def fails(w: Any, replica: Any, job: Any) -> bool:
    p = endpoint_of(w, job.endpoint).error_rate
    if replica.failing_n:
        p = 1.0 - (1.0 - p) * (1.0 - share(w, replica, job, F_FAIL))
    return p > 0.0 and luck.uniform(job.key, luck.ERROR) < p
