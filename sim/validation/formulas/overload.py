"""Overload: adaptive throttles, sequential calls to a service that sheds, probes that hold threads. Rates per second."""

from typing import NamedTuple

from sim.validation.formulas.networks import solve


class Throttled(NamedTuple):
    """What a client-side throttle makes of an offered rate."""

    sent: float
    accepted: float


def throttle(offered: float, capacity: float, k: float) -> Throttled:
    """A throttle that allows k requests per accept, before a backend that accepts `capacity` a second and no more.

    Refusing a share (requests - k accepts) / requests sends k times what is accepted: min(offered, k capacity).
    Site Reliability Engineering (2016), ch. 21, eq. 21-1; the fluid limit, without its `+ 1` and without noise.
    """
    return Throttled(min(offered, k * capacity), min(offered, capacity))


def throttle_by_chance(success: float, k: float, requests: float) -> float:
    """Share of requests sent if each is accepted with chance `success`, whatever the load; `requests` in the window.

    With k success >= 1 everything. Below, what is sent sinks until the `+ 1` of the formula holds it: a window with
    s sent requests lets 1 + k success s of `requests` + 1 pass, so s = 1 / (1 - k success + 1 / requests).
    """
    gain = k * success
    return 1.0 if gain >= 1.0 else 1.0 / (requests * (1.0 - gain) + 1.0)


def admitted(offered: float, capacity: float, calls: int) -> float:
    """Share q of calls that a service of this capacity admits, when every request needs so many calls in a row.

    Uniform drops; a request ends at its first one: offered (q + q^2 + ... + q^calls) = capacity, if that is overload.
    "Subsequent overload" of H. Zhou et al., Overload control for scaling WeChat microservices, SoCC 2018.
    """
    if offered * calls <= capacity:
        return 1.0
    return solve(lambda q: offered * sum(q**i for i in range(1, calls + 1)) - capacity, 0.0, 1.0)


def shed_at_the_door(offered: float, capacity: float, calls: int) -> float:
    """Share of requests that succeed if whole requests are refused instead, and none in vain."""
    return min(1.0, capacity / (calls * offered))


def probing(breakers: int, probe_s: float, open_s: float, wait_s: float = 0.0) -> float:
    """Threads that are held by the probes of so many breakers before dead dependencies.

    Each holds one for `probe_s` of every cycle of open time, wait for the next call, and probe. Without the probe
    and the wait in the cycle: the equation of Shopify, Your circuit breaker is misconfigured (2020).
    """
    return breakers * probe_s / (open_s + wait_s + probe_s)


def worked_off(breakers: int, threads: int, probe_s: float, open_s: float, rate: float) -> float:
    """Share of calls that `threads` get through when probes take them all; `rate` calls a second in all.

    Then threads / probe time probes begin a second, and a cycle takes as long as it takes to probe every breaker once.
    What is left of it beside open time and probe is the wait, so many breakers wait at a time (and half a one more
    when a thread comes free), and every call meets one of them with that chance.
    """
    probes = threads / probe_s
    waiting = probes * (breakers / probes - open_s - probe_s) + 0.5
    return min(1.0, probes * breakers / waiting / rate) if waiting > 0.5 else 1.0
