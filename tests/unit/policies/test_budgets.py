"""Retry budgets: what each library allows, to the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.limits import budget, catalog
from sim.words import ERROR, SHED, TIMEOUT, UNREACHABLE

S = 1_000_000_000


def made(name, **given):
    p = catalog.params(catalog.BUDGETS, name, given)
    return p, budget.new(p, 0)


def ratio(**values):
    p = budget.Params(**{"kind": budget.RATIO, "ratio": 0.2, **values})
    return p, budget.new(p, 0)


def begun(p, s, now, n):
    for _ in range(n):
        budget.started(s, p, now)


def spent(p, s, now, tries):
    return sum(budget.allows(s, p, now, ERROR) >= 0 for _ in range(tries))


def test_a_ratio_budget_allows_its_share_of_first_tries():
    p, s = ratio()
    begun(p, s, 0, 100)
    assert spent(p, s, 0, 50) == 20


def test_the_minimum_stands_beside_the_ratio():
    p, s = ratio(min_per_s=1.0)
    assert spent(p, s, 0, 50) == 10


def test_the_window_forgets_first_tries_and_retries():
    p, s = ratio()
    begun(p, s, 0, 100)
    assert spent(p, s, 0, 50) == 20
    assert spent(p, s, 10 * S - 1, 50) == 0
    begun(p, s, 10 * S, 10)
    assert spent(p, s, 10 * S, 50) == 2


@pytest.mark.parametrize(("share", "first", "allowed"), [(0.29, 100, 29), (0.1, 30, 3), (0.07, 100, 7)])
def test_a_share_that_rounds_down_in_floating_point_is_not_cheated(share, first, allowed):
    p, s = ratio(ratio=share)
    begun(p, s, 0, first)
    assert spent(p, s, 0, first) == allowed


def test_a_token_budget_starts_full_and_ten_successes_at_a_tenth_earn_one_retry():
    p = budget.Params(budget.TOKENS, ratio=0.1, capacity=5.0)
    s = budget.new(p, 0)
    assert spent(p, s, 0, 9) == 5
    for _ in range(9):
        budget.over(s, p, True, 0.0)
    assert spent(p, s, 0, 3) == 0
    budget.over(s, p, True, 0.0)
    assert spent(p, s, 0, 3) == 1


def test_aws_a_success_gives_back_what_its_last_retry_cost():
    p, s = made("aws-sdk-standard")
    cost = budget.allows(s, p, 0, TIMEOUT)
    assert (cost, s.tokens) == (10.0, 490.0)
    budget.over(s, p, True, cost)
    assert s.tokens == 500.0


def test_aws_the_costs_of_2026_are_another_row():
    p, s = made("aws-sdk-standard-2026")
    assert budget.allows(s, p, 0, ERROR) == 14.0
    assert budget.allows(s, p, 0, SHED) == 5.0


def test_grpc_retries_only_above_half_of_the_tokens():
    p, s = made("grpc-retry-throttling")
    for _ in range(4):
        budget.tried(s, p, 0.0, True)
    assert budget.allows(s, p, 0, ERROR) >= 0  # 6 of 10
    budget.tried(s, p, 0.0, True)
    assert budget.allows(s, p, 0, ERROR) < 0  # exactly 5 of 10


def test_envoy_counts_retries_at_once_and_a_finished_one_makes_room():
    p, s = made("envoy-retry-budget")
    begun(p, s, 0, 10)
    assert spent(p, s, 0, 9) == 3  # the least, above 20 % of 10
    budget.tried(s, p, 1.0, False)
    assert spent(p, s, 0, 9) == 1
    begun(p, s, 0, 30)
    assert spent(p, s, 0, 9) == 5  # 20 % of 40


@pytest.mark.parametrize(
    ("given", "costs"),
    [
        ({}, (5, 10, 5)),
        ({"version": "2026"}, (14, 14, 5)),
        ({"retry_cost": 14, "throttling_cost": 5}, (14, 14, 5)),
        ({"retry_cost": 14, "throttling_retry_cost": 5, "timeout_cost": 20}, (14, 20, 5)),
        ({"retry_cost": 7}, (7, 10, 7)),
    ],
)
def test_aws_a_cost_that_is_not_given_is_that_of_its_generation(given, costs):
    p, s = made("aws-sdk-standard", **given)
    assert tuple(budget.allows(s, p, 0, outcome) for outcome in (ERROR, TIMEOUT, SHED)) == costs
    assert p.costs[UNREACHABLE] == p.costs[ERROR]


def test_smithy_transient_errors_and_timeouts_cost_twice_a_server_error():
    p, _ = made("smithy-rs")
    assert [p.costs[outcome] for outcome in (ERROR, SHED, UNREACHABLE, TIMEOUT)] == [5, 5, 10, 10]


def test_aws_a_quota_that_is_exactly_enough_is_enough():
    p, s = made("aws-sdk-standard", capacity=10)
    assert budget.allows(s, p, 0, TIMEOUT) == 10
    assert budget.allows(s, p, 0, ERROR) < 0


def test_grpc_decimals_beyond_the_third_are_ignored():
    p, s = made("grpc-retry-throttling", tokenRatio=0.5466)
    budget.tried(s, p, 0.0, True)
    budget.over(s, p, True, 0.0)
    assert s.tokens == 9.546


def test_envoy_the_share_of_what_is_in_flight_is_truncated():
    p, s = made("envoy-retry-budget")
    begun(p, s, 0, 24)
    assert spent(p, s, 0, 9) == 4  # 20 % of 24 = 4.8
    begun(p, s, 0, 1)
    assert spent(p, s, 0, 9) == 1


def test_failsafe_go_the_share_is_not_truncated():
    p, s = made("failsafe-go-budget")
    begun(p, s, 0, 24)
    assert spent(p, s, 0, 9) == 5  # the fifth while 4 < 4.8


def test_finagle_five_requests_pay_for_a_retry_and_the_reserve_for_the_rest():
    p, s = made("finagle-retry-budget", minRetriesPerSec=0)
    assert spent(p, s, 0, 1) == 0
    begun(p, s, 0, 4)
    assert (spent(p, s, 0, 1), budget.balance(s, p, 0)) == (0, 0)
    begun(p, s, 0, 1)
    assert (budget.balance(s, p, 0), spent(p, s, 0, 9)) == (1, 1)
    p, s = made("finagle-retry-budget")
    assert (budget.balance(s, p, 0), spent(p, s, 0, 200)) == (100, 100)


def test_finagle_a_retry_costs_whole_units_and_leaves_with_its_slice():
    p, s = made("finagle-retry-budget", percentCanRetry=0.3, minRetriesPerSec=0)
    assert (p.deposit, p.withdrawal) == (1000, 3333)
    begun(p, s, 0, 10)
    assert spent(p, s, 0, 9) == 3
    begun(p, s, 9 * S, 4)
    assert spent(p, s, 9 * S, 9) == 1
    assert (budget.balance(s, p, 10 * S), spent(p, s, 10 * S, 9)) == (0, 0)  # 4000 - 3333 units


def test_finagle_without_a_share_only_the_reserve_counts():
    p, s = made("finagle-retry-budget", percentCanRetry=0, minRetriesPerSec=1, ttl="2s")
    begun(p, s, 0, 1000)
    assert spent(p, s, 0, 9) == 2


def test_linkerd_truncates_one_over_the_ratio():
    p, s = made("linkerd-retry-budget", retryRatio=0.3, minRetriesPerSecond=0)
    begun(p, s, 0, 9)
    assert spent(p, s, 0, 9) == 3


@given(
    st.lists(st.tuples(st.sampled_from(["try", "fail", "good", "wait"]), st.integers(0, 3)), max_size=60),
    st.sampled_from(sorted(catalog.BUDGETS)),
)
def test_tokens_stay_within_the_capacity_and_nothing_in_flight_is_negative(history, name):
    p, s = made(name)
    now, calls = 0, []
    for what, n in history:
        if what == "try":
            budget.started(s, p, now)
            calls.append(0.0)
        elif what == "fail" and calls:
            cost = calls.pop()
            budget.tried(s, p, cost, True)
            again = budget.allows(s, p, now, (TIMEOUT, SHED, ERROR, UNREACHABLE)[n])
            if again >= 0:
                calls.append(again)
            else:
                budget.over(s, p, False, cost)
        elif what == "good" and calls:
            cost = calls.pop()
            budget.tried(s, p, cost, False)
            budget.over(s, p, True, cost)
        else:
            now += n * S
        assert 0 <= s.tokens <= max(p.capacity, 0)
        assert s.active == len(calls)
        assert 0 <= s.retrying <= s.active
