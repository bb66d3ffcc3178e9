"""Throttle, token bucket, backoff and retry budgets: their formulas and their edges."""

import math
from dataclasses import dataclass, replace

import pytest

from sim.policies import backoff, token_bucket
from sim.policies.kinds import (
    BACKOFF_EXPONENTIAL,
    BACKOFF_FIXED,
    BACKOFF_NONE,
    JITTER_AROUND,
    JITTER_DECORRELATED,
    JITTER_EQUAL,
    JITTER_EXPONENTIAL,
    JITTER_FULL,
    JITTER_NONE,
    JITTER_POLLY,
)
from sim.policies.limits import throttle
from sim.topology import types

S = 1_000_000_000
MS = 1_000_000


# Throttle ----------------------------------------------------------------------------------------
THROTTLE = throttle.Params(k=2.0, window_ns=120 * S, buckets=120)


def test_a_throttle_refuses_nothing_while_half_is_accepted():
    s = throttle.new(THROTTLE, 0)
    for i in range(100):
        throttle.requested(s, THROTTLE, i * MS, refused=False)
        if i % 2:
            throttle.answered(s, THROTTLE, i * MS, accepted=True)
    assert throttle.rejection(s, THROTTLE, 100 * MS) == 0.0


def test_the_throttle_follows_the_formula_of_the_book():
    s = throttle.new(THROTTLE, 0)
    for _ in range(100):
        throttle.requested(s, THROTTLE, 0, refused=False)
    for _ in range(10):
        throttle.answered(s, THROTTLE, 0, accepted=True)
    assert throttle.rejection(s, THROTTLE, 0) == (100 - 2 * 10) / 101


def test_an_idle_throttle_refuses_nothing_and_a_window_forgets():
    s = throttle.new(THROTTLE, 5 * S)
    assert throttle.rejection(s, THROTTLE, 5 * S) == 0.0
    throttle.requested(s, THROTTLE, 5 * S, refused=False)
    assert throttle.rejection(s, THROTTLE, 125 * S - 1) == 0.5
    assert throttle.rejection(s, THROTTLE, 125 * S) == 0.0
    assert throttle.rejection(s, THROTTLE, 10**9 * S) == 0.0


# Token bucket ------------------------------------------------------------------------------------
BUCKET = types.RateLimit(rate_per_s=10.0, burst=3.0, max_wait_ns=0)


def test_a_full_bucket_gives_its_burst_and_then_its_rate():
    s = token_bucket.new(BUCKET, 0)
    assert [token_bucket.take(s, BUCKET, 0) for _ in range(4)] == [0, 0, 0, -1]
    assert token_bucket.take(s, BUCKET, 100 * MS - 1) == -1
    assert token_bucket.take(s, BUCKET, 100 * MS) == 0
    assert token_bucket.take(s, BUCKET, 100 * MS) == -1


def test_a_silence_fills_the_bucket_to_its_burst_and_no_further():
    s = token_bucket.new(BUCKET, 0)
    assert [token_bucket.take(s, BUCKET, 10**6 * S) for _ in range(4)] == [0, 0, 0, -1]


def test_a_waiting_call_reserves_its_token_and_a_refused_one_does_not():
    p = replace(BUCKET, burst=1.0, max_wait_ns=250 * MS)
    s = token_bucket.new(p, 0)
    assert [token_bucket.take(s, p, 0) for _ in range(5)] == [0, 100 * MS, 200 * MS, -1, -1]
    assert token_bucket.take(s, p, 50 * MS) == 250 * MS


@pytest.mark.parametrize("rate", [3.0, 7.0, 0.1, 999.0, 1e6])
def test_the_rate_is_kept_over_a_million_takes_as_if_tokens_were_exact(rate):
    p = types.RateLimit(rate, 1.0, 1 << 61)
    s = token_bucket.new(p, 0)
    now = taken = 0
    for _ in range(2000):
        now += token_bucket.take(s, p, now)
        taken += 1
    assert now == pytest.approx((taken - 1) / rate * S, rel=1e-6, abs=2 * taken)


# Backoff -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Delay:
    backoff: int = BACKOFF_EXPONENTIAL
    base_ns: int = 100 * MS
    multiplier: float = 2.0
    cap_ns: int = 2 * S
    jitter: int = JITTER_NONE
    spread: float = 0.25


def test_exponential_doubles_up_to_its_cap():
    found = [backoff.delay(Delay(), n, 0, 0.5) // MS for n in range(7)]
    assert found == [100, 200, 400, 800, 1600, 2000, 2000]
    assert backoff.delay(Delay(), 10**4, 0, 0.5) == 2 * S


def test_none_and_fixed():
    assert backoff.delay(Delay(backoff=BACKOFF_NONE), 3, 0, 0.9) == 0
    fixed = Delay(backoff=BACKOFF_FIXED, cap_ns=100 * MS)
    assert [backoff.delay(fixed, n, 0, 0.9) for n in (0, 5)] == [100 * MS, 100 * MS]


def test_full_jitter_is_uniform_from_zero_and_equal_jitter_from_half():
    for u in (1e-9, 0.25, 1 - 1e-9):
        assert backoff.delay(Delay(jitter=JITTER_FULL), 2, 0, u) == int(400 * MS * u)
        assert backoff.delay(Delay(jitter=JITTER_EQUAL), 2, 0, u) == int(200 * MS + 200 * MS * u)


def test_decorrelated_jitter_walks_from_the_delay_before():
    p = Delay(jitter=JITTER_DECORRELATED)
    assert backoff.delay(p, 0, 0, 0.5) == 200 * MS  # U(100, 300)
    assert backoff.delay(p, 1, 200 * MS, 0.5) == 350 * MS  # U(100, 600)
    assert backoff.delay(p, 9, 2 * S, 0.9) == 2 * S


def test_around_is_uniform_within_its_spread():
    p = Delay(jitter=JITTER_AROUND, spread=0.2)
    assert [backoff.delay(p, 0, 0, u) // MS for u in (0.0, 0.5, 1.0)] == [80, 100, 120]


def test_exponential_jitter_has_the_backoff_as_its_mean():
    p = Delay(jitter=JITTER_EXPONENTIAL)
    draws = [(i + 0.5) / 10_000 for i in range(10_000)]
    assert sum(backoff.delay(p, 2, 0, u) for u in draws) / 10_000 == pytest.approx(400 * MS, rel=1e-3)
    assert backoff.delay(p, 2, 0, math.exp(-3)) == pytest.approx(1200 * MS)


def test_pollys_jitter_telescopes_to_its_curve():
    """The delays add up to f of the last draw, whatever the draws before were."""
    draws = [0.9, 0.1, 0.5, 0.3]
    p = Delay(jitter=JITTER_POLLY, cap_ns=10**6 * S)
    total = sum(backoff.delay(p, n, 0, u, draws[n - 1] if n else 0.0) for n, u in enumerate(draws))
    expected = 2**3.3 * math.tanh(math.sqrt(4 * 3.3)) * 100 * MS / 1.4
    assert abs(total - expected) <= len(draws)
