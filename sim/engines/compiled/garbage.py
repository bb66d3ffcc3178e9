"""Which frames, jobs, walks and joins nobody can reach any more: their records are free again.

What was answered in the simplest way is freed at once (`answering`). When a pool is low, all the rest is collected
between two tasks: what can be reached from the clock, the tasks and the replicas is marked, and what is not marked
is free. A mark is the number of the collection, and marks lie side by side: a sweep does not look at the records.
"""

from typing import Any

from sim.engines.compiled import layout
from sim.engines.compiled.clock import moment_of, row_of
from sim.engines.compiled.frames import WALK as BY_WALK
from sim.engines.compiled.memory import (
    ANY,
    compiled,
    frame_of,
    guard_of,
    ints,
    job_of,
    join_of,
    layer_of,
    record_at,
    replica_of,
    walk_of,
)
from sim.engines.compiled.pools import FULL, LOW
from sim.engines.compiled.tasks import FRAME, JOB, JOIN, KINDS, NOTHING, WALK, WITHDRAW_NEXT
from sim.topology.types import L_HEDGE


@compiled
def made_room(w: Any) -> bool:
    """Collect garbage if that is what is wanted; may the kernel go on?"""
    if w.low == LOW:
        collect_garbage(w)
    return w.low == 0


@compiled
def collect_garbage(w: Any) -> None:
    """Free what cannot be reached. Afterwards no pool is low, or one is `FULL`: more than half of it lives."""
    w.collections += 1
    top = roots(w)
    stack = ints(w.grey_at, ANY)
    while top:
        top -= 2
        kind, number = stack[top], stack[top + 1]
        if kind == FRAME:
            top = of_frame(w, top, number)
        elif kind == JOB:
            job = job_of(w, number)
            top = mark(w, top, FRAME, job.frame)
            top = mark(w, top, WALK, job.first_walk)
            top = mark(w, top, WALK, job.only_walk)  # `answering` frees it
            top = mark(w, top, JOB, job.chain)
        elif kind == WALK:
            top = of_walk(w, top, number)
        else:
            top = mark(w, top, WALK, join_of(w, number).walk)
    sweep(w)


@compiled
def mark(w: Any, top: int, kind: int, number: int) -> int:
    """It can be reached; what it refers to is looked at later."""
    if number == 0 or kind == NOTHING:
        return top
    marks = ints(marks_at(w, kind), ANY)
    if marks[number] == w.collections:
        return top
    marks[number] = w.collections
    stack = ints(w.grey_at, ANY)
    stack[top], stack[top + 1] = kind, number
    return top + 2


@compiled
def marks_at(w: Any, kind: int) -> int:
    """Where the marks of these records are."""
    if kind == FRAME:
        return w.frames_marks_at
    if kind == JOB:
        return w.jobs_marks_at
    return w.walks_marks_at if kind == WALK else w.joins_marks_at


@compiled
def roots(w: Any) -> int:
    """What the clock, the tasks and the replicas refer to."""
    top = 0
    for i in range(w.heap_n):
        moment = moment_of(w, row_of(w, i).slot)
        top = mark(w, top, KINDS[moment.op, 0], moment.subject)
    for i in range(w.tasks_n):
        task = record_at(w.tasks_at, i, layout.TASK)
        top = mark(w, top, KINDS[task.op, 0], task.a)
        top = mark(w, top, KINDS[task.op, 1], task.b)
        if task.op == WITHDRAW_NEXT:
            top = of_waiting(w, top, task.a)
    for i in range(1, w.guards_n):
        top = of_waiting(w, top, guard_of(w, i).waiting_first)
    for i in range(w.replicas_n):
        replica = replica_of(w, i)
        number = replica.jobs_first
        while number:
            top = mark(w, top, JOB, number)
            number = job_of(w, number).after
        number = replica.running_first
        while number:
            top = mark(w, top, JOB, number)
            number = job_of(w, number).running_after
        number = replica.queue_first
        while number:
            top = mark(w, top, WALK, number)
            number = walk_of(w, number).queue_after
        number = replica.works_first
        while number:
            top = mark(w, top, WALK, number)
            number = walk_of(w, number).works_after
        top = mark(w, top, WALK, replica.top)
    return top


@compiled
def of_waiting(w: Any, top: int, number: int) -> int:
    """Those who wait in one line for a place."""
    while number:
        top = mark(w, top, FRAME, number)
        number = frame_of(w, number).waits_next
    return top


@compiled
def of_frame(w: Any, top: int, number: int) -> int:
    """What a frame refers to."""
    frame = frame_of(w, number)
    top = mark(w, top, FRAME, frame.parent)
    top = mark(w, top, FRAME, frame.call)
    top = mark(w, top, FRAME, frame.child)
    top = mark(w, top, FRAME, frame.next)
    top = mark(w, top, JOB, frame.job)
    if layer_of(w, frame.layer).kind == L_HEDGE:
        top = mark(w, top, FRAME, frame.aux)
    if frame.id == frame.call and frame.owner_kind == BY_WALK:
        top = mark(w, top, WALK, frame.owner)
    return top


@compiled
def of_walk(w: Any, top: int, number: int) -> int:
    """What a walk refers to."""
    walk = walk_of(w, number)
    top = mark(w, top, JOB, walk.job)
    top = mark(w, top, FRAME, walk.calls)
    top = mark(w, top, JOIN, walk.join)
    top = mark(w, top, WALK, walk.next)
    top = mark(w, top, WALK, walk.left)
    return mark(w, top, WALK, walk.right)


@compiled
def sweep(w: Any) -> None:
    """Stacks of free records, those with low numbers on top."""
    now = w.collections
    w.free_frames = swept(w.frames_marks_at, now, w.free_frames_at, w.frames_size)
    w.free_jobs = swept(w.jobs_marks_at, now, w.free_jobs_at, w.jobs_size)
    w.free_walks = swept(w.walks_marks_at, now, w.free_walks_at, w.walks_size)
    w.free_joins = swept(w.joins_marks_at, now, w.free_joins_at, w.joins_size)
    w.low = 0
    if (
        2 * w.free_frames < w.frames_size
        or 2 * w.free_jobs < w.jobs_size
        or 2 * w.free_walks < w.walks_size
        or 2 * w.free_joins < w.joins_size
    ):
        w.low = FULL


@compiled
def swept(marks_at: int, now: int, free_at: int, size: int) -> int:
    """Put the free records of one pool on its stack, those with low numbers on top; how many they are."""
    marks, free = ints(marks_at, ANY), ints(free_at, ANY)
    n = 0
    for number in range(size - 1, 0, -1):
        free[n] = number
        n += marks[number] != now
    return n
