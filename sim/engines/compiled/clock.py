"""The clock: moments ordered by (time, rank, identity, who was first), as in `simpy_engine/clock.py`.

A moment is a task that begins later. What is cancelled stays in the heap, counts for nothing there, and
does nothing when its time has come.
"""

from typing import Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.compiled.memory import compiled, record_at
from sim.engines.compiled.pools import OUTSIDE, free_moment, overrun, take_moment
from sim.engines.ranks import DEPTH, INSTANT_LIMIT

FOUR = np.uint64(4)
SLOT_BITS = 26
SLOT_MASK = (1 << SLOT_BITS) - 1
"""Who waits for a moment knows it by its number and, below it, by its slot in the pool."""


@compiled
def row_of(w: Any, place: int) -> Any:
    return record_at(w.heap_at, place, layout.ROW)


@compiled
def moment_of(w: Any, slot: int) -> Any:
    return record_at(w.moments_at, slot, layout.MOMENT)


@compiled
def after(w: Any, delay: int, rank: int, key: Any, op: int, subject: int) -> int:
    """Begin the task (op, subject) after `delay` ns. Returns what `cancel` takes."""
    w.scheduled += 1
    if delay <= 0:
        stand_still(w, op)
    slot = take_moment(w)
    moment = moment_of(w, slot)
    moment.number, moment.op, moment.subject = w.scheduled, op, subject
    push(w, w.now + delay, rank | np.int64(np.uint64(key) >> FOUR), w.scheduled, slot)
    return w.scheduled << SLOT_BITS | slot


@compiled
def cancel(w: Any, timer: int) -> None:
    """It will pass without doing anything; 0, and what has passed already, is nobody."""
    moment = moment_of(w, timer & SLOT_MASK)
    if timer and moment.number == timer >> SLOT_BITS:
        moment.op = moment.subject = 0


@compiled
def at_once(w: Any) -> bool:
    """May what happens at this instant be handled within the present event? Nothing else is due now that
    could come before it, and it is not the end of a long chain of such messages."""
    if w.depth >= DEPTH:
        return False
    while w.heap_n and row_of(w, 0).time == w.now:
        if moment_of(w, row_of(w, 0).slot).op:
            return False
        lift(w)
    return True


@compiled
def stand_still(w: Any, op: int) -> None:
    """So many events without time passing are a loop, not a model."""
    if w.now != w.instant:
        w.instant, w.same = w.now, 0
    w.same += 1
    if w.same > INSTANT_LIMIT:
        w.stuck = op
        w.low |= OUTSIDE


@compiled
def earlier(a: Any, b: Any) -> bool:
    """Does row a come before row b?"""
    if a.time != b.time:
        return a.time < b.time
    return a.order < b.order or (a.order == b.order and a.number < b.number)


@compiled
def put(to: Any, row: Any) -> None:
    to.time, to.order, to.number, to.slot = row.time, row.order, row.number, row.slot


@compiled
def push(w: Any, time: int, order: int, number: int, slot: int) -> None:
    """Into the heap, whose spare row after the last one serves as the new one's place meanwhile."""
    place = w.heap_n
    w.heap_n = place + 1
    new = row_of(w, w.heap_size - 1)
    new.time, new.order, new.number, new.slot = time, order, number, slot
    while place > 0:
        above = row_of(w, (place - 1) >> 1)
        if not earlier(new, above):
            break
        put(row_of(w, place), above)
        place = (place - 1) >> 1
    put(row_of(w, place), new)
    if w.heap_n + w.margin >= w.heap_size:
        w.low |= OUTSIDE
        if w.heap_n + 1 == w.heap_size:
            overrun(w)
            w.heap_n -= 1


@compiled
def pop(w: Any) -> int:
    """Remove the first row; its slot."""
    slot = row_of(w, 0).slot
    n = w.heap_n - 1
    w.heap_n = n
    last = row_of(w, n)
    place, child = 0, 1
    while child < n:
        if child + 1 < n and earlier(row_of(w, child + 1), row_of(w, child)):
            child += 1
        if not earlier(row_of(w, child), last):
            break
        put(row_of(w, place), row_of(w, child))
        place, child = child, 2 * child + 1
    put(row_of(w, place), last)
    return slot


@compiled
def lift(w: Any) -> tuple[int, int]:
    """Take the first moment off the heap: its (op, subject)."""
    slot = pop(w)
    moment = moment_of(w, slot)
    op, subject = moment.op, moment.subject
    moment.number = 0
    free_moment(w, slot)
    return op, subject


@compiled
def happen(w: Any) -> int:
    """The next moment comes: its task (op, subject) is put on the stack, unless it was cancelled."""
    time = row_of(w, 0).time
    op, subject = lift(w)
    if op:
        w.now = time
        w.happened += 1
        w.depth = 0
        task = record_at(w.tasks_at, w.tasks_n, layout.TASK)
        task.op, task.a = op, subject
        w.tasks_n += 1
    return op
