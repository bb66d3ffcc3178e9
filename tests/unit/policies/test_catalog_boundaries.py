"""Every library at its boundaries, reached by its own settings: exactly there, and one step beside."""

import pytest

from sim.policies import breaker as m
from sim.words import CLOSED, FOREVER, HALF_OPEN, OPEN
from tests.unit.policies.copies import BAD, OK, Copy, S


def after(row, params, results, tick_s=None):
    """State after these results at 0 s (and a tick), each lasting no time."""
    copy = Copy.of(row, **params)
    copy.run(*results)
    if tick_s is not None:
        copy.tick(tick_s)
    return copy.state


def bad_of(bad, n):
    """n results, the last of them a failure."""
    return [OK] * (n - bad) + [BAD] * bad


POLLY = {"FailureRatio": 0.5, "MinimumThroughput": 4}
R4J = {"minimumNumberOfCalls": 4}
R4J_10 = {"slidingWindowSize": 10, "minimumNumberOfCalls": 10}
OPOSSUM = {"volumeThreshold": 4}
SENTINEL = {"grade": 1, "count": 0.5, "minRequestAmount": 4}
FAILSAFE = {"failureRateThreshold": 50, "failureExecutionThreshold": 4, "failureThresholdingPeriod": "10s"}
LINKERD = {
    "failure-accrual-success-rate-threshold": 0.5,
    "failure-accrual-success-rate-min-requests": 4,
    "failure-accrual-consecutive-max-failures": 99,
}

VOLUME = [
    ("resilience4j", R4J, 3, 4),
    ("polly-v8", POLLY, 3, 4),
    ("polly-v7-advanced", {"minimumThroughput": 4}, 3, 4),
    ("sentinel", SENTINEL, 3, 4),
    ("gobreaker", {"ReadyToTrip": {"min_requests": 4, "failure_ratio": 0.5}}, 3, 4),
    ("opossum", OPOSSUM, 3, 4),
    ("failsafe", FAILSAFE, 3, 4),
    ("failsafe-go", FAILSAFE | {"failureRateThreshold": 0.5}, 3, 4),
    ("linkerd", LINKERD, 3, 4),
    ("fluxgate", {"tripper": "MinRequests(4) & FailureRate(0.5)"}, 3, 4),
    # Thresholds of failures in a row
    ("polly-v7-consecutive", {"exceptionsAllowedBeforeBreaking": 4}, 3, 4),
    ("gobreaker", {"ReadyToTrip": {"consecutive_failures": 4}}, 4, 5),
    ("gobreaker", {}, 5, 6),
    ("gobreaker-v1", {}, 5, 6),
    ("gobreaker", {"Interval": "10s", "BucketPeriod": "1s"}, 5, 6),
    ("pybreaker", {"fail_max": 4}, 3, 4),
    ("aiobreaker", {"fail_max": 4}, 3, 4),
    ("circuitbreaker", {"failure_threshold": 4}, 3, 4),
    ("purgatory", {"threshold": 4}, 3, 4),
    ("fluxgate", {"tripper": "FailureStreak(4)"}, 3, 4),
    ("finagle", {"policy": "consecutiveFailures", "numFailures": 4}, 3, 4),
    ("linkerd", {"failure-accrual-consecutive-max-failures": 4}, 3, 4),
    ("failsafe", {"failureThreshold": 4}, 3, 4),
    ("failsafe", {"failureThreshold": [4, 9]}, 3, 4),  # the window need not be full
    ("sentinel", {"grade": 2, "count": 4, "minRequestAmount": 1}, 4, 5),  # above the count
    ("consecutive", {}, 4, 5),
    ("count-window", {}, 99, 100),
]


@pytest.mark.parametrize(("row", "params", "stays", "trips"), VOLUME)
def test_so_many_failures_trip_and_one_less_does_not(row, params, stays, trips):
    assert after(row, params, [BAD] * stays) == CLOSED
    assert after(row, params, [BAD] * trips) == OPEN


def test_hystrix_needs_its_volume_when_the_slice_closes():
    for n, state in ((19, CLOSED), (20, OPEN)):
        assert after("hystrix", {}, [BAD] * n) == CLOSED
        assert after("hystrix", {}, [BAD] * n, tick_s=0.5) == state


