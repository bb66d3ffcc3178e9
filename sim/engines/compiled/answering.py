"""An answer arrives. Where nobody can refer any more to what made it, that is free again at once: the next request
takes the same records while they are in the nearest cache. Everything else is left to `garbage`."""

from typing import Any

from sim.engines.compiled import layers
from sim.engines.compiled.attempt import deliver
from sim.engines.compiled.frames import ENDED, LIVE
from sim.engines.compiled.memory import compiled, frame_of, layer_of, site_of
from sim.engines.compiled.pools import free_frame, free_job, free_walk


@compiled
def answered(w: Any, job: Any) -> None:
    """Those above hear of it."""
    free = nobody_else_refers(w, job)
    frame = deliver(w, job)
    layers.finish(w, frame, job.outcome)
    call = frame_of(w, frame.call)
    if not free or call.state != ENDED:
        return
    free_walk(w, job.only_walk)
    free_job(w, job.id)
    while frame.id != call.id:
        free_frame(w, frame.id)
        frame = frame_of(w, frame.parent)
    free_frame(w, call.id)


@compiled
def nobody_else_refers(w: Any, job: Any) -> bool:
    """No task is left in this event; the call could have no other try, and leaves nothing on the clock or on the
    way; the callee has done all in one walk, and was told nothing."""
    if w.tasks_n or not job.only_walk or job.told or job.runs_on:
        return False
    frame = frame_of(w, job.frame)
    call = frame_of(w, frame.call)
    return frame.state == LIVE and call.state == LIVE and site_of(w, layer_of(w, frame.layer).site).plain != 0
