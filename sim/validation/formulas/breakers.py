"""Breakers and retries against independent failures: how soon they trip, what they cost, how retries multiply."""

from typing import NamedTuple


def trip_mean(failure: float, streak: int) -> float:
    """Mean number of calls until `streak` failures in a row: (1 - p^k) / ((1 - p) p^k). W. Feller I (1968), XIII.7."""
    return (1.0 - failure**streak) / ((1.0 - failure) * failure**streak)


def tripped_by(calls: int, failure: float, streak: int) -> float:
    """Chance that `streak` failures in a row have come within so many calls. By the chain of the present streak."""
    chain = [1.0] + [0.0] * streak
    for _ in range(calls):
        alive = sum(chain[:-1])
        chain = [alive * (1.0 - failure), *(p * failure for p in chain[:-2]), chain[-1] + chain[-2] * failure]
    return chain[-1]


def window_trip_mean(failure: float, size: int, failures: int, minimum: int) -> float:
    """Mean number of calls until the last `size` results hold so many failures; judged from `minimum` results on.

    By the Markov chain of the window, one bit per result; the mean is the sum of the chances to be closed still.
    """
    import numpy as np

    windows = np.arange(1 << size)
    bad = np.array([int(w).bit_count() >= failures for w in windows])
    # Windows whose newest result is bit 0 come from the two that differ in the oldest, which falls out.
    older = windows >> 1
    chance = np.where(windows & 1, failure, 1.0 - failure)
    closed = np.zeros(1 << size)
    closed[0] = 1.0
    mean, calls = 0.0, 0
    while (left := float(closed.sum())) > 1e-13:
        mean += left
        calls += 1
        closed = chance * (closed[older] + closed[older | 1 << (size - 1)])
        if calls >= minimum:
            closed[bad] = 0.0
    return mean


class Shares(NamedTuple):
    """What becomes of the calls to a breaker."""

    success: float
    failure: float
    refused: float
    trips_per_s: float
    """Re-openings included."""


def one_breaker(failure: float, streak: int, open_s: float, probes: int, rate: float) -> Shares:
    """One breaker, Poisson calls that are answered at once and fail independently.

    A cycle from close to close: `trip_mean` calls while closed, then open spells until `probes` in a row succeed,
    1 / (1 - p)^h of them; each ends with the first call after `open_s`, which is the first probe, and P calls of
    probing, P = sum of (1 - p)^i for i < h. Renewal-reward theorem.
    """
    closed = trip_mean(failure, streak)
    good = 1.0 - failure
    spells = good**-probes
    probing = sum(good**i for i in range(probes)) * spells
    cycle_s = (closed + probing) / rate + spells * open_s
    sent = (closed + probing) / (rate * cycle_s)
    return Shares(sent * good, sent * failure, 1.0 - sent, spells / cycle_s)


class Chain(NamedTuple):
    """What a chain of retrying layers does."""

    load: float
    """Attempts at the leaf per request."""
    failure: float
    """Share of requests that fail."""


def retry_chain(failure: float, retries: int, layers: int) -> Chain:
    """`layers` callers above a leaf, each of which tries `retries` times more: f' = f^(r + 1), load x (1 - f') / (1 - f).

    With a leaf that is down: (r + 1)^layers. Site Reliability Engineering (2016), ch. 22: 4^3 = 64; AWS Builders'
    Library, "Timeouts, retries and backoff with jitter": 3^5 = 243.
    """
    load, share = 1.0, failure
    for _ in range(layers):
        above: float = share ** (retries + 1)
        load *= (1.0 - above) / (1.0 - share) if share < 1.0 else retries + 1
        share = above
    return Chain(load, share)
