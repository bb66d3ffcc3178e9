"""Retry budgets: what each library allows, to the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.limits import budget, catalog

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
    return sum(budget.allows(s, p, now) >= 0 for _ in range(tries))


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
    cost = budget.allows(s, p, 0, timeout=True)
    assert (cost, s.tokens) == (10.0, 490.0)
    budget.over(s, p, True, cost)
    assert s.tokens == 500.0


def test_aws_the_costs_of_2026_are_another_row():
    p, s = made("aws-sdk-standard-2026")
    assert budget.allows(s, p, 0) == 14.0
    assert budget.allows(s, p, 0, throttled=True) == 5.0


def test_grpc_retries_only_above_half_of_the_tokens():
    p, s = made("grpc-retry-throttling")
    for _ in range(4):
        budget.tried(s, p, 0.0, True)
    assert budget.allows(s, p, 0) >= 0  # 6 of 10
    budget.tried(s, p, 0.0, True)
    assert budget.allows(s, p, 0) < 0  # exactly 5 of 10


def test_envoy_counts_retries_at_once_and_a_finished_one_makes_room():
    p, s = made("envoy-retry-budget")
    begun(p, s, 0, 10)
    assert spent(p, s, 0, 9) == 3  # the least, above 20 % of 10
    budget.tried(s, p, 1.0, False)
    assert spent(p, s, 0, 9) == 1
    begun(p, s, 0, 30)
    assert spent(p, s, 0, 9) == 5  # 20 % of 40


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
            again = budget.allows(s, p, now, timeout=n == 0, throttled=n == 1)
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
