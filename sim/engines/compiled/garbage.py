"""Which frames, jobs, walks and joins nobody can reach any more: their records are free again.

The kernel never frees them by itself. It stops when a pool is low; what can be reached from the clock, the
tasks and the replicas is marked, and the rest is swept. With little alive that costs a few nanoseconds for
each record taken, and a pool that stays small stays in the cache.
"""

from typing import Any

import numpy as np
from numba import njit

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
from sim.engines.compiled.tasks import FRAME, JOB, JOIN, KINDS, WALK
from sim.topology.types import L_HEDGE


@njit(cache=True)
def collect_garbage(world: Any) -> None:
    """Free what cannot be reached."""
    w = world[0]
    room = w.frames_size + w.jobs_size + w.walks_size + w.joins_size
    stack = np.empty((room, 2), np.int64)
    top = roots(w, stack)
    while top:
        top -= 1
        kind, number = stack[top, 0], stack[top, 1]
        if kind == FRAME:
            top = of_frame(w, stack, top, number)
        elif kind == JOB:
            job = job_of(w, number)
            top = mark(w, stack, top, FRAME, job.frame)
            top = mark(w, stack, top, WALK, job.first_walk)
            top = mark(w, stack, top, JOB, job.chain)
        elif kind == WALK:
            top = of_walk(w, stack, top, number)
        else:
            top = mark(w, stack, top, WALK, join_of(w, number).walk)
    sweep(w)


@compiled
def mark(w: Any, stack: Any, top: int, kind: int, number: int) -> int:
    """It can be reached."""
    if number == 0:
        return top
    if kind == FRAME:
        frame = frame_of(w, number)
        known, frame.mark = frame.mark, 1
    elif kind == JOB:
        job = job_of(w, number)
        known, job.mark = job.mark, 1
    elif kind == WALK:
        walk = walk_of(w, number)
        known, walk.mark = walk.mark, 1
    elif kind == JOIN:
        join = join_of(w, number)
        known, join.mark = join.mark, 1
    else:
        known = 1
    if known:
        return top
    stack[top, 0], stack[top, 1] = kind, number
    return top + 1


@compiled
def roots(w: Any, stack: Any) -> int:
    """What the clock, the tasks and the replicas refer to."""
    top = 0
    for i in range(w.heap_n):
        moment = moment_of(w, row_of(w, i).slot)
        top = mark(w, stack, top, KINDS[moment.op, 0], moment.subject)
    for i in range(w.tasks_n):
        task = record_at(w.tasks_at, i, layout.TASK)
        top = mark(w, stack, top, KINDS[task.op, 0], task.a)
        top = mark(w, stack, top, KINDS[task.op, 1], task.b)
    for i in range(1, w.guards_n):
        number = guard_of(w, i).waiting_first
        while number:
            top = mark(w, stack, top, FRAME, number)
            number = frame_of(w, number).waits_next
    for i in range(w.replicas_n):
        replica = replica_of(w, i)
        number = replica.jobs_first
        while number:
            top = mark(w, stack, top, JOB, number)
            number = job_of(w, number).after
        number = replica.running_first
        while number:
            top = mark(w, stack, top, JOB, number)
            number = job_of(w, number).running_after
        number = replica.queue_first
        while number:
            top = mark(w, stack, top, WALK, number)
            number = walk_of(w, number).queue_after
        number = replica.works_first
        while number:
            top = mark(w, stack, top, WALK, number)
            number = walk_of(w, number).works_after
        top = mark(w, stack, top, WALK, replica.top)
    return top


@compiled
def of_frame(w: Any, stack: Any, top: int, number: int) -> int:
    """What a frame refers to."""
    frame = frame_of(w, number)
    top = mark(w, stack, top, FRAME, frame.parent)
    top = mark(w, stack, top, FRAME, frame.call)
    top = mark(w, stack, top, FRAME, frame.child)
    top = mark(w, stack, top, FRAME, frame.next)
    top = mark(w, stack, top, JOB, frame.job)
    if layer_of(w, frame.layer).kind == L_HEDGE:
        top = mark(w, stack, top, FRAME, frame.aux)
    if frame.id == frame.call and frame.owner_kind == BY_WALK:
        top = mark(w, stack, top, WALK, frame.owner)
    return top


@compiled
def of_walk(w: Any, stack: Any, top: int, number: int) -> int:
    """What a walk refers to."""
    walk = walk_of(w, number)
    top = mark(w, stack, top, JOB, walk.job)
    top = mark(w, stack, top, FRAME, walk.calls)
    top = mark(w, stack, top, JOIN, walk.join)
    top = mark(w, stack, top, WALK, walk.next)
    top = mark(w, stack, top, WALK, walk.left)
    return mark(w, stack, top, WALK, walk.right)


@compiled
def sweep(w: Any) -> None:
    """Stacks of free records, those with low numbers on top; marks are taken off."""
    w.free_frames = w.free_jobs = w.free_walks = w.free_joins = 0
    for i in range(w.frames_size - 1, 0, -1):
        frame = frame_of(w, i)
        if not frame.mark:
            ints(w.free_frames_at, ANY)[w.free_frames] = i
            w.free_frames += 1
        frame.mark = 0
    for i in range(w.jobs_size - 1, 0, -1):
        job = job_of(w, i)
        if not job.mark:
            ints(w.free_jobs_at, ANY)[w.free_jobs] = i
            w.free_jobs += 1
        job.mark = 0
    for i in range(w.walks_size - 1, 0, -1):
        walk = walk_of(w, i)
        if not walk.mark:
            ints(w.free_walks_at, ANY)[w.free_walks] = i
            w.free_walks += 1
        walk.mark = 0
    for i in range(w.joins_size - 1, 0, -1):
        join = join_of(w, i)
        if not join.mark:
            ints(w.free_joins_at, ANY)[w.free_joins] = i
            w.free_joins += 1
        join.mark = 0
