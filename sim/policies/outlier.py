"""Host ejection: one record per caller and callee service, plain functions over it.

The record holds integers and flat lists by host, so the same functions can run on compiled records.
Times are integer ns.

    new(p, key, hosts, now) -> Hosts
    settle(e, p, now, host, code)     a request to the host has ended: its connection and its answer
    report(e, p, now, host, code)     one result; negative codes are local origin
    due(e, p, now) -> instant         of the next sweep that does anything, or FOREVER
    sweep(e, p, now)                  the interval is over
    ejected(e, host)                  is it out?
    panics(e, p, healthy)             is ejection ignored with so many healthy hosts left?
    join(e, host), leave(e, host)     hosts come and go
    moves(e)                          who was ejected and who returned since the last look
"""

from math import sqrt

from sim.policies.outlier_hosts import (
    EXTERNAL,
    LOCAL,
    Hosts,
    at,
    bring_in,
    detect,
    ejected,
    join,
    leave,
    moves,
    new,
)
from sim.policies.outlier_params import (
    BY_5XX,
    BY_GATEWAY,
    BY_LOCAL,
    BY_LOCAL_PERCENTAGE,
    BY_LOCAL_RATE,
    BY_PERCENTAGE,
    BY_RATE,
    BY_TIME,
    CAUSES,
    CONNECTED,
    DECAY_AFTER_INTERVAL,
    EJECT_FIRST,
    RETURN_FIRST,
    UNREPORTED,
    Params,
)
from sim.words import FOREVER

__all__ = [
    "CAUSES", "Hosts", "Params", "due", "ejected", "join", "leave", "moves", "new", "panics", "report", "settle", "sweep",
]  # fmt: skip

OVERPROVISIONING = 140
"""Percent; Envoy's default: while this much of the healthy share makes a whole, there is no panic, whatever the
threshold."""


def settle(e: Hosts, p: Params, now: int, host: int, code: int) -> None:
    """A request has ended with this code.

    Model: that the connection was made is reported with the answer, and of a request that timed out not
    at all; Envoy reports it when the request is sent, so with the split a timeout there follows a success.
    """
    if p.split and code > 0:
        report(e, p, now, host, CONNECTED)
    report(e, p, now, host, code)


def report(e: Hosts, p: Params, now: int, host: int, code: int) -> None:
    """One result of a host that is present; of one that has left nobody wants to hear."""
    if code == UNREPORTED or not e.presents[host]:
        return
    if p.split and code < 0:
        _local(e, p, now, host, code == CONNECTED)
    elif code != CONNECTED:
        _answer(e, p, now, host, abs(code))


def _answer(e: Hosts, p: Params, now: int, host: int, code: int) -> None:
    good = code < p.ok_below
    _count(e, p, EXTERNAL, host, good)
    if good:
        e.runs[host] = e.gateway_runs[host] = 0
        return
    if 502 <= code <= 504:
        e.gateway_runs[host] += 1
        if e.gateway_runs[host] == p.run_gateway:
            detect(e, p, now, host, BY_GATEWAY, p.run_gateway, p.run_gateway)
            e.gateway_runs[host] = 0
    else:
        e.gateway_runs[host] = 0
    e.runs[host] += 1
    if e.runs[host] == p.run_5xx:
        detect(e, p, now, host, BY_5XX, p.run_5xx, p.run_5xx)
        e.runs[host] = 0


def _local(e: Hosts, p: Params, now: int, host: int, good: bool) -> None:
    _count(e, p, LOCAL, host, good)
    if good:
        e.local_runs[host] = 0
        return
    e.local_runs[host] += 1
    if e.local_runs[host] == p.run_local:
        detect(e, p, now, host, BY_LOCAL, p.run_local, p.run_local)
        e.local_runs[host] = 0


def _count(e: Hosts, p: Params, origin: int, host: int, good: bool) -> None:
    if p.rate or p.percentage:
        i = at(e, origin, host)
        e.totals[i] += 1
        e.oks[i] += good
        e.counted += 1