RATIO = [
    ("resilience4j", R4J_10, 10, 4, 5),
    ("polly-v8", POLLY | {"MinimumThroughput": 10}, 10, 4, 5),
    ("polly-v7-advanced", {}, 10, 4, 5),
    ("sentinel", SENTINEL | {"minRequestAmount": 10}, 10, 5, 6),
    ("gobreaker", {"ReadyToTrip": {"min_requests": 10, "failure_ratio": 0.5}}, 10, 4, 5),
    ("opossum", {"volumeThreshold": 10}, 10, 5, 6),
    ("failsafe", FAILSAFE | {"failureExecutionThreshold": 200}, 200, 98, 99),  # 49.5 % is 50 %
    ("linkerd", LINKERD | {"failure-accrual-success-rate-min-requests": 10}, 10, 5, 6),
    ("fluxgate", {"tripper": "MinRequests(10) & FailureRate(0.5)"}, 10, 4, 5),
    ("count-window", {}, 100, 49, 50),
    ("time-window", {}, 20, 9, 10),
]


@pytest.mark.parametrize(("row", "params", "n", "stays", "trips"), RATIO)
def test_the_ratio_trips_where_its_library_compares_it(row, params, n, stays, trips):
    assert after(row, params, bad_of(stays, n)) == CLOSED
    assert after(row, params, bad_of(trips, n)) == OPEN


def test_hystrix_cuts_to_whole_percents():
    params = {"circuitBreaker.errorThresholdPercentage": 57}
    for bad, state in ((57, CLOSED), (58, OPEN)):  # 57 of 100 come to 56.99999999999999
        assert after("hystrix", params, bad_of(bad, 100), tick_s=0.5) == state


def test_a_ratio_of_nothing_trips_at_the_first_judgement():
    """Polly: a FailureRatio of 0 is reached by any failure. Hystrix: 0 % by any window."""
    assert after("polly-v8", {"FailureRatio": 0, "MinimumThroughput": 2}, [OK, BAD]) == OPEN
    zero = {"circuitBreaker.errorThresholdPercentage": 0, "circuitBreaker.requestVolumeThreshold": 1}
    assert after("hystrix", zero, [OK], tick_s=0.5) == OPEN


def test_an_error_ratio_of_one_never_trips_sentinel_and_a_slow_ratio_of_one_does():
    assert after("sentinel", SENTINEL | {"count": 1.0}, [BAD] * 50) == CLOSED
    slow = Copy.of("sentinel", grade=0, count=100, minRequestAmount=2)
    slow.call(0, OK, lasts_s=1)
    assert slow.state == CLOSED
    slow.call(0, OK, lasts_s=1)
    assert slow.state == OPEN


def test_the_count_window_of_resilience4j_waits_for_the_smaller_of_minimum_and_size():
    params = {"slidingWindowSize": 5, "minimumNumberOfCalls": 100}
    assert after("resilience4j", params, [BAD] * 4) == CLOSED
    assert after("resilience4j", params, [BAD] * 5) == OPEN
    timed = params | {"slidingWindowType": "TIME_BASED"}
    assert after("resilience4j", timed, [BAD] * 99) == CLOSED
    assert after("resilience4j", timed, [BAD] * 100) == OPEN


# Slowness ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "params", "fast_s", "slow_s"),
    [
        ("resilience4j", R4J_10 | {"minimumNumberOfCalls": 1, "slowCallDurationThreshold": 200}, 0.2, 0.200_000_001),
        ("sentinel", {"count": 200, "minRequestAmount": 1}, 0.2, 0.200_000_001),
        ("sentinel", {"count": 199.5, "minRequestAmount": 1}, 0.2, 0.200_000_001),
        ("sentinel", {"count": 0, "minRequestAmount": 1}, 0.0, 0.000_000_001),
        ("fluxgate", {"tripper": "SlowRate(1.0, 0.2)"}, 0.199_999_999, 0.2),
    ],
)  # fmt: skip
def test_a_call_is_slow_strictly_above_except_in_fluxgate(row, params, fast_s, slow_s):
    for lasts_s, state in ((fast_s, CLOSED), (slow_s, OPEN)):
        copy = Copy.of(row, **params)
        copy.call(0, OK, lasts_s)
        assert copy.state == state


