"""Throttles, concurrency limits, rate limiters and queue disciplines of deployed libraries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.limits import catalog, codel, concurrency, cycles, throttle
from sim.policies.options import OptionError

S, MS = 1_000_000_000, 1_000_000


def limit(name, **given):
    p = catalog.params(catalog.CONCURRENCY, name, given)
    return p, concurrency.new(p, 1, 0)


def sampled(p, s, rtt_ms, in_flight, n=1, dropped=False, now=0):
    for _ in range(n):
        concurrency.sample(s, p, now, round(rtt_ms * MS), in_flight, dropped)
    return concurrency.current(s)


# Throttles ----------------------------------------------------------------------------------------
def test_envoys_probability_is_capped_and_rooted():
    p = catalog.params(catalog.THROTTLES, "envoy-admission-control", {"aggression": 2.0})
    assert throttle.formula(p, 100, 95) == 0.0
    assert throttle.formula(p, 100, 0) == 0.8
    assert throttle.formula(p, 100, 90) == pytest.approx(((100 - 90 / 0.95) / 101) ** 0.5)


def test_kratos_refuses_nothing_below_a_hundred_requests():
    p = catalog.params(catalog.THROTTLES, "kratos-sre")
    assert throttle.formula(p, 99, 0) == 0.0
    assert throttle.formula(p, 100, 0) == pytest.approx(100 / 101)
    assert throttle.formula(p, 100, 60) == pytest.approx(0.0, abs=1e-12)


def test_go_zero_lets_one_pass_every_second():
    p = catalog.params(catalog.THROTTLES, "go-zero")
    s = throttle.new(p, 0)
    for _ in range(100):
        throttle.requested(s, p, 0, refused=False)
    assert throttle.rejection(s, p, S) > 0.9
    assert throttle.rejection(s, p, S + 1) == 0.0


def test_finagle_refuses_at_most_three_quarters_once_the_average_is_below_a_half():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"window": "1s"})
    s = throttle.new(p, 0)
    for i in range(1, 2001):
        throttle.answered(s, p, i * 10 * MS, accepted=i > 1900)
        if i == 120:
            assert throttle.rejection(s, p, 0) > 0.0
        if i == 1900:
            assert throttle.rejection(s, p, 0) == 0.75
    assert throttle.rejection(s, p, 0) == 0.0


def test_finagle_counts_a_quiet_client_as_accepted():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"window": "1s"})
    s = throttle.new(p, 0)
    for i in range(1, 100):
        throttle.answered(s, p, i * S // 2, accepted=False)
    assert throttle.rejection(s, p, 0) == 0.0


# Concurrency --------------------------------------------------------------------------------------
def test_aimd_grows_by_one_from_half_used_and_truncates_when_it_falls():
    p, s = limit("netflix-aimd", minLimit=10)
    assert sampled(p, s, 10, 9) == 20
    assert sampled(p, s, 10, 10) == 21
    assert sampled(p, s, 10, 11, dropped=True) == 18
    assert sampled(p, s, 5000, 8) == 18
    assert sampled(p, s, 5000.001, 9) == 16


def test_vegas_grows_without_a_queue_and_falls_with_a_long_one():
    p, s = limit("netflix-vegas")
    sampled(p, s, 10, 20)
    assert sampled(p, s, 10, 20) == 26
    p, s = limit("netflix-vegas")
    sampled(p, s, 10, 20)
    assert sampled(p, s, 100, 20) == 19


def test_gradient2_halves_at_most():
    p, s = limit("netflix-gradient2", initialLimit=50, minLimit=1)
    assert sampled(p, s, 10, 50, n=10) == 58
    assert sampled(p, s, 100, 58) == 53


def test_envoy_measures_the_least_latency_at_its_least_limit_and_then_follows_the_gradient():
    p, s = limit("envoy-adaptive-concurrency", request_count=2)
    assert concurrency.current(s) == 3
    sampled(p, s, 10, 1, n=2)
    before = concurrency.current(s)
    grown = sampled(p, s, 10, 1, now=100 * MS)
    assert grown > before
    assert sampled(p, s, 1000, 1, now=200 * MS) < grown


@given(
    st.sampled_from(sorted(catalog.CONCURRENCY)),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 300), st.booleans()), max_size=200),
)
def test_a_limit_stays_within_its_bounds_and_the_same_history_gives_the_same_limit(name, history):
    p, s = limit(name)
    _, again = limit(name)
    for i, (rtt, in_flight, dropped) in enumerate(history):
        sampled(p, s, rtt, in_flight, dropped=dropped, now=i * 20 * MS)
        sampled(p, again, rtt, in_flight, dropped=dropped, now=i * 20 * MS)
        assert min(p.least, 4) <= s.limit <= p.most
        assert s.limit == again.limit


# Cycles -------------------------------------------------------------------------------------------
def test_a_reserved_permission_waits_for_its_cycle_and_a_refused_call_reserves_nothing():
    p = cycles.Params(1, S // 2, S // 2)
    s = cycles.new(p, 0)
    assert [cycles.take(s, p, S // 2) for _ in range(3)] == [0, S // 2, -1]
    assert cycles.take(s, p, S - 1) == -1
    assert cycles.take(s, p, 3 * S + 10 * MS) == 0
    assert cycles.take(s, p, 3 * S + 10 * MS) == S // 2 - 10 * MS


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 20),
    st.lists(st.integers(0, 7), min_size=1, max_size=80),
)
def test_no_cycle_gives_more_than_its_limit_and_nobody_waits_longer_than_the_timeout(
    most, period, timeout, pauses
):
    p = cycles.Params(most, period, timeout)
    s = cycles.new(p, 0)
    now, used = 0, {}
    for pause in pauses:
        now += pause
        wait = cycles.take(s, p, now)
        assert -1 <= wait <= timeout
        if wait >= 0:
            cycle = (now + wait) // period
            used[cycle] = used.get(cycle, 0) + 1
            assert used[cycle] <= most


# CoDel --------------------------------------------------------------------------------------------
def test_codel_drops_only_in_the_interval_after_one_whose_least_delay_was_above_the_target():
    s = codel.State(100, 0)
    assert not codel.drops(s, 5, 100, 1, 50)  # the first of an interval never
    assert not codel.drops(s, 5, 100, 50, 50)
    assert not codel.drops(s, 5, 100, 101, 50)  # begins the next interval, overloaded
    assert not codel.drops(s, 5, 100, 110, 10)  # at twice the target not yet
    assert codel.drops(s, 5, 100, 120, 11)


# Settings -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("block", sorted(catalog.BLOCKS))
def test_every_row_is_made_from_its_defaults_and_refuses_what_it_does_not_know(block):
    for name in catalog.BLOCKS[block]:
        assert catalog.params(catalog.BLOCKS[block], name) is not None
        with pytest.raises(OptionError, match="has no setting 'nonsense'"):
            catalog.params(catalog.BLOCKS[block], name, {"nonsense": 1})
