"""Stopping what runs: a walk, a job, everything at a replica that crashes."""

from typing import Any

import numpy as np

from sim.engines.compiled.booking import gauge, visit
from sim.engines.compiled.clock import cancel as cancel_moment
from sim.engines.compiled.cores import abandon
from sim.engines.compiled.memory import compiled, job_of, join_of, replica_of, service_of, walk_of
from sim.engines.compiled.queueing import leave_queue
from sim.engines.compiled.replica import free_slot, ran_on, release
from sim.engines.compiled.tasks import (
    ANSWER,
    CRASH_NEXT,
    CRASH_RUNNING,
    CRASHED,
    DROPPED,
    FORGET,
    SERVE,
    STOP_INNER,
    STOP_WALKS,
    WITHDRAW,
    then,
)
from sim.record import types as record
from sim.topology.types import CANCEL_ALL, CANCEL_NONE, CANCEL_QUEUED
from sim.words import UNREACHABLE


@compiled
def stop_walk(w: Any, walk: Any, cancel: int) -> None:
    """Take a walk back: its work stops, its call is withdrawn. `queued` lets what is at work run on."""
    if cancel == CANCEL_QUEUED and (walk.moment or walk.works):
        return
    walk.over = 1
    replica = replica_of(w, job_of(w, walk.job).replica)
    if walk.waiting:
        leave_queue(w, replica, walk)
    if walk.moment:
        cancel_moment(w, walk.moment)
    abandon(w, replica, walk)
    if walk.has_slot and not service_of(w, replica.service).holds_slot:
        free_slot(w, replica, walk)
    then(w, STOP_INNER, walk.id, 0, cancel)
    if walk.calls:
        then(w, WITHDRAW, walk.calls, cancel)
        walk.calls = 0


@compiled
def stop_inner(w: Any, walk: Any, last: int, cancel: int) -> None:
    """Stop the branches of a walk, those that come after `last` in its job."""
    number = walk_of(w, last).next if last else job_of(w, walk.job).first_walk
    while number:
        inner = walk_of(w, number)
        if inner.join and join_of(w, inner.join).walk == walk.id and not inner.over:
            then(w, STOP_INNER, walk.id, number, cancel)
            stop_walk(w, inner, cancel)
            return
        number = inner.next


@compiled
def stop_job(w: Any, job: Any, cancel: int) -> None:
    """Stop everything that a job does."""
    job.over = 1
    then(w, STOP_WALKS, job.id, 0, cancel)


@compiled
def stop_walks(w: Any, job: Any, last: int, cancel: int) -> None:
    """Stop the walks of a job that come after `last`."""
    number = walk_of(w, last).next if last else job.first_walk
    while number:
        walk = walk_of(w, number)
        if not walk.over:
            then(w, STOP_WALKS, job.id, number, cancel)
            stop_walk(w, walk, cancel)
            return
        number = walk.next


@compiled
def drop(w: Any, job: Any) -> None:
    """The caller withdrew it, or it hung until the caller's deadline: no answer."""
    then(w, DROPPED, job.id)
    stop_job(w, job, CANCEL_ALL)


@compiled
def dropped(w: Any, job: Any) -> None:
    """All that it did has stopped."""
    visit(w, job.endpoint, record.WITHDRAWN, 1)
    replica = replica_of(w, job.replica)
    then(w, SERVE, replica.id)
    release(w, replica, job)


@compiled
def crash(w: Any, replica: Any) -> None:
    """Go down: running and queued attempts end unreachable; what it called runs on for nobody."""
    gauge(w, replica.id, record.UP_NS, w.now)
    replica.up = 0
    replica.down_since = w.now
    then(w, FORGET, replica.id)
    then(w, CRASH_RUNNING, replica.id)
    first = in_order(w, replica.jobs_first, 0)
    if first:
        then(w, CRASH_NEXT, first, 0)


@compiled
def crash_running(w: Any, replica: Any) -> None:
    """Jobs that were over already, of which branches ran on."""
    first = in_order(w, replica.running_first, 1)
    if first:
        then(w, CRASH_NEXT, first, 1)


@compiled
def following(job: Any, running: int) -> int:
    return job.running_after if running else job.after


@compiled
def in_order(w: Any, first: int, running: int) -> int:
    """Chain the jobs of a list by their keys; the first of them."""
    n, number = 0, first
    while number:
        n, number = n + 1, following(job_of(w, number), running)
    numbers, keys = np.empty(n, np.int64), np.empty(n, np.uint64)
    n, number = 0, first
    while number:
        job = job_of(w, number)
        numbers[n], keys[n] = number, job.key
        n, number = n + 1, following(job, running)
    before = 0
    for i in np.argsort(keys)[::-1]:
        job_of(w, numbers[i]).chain = before
        before = numbers[i]
    return before


@compiled
def crash_next(w: Any, job: Any, running: int) -> None:
    """The next in the chain ends."""
    if job.chain:
        then(w, CRASH_NEXT, job.chain, running)
    then(w, CRASHED, job.id, running)
    stop_job(w, job, CANCEL_NONE)


@compiled
def crashed(w: Any, job: Any, running: int) -> None:
    """All that it did has stopped."""
    replica = replica_of(w, job.replica)
    if not running:
        visit(w, job.endpoint, record.CRASHED, 1)
        then(w, ANSWER, job.id, UNREACHABLE)
        release(w, replica, job)
        return
    number = job.first_walk
    while number:
        walk = walk_of(w, number)
        if walk.has_slot:
            free_slot(w, replica, walk)
        number = walk.next
    ran_on(w, replica, job)
