"""Faults: verbs on targets, begun and ended by their schedules."""

from typing import Any

from sim import luck
from sim.engines.compiled.booking import gauge
from sim.engines.compiled.caches import flush
from sim.engines.compiled.clock import after
from sim.engines.compiled.cores import freeze, thaw
from sim.engines.compiled.draws import draw
from sim.engines.compiled.memory import (
    cache_of,
    compiled,
    lists,
    replica_of,
    service_of,
    source_of,
    wire_of,
)
from sim.engines.compiled.pools import OUTSIDE, take_span
from sim.engines.compiled.sources import set_surge
from sim.engines.compiled.stopping import crash
from sim.engines.compiled.tasks import APPLY, BEGUN, FAULT_BEGIN, FAULT_END, then
from sim.engines.ranks import RANK_FAULT
from sim.record.types import UP_NS
from sim.topology.types import (
    AFTER_REQUESTS,
    AT_TIME,
    F_CUT,
    F_FAIL,
    F_FLUSH,
    F_FREEZE,
    F_HANG,
    F_SLOW,
)
from sim.words import FOREVER


@compiled
def plan_fault(w: Any, fault: Any) -> None:
    """Set the first begin, or start counting."""
    if fault.schedule == AT_TIME:
        after(w, fault.at_ns, RANK_FAULT, fault.key, FAULT_BEGIN, fault.id)
    elif fault.schedule == AFTER_REQUESTS:
        for i in range(fault.replicas_n):
            replica_of(w, lists(w)[fault.replicas + i]).watching = 1
    else:
        wait_at_random(w, fault)


@compiled
def wait_at_random(w: Any, fault: Any) -> None:
    delay = draw(w, fault.mtbf, luck.uniform(fault.key, luck.FAULT, 2 * fault.round))
    after(w, delay, RANK_FAULT, fault.key, FAULT_BEGIN, fault.id)


@compiled
def fault_begins(w: Any, fault: Any) -> None:
    """Its time has come, or the attempt that it waited for has left."""
    if w.draining and fault.schedule != AT_TIME:
        return
    fault.active_since, fault.active = w.now, 1
    then(w, BEGUN, fault.id)
    then(w, APPLY, fault.id, 0)


@compiled
def begun(w: Any, fault: Any) -> None:
    """It lies on all its targets: plan its end."""
    length = fault.for_ns
    if fault.mttr >= 0:
        length = draw(w, fault.mttr, luck.uniform(fault.key, luck.FAULT, 2 * fault.round + 1))
    if fault.verb == F_FLUSH:
        fault_ends(w, fault)
    elif length < FOREVER:
        after(w, length, RANK_FAULT, fault.key, FAULT_END, fault.id)


@compiled
def has_room(w: Any, fault: Any) -> bool:
    """Is there room for the moments of all work that is thawed at once? If not, Python makes it first."""
    works = 0
    for i in range(fault.replicas_n):
        works += replica_of(w, lists(w)[fault.replicas + i]).works_n
    room = works + w.margin
    if w.free_moments >= room and w.heap_n + room < w.heap_size:
        return True
    w.need = works
    w.low |= OUTSIDE
    return False


@compiled
def fault_ends(w: Any, fault: Any) -> None:
    """It is taken off its targets."""
    if not has_room(w, fault):
        then(w, FAULT_END, fault.id)
        return
    span = take_span(w)
    span.fault, span.start_ns, span.end_ns = fault.id, fault.active_since, w.now
    fault.active_since, fault.active = -1, 0
    if fault.verb != F_FLUSH:
        for i in range(fault.replicas_n):
            on_replica(w, fault, replica_of(w, lists(w)[fault.replicas + i]), -1)
        elsewhere(w, fault, -1)
    fault.round += 1
    if fault.schedule == AFTER_REQUESTS:
        fault.count = 0
        fault.counting = fault.repeat
    elif fault.schedule != AT_TIME and not w.draining:
        wait_at_random(w, fault)


@compiled
def apply(w: Any, fault: Any, i: int) -> None:
    """Lay the fault on its i-th replica and those after it, then on its other targets."""
    if i == fault.replicas_n:
        elsewhere(w, fault, 1)
        return
    then(w, APPLY, fault.id, i + 1)
    on_replica(w, fault, replica_of(w, lists(w)[fault.replicas + i]), 1)


@compiled
def on_replica(w: Any, fault: Any, replica: Any, more: int) -> None:
    """It begins (more = 1) or ends (-1) at a replica."""
    verb = fault.verb
    if verb == F_SLOW:
        replica.slow_n += more
    elif verb == F_FAIL:
        replica.failing_n += more
    elif verb == F_HANG:
        replica.hanging_n += more
    elif verb == F_FREEZE:
        replica.freezes += more
        if more > 0 and replica.freezes == 1:
            freeze(w, replica)
        elif more < 0 and replica.freezes == 0:
            thaw(w, replica)
    else:
        replica.stops += more
        if more > 0 and replica.up:
            crash(w, replica)
        elif more < 0 and replica.stops == 0 and replica.member:
            boot(w, replica, True)


@compiled
def boot(w: Any, replica: Any, cold: bool) -> None:
    """Come up, cold after a restart or an autoscaled start."""
    gauge(w, replica.id, UP_NS, -w.now)
    replica.up = 1
    cold_ns = service_of(w, replica.service).cold_start_ns
    if cold and cold_ns:
        replica.cold_until = w.now + cold_ns


@compiled
def elsewhere(w: Any, fault: Any, more: int) -> None:
    """On edges and sources."""
    for i in range(fault.edges_n):
        wire = wire_of(w, lists(w)[fault.edges + i])
        if fault.verb == F_CUT:
            wire.cuts_n += more
        else:
            wire.slow_n += more
            # A constant delay needs no draw while nothing lies on the wire.
            wire.out_ns = -1 if wire.slow_n else wire.out_const
            wire.back_ns = -1 if wire.slow_n else wire.back_const
    for i in range(fault.sources_n):
        source = source_of(w, lists(w)[fault.sources + i])
        set_surge(w, source, fault.times if more > 0 else 1.0 / fault.times)
    for i in range(fault.caches_n):
        flush(cache_of(w, lists(w)[fault.caches + i]))
