"""The kernel: lets moments happen and does the tasks that follow, until something has to be done outside."""

from typing import Any

from numba import njit

from sim.engines.compiled import (
    answering,
    breaking,
    ejecting,
    entering,
    faults,
    forgetting,
    garbage,
    guards,
    jobs,
    layers,
    operations,
    records,
    retrying,
    scaling,
    sources,
    stopping,
)
from sim.engines.compiled import tasks as t
from sim.engines.compiled.attempt import answer, arrive, told, waste
from sim.engines.compiled.clock import happen, row_of
from sim.engines.compiled.cores import done, served
from sim.engines.compiled.frames import FILLER, NOBODY, WALK, begin
from sim.engines.compiled.memory import (
    compiled,
    copy_of,
    ejector_of,
    fault_of,
    frame_of,
    guard_of,
    job_of,
    join_of,
    layer_of,
    operation_of,
    params_of,
    replica_of,
    service_of,
    site_of,
    source_of,
    user_of,
    walk_of,
)
from sim.engines.compiled.replica import left, ran_on
from sim.engines.compiled.serving import serve, serve_next, serve_pop

assert records  # it teaches the compiler to read the records' lists
OVER, BUDGET, TURN, OUTSIDE = range(4)
"""Why it stops: nothing more happens before the end; as many moments as were asked for have passed; a
bucket is over; something is to be done outside, such as making a copy of a breaker."""


@njit(cache=True)
def advance_run(world: Any, end: int, most: int) -> int:
    """Let at most `most` moments before `end` happen."""
    w = world[0]
    while True:
        while w.tasks_n:
            if w.low and not garbage.made_room(w):
                return OUTSIDE
            task = t.drawn_task(w)
            if task.op == t.RISE:
                w.depth -= 1
            elif task.op == t.ARRIVED:
                job_of(w, task.a).arriving = 0
            else:
                perform(w, task)
        if w.stopped:
            return OVER
        if w.low and not garbage.made_room(w):
            return OUTSIDE
        if most == 0:
            return BUDGET
        if w.heap_n == 0 or row_of(w, 0).time >= end:
            return OVER
        if row_of(w, 0).time >= w.turn_at:
            return TURN
        most -= 1
        happen(w)


@compiled
def perform(w: Any, task: Any) -> None:
    """Do a task."""
    op = task.op
    if op < t.DONE:
        of_frames(w, task, op)
    elif op < t.ENTER:
        of_time(w, task, op)
    elif op < t.CALL_OVER:
        of_passes(w, task, op)
    elif op < t.STOP_WALK:
        of_walks(w, task, op)
    elif op < t.CRASH:
        of_replicas(w, task, op)
    else:
        of_the_rest(w, task, op)


@compiled
def of_frames(w: Any, task: Any, op: int) -> None:
    """Moments of attempts, and of layers that waited."""
    if op == t.DELIVER:
        answering.answered(w, job_of(w, task.a))
        return
    if op == t.TOLD:
        told(w, job_of(w, task.a))
        return
    frame = frame_of(w, task.a)
    layer = layer_of(w, frame.layer)
    if op == t.ARRIVE:
        arrive(w, frame)
    elif op == t.PASSED:
        layers.passed(w, layer, frame)
    elif op == t.WAKE:
        retrying.wake(w, layer, frame)
    elif op == t.ANOTHER:
        retrying.another(w, layer, frame)
    elif op == t.HOP_THERE:
        frame.timer = 0
        t.then_enter(w, frame.id, layer.inner, frame.key)
    else:
        if op == t.REFUSED:
            frame.timer = 0
        layers.finish(w, frame, frame.aux)


@compiled
def of_time(w: Any, task: Any, op: int) -> None:
    """Work that is done, sources, faults, timers of breakers."""
    if op == t.DONE:
        walk = walk_of(w, task.a)
        done(w, replica_of(w, job_of(w, walk.job).replica), walk)
        jobs.advance(w, walk)
    elif op == t.SERVED:
        jobs.advance(w, served(w, replica_of(w, task.a)))
    elif op == t.HUNG_UP:
        job = job_of(w, task.a)
        if not job.over:
            stopping.drop(w, job)
    elif op == t.ARRIVAL:
        sources.arrival(w, source_of(w, task.a))
    elif op == t.ASK:
        sources.ask(w, user_of(w, task.a))
    elif op == t.SWITCH:
        sources.switch(w, source_of(w, task.a))
    elif op == t.FAULT_BEGIN:
        faults.fault_begins(w, fault_of(w, task.a))
    elif op == t.FAULT_END:
        faults.fault_ends(w, fault_of(w, task.a))
    elif op == t.HEAR:
        letter = frame_of(w, task.a)
        breaking.hear(w, layer_of(w, letter.layer), letter)
    elif op == t.LOOK:
        scaling.look(w, service_of(w, task.a))
    elif op == t.JOINS:
        scaling.joins(w, service_of(w, task.a))
    elif op == t.HIT:
        walk = walk_of(w, task.a)
        walk.moment = 0
        jobs.repeated(w, walk)
    elif op == t.BY_HAND:
        operations.by_hand(w, operation_of(w, task.a))
    elif op == t.GRANTED or op == t.WAITED:
        frame = frame_of(w, task.a)
        if op == t.GRANTED:
            guards.granted(w, layer_of(w, frame.layer), frame)
        else:
            guards.waited(w, layer_of(w, frame.layer), frame)
    elif op == t.SWEEP:
        ejecting.sweep_hosts(w, ejector_of(w, task.a))
    elif op == t.TICK:
        copy = copy_of(w, task.a)
        breaking.tick(w, copy, params_of(w, copy.params))


