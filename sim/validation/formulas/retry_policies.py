"""Retries under a token bucket and under a breaker of their own, at a server that fails at random.

M. Brooker, "Fixing retries with token buckets and circuit breakers", blog, 28 February 2022, with mbrooker/
simulator_example at bbfe394 (retry_sim): clients with Poisson calls, each with a bucket or counters of its own, no
back-off. Here as Markov chains from call to call; calls of one client that overlap are taken one after the other.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

RETRIES = 3
SIZE, COST = 50, 10
"""Of the bucket, which is full at first, and of a retry, in tenths of a token."""
RATIO = 0.1
"""Failed tries per first try up to which the breaker lets retries through."""


class Shares(NamedTuple):
    """Per call."""

    success: float
    load: float
    """Tries."""


Chain = dict[int, float]
"""State of a client -> its chance."""


def retried(failure: float, retries: int) -> Shares:
    """Always so many retries: success 1 - p^(r + 1)."""
    lost = failure ** (retries + 1)
    return Shares(1.0 - lost, (1.0 - lost) / (1.0 - failure))


def bucket(failure: float, calls: float, *, first_tries: bool = True) -> Shares:
    """A tenth of a token for each first try, or else for each success; a retry needs more than one token."""
    return _mean(calls, {SIZE: 1.0}, lambda chain, n: _bucket_call(chain, failure, first_tries))


def breaker(failure: float, calls: float) -> Shares:
    """Retries are let through as long as failed tries / first tries since the start is at most 0.1."""
    return _mean(calls, {0: 1.0}, lambda chain, n: _breaker_call(chain, failure, n))


def _bucket_call(chain: Chain, failure: float, first_tries: bool) -> tuple[Chain, Shares]:
    after: Chain = {}
    success = load = 0.0
    for held, weight in chain.items():
        # Earned by first tries, a tenth above the whole token must be there; by successes, the token.
        tokens = min(SIZE, held + first_tries)
        least = COST + 1 if first_tries else COST
        for nth in range(RETRIES + 1):
            load += weight
            success += weight * (1.0 - failure)
            earned = tokens if first_tries else min(SIZE, tokens + 1)
            after[earned] = after.get(earned, 0.0) + weight * (1.0 - failure)
            weight *= failure
            if nth == RETRIES or tokens < least:
                break
            tokens -= COST
        after[tokens] = after.get(tokens, 0.0) + weight
    return after, Shares(success, load)


def _breaker_call(chain: Chain, failure: float, first_tries: int) -> tuple[Chain, Shares]:
    after: Chain = {}
    success = load = 0.0
    for failed, weight in chain.items():
        for nth in range(RETRIES + 1):
            load += weight
            success += weight * (1.0 - failure)
            after[failed] = after.get(failed, 0.0) + weight * (1.0 - failure)
            weight *= failure
            failed += 1
            if nth == RETRIES or failed > RATIO * first_tries + 1e-9:
                break
        after[failed] = after.get(failed, 0.0) + weight
    return after, Shares(success, load)


def _mean(calls: float, chain: Chain, call: Callable[[Chain, int], tuple[Chain, Shares]]) -> Shares:
    """Over all calls of a client whose number is Poisson distributed."""
    success = load = 0.0
    for n, there in enumerate(_more_than(calls), 1):
        chain, found = call(chain, n)
        success += there * found.success
        load += there * found.load
    return Shares(success / calls, load / calls)


def _more_than(mean: float) -> Iterator[float]:
    """Chances that a Poisson number is above 0, 1, 2, ..."""
    left = 1.0
    for n in range(int(mean + 10.0 * math.sqrt(mean) + 20.0)):
        left -= math.exp(n * math.log(mean) - mean - math.lgamma(n + 1.0))
        yield max(left, 0.0)
