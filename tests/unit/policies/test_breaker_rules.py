"""When the window trips: comparison signs, rounding of shares, and every condition of a rule."""

import pytest

from sim.words import CLOSED, HALF_OPEN, OPEN
from tests.unit.policies.copies import BAD, MS, OK, Copy, S


# Comparison and rounding ---------------------------------------------------------------------------
def ends_at(bad, n, share, percent="exact", above=False):
    """State after `bad` failures of `n` results, the last of them a failure."""
    trip = {"failure_ratio": share, "minimum": n, "percent": percent, "above": above}
    copy = Copy(window={"count": n}, trip=trip)
    return copy.run(*[OK] * (n - bad), *[BAD] * bad)


@pytest.mark.parametrize(
    ("bad", "n", "share", "percent", "above", "state"),
    [
        (57, 100, 0.57, "exact", False, OPEN),
        (56, 100, 0.57, "exact", False, CLOSED),
        (57, 100, 0.57, "exact", True, CLOSED),
        (58, 100, 0.57, "exact", True, OPEN),
        (57, 100, 0.57, "percent", False, CLOSED),  # 57 / 100 * 100 is 56.99999999999999
        (58, 100, 0.57, "percent", False, OPEN),
        (57, 100, 0.57, "cut", False, CLOSED),
        (57, 100, 0.56, "cut", False, OPEN),
        (57, 100, 0.57, "rounded", False, OPEN),
        (99, 200, 0.50, "rounded", False, OPEN),  # 49.5 %
        (98, 200, 0.50, "rounded", False, CLOSED),
        (99, 200, 0.50, "exact", False, CLOSED),
        (99, 200, 0.495, "exact", False, OPEN),
        (99, 200, 0.495, "cut", False, CLOSED),
        (11, 20, 0.55, "percent", True, OPEN),  # 11 / 20 * 100 is 55.00000000000001
        (11, 20, 0.55, "exact", True, CLOSED),
        (10, 10, 1.0, "exact", False, OPEN),
        (10, 10, 1.0, "exact", True, CLOSED),
    ],
)
def test_a_share_is_compared_as_its_library_computes_it(bad, n, share, percent, above, state):
    assert ends_at(bad, n, share, percent, above) == state


@pytest.mark.parametrize("window", ["consecutive", {"count": 9}])
def test_above_needs_one_failure_more(window):
    at, above = (Copy(window=window, trip={"failures": 3, "above": yes}) for yes in (False, True))
    assert (at.run(BAD, BAD, BAD), above.run(BAD, BAD, BAD)) == (OPEN, CLOSED)
    assert above.run(BAD) == OPEN


# Conditions ----------------------------------------------------------------------------------------
def rule(window=None, **conditions):
    return Copy(window=window or {"count": 10}, trip={"any": [conditions]}, slow=S)


def test_a_minimum_is_inclusive():
    copy = rule(minimum=3, failure_ratio=0.1)
    assert copy.run(BAD, BAD) == CLOSED
    assert copy.run(BAD) == OPEN


def test_a_run_and_a_number_of_failures_are_different_conditions():
    run, number = rule(streak=2), rule(failures=2)
    assert (run.run(BAD, OK, BAD), number.run(BAD, OK, BAD)) == (CLOSED, OPEN)
    assert (run.why, number.why) == ("", "failures in the window")


def test_success_below_is_strict():
    copy = rule(minimum=2, success_below=0.5)
    assert copy.run(OK, BAD) == CLOSED
    assert copy.run(BAD) == OPEN


def test_slow_is_strictly_slower_and_its_share_is_reached_inclusively():
    for lasts_s, state in ((1.0, CLOSED), (1.000_000_001, OPEN)):
        copy = rule(minimum=2, slow_ratio=0.5)
        copy.call(0, OK)
        copy.call(0, OK, lasts_s)
        assert copy.state == state


def test_failures_are_slow_too_unless_only_successes_are_looked_at():
    for slow_of, state in (("results", OPEN), ("successes", CLOSED)):
        copy = Copy(window={"count": 9}, slow=S, trip={"slow_ratio": 0.5, "slow_of": slow_of})
        copy.call(0, BAD, lasts_s=2)
        assert copy.state == state


def test_a_mean_latency_is_that_of_the_successes_over_all_results():
    copy = rule(mean_latency=S)
    copy.call(0, BAD, lasts_s=60)
    assert copy.state == CLOSED
    copy.call(0, OK, lasts_s=1.999_999_999)
    assert copy.state == CLOSED
    copy.call(0, OK, lasts_s=1.000_000_001)
    assert (copy.state, copy.why) == (OPEN, "mean latency")


def test_an_age_counts_from_the_last_emptying_and_is_inclusive():
    for at_s, state in ((9.999_999_999, CLOSED), (10.0, OPEN)):
        copy = rule(age=10 * S, streak=1)
        copy.call(at_s, BAD)
        assert copy.state == state


def test_seen_counts_results_that_have_left_the_window():
    copy = rule({"count": 2}, seen=4, streak=1)
    assert copy.run(OK, OK, BAD) == CLOSED
    assert copy.run(BAD) == OPEN


def test_a_rule_for_one_state_holds_in_no_other():
    parts = {"decide": "trip-rule", "probe": "unbounded"}
    for state, after in (("closed", [OPEN, HALF_OPEN]), ("half_open", [CLOSED, CLOSED])):
        copy = Copy(trip={"any": [{"streak": 1, "state": state}]}, **parts)
        seen = [copy.run(BAD)]
        copy.call(5, BAD)
        assert [*seen, copy.state] == after


def test_any_rule_trips_and_all_conditions_of_it_must_hold():
    copy = Copy(window={"count": 9}, trip={"any": [{"streak": 2, "minimum": 5}, {"failures": 3}]})
    assert copy.run(BAD, BAD) == CLOSED
    assert copy.run(OK, BAD) == OPEN
    assert copy.why == "failures in the window"


def test_a_slowness_of_zero_makes_every_answer_slow_that_takes_time():
    copy = Copy(window={"count": 9}, slow=0, trip={"slow_ratio": 1.0})
    copy.call(0, OK, lasts_s=0)
    assert copy.state == CLOSED
    copy = Copy(window={"count": 9}, slow=0, trip={"slow_ratio": 1.0})
    copy.call(0, OK, lasts_s=1 / MS)
    assert copy.state == OPEN