@compiled
def of_passes(w: Any, task: Any, op: int) -> None:
    """Passes through layers."""
    if op == t.ENTER:
        entering.enter(w, task.a, task.b, task.key)
    elif op == t.ANSWER:
        job = job_of(w, task.a)
        if answer(w, job, task.b):
            answering.answered(w, job)
    elif op == t.TELL:
        layers.tell(w, task.a, task.b)
    else:
        layers.withdraw(w, task.a, task.b)


@compiled
def of_walks(w: Any, task: Any, op: int) -> None:
    """Walks along steps."""
    if op == t.CALL_OVER:
        layers.call_over(w, frame_of(w, task.a), task.b)
    elif op == t.BEGIN_CALL:
        begin_call(w, walk_of(w, task.a), task.b)
    elif op == t.WAIT_FOR:
        walk_of(w, task.a).calls = task.b
    elif op == t.NEXT_CALL:
        walk = walk_of(w, task.a)
        if not jobs.next_call(w, walk, site_of(w, jobs.step_at(w, walk).site)):
            walk.i += 1
            jobs.advance(w, walk)
    elif op == t.NEXT_BRANCH:
        jobs.next_branch(w, join_of(w, task.a), task.b)
    elif op == t.BRANCH_OVER:
        jobs.branch_over(w, join_of(w, task.a), task.b)
    else:
        jobs.decided(w, join_of(w, task.a), task.b)


@compiled
def begin_call(w: Any, walk: Any, rep: int) -> None:
    """A call step's call number `rep` begins."""
    job = job_of(w, walk.job)
    site, key = site_of(w, jobs.step_at(w, walk).site), jobs.call_key(w, walk, rep)
    owner = WALK if site.wait else FILLER if site.cache >= 0 else NOBODY
    call = begin(w, site, owner, walk.id if site.wait else site.cache, job.replica, key, job.deadline)
    if site.wait:
        t.then(w, t.WAIT_FOR, walk.id, call.id)
    entering.enter(w, call.id, layer_of(w, site.root).inner, key)


@compiled
def of_replicas(w: Any, task: Any, op: int) -> None:
    """Stopping, serving, leaving."""
    if op == t.SERVE:
        serve(w, replica_of(w, task.a))
    elif op == t.SERVE_NEXT:
        serve_next(w, replica_of(w, task.a))
    elif op == t.SERVE_POP:
        serve_pop(w, replica_of(w, task.a))
    elif op == t.LEFT:
        left(w, job_of(w, task.a))
    elif op == t.RAN_ON:
        job = job_of(w, task.a)
        if job.over:
            ran_on(w, replica_of(w, job.replica), job)
    elif op == t.STOP_WALK:
        stopping.stop_walk(w, walk_of(w, task.a), task.b)
    elif op == t.STOP_INNER:
        stopping.stop_inner(w, walk_of(w, task.a), task.b, task.c)
    elif op == t.STOP_WALKS:
        stopping.stop_walks(w, job_of(w, task.a), task.b, task.c)
    elif op == t.DROPPED:
        stopping.dropped(w, job_of(w, task.a))
    else:
        waste(w, job_of(w, task.a))


@compiled
def of_the_rest(w: Any, task: Any, op: int) -> None:
    """Crashes, faults, hedges."""
    if op == t.CRASH:
        stopping.crash(w, replica_of(w, task.a))
    elif op == t.CRASH_NEXT:
        stopping.crash_next(w, job_of(w, task.a), task.b)
    elif op == t.CRASHED:
        stopping.crashed(w, job_of(w, task.a), task.b)
    elif op == t.CRASH_RUNNING:
        stopping.crash_running(w, replica_of(w, task.a))
    elif op == t.FORGET:
        forgetting.forget_caller(w, task.a, task.b)
    elif op == t.FORGET_WAITING:
        forgetting.forget_waiting(w, guard_of(w, task.a))
    elif op == t.WITHDRAW_NEXT:
        forgetting.withdraw_next(w, frame_of(w, task.a))
    elif op == t.BY_HAND_NEXT:
        operations.by_hand_next(w, operation_of(w, task.a), task.b, task.c)
    elif op == t.APPLY:
        faults.apply(w, fault_of(w, task.a), task.b)
    elif op == t.BEGUN:
        faults.begun(w, fault_of(w, task.a))
    elif op == t.PLAN_LOOK:
        scaling.plan_look(w, service_of(w, task.a))
    elif op == t.LEAVE:
        scaling.leave(w, service_of(w, task.a), task.b)
    elif op == t.TELL_ON:
        layers.tell_on(w, frame_of(w, task.a), task.b)
    elif op == t.GIVE_BACK:
        guards.give_back(w, guard_of(w, task.a), task.b)
    elif op == t.SENT:
        retrying.sent(w, frame_of(w, task.a))
    else:
        layers.last_copy(w, frame_of(w, task.a), task.b, task.c)


@njit(cache=True)
def start_run(world: Any) -> None:
    """What happens before the first moment: faults are planned, sources wait for their first arrivals."""
    w = world[0]
    for i in range(w.services_n):
        if service_of(w, i).scaled:
            scaling.plan_look(w, service_of(w, i))
    for i in range(w.operations_n):
        operations.plan_operation(w, operation_of(w, i))
    for i in range(w.faults_n):
        faults.plan_fault(w, fault_of(w, i))
    for i in range(w.sources_n):
        sources.start_source(w, source_of(w, i))