# The end of the open time --------------------------------------------------------------------------
EXPIRY = [
    ("hystrix", {}, [BAD] * 20, 5.5, True),
    ("resilience4j", R4J, [BAD] * 4, 60, True),
    ("polly-v8", POLLY, [BAD] * 4, 5, False),
    ("polly-v7-consecutive", {}, [BAD] * 2, 60, False),
    ("polly-v7-advanced", {}, [BAD] * 10, 30, False),
    ("sentinel", SENTINEL, [BAD] * 4, 10, False),
    ("gobreaker", {}, [BAD] * 6, 60, True),
    ("failsafe", {}, [BAD], 60, False),
    ("failsafe-go", {}, [BAD], 60, False),
    ("pybreaker", {}, [BAD] * 5, 60, False),
    ("aiobreaker", {}, [BAD] * 5, 60, False),
    ("circuitbreaker", {}, [BAD] * 5, 30, False),
    ("purgatory", {}, [BAD] * 5, 30, True),
    ("fluxgate", {"tripper": "FailureStreak(2)", "permit": "All()"}, [BAD] * 2, 60, False),
]


@pytest.mark.parametrize(("row", "params", "results", "at_s", "strict"), EXPIRY)
def test_a_request_at_exactly_the_end_of_the_open_time(row, params, results, at_s, strict):
    copy = Copy.of(row, **params)
    copy.run(*results)
    copy.tick(0.5)  # a slice of Hystrix closes
    assert copy.state == OPEN
    end = round(at_s * S)
    assert not m.admissible(copy.b, copy.p, end - 1)
    assert m.admissible(copy.b, copy.p, end) != strict
    assert m.admissible(copy.b, copy.p, end + 1)


@pytest.mark.parametrize(
    ("row", "params", "results", "due_s"),
    [
        ("opossum", {}, [BAD], 30),
        ("resilience4j", R4J | {"automaticTransitionFromOpenToHalfOpenEnabled": True}, [BAD] * 4, 60),
        ("finagle", {"markDeadFor": ["7s"]}, [BAD] * 5, 7),
        ("linkerd", {"failure-accrual-consecutive-jitter-ratio": 0}, [BAD] * 7, 1),
    ],
)
def test_a_timer_moves_at_exactly_the_end_of_the_open_time(row, params, results, due_s):
    copy = Copy.of(row, **params)
    copy.run(*results)
    assert copy.state == OPEN
    assert copy.due_s == due_s
    assert not copy.ask(due_s)
    assert copy.tick(due_s) == HALF_OPEN


def test_the_interval_of_gobreaker_ends_strictly_after_it():
    for at_s, state in ((10.0, OPEN), (10.000_000_001, CLOSED)):
        copy = Copy.of("gobreaker", Interval="10s")
        copy.run(*[BAD] * 5)
        copy.call(at_s, BAD)
        assert copy.state == state


# Open times ----------------------------------------------------------------------------------------
def lengths(copy, results, n):
    """The first n open times, s, when every probe fails."""
    copy.run(*results)
    found = []
    for _ in range(n):
        assert copy.state == OPEN
        found.append(copy.b.open_ns / S)
        at_s = copy.b.until / S + 1e-9
        copy.tick(at_s)
        copy.call(at_s, BAD)
    return found


def test_a_list_of_finagle_ends_in_300_s():
    copy = Copy.of("finagle", policy="consecutiveFailures", numFailures=1, markDeadFor=["1s", "4s"])
    assert lengths(copy, [BAD], 4) == [1, 4, 300, 300]


def test_equal_jitter_of_finagle_lies_between_a_half_and_the_whole():
    copy = Copy.of("finagle", policy="consecutiveFailures", numFailures=1)
    found = lengths(copy, [BAD], 9)
    for length, whole in zip(found, [5, 10, 20, 40, 80, 160, 300, 300, 300], strict=True):
        assert whole / 2 <= length <= whole


def test_a_penalty_of_linkerd_doubles_to_its_longest_and_its_jitter_is_added():
    copy = Copy.of("linkerd", failure_accrual_consecutive_max_failures=1)
    for length, least in zip(lengths(copy, [BAD], 8), [1, 2, 4, 8, 16, 32, 60, 60], strict=True):
        assert least <= length <= 1.5 * least


def test_the_backoff_of_resilience4j_counts_whole_milliseconds():
    params = {"enableExponentialBackoff": True, "waitDurationInOpenState": 101, "minimumNumberOfCalls": 1}
    rest = {"permittedNumberOfCallsInHalfOpenState": 1}
    assert lengths(Copy.of("resilience4j", **params, **rest), [BAD], 4) == [0.101, 0.151, 0.226, 0.339]
    capped = Copy.of("resilience4j", **params, **rest, exponentialMaxWaitDurationInOpenState=200)
    assert lengths(capped, [BAD], 4) == [0.101, 0.151, 0.2, 0.2]


