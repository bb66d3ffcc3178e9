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

What happened lies in `e.moved` (see Hosts) until the reader empties it.
"""

from math import sqrt

from sim.policies.outlier_hosts import EXTERNAL, LOCAL, Hosts, bring_in, detect, ejected, join, leave, new
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
    "CAUSES", "Hosts", "Params", "due", "ejected", "join", "leave", "new", "panics", "report", "settle", "sweep",
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
    if code == UNREPORTED or not e.present[host]:
        return
    if p.split and code < 0:
        _local(e, p, now, host, code == CONNECTED)
    elif code != CONNECTED:
        _answer(e, p, now, host, abs(code))


def _answer(e: Hosts, p: Params, now: int, host: int, code: int) -> None:
    good = code < p.ok_below
    _count(e, p, EXTERNAL, host, good)
    if good:
        e.run[host] = e.gateway_run[host] = 0
        return
    if 502 <= code <= 504:
        e.gateway_run[host] += 1
        if e.gateway_run[host] == p.run_gateway:
            detect(e, p, now, host, BY_GATEWAY, p.run_gateway, p.run_gateway)
            e.gateway_run[host] = 0
    else:
        e.gateway_run[host] = 0
    e.run[host] += 1
    if e.run[host] == p.run_5xx:
        detect(e, p, now, host, BY_5XX, p.run_5xx, p.run_5xx)
        e.run[host] = 0


def _local(e: Hosts, p: Params, now: int, host: int, good: bool) -> None:
    _count(e, p, LOCAL, host, good)
    if good:
        e.local_run[host] = 0
        return
    e.local_run[host] += 1
    if e.local_run[host] == p.run_local:
        detect(e, p, now, host, BY_LOCAL, p.run_local, p.run_local)
        e.local_run[host] = 0


def _count(e: Hosts, p: Params, origin: int, host: int, good: bool) -> None:
    if p.rate or p.percentage:
        e.total[origin][host] += 1
        e.ok[origin][host] += good
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
    for host in range(len(e.out)):
        if e.out[host]:
            passed = now - e.ejected_ns[host]
            if passed > e.length_ns[host] or (passed == e.length_ns[host] and not p.strict_return):
                bring_in(e, host, BY_TIME)
                e.returned_ns[host] = now


def _swap(e: Hosts) -> None:
    """The interval that was under way is the completed one; another begins."""
    e.judged_total, e.total = e.total, e.judged_total
    e.judged_ok, e.ok = e.ok, e.judged_ok
    for origin in range(2):
        for host in range(len(e.out)):
            e.total[origin][host] = e.ok[origin][host] = 0
    e.counted = 0


def _judge(e: Hosts, p: Params, now: int, origin: int) -> None:
    """Success rates, then failure percentages.

    Model: hosts are judged in their order; Envoy's is that of a hash map. It matters only where the
    limit lets some of them go and not all.
    """
    total = e.judged_total[origin]
    able = [h for h in range(len(total)) if total[h] > 0 and (p.judge_ejected or not e.out[h])]
    if p.rate:
        _judge_rates(e, p, now, origin, [h for h in able if total[h] >= p.rate_volume])
    if p.percentage:
        _judge_percentages(e, p, now, origin, [h for h in able if total[h] >= p.percentage_volume])


def _judge_rates(e: Hosts, p: Params, now: int, origin: int, hosts: list[int]) -> None:
    if not hosts or len(hosts) < p.rate_hosts:
        return
    total, ok = e.judged_total[origin], e.judged_ok[origin]
    cause = BY_RATE if origin == EXTERNAL else BY_LOCAL_RATE
    threshold = _threshold(e, p, hosts, origin)
    for h in hosts:
        if ok[h] * p.unit / total[h] < threshold:
            detect(e, p, now, h, cause, total[h], total[h] - ok[h])


def _judge_percentages(e: Hosts, p: Params, now: int, origin: int, hosts: list[int]) -> None:
    if not hosts or len(hosts) < p.percentage_hosts:
        return
    total, ok = e.judged_total[origin], e.judged_ok[origin]
    cause = BY_PERCENTAGE if origin == EXTERNAL else BY_LOCAL_PERCENTAGE
    for h in hosts:
        if _fails_too_much(p, total[h], ok[h]):
            detect(e, p, now, h, cause, total[h], total[h] - ok[h])


def _threshold(e: Hosts, p: Params, hosts: list[int], origin: int) -> float:
    """Mean less factor times the standard deviation of the population."""
    total, ok = e.judged_total[origin], e.judged_ok[origin]
    mean = 0.0
    for h in hosts:
        mean += ok[h] * p.unit / total[h]
    mean /= len(hosts)
    variance = 0.0
    for h in hosts:
        variance += (ok[h] * p.unit / total[h] - mean) ** 2
    return mean - p.rate_factor * sqrt(variance / len(hosts))


def _fails_too_much(p: Params, total: int, ok: int) -> bool:
    if p.strict_percentage:
        return (total - ok) / total * 100.0 > p.percentage_threshold
    return 100.0 - ok * 100.0 / total >= p.percentage_threshold


def _decay(e: Hosts, p: Params, now: int) -> None:
    if e.raised == 0:
        return
    for host in range(len(e.out)):
        if e.multiplier[host] > 0 and not e.out[host]:
            if p.decay == DECAY_AFTER_INTERVAL and now - e.returned_ns[host] < p.interval_ns:
                continue
            e.multiplier[host] -= 1
            e.raised -= 1


def panics(e: Hosts, p: Params, healthy: int) -> bool:
    """Is the healthy share too small to trust ejection? (Envoy: LoadBalancerBase::recalculatePerPriorityPanic.)"""
    if healthy * OVERPROVISIONING >= e.present_n * 100:
        return False
    return 100.0 * healthy / e.present_n < p.panic_percent
