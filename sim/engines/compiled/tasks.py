"""Tasks: what is still to be done within the present event, last in, first out.

A function that has to do something after what may go far puts that on the stack and then does, as its last
deed, what goes far. Every moment of the clock is a task too. `KINDS` says what the two subjects of a task
are, for `garbage`.
"""

from typing import Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.compiled.memory import compiled, record_at
from sim.engines.compiled.pools import one_more

NOTHING, FRAME, JOB, WALK, JOIN = range(5)

# Moments ---------------------------------------------------------------------------------------------
(
    ARRIVE,
    REFUSED,
    DELIVER,
    TOLD,
    HOP_THERE,
    HOP_BACK,
    PASSED,
    WAKE,
    ANOTHER,
    DONE,
    SERVED,
    HUNG_UP,
    HIT,
    ARRIVAL,
    SWITCH,
    ASK,
    FAULT_BEGIN,
    FAULT_END,
    TICK,
    GRANTED,
    WAITED,
    BY_HAND,
    LOOK,
    JOINS,
    HEAR,
    SWEEP,
    # What follows ------------------------------------------------------------------------------------
    ENTER,
    RISE,
    ARRIVED,
    ANSWER,
    TELL,
    WITHDRAW,
    CALL_OVER,
    BEGIN_CALL,
    WAIT_FOR,
    NEXT_CALL,
    NEXT_BRANCH,
    BRANCH_OVER,
    DECIDED,
    STOP_WALK,
    STOP_INNER,
    STOP_WALKS,
    RAN_ON,
    SERVE,
    SERVE_NEXT,
    SERVE_POP,
    LEFT,
    DROPPED,
    WASTE,
    CRASH,
    CRASH_NEXT,
    CRASHED,
    CRASH_RUNNING,
    FORGET,
    APPLY,
    BEGUN,
    SENT,
    LAST_COPY,
    TELL_ON,
    GIVE_BACK,
    PLAN_LOOK,
    LEAVE,
    FORGET_WAITING,
    WITHDRAW_NEXT,
    BY_HAND_NEXT,
) = range(1, 66)

KINDS = np.zeros((66, 2), dtype=np.int64)
"""By task: what its subjects a and b are."""
for _op in (
    ARRIVE,
    REFUSED,
    HOP_THERE,
    HOP_BACK,
    PASSED,
    WAKE,
    ANOTHER,
    ENTER,
    TELL,
    WITHDRAW,
    CALL_OVER,
    SENT,
):
    KINDS[_op, 0] = FRAME
for _op in (DELIVER, TOLD, HUNG_UP, ARRIVED, ANSWER, RAN_ON, LEFT, DROPPED, WASTE, CRASH_NEXT, CRASHED):
    KINDS[_op, 0] = JOB
for _op in (DONE, HIT, BEGIN_CALL, NEXT_CALL, STOP_WALK):
    KINDS[_op, 0] = WALK
for _op in (NEXT_BRANCH, BRANCH_OVER, DECIDED):
    KINDS[_op, 0] = JOIN
for _op in (GRANTED, WAITED, TELL_ON, HEAR):
    KINDS[_op, 0] = FRAME
KINDS[WAIT_FOR] = WALK, FRAME
KINDS[STOP_WALKS] = JOB, WALK
KINDS[STOP_INNER] = WALK, WALK
KINDS[WITHDRAW_NEXT] = FRAME, NOTHING
KINDS[LAST_COPY] = FRAME, FRAME

WORDS = {
    ARRIVE: "a try on its way", REFUSED: "a refusal", DELIVER: "an answer", TOLD: "a cancellation",
    HOP_THERE: "a hop", HOP_BACK: "a hop", PASSED: "a timeout", WAKE: "a retry", ANOTHER: "a hedge",
    DONE: "a work step", SERVED: "a work step", HUNG_UP: "a hung attempt", HIT: "a cache hit",
    ARRIVAL: "a source", SWITCH: "a burst", ASK: "a user", FAULT_BEGIN: "a fault", FAULT_END: "a fault",
    TICK: "a breaker",
    GRANTED: "a rate limit",
    WAITED: "a bulkhead",
    BY_HAND: "an operation", LOOK: "an autoscaler", JOINS: "an autoscaler", HEAR: "a result on its way",
    SWEEP: "host ejection",
}  # fmt: skip
"""Moments in plain words, for the error of a time that stands still."""


@compiled
def then(w: Any, op: int, a: int = 0, b: int = 0, c: int = 0) -> None:
    """Do this next, before whatever is on the stack."""
    task = record_at(w.tasks_at, w.tasks_n, layout.TASK)
    task.op, task.a, task.b, task.c = op, a, b, c
    w.tasks_n = one_more(w, w.tasks_n, w.tasks_size)


@compiled
def then_enter(w: Any, frame: int, layer: int, key: Any) -> None:
    """Begin a pass below a frame next."""
    task = record_at(w.tasks_at, w.tasks_n, layout.TASK)
    task.op, task.a, task.b, task.key = ENTER, frame, layer, np.uint64(key)
    w.tasks_n = one_more(w, w.tasks_n, w.tasks_size)


@compiled
def in_this_order(w: Any, base: int) -> None:
    """What was put on the stack above `base` is done in the order in which it was put there."""
    low, high = base, w.tasks_n - 1
    while low < high:
        x, y = record_at(w.tasks_at, low, layout.TASK), record_at(w.tasks_at, high, layout.TASK)
        x.op, y.op = y.op, x.op
        x.a, y.a = y.a, x.a
        x.b, y.b = y.b, x.b
        x.c, y.c = y.c, x.c
        x.key, y.key = y.key, x.key
        low, high = low + 1, high - 1


@compiled
def drawn_task(w: Any) -> Any:
    """Take the next task off the stack; it stays readable until another is put there."""
    w.tasks_n -= 1
    return record_at(w.tasks_at, w.tasks_n, layout.TASK)
