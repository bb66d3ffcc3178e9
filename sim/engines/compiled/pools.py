"""Pools: who needs a record takes a free one; `answering` and `garbage` give back what nobody refers to."""

from typing import Any

from sim.engines.compiled import layout
from sim.engines.compiled.memory import ANY, compiled, ints, record_at

OUTSIDE, LOW, FULL = 1, 2, 4
"""What `low` of the world holds: something is to be done outside of the kernel; garbage is to be collected;
that did not help."""


@compiled
def overrun(w: Any) -> None:
    """One task has used up all the room that is left for one: a mistake in the kernel, not in the model."""
    w.broken = 1
    w.low |= OUTSIDE


@compiled
def take_moment(w: Any) -> int:
    w.free_moments -= 1
    if w.free_moments < w.margin:
        w.low |= OUTSIDE
        if w.free_moments < 0:
            overrun(w)
            w.free_moments = 0
    return ints(w.free_moments_at, ANY)[w.free_moments]


@compiled
def free_moment(w: Any, number: int) -> None:
    ints(w.free_moments_at, ANY)[w.free_moments] = number
    w.free_moments += 1


@compiled
def take_frame(w: Any) -> int:
    w.free_frames -= 1
    if w.free_frames < w.margin:
        w.low |= LOW
        if w.free_frames < 0:
            overrun(w)
            w.free_frames = 0
    return ints(w.free_frames_at, ANY)[w.free_frames]


@compiled
def take_job(w: Any) -> int:
    w.free_jobs -= 1
    if w.free_jobs < w.margin:
        w.low |= LOW
        if w.free_jobs < 0:
            overrun(w)
            w.free_jobs = 0
    return ints(w.free_jobs_at, ANY)[w.free_jobs]


@compiled
def take_walk(w: Any) -> int:
    w.free_walks -= 1
    if w.free_walks < w.margin:
        w.low |= LOW
        if w.free_walks < 0:
            overrun(w)
            w.free_walks = 0
    return ints(w.free_walks_at, ANY)[w.free_walks]


@compiled
def take_join(w: Any) -> int:
    w.free_joins -= 1
    if w.free_joins < w.margin:
        w.low |= LOW
        if w.free_joins < 0:
            overrun(w)
            w.free_joins = 0
    return ints(w.free_joins_at, ANY)[w.free_joins]


@compiled
def free_frame(w: Any, number: int) -> None:
    ints(w.free_frames_at, ANY)[w.free_frames] = number
    w.free_frames += 1


@compiled
def free_job(w: Any, number: int) -> None:
    ints(w.free_jobs_at, ANY)[w.free_jobs] = number
    w.free_jobs += 1


@compiled
def free_walk(w: Any, number: int) -> None:
    ints(w.free_walks_at, ANY)[w.free_walks] = number
    w.free_walks += 1


# Logs: rows are only ever added ----------------------------------------------------------------------


@compiled
def one_more(w: Any, n: int, size: int) -> int:
    """How many rows of `size` are in use when one more is: the last one stays free."""
    n += 1
    if n + w.margin >= size:
        w.low |= OUTSIDE
        if n == size:
            overrun(w)
            n -= 1
    return n


@compiled
def take_move(w: Any) -> Any:
    """A row for a move of a breaker or an ejector."""
    move = record_at(w.moves_at, w.moves_n, layout.MOVE)
    w.moves_n = one_more(w, w.moves_n, w.moves_size)
    return move


@compiled
def take_span(w: Any) -> Any:
    """A row for a fault's begin and end."""
    span = record_at(w.spans_at, w.spans_n, layout.SPAN)
    w.spans_n = one_more(w, w.spans_n, w.spans_size)
    return span


@compiled
def take_meeting(w: Any) -> Any:
    """A row for an ejector that meets a host."""
    meeting = record_at(w.meetings_at, w.meetings_n, layout.MEETING)
    w.meetings_n = one_more(w, w.meetings_n, w.meetings_size)
    return meeting
