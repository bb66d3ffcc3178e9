"""The attempt: network out, the balancer's choice, network back, and giving up."""

from typing import Any

from sim import durations, luck
from sim.engines.compiled.balancer import pick
from sim.engines.compiled.booking import visit
from sim.engines.compiled.clock import after, at_once
from sim.engines.compiled.draws import draw
from sim.engines.compiled.frames import ENDED, LIVE, refuse
from sim.engines.compiled.jobs import advance
from sim.engines.compiled.memory import (
    compiled,
    fault_of,
    frame_of,
    job_of,
    layer_of,
    lists,
    replica_of,
    service_of,
    walk_of,
    wire_of,
)
from sim.engines.compiled.replica import new_job, offer, start
from sim.engines.compiled.stopping import drop
from sim.engines.compiled.tasks import ANSWER, ARRIVE, ARRIVED, DELIVER, REFUSED, RISE, TOLD, WASTE, then
from sim.engines.ranks import RANK_ANSWER, RANK_ARRIVAL
from sim.record.types import ARRIVED as ARRIVALS
from sim.record.types import DOWN, WASTED_NS
from sim.topology.types import CANCEL_ALL, CUT_REFUSE, F_CUT, WAY_BACK, WAY_OUT
from sim.words import EXPIRED, OK, UNREACHABLE

VARIES = -1


@compiled
def net_delay(w: Any, wire: Any, key: Any, purpose: int) -> int:
    """One-way delay for whom `key` names."""
    ns = draw(w, wire.out if purpose == luck.NET_OUT else wire.back, luck.uniform(key, purpose))
    if wire.slow_n:
        for i in range(wire.faults_n):
            fault = fault_of(w, lists(w)[wire.faults + i])
            if fault.verb != F_CUT and fault.active:
                ns = durations.added(durations.rounded(ns * fault.times), fault.plus_ns)
    return ns


@compiled
def cut_on(w: Any, wire: Any, way: int) -> int:
    """The cut that stops a message on this way, -1 without."""
    if wire.cuts_n:
        for i in range(wire.faults_n):
            fault = fault_of(w, lists(w)[wire.faults + i])
            if fault.verb == F_CUT and fault.active and (fault.way == 0 or fault.way == way):
                return fault.id
    return -1


@compiled
def enter_attempt(w: Any, layer: Any, frame: Any) -> None:
    """A try is sent."""
    if frame.deadline <= w.now:
        refuse(w, frame, EXPIRED)
        return
    wire = wire_of(w, layer.edge)
    delay = wire.out_ns
    if delay == VARIES:
        delay = net_delay(w, wire, frame.key, luck.NET_OUT)
    cut = cut_on(w, wire, WAY_OUT)
    if cut < 0:
        if delay or not at_once(w):
            after(w, delay, RANK_ARRIVAL, frame.key, ARRIVE, frame.id)
        else:
            descend(w)
            arrive(w, frame)
    elif fault_of(w, cut).mode == CUT_REFUSE:
        back = net_delay(w, wire, frame.key, luck.NET_BACK)
        frame.aux = UNREACHABLE
        after(w, max(durations.added(delay, back), w.reject_ns), RANK_ANSWER, frame.key, REFUSED, frame.id)
    # A black hole swallows it: only the caller's own timeout ends this try.


@compiled
def arrive(w: Any, frame: Any) -> None:
    """At the callee: a replica takes it."""
    if frame.state == ENDED:
        return  # the caller withdrew it on the wire
    layer = layer_of(w, frame.layer)
    visit(w, layer.endpoint, ARRIVALS, 1)
    number = chosen(w, frame) if layer.by_host else -1
    if number < 0:
        number = pick(w, service_of(w, layer.service), frame.key)
    job = new_job(w, layer, frame, layer.endpoint, number)
    frame.job = job.id
    if w.tasks_n:
        then(w, ARRIVED, job.id)
    if number < 0 or not replica_of(w, number).up:
        job.over = 1
        visit(w, layer.endpoint, DOWN, 1)
        then(w, ANSWER, job.id, UNREACHABLE)
        return
    replica = replica_of(w, number)
    walk = offer(w, replica, job)
    if walk and start(w, replica, walk_of(w, walk)):
        advance(w, walk_of(w, walk))


@compiled
def chosen(w: Any, frame: Any) -> int:
    """The host that a breaker or ejector above chose, -1 without."""
    while frame.id != frame.call:
        if frame.replica >= 0:
            return frame.replica
        frame = frame_of(w, frame.parent)
    return -1


@compiled
def answer(w: Any, job: Any, outcome: int) -> bool:
    """The replica answers: the message travels back. True if it is there at once."""
    wire = wire_of(w, layer_of(w, job.layer).edge)
    delay = wire.back_ns
    if delay == VARIES:
        delay = net_delay(w, wire, job.key, luck.NET_BACK)
    cut = cut_on(w, wire, WAY_BACK)
    if cut >= 0:
        waste(w, job)
        if fault_of(w, cut).mode != CUT_REFUSE:
            return False
        outcome = UNREACHABLE
    job.outcome = outcome
    if delay or job.arriving == w.happened or not at_once(w):
        after(w, delay, RANK_ANSWER, job.key, DELIVER, job.id)
        return False
    descend(w)
    return True


@compiled
def descend(w: Any) -> None:
    """A message is handled within the event that sent it. Where nothing is left to be done after it, nothing
    would see how deep that was."""
    w.depth += 1
    if w.tasks_n:
        then(w, RISE)


@compiled
def deliver(w: Any, job: Any) -> Any:
    """The answer is there. The frame that it ends."""
    frame = frame_of(w, job.frame)
    frame.job = 0
    call = frame_of(w, frame.call)
    if frame.state != LIVE or call.state == ENDED:
        waste(w, job)
    else:
        call.served_ns += job.worked_ns
        if job.outcome == OK:
            call.degraded = job.degraded
    return frame


@compiled
def waste(w: Any, job: Any) -> None:
    """Its work was for nobody."""
    if job.worked_ns:
        visit(w, job.endpoint, WASTED_NS, job.worked_ns)
        job.worked_ns = 0


@compiled
def tell_callee(w: Any, layer: Any, frame: Any, cancel: int) -> None:
    """A message withdraws the attempt."""
    wire = wire_of(w, layer.edge)
    if frame.job == 0 or cut_on(w, wire, WAY_OUT) >= 0:
        return
    delay = net_delay(w, wire, luck.child(frame.key, luck.NET_OUT, 1), luck.NET_OUT)
    job_of(w, frame.job).told = cancel
    after(w, delay, RANK_ARRIVAL, frame.key, TOLD, frame.job)


@compiled
def told(w: Any, job: Any) -> None:
    """The message of its caller is there."""
    if not job.over and (job.told == CANCEL_ALL or not job.begun):
        then(w, WASTE, job.id)
        drop(w, job)
