"""Throttles, concurrency limits, rate limiters and queue disciplines of deployed libraries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.limits import catalog, codel, concurrency, cycles, pool, throttle
from sim.policies.options import OptionError

S, MS = 1_000_000_000, 1_000_000


def limit(name, **given):
    p = catalog.params(catalog.CONCURRENCY, name, given)
    return p, concurrency.new(p, 1, 0)


def sampled(p, s, rtt_ms, in_flight, n=1, dropped=False, now=0):
    for _ in range(n):
        concurrency.sample(s, p, now, round(rtt_ms * MS), in_flight, dropped)
    return concurrency.current(s, p, now)


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


def tried(p, s, now, outcomes):
    for good in outcomes:
        throttle.requested(s, p, now, refused=False)
        throttle.answered(s, p, now, accepted=good)


def test_go_zero_lets_one_pass_when_none_has_for_more_than_a_second_but_the_first_must_be_lucky():
    p = catalog.params(catalog.THROTTLES, "go-zero")
    s = throttle.new(p, 0)
    tried(p, s, 0, [False] * 5)
    assert throttle.rejection(s, p, 9 * S) == 0.0  # five are free
    tried(p, s, 9 * S, [False] * 95)  # from the seventh on these passed although the formula said no
    assert throttle.rejection(s, p, 9 * S) == pytest.approx(95 / 101)
    assert throttle.rejection(s, p, 10 * S) > 0.9
    assert throttle.rejection(s, p, 10 * S + 1) == 0.0
    lucky = throttle.new(p, 0)
    for _ in range(100):
        throttle.answered(lucky, p, 0, accepted=False)
    assert throttle.rejection(lucky, p, 5 * S) > 0.9, "none has passed yet"


def test_go_zero_lowers_k_by_failing_buckets_and_the_probability_by_working_ones():
    p = catalog.params(catalog.THROTTLES, "go-zero")
    s = throttle.new(p, 0)
    tried(p, s, 0, [True] * 20)
    for bucket in range(1, 11):
        tried(p, s, bucket * S // 4, [False] * 10)
    k = 1.5 - 0.4 * 10 / 40
    assert throttle.rejection(s, p, 10 * S // 4) == pytest.approx((120 - 5 - k * 20) / 121)
    for bucket in range(11, 15):
        tried(p, s, bucket * S // 4, [True])
    expected = (124 - 5 - 1.5 * 24) / 125 * (40 - 4) / 40
    assert throttle.rejection(s, p, 14 * S // 4) == pytest.approx(expected)


def test_a_call_under_way_is_a_request_of_the_book_and_nothing_yet_to_those_that_count_results():
    for name in ("google-sre-throttling", "kratos-sre", "failsafe-go-throttler", "envoy-admission-control"):
        p = catalog.params(catalog.THROTTLES, name)
        s = throttle.new(p, 0)
        for _ in range(200):
            throttle.requested(s, p, 0, refused=False)
        assert (throttle.rejection(s, p, 0) > 0.0) == (name == "google-sre-throttling"), name


@pytest.mark.parametrize(
    ("name", "counts"),
    [("google-sre-throttling", True), ("kratos-sre", True), ("go-zero", True), ("failsafe-go-throttler", False),
     ("envoy-admission-control", False)],
)  # fmt: skip
def test_who_counts_what_it_refused_itself(name, counts):
    p = catalog.params(catalog.THROTTLES, name)
    s = throttle.new(p, 0)
    for _ in range(200):
        throttle.requested(s, p, 0, refused=True)
    assert (throttle.rejection(s, p, 0) > 0.0) == counts


def test_envoy_refuses_nothing_below_its_rate_in_whole_requests_per_second():
    p = catalog.params(catalog.THROTTLES, "envoy-admission-control", {"rps_threshold": 10})
    s = throttle.new(p, 0)
    for second in range(3):
        tried(p, s, second * S, [False] * 10)
    assert throttle.rejection(s, p, 3 * S - 1) > 0.0  # 30 in 2 s
    assert throttle.rejection(s, p, 3 * S) > 0.0  # 30 in 3 s
    assert throttle.rejection(s, p, 4 * S) == 0.0  # 7 a second


def test_envoys_coin_has_ten_thousand_sides():
    p = catalog.params(catalog.THROTTLES, "envoy-admission-control")
    assert throttle.refuses(p, 0.5, 0.49999)
    assert not throttle.refuses(p, 0.5, 0.5)
    assert throttle.refuses(p, 0.50001, 0.50009)  # both fall on side 5000
    assert not throttle.refuses(throttle.Params(), 0.50001, 0.50009)


def test_finagle_refuses_at_most_three_quarters_once_the_average_is_below_a_half():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"window": "1s"})
    s = throttle.new(p, 0)
    for i in range(1, 2001):
        tried(p, s, i * 10 * MS, [i > 1900])
        if i == 120:
            assert throttle.rejection(s, p, 0) > 0.0
        if i == 1900:
            assert throttle.rejection(s, p, 0) == 0.75
    assert throttle.rejection(s, p, 0) == 0.0


def test_finagle_the_threshold_is_a_share_of_nacks():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"nackRateThreshold": 0.8})
    s = throttle.new(p, 0)
    s.average = 0.3
    assert throttle.rejection(s, p, 0) == 0.0
    s.average = 0.1
    assert throttle.rejection(s, p, 0) == pytest.approx(0.5)


def test_finagle_answers_of_one_instant_weigh_nothing():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"rpsThreshold": 0})
    s = throttle.new(p, 0)
    tried(p, s, 0, [False] * 1000)
    assert s.average == 1.0


def test_finagle_counts_a_quiet_client_as_accepted():
    p = catalog.params(catalog.THROTTLES, "finagle-nack", {"window": "1s"})
    s = throttle.new(p, 0)
    for i in range(1, 100):
        tried(p, s, i * S // 4, [False])
    assert throttle.rejection(s, p, 0) == 0.0


@given(
    st.sampled_from(sorted(catalog.THROTTLES)),
    st.lists(st.tuples(st.integers(0, 3_000), st.booleans(), st.booleans()), max_size=200),
)
def test_a_probability_is_one_and_the_same_history_gives_the_same(name, history):
    p = catalog.params(catalog.THROTTLES, name)
    s, again = throttle.new(p, 0), throttle.new(p, 0)
    now = 0
    for pause, refused, good in history:
        now += pause * MS
        seen = throttle.rejection(s, p, now)
        assert 0.0 <= seen <= p.cap
        assert seen == throttle.rejection(again, p, now)
        for one in (s, again):
            throttle.requested(one, p, now, refused=refused)
            if not refused:
                throttle.answered(one, p, now, accepted=good)
        assert 0 <= s.total_accepts <= s.total_requests or p.kind == throttle.BY_AVERAGE


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


def test_vegas_measures_the_least_latency_anew_after_fifteen_to_thirty_limits_of_samples():
    p, s = limit("netflix-vegas", initialLimit=10, maxConcurrency=10)
    sampled(p, s, 10, 10)
    assert sampled(p, s, 20, 1, n=148) == 10
    assert s.least_ns == 10 * MS  # 0.5 * 30 * 10 = 150 is not reached yet
    sampled(p, s, 20, 1, n=152)
    assert s.least_ns == 20 * MS  # 1 * 30 * 10 = 300 is


@pytest.mark.parametrize(
    ("settings", "ms"), [({}, 190), ({"percentile": 0.9}, 100), ({"percentile": 0.99}, 1000)]
)
def test_a_window_stands_for_its_average_or_a_percentile(settings, ms):
    p, s = limit("netflix-gradient", windowed=True, **settings)
    sampled(p, s, 10, 1, now=1)
    sampled(p, s, 100, 1, n=9, now=2)
    sampled(p, s, 1000, 1, now=2 * S)
    assert s.least_ns == ms * MS


def test_envoy_reads_no_sample_that_began_before_it_measured_anew():
    p, s = limit("envoy-adaptive-concurrency", request_count=1, jitter=0, interval="1s")
    sampled(p, s, 5, 1, now=10 * MS)
    assert sampled(p, s, 500, 1, now=1020 * MS) == 3
    assert s.measuring
    sampled(p, s, 5, 1, now=1020 * MS)
    assert not s.measuring


def test_envoy_with_a_fixed_least_latency_never_measures():
    p, s = limit("envoy-adaptive-concurrency", fixed_value="10ms", buffer=0)
    sampled(p, s, 1000, 1, now=50 * MS)
    for i in range(1, 20):
        sampled(p, s, 1000, 1, now=50 * MS + i * 100 * MS)
    assert not s.measuring
    sampled(p, s, 10, 1, now=2050 * MS)
    assert concurrency.current(s, p, 2100 * MS) == 4


@given(st.lists(st.integers(0, 400), max_size=80), st.integers(1, 40))
def test_envoy_asked_or_not_comes_to_the_same(pauses, rtt):
    """The limit does not depend on who looks at it between the samples."""
    p, s = limit("envoy-adaptive-concurrency", request_count=3, interval="3s")
    _, seen = limit("envoy-adaptive-concurrency", request_count=3, interval="3s")
    now = 0
    for pause in pauses:
        for step in range(4):
            concurrency.current(seen, p, now + pause * MS * step // 4)
        now += pause * MS
        assert sampled(p, s, rtt, 1, now=now) == sampled(p, seen, rtt, 1, now=now)


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
        assert min(p.least, 4) <= s.limit <= p.most, "the old gradient may fall to its queue"
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
    s = codel.State(0)
    assert not codel.drops(s, 5, 100, 1, 6)  # the first of an interval never
    assert not codel.drops(s, 5, 100, 2, 50)  # begins the next interval, overloaded
    assert not codel.drops(s, 5, 100, 3, 10)  # at twice the target not yet
    assert codel.drops(s, 5, 100, 4, 11)
    assert not codel.drops(s, 5, 100, 5, 5)
    assert codel.drops(s, 5, 100, 102, 11)  # at its very end the interval goes on
    assert not codel.drops(s, 5, 100, 103, 11)
    assert not codel.drops(s, 5, 100, 104, 11)  # the least delay before was the target, not above it
    assert codel.load(s, 5) == 100


def test_who_arrives_at_a_standing_queue_is_patient_for_the_target_only():
    assert codel.patience_ns(0, 5, 100, 100) == 100
    assert codel.patience_ns(0, 5, 100, 101) == 5
    assert not codel.standing(7, 100, 107)
    assert codel.standing(7, 100, 108)


# Bulkheads ----------------------------------------------------------------------------------------
PASS, WAIT, FULL = pool.PASS, pool.WAIT, pool.FULL


def bulkhead(name, **given):
    p = catalog.params(catalog.BULKHEADS, name, given)
    return p, pool.State(p)


def test_a_pool_starts_its_core_then_queues_and_only_then_starts_more():
    p, s = bulkhead("resilience4j-thread-pool-bulkhead", maxThreadPoolSize=3, queueCapacity=2)
    waiting, given = 0, []
    for _ in range(6):
        given.append(pool.enter(s, p, 0, waiting))
        waiting += given[-1] == WAIT
    assert given == [PASS, WAIT, WAIT, PASS, PASS, FULL]


def test_a_further_thread_ends_when_it_was_idle_for_its_time():
    p, s = bulkhead("resilience4j-thread-pool-bulkhead", queueCapacity=1)
    assert [pool.enter(s, p, 0, w) for w in (0, 0, 1)] == [PASS, WAIT, PASS]
    pool.leave(s, p, 0)
    assert pool.next_enters(s, p)
    pool.leave(s, p, 10 * MS)
    assert pool.enter(s, p, 30 * MS - 1, 0) == PASS
    pool.leave(s, p, 40 * MS)
    assert pool.enter(s, p, 60 * MS, 0) == WAIT, "the core is busy, the other thread is gone"


def test_hystrix_a_thread_pool_refuses_at_its_rejection_threshold():
    assert bulkhead("hystrix-thread-pool")[0] == pool.Params(10)
    assert bulkhead("hystrix-thread-pool", maxQueueSize=100)[0] == pool.Params(10, 5)
    p = bulkhead("hystrix-thread-pool", maximumSize=20, allowMaximumSizeToDivergeFromCoreSize=True)[0]
    assert p == pool.Params(20)
    assert bulkhead("hystrix-thread-pool", maximumSize=20)[0] == pool.Params(10)
    with pytest.raises(OptionError, match="refuses every call"):
        bulkhead("hystrix-thread-pool", maxQueueSize=5, queueSizeRejectionThreshold=0)


def test_envoy_over_http1_waits_for_a_connection_and_at_max_requests_nobody_waits():
    assert bulkhead("envoy-thresholds", max_connections=10)[0] == pool.Params(10, 1024)
    assert bulkhead("envoy-thresholds", max_requests=10)[0] == pool.Params(10)
    assert bulkhead("envoy-thresholds", max_requests=0)[0] == pool.Params(0)
    assert bulkhead("envoy-thresholds", max_connections=10, protocol="HTTP2")[0] == pool.Params(1024)


def test_envoy_over_http1_as_many_connections_as_requests_are_busy_before_anybody_is_refused():
    assert bulkhead("envoy-thresholds")[0] == pool.Params(1024, 1024)
    p, s = bulkhead("envoy-thresholds", max_connections=1, max_pending_requests=1, max_requests=1)
    assert [pool.enter(s, p, 0, w) for w in (0, 0, 1)] == [PASS, WAIT, FULL]


def test_settings_that_contradict_each_other_are_told():
    with pytest.raises(OptionError, match="at least coreThreadPoolSize, 4"):
        bulkhead("resilience4j-thread-pool-bulkhead", coreThreadPoolSize=4)
    with pytest.raises(OptionError, match="at least the least limit, 20"):
        limit("netflix-aimd", maxLimit=10)
    with pytest.raises(OptionError, match="at least minWindowTime"):
        limit("netflix-vegas", maxWindowTime="500ms")


@given(
    st.sampled_from(
        [("resilience4j-bulkhead", {"maxConcurrentCalls": 3}), ("hystrix-thread-pool", {"coreSize": 2, "maxQueueSize": 9}),
         ("resilience4j-thread-pool-bulkhead", {"coreThreadPoolSize": 2, "maxThreadPoolSize": 4, "queueCapacity": 3})]
    ),
    st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=100),
)  # fmt: skip
def test_places_are_conserved_and_nobody_waits_beside_a_free_one(which, history):
    p, s = bulkhead(which[0], **which[1])
    now = inside = waiting = 0
    for comes, pause in history:
        now += pause * MS
        if comes:
            given = pool.enter(s, p, now, waiting)
            inside += given == PASS
            waiting += given == WAIT
        elif inside:
            pool.leave(s, p, now)
            inside -= 1
            if waiting and pool.next_enters(s, p):
                waiting, inside = waiting - 1, inside + 1
        assert s.taken == inside <= p.limit
        assert waiting <= p.queue
        assert not waiting or inside >= min(p.core, p.limit)


# Settings -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("block", sorted(catalog.BLOCKS))
def test_every_row_is_made_from_its_defaults_and_refuses_what_it_does_not_know(block):
    for name in catalog.BLOCKS[block]:
        assert catalog.params(catalog.BLOCKS[block], name) is not None
        with pytest.raises(OptionError, match="has no setting 'nonsense'"):
            catalog.params(catalog.BLOCKS[block], name, {"nonsense": 1})
