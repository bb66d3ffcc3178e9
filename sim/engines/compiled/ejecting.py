"""Host ejection: chooses among the hosts that are not ejected, tells their counters how it went."""

from typing import Any

from numba.extending import register_jitable

from sim.engines.compiled.balancer import choose, known, pick
from sim.engines.compiled.breaking import RESTARTED, write
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.guards import turn_away
from sim.engines.compiled.memory import (
    ANY,
    compiled,
    ejector_of,
    ints,
    layer_of,
    lists,
    outlier_params_of,
    replica_of,
    service_of,
)
from sim.engines.compiled.pools import take_meeting
from sim.engines.compiled.tasks import SWEEP
from sim.engines.ranks import RANK_FAULT
from sim.policies import outlier, outlier_hosts
from sim.policies.outlier_params import RETURNS
from sim.words import BROKEN, CLOSED, FOREVER, OPEN

for _module, _names in (
    (outlier_hosts, "at wrote ejected _allowed detect _take_out bring_in join leave"),
    (outlier, "settle report _answer _local _count due sweep _give_back _swap _judge _is_judged _judged_n"
     " _judge_rates _judge_percentages _point_at _rate _threshold _fails_too_much _decay panics"),
):  # fmt: skip
    for _name in _names.split():
        register_jitable(getattr(_module, _name))

EJECTED = 200
"""Causes of moves from here on are those of host ejection."""


@compiled
def enter_ejecting(w: Any, layer: Any, frame: Any) -> bool:
    """Ejected hosts get no calls until a sweep returns them, unless too few others are left."""
    e = ejector_of(w, frame.copy)
    frame.replica = pick_host(w, layer, e, frame.key)
    if frame.replica < 0 and e.out_n:
        turn_away(w, layer, frame, BROKEN)
        return False
    frame.ticket = frame.replica + 1
    return True


@compiled
def pick_host(w: Any, layer: Any, e: Any, key: Any) -> int:
    """A host that is not ejected; in panic any host, or none where panic means that; -1 for none.

    Model: hosts that a health check took out cause no panic by themselves.
    """
    service, p = service_of(w, layer.service), outlier_params_of(w, layer.params)
    if e.changes != service.changes:
        meet(w, layer, e)
    if e.out_n == 0:
        return pick(w, service, key)
    hosts, healthy = ints(w.hosts_at, ANY), 0
    for i in range(known(w, service)):
        if not e.outs[hosts[i] - e.first_host]:
            hosts[healthy] = hosts[i]
            healthy += 1
    if outlier.panics(e, p, healthy):
        healthy = 0 if p.fail_on_panic else members(w, service)
    return choose(w, service, healthy, key) if healthy else -1


@compiled
def members(w: Any, service: Any) -> int:
    """All members are among `hosts`; how many."""
    for i in range(service.members_n):
        ints(w.hosts_at, ANY)[i] = lists(w)[service.members + i]
    return service.members_n


@compiled
def ejecting_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """A try at this host has ended."""
    if frame.ticket:
        e, host = ejector_of(w, frame.copy), frame.ticket - 1
        frame.ticket = 0
        if not e.gone:
            if e.changes != service_of(w, layer.service).changes:
                meet(w, layer, e)
            p = outlier_params_of(w, layer.params)
            outlier.settle(e, p, w.now, host - e.first_host, layer.learn[outcome])
            after_ejector(w, e, p)


@compiled
def meet(w: Any, layer: Any, e: Any) -> None:
    """Hosts that are new, and hosts that have left."""
    e.changes = service_of(w, layer.service).changes
    for host in range(e.hosts):
        member = replica_of(w, e.first_host + host).member
        if e.presents[host] and not member:
            outlier.leave(e, host)
        elif member and not e.presents[host]:
            outlier.join(e, host)
            if not e.met[host]:
                e.met[host] = 1
                meeting = take_meeting(w)
                meeting.scope, meeting.caller, meeting.t_ns = e.scope, e.caller, w.now
                meeting.target = e.first_host + host
    after_ejector(w, e, outlier_params_of(w, layer.params))


@compiled
def sweep_hosts(w: Any, e: Any) -> None:
    """The interval of an ejector is over."""
    e.timer = 0
    layer = layer_of(w, e.layer)
    if e.changes != service_of(w, layer.service).changes:
        meet(w, layer, e)
    p = outlier_params_of(w, layer.params)
    outlier.sweep(e, p, w.now)
    after_ejector(w, e, p)


@compiled
def after_ejector(w: Any, e: Any, p: Any) -> None:
    """Write down who moved, and set the timer for the next sweep that has something to do."""
    for i in range(0, 4 * e.moved_n, 4):
        write_host(w, e, e.moved[i], EJECTED + e.moved[i + 1], e.moved[i + 2], e.moved[i + 3])
    e.moved_n = 0
    if e.timer == 0:
        due = outlier.due(e, p, w.now)
        if due < FOREVER:
            e.timer = after(w, due - w.now, RANK_FAULT, e.key, SWEEP, e.id)


@compiled
def write_host(w: Any, e: Any, host: int, cause: int, n: int, failures: int) -> None:
    """An ejection is a trip of the host's breaker."""
    returns = cause == RESTARTED or cause - EJECTED in RETURNS
    from_state, to_state = (OPEN, CLOSED) if returns else (CLOSED, OPEN)
    move = write(w, e.scope, e.caller, e.first_host + host, from_state, to_state, cause)
    move.n, move.failures = n, failures
    move.open_ns = 0 if returns else e.length_ns[host]


@compiled
def forget_ejector(w: Any, e: Any) -> None:
    """Its caller crashed: nobody is ejected any longer, and nothing is learned any more."""
    e.gone = 1
    cancel(w, e.timer)
    for host in range(e.hosts):
        if e.outs[host]:
            e.outs[host] = 0
            write_host(w, e, host, RESTARTED, 0, 0)