def test_retries_of_fluxgate():
    one = {"tripper": "FailureStreak(1)", "permit": "All()"}
    backoff = Copy.of("fluxgate", **one, retry="Backoff(1.0, 3.0, 5.0)")
    assert lengths(backoff, [BAD], 4) == [1, 3, 5, 5]
    assert lengths(Copy.of("fluxgate", **one, retry="Always()"), [BAD], 2) == [0, 0]
    never = Copy.of("fluxgate", **one, retry="Never()")
    never.run(BAD)
    assert not m.admissible(never.b, never.p, FOREVER - 1)


def test_settings_of_zero_mean_the_default_of_gobreaker_and_one_of_opossum():
    assert lengths(Copy.of("gobreaker", Timeout="0s"), [BAD] * 6, 1) == [60]
    assert lengths(Copy.of("opossum", resetTimeout=0), [BAD], 1) == [0.001]


# Half-open -----------------------------------------------------------------------------------------
PROBES = [
    ("hystrix", {}, 1),
    ("resilience4j", R4J, 10),
    ("polly-v8", POLLY, 1),
    ("sentinel", SENTINEL, 1),
    ("gobreaker", {}, 1),
    ("gobreaker", {"MaxRequests": 3}, 3),
    ("opossum", {}, 1),
    ("failsafe", {"successThreshold": 3}, 3),
    ("failsafe", {"failureThreshold": [2, 5]}, 5),
    ("finagle", {}, 1),
    ("linkerd", {}, 1),
    ("pybreaker", {}, 20),
    ("aiobreaker", {}, 20),
    ("circuitbreaker", {}, 20),
    ("purgatory", {}, 20),
    ("fluxgate", {"permit": "All()"}, 20),
]


@pytest.mark.parametrize(("row", "params", "places"), PROBES)
def test_half_open_admits_as_many_as_its_library(row, params, places):
    copy = Copy.of(row, **params)
    m.force(copy.b, copy.p, 0, HALF_OPEN)
    assert sum(bool(copy.ask(0)) for _ in range(20)) == places


@pytest.mark.parametrize(
    ("row", "params", "results", "state"),
    [
        ("resilience4j", {}, [BAD] * 4 + [OK] * 6, CLOSED),
        ("resilience4j", {}, [BAD] * 5 + [OK] * 4, HALF_OPEN),
        ("resilience4j", {}, [BAD] * 5 + [OK] * 5, OPEN),
        ("resilience4j", {"minimumNumberOfCalls": 2}, [OK, BAD], OPEN),
        ("resilience4j", {"minimumNumberOfCalls": 2}, [OK, OK], CLOSED),
        ("gobreaker", {"MaxRequests": 3}, [OK, OK], HALF_OPEN),
        ("gobreaker", {"MaxRequests": 3}, [OK, OK, OK], CLOSED),
        ("gobreaker", {"MaxRequests": 3}, [OK, OK, BAD], OPEN),
        ("pybreaker", {"success_threshold": 2}, [OK], HALF_OPEN),
        ("pybreaker", {"success_threshold": 2}, [OK, OK], CLOSED),
        ("failsafe", {"successThreshold": [2, 3]}, [BAD, OK], HALF_OPEN),
        ("failsafe", {"successThreshold": [2, 3]}, [BAD, BAD], OPEN),
        ("failsafe", {"successThreshold": [2, 3]}, [BAD, OK, OK], CLOSED),
        ("failsafe", {"failureThreshold": [2, 3]}, [BAD, OK], HALF_OPEN),
        ("failsafe", {"failureThreshold": [2, 3]}, [OK, OK], CLOSED),
        ("fluxgate", {"permit": "All()"}, [BAD] * 9, HALF_OPEN),
        ("fluxgate", {"permit": "All()"}, [BAD] * 9 + [OK], CLOSED),
        ("finagle", {}, [BAD], HALF_OPEN),
        ("finagle", {}, [OK], CLOSED),
    ],
)
def test_half_open_ends_as_its_library_decides(row, params, results, state):
    copy = Copy.of(row, **params)
    m.force(copy.b, copy.p, 0, HALF_OPEN)
    assert copy.run(*results) == state