def due(e: Hosts, p: Params, now: int) -> int:
    """The next sweep after `now`; FOREVER while a sweep would change nothing."""
    if e.out_n == 0 and e.raised == 0 and e.counted == 0:
        return FOREVER
    return e.born_ns + ((now - e.born_ns) // p.interval_ns + 1) * p.interval_ns


def sweep(e: Hosts, p: Params, now: int) -> None:
    """An interval is over: hosts return, are judged by the completed interval, and are forgiven."""
    if p.order == RETURN_FIRST:
        _give_back(e, p, now)
    if p.rate or p.percentage:
        _swap(e)
        _judge(e, p, now, EXTERNAL)
        if p.split:
            _judge(e, p, now, LOCAL)
    _decay(e, p, now)
    if p.order == EJECT_FIRST:
        _give_back(e, p, now)


def _give_back(e: Hosts, p: Params, now: int) -> None:
    if e.out_n == 0:
        return
    for host in range(e.hosts):
        if e.outs[host]:
            passed = now - e.ejected_at[host]
            if passed > e.length_ns[host] or (passed == e.length_ns[host] and not p.strict_return):
                bring_in(e, host, BY_TIME)
                e.returned_at[host] = now


def _swap(e: Hosts) -> None:
    """The interval that was under way is the completed one; another begins."""
    for i in range(2 * e.hosts):
        e.judged_totals[i], e.judged_oks[i] = e.totals[i], e.oks[i]
        e.totals[i] = e.oks[i] = 0
    e.counted = 0


def _judge(e: Hosts, p: Params, now: int, origin: int) -> None:
    """Success rates, then failure percentages, of the hosts that had been there when the sweep came to them.

    Model: hosts are judged in their order; Envoy's is that of a hash map. It matters only where the
    limit lets some of them go and not all.
    """
    for host in range(e.hosts):
        e.judged[host] = 1 if p.judge_ejected or not e.outs[host] else 0
    if p.rate:
        _judge_rates(e, p, now, origin)
    if p.percentage:
        _judge_percentages(e, p, now, origin)


def _is_judged(e: Hosts, origin: int, host: int, volume: int) -> bool:
    """Has it results enough?"""
    total = e.judged_totals[at(e, origin, host)]
    return e.judged[host] == 1 and total > 0 and total >= volume


def _judged_n(e: Hosts, origin: int, volume: int) -> int:
    n = 0
    for host in range(e.hosts):
        n += _is_judged(e, origin, host, volume)
    return n


def _judge_rates(e: Hosts, p: Params, now: int, origin: int) -> None:
    n = _judged_n(e, origin, p.rate_volume)
    if n == 0 or n < p.rate_hosts:
        return
    cause = BY_RATE if origin == EXTERNAL else BY_LOCAL_RATE
    threshold = _threshold(e, p, origin, n)
    for host in range(e.hosts):
        if _is_judged(e, origin, host, p.rate_volume) and _rate(e, p, origin, host) < threshold:
            _point_at(e, p, now, origin, host, cause)


def _judge_percentages(e: Hosts, p: Params, now: int, origin: int) -> None:
    n = _judged_n(e, origin, p.percentage_volume)
    if n == 0 or n < p.percentage_hosts:
        return
    cause = BY_PERCENTAGE if origin == EXTERNAL else BY_LOCAL_PERCENTAGE
    for host in range(e.hosts):
        if _is_judged(e, origin, host, p.percentage_volume) and _fails_too_much(e, p, origin, host):
            _point_at(e, p, now, origin, host, cause)


def _point_at(e: Hosts, p: Params, now: int, origin: int, host: int, cause: int) -> None:
    i = at(e, origin, host)
    detect(e, p, now, host, cause, e.judged_totals[i], e.judged_totals[i] - e.judged_oks[i])


def _rate(e: Hosts, p: Params, origin: int, host: int) -> float:
    i = at(e, origin, host)
    return e.judged_oks[i] * p.unit / e.judged_totals[i]


def _threshold(e: Hosts, p: Params, origin: int, n: int) -> float:
    """Mean less factor times the standard deviation of the population."""
    mean = 0.0
    for host in range(e.hosts):
        if _is_judged(e, origin, host, p.rate_volume):
            mean += _rate(e, p, origin, host)
    mean /= n
    variance = 0.0
    for host in range(e.hosts):
        if _is_judged(e, origin, host, p.rate_volume):
            off = _rate(e, p, origin, host) - mean
            variance += off * off
    return mean - p.rate_factor * sqrt(variance / n)


def _fails_too_much(e: Hosts, p: Params, origin: int, host: int) -> bool:
    i = at(e, origin, host)
    total, ok = e.judged_totals[i], e.judged_oks[i]
    if p.strict_percentage:
        return (total - ok) / total * 100.0 > p.percentage_threshold
    return 100.0 - ok * 100.0 / total >= p.percentage_threshold


def _decay(e: Hosts, p: Params, now: int) -> None:
    if e.raised == 0:
        return
    for host in range(e.hosts):
        if e.multipliers[host] > 0 and not e.outs[host]:
            if p.decay == DECAY_AFTER_INTERVAL and now - e.returned_at[host] < p.interval_ns:
                continue
            e.multipliers[host] -= 1
            e.raised -= 1


def panics(e: Hosts, p: Params, healthy: int) -> bool:
    """Is the healthy share too small to trust ejection? (Envoy: LoadBalancerBase::recalculatePerPriorityPanic.)"""
    if healthy * OVERPROVISIONING >= e.present_n * 100:
        return False
    return 100.0 * healthy / e.present_n < p.panic_percent
