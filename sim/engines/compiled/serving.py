"""Serving the queue of a replica: one walk after the other, and what each of them does in between."""

from typing import Any

from sim.engines.compiled.jobs import advance
from sim.engines.compiled.memory import compiled, job_of
from sim.engines.compiled.queueing import drops, next_waiting
from sim.engines.compiled.replica import leave_jobs, shed, start
from sim.engines.compiled.tasks import SERVE_NEXT, SERVE_POP, then


@compiled
def serve(w: Any, replica: Any) -> None:
    """Slots are free, perhaps. Whoever frees one meanwhile need not serve."""
    if not replica.serving:
        replica.serving = 1
        serve_next(w, replica)


@compiled
def serve_next(w: Any, replica: Any) -> None:
    """Is there another one to serve?"""
    if replica.queue_n and replica.inside < replica.slots and replica.up:
        serve_pop(w, replica)
    else:
        replica.serving = 0


@compiled
def serve_pop(w: Any, replica: Any) -> None:
    """The next in the queue is served; one that the discipline drops makes room for the one after it."""
    if not replica.queue_n:
        replica.serving = 0
        return
    walk = next_waiting(w, replica)
    if drops(w, replica, walk):
        then(w, SERVE_POP, replica.id)
        job = job_of(w, walk.job)
        leave_jobs(w, replica, job)
        shed(w, job)
        return
    then(w, SERVE_NEXT, replica.id)
    if start(w, replica, walk):
        advance(w, walk)
