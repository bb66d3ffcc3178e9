"""Half-open: who is admitted, what an ignored result does, what ends it."""

import pytest

from sim import luck
from sim.policies import breaker as m
from sim.words import CLOSED, HALF_OPEN, OPEN
from tests.unit.policies.copies import BAD, IGNORED, OK, Copy, S, opened


def room(copy, at_s):
    """How many are admitted at this instant, of 50."""
    return sum(bool(copy.ask(at_s)) for _ in range(50))


# Admission -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("probe", "places"),
    [("single", 1), ({"quota": 3}, 3), ({"concurrent": 3}, 3), ("unbounded", 50), ("one-per-open-time", 1)],
)
def test_half_open_admits_so_many_at_once(probe, places):
    assert room(opened(probe=probe), 5) == places


@pytest.mark.parametrize(("probe", "more"), [("single", 1), ({"quota": 3}, 0), ({"concurrent": 3}, 1)])
def test_a_probe_that_returns_makes_room_except_in_a_quota(probe, more):
    copy = opened(probe=probe, decide={"successes": 3})
    first = copy.ask(5)
    room(copy, 5)
    copy.end(6, first, OK)
    assert copy.state == HALF_OPEN
    assert room(copy, 6) == more


def test_one_probe_per_open_time_is_admitted_though_the_first_hangs():
    copy = opened(probe="one-per-open-time")
    assert copy.ask(5)
    assert not copy.ask(9.999_999_999)
    assert copy.ask(10)
    assert not copy.ask(14.999_999_999)
    assert copy.ask(15)


def test_a_ramp_admits_its_share_at_its_time():
    ramp = {"ramp": {"start": 0.2, "end": 0.8, "over": 10 * S}}
    for at_s, share in ((5, 0.2), (10, 0.5), (15, 0.8), (60, 0.8)):
        copy = Copy(probe=ramp)
        copy.run(BAD, BAD)
        while copy.state != HALF_OPEN:
            copy.ask(5)
        copy.b.asked = 0
        expected = sum(luck.uniform(7, luck.PROBE, 1, n) < share for n in range(1000))
        assert sum(bool(copy.ask(at_s)) for _ in range(1000)) == expected
        assert expected == pytest.approx(1000 * share, abs=60)


def test_the_first_of_a_ramp_may_be_refused_and_half_open_has_begun():
    copy = opened(probe={"ramp": {"start": 0.0, "end": 1.0, "over": 10 * S}})
    assert not copy.ask(5)
    assert copy.state == HALF_OPEN


# Results without a verdict -------------------------------------------------------------------------
def test_an_ignored_probe_gives_back_its_place():
    copy = opened(probe={"quota": 2}, decide={"successes": 2})
    first = copy.ask(5)
    copy.ask(5)
    copy.end(6, first, IGNORED)
    assert room(copy, 6) == 1


@pytest.mark.parametrize(("ignored", "more"), [("gives-back", 0), ("gives-any-back", 1)])
def test_an_ignored_result_of_an_earlier_state_gives_a_place_only_where_any_does(ignored, more):
    for probe in ("single", {"quota": 1}):
        copy = Copy(probe=probe, ignored=ignored)
        early = copy.ask(0)
        copy.run(BAD, BAD)
        assert copy.ask(5)
        copy.end(6, early, IGNORED)
        assert room(copy, 6) == more


def test_an_ignored_probe_reopens_for_a_whole_open_time():
    copy = opened(ignored="reopens")
    copy.call(5, IGNORED)
    assert (copy.state, copy.why, copy.b.until) == (OPEN, "probe had no result", 10 * S)


def test_an_ignored_probe_rolls_back_to_open_and_due():
    copy = opened(ignored="rolls-back")
    copy.call(7, IGNORED)
    assert (copy.state, copy.b.until) == (OPEN, 5 * S)
    assert copy.call(7, OK)
    assert copy.state == CLOSED


@pytest.mark.parametrize("ignored", ["gives-back", "gives-any-back", "reopens", "rolls-back"])
def test_an_ignored_result_while_closed_or_open_changes_nothing(ignored):
    copy = Copy(ignored=ignored)
    first, second = copy.ask(0), copy.ask(0)
    copy.end(0, first, IGNORED)
    assert copy.state == CLOSED
    copy.run(BAD, BAD)
    copy.end(1, second, IGNORED)
    assert (copy.state, copy.b.until) == (OPEN, 5 * S)


# The longest stay ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("then", "state"), [("open", OPEN), ("closed", CLOSED)])
def test_half_open_ends_after_its_longest_stay(then, state):
    copy = opened(half_open_for={"longest": 3 * S, "then": then})
    assert copy.ask(6)
    assert copy.due_s == 9
    assert copy.tick(8.999_999_999) == HALF_OPEN
    assert copy.tick(9) == state
    assert copy.why == "half-open too long"


def test_a_longest_stay_of_zero_is_for_ever():
    copy = opened(half_open_for={"longest": 0})
    assert copy.ask(5)
    assert copy.due_s > 10**8
    assert copy.tick(10**7) == HALF_OPEN


def test_the_stay_counts_from_the_entry_and_each_entry_has_its_own():
    copy = opened(half_open_for={"longest": 3 * S})
    copy.ask(5)
    copy.tick(8)
    assert copy.ask(13)
    assert copy.due_s == 16


# Decision ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("results", "state"),
    [
        ([OK, OK], HALF_OPEN),
        ([OK, OK, OK], CLOSED),
        ([BAD], HALF_OPEN),
        ([BAD, BAD], OPEN),
        ([BAD, OK, OK], HALF_OPEN),
        ([BAD, OK, OK, OK], CLOSED),
        ([OK, BAD, OK, BAD], OPEN),
    ],
)
def test_so_many_successes_close_and_so_many_failures_reopen(results, state):
    copy = opened(decide={"successes": 3, "failures": 2})
    assert copy.run(*results, at_s=5) == state


@pytest.mark.parametrize(
    ("bad", "ratio", "percent", "state"),
    [
        (4, 0.5, "exact", OPEN),
        (3, 0.5, "exact", CLOSED),
        (3, 0.375, "exact", OPEN),
        (3, 0.375, "cut", CLOSED),
        (3, 0.37, "cut", OPEN),
        (3, 0.38, "rounded", OPEN),
        (3, 0.38, "exact", CLOSED),
        (0, 0.01, "exact", CLOSED),
        (8, 1.0, "exact", OPEN),
    ],
)
def test_a_rate_decides_after_its_number_of_results(bad, ratio, percent, state):
    copy = opened(
        probe={"quota": 8}, decide={"failure_ratio": ratio, "after": 8, "percent": percent}
    )  # fmt: skip
    results = [BAD] * bad + [OK] * (8 - bad)
    assert copy.run(*results[:7], at_s=5) == HALF_OPEN
    assert copy.run(results[7], at_s=5) == state


def ruled(decide, minimum=3, **parts):
    trip = {"any": [{"minimum": minimum, "failure_ratio": 0.5}]}
    copy = Copy(window={"count": 9}, trip=trip, probe="unbounded", decide=decide, **parts)
    assert copy.run(BAD, BAD, BAD) == OPEN
    return copy


def test_under_the_trip_rule_a_failure_below_the_minimum_decides_nothing():
    for decide in ("trip-rule", "trip-rule-on-failure"):
        copy = ruled(decide)
        assert copy.run(BAD, BAD, at_s=5) == HALF_OPEN
        assert copy.run(BAD, at_s=5) == OPEN


def test_under_the_trip_rule_a_success_closes_if_the_rule_does_not_hold():
    for decide in ("trip-rule", "trip-rule-on-failure"):
        assert ruled(decide).run(OK, at_s=5) == CLOSED
        assert ruled(decide).run(BAD, OK, at_s=5) == CLOSED


def test_a_success_closes_against_a_rule_that_holds_only_where_failures_alone_are_judged():
    for decide, state in (("trip-rule", HALF_OPEN), ("trip-rule-on-failure", CLOSED)):
        copy = ruled(decide, clear="close")
        assert copy.run(OK, at_s=5) == state


def test_a_slow_probe_is_a_bad_one_where_slowness_is_judged():
    for trip, state in (({"slow_ratio": 0.5}, OPEN), ({"failures": 2}, CLOSED)):
        copy = Copy(window={"count": 9}, trip=trip, slow=S, initial="half_open")
        copy.call(0, OK, lasts_s=2)
        assert copy.state == state


def test_places_are_counted_anew_in_each_half_open_period():
    copy = opened(probe={"concurrent": 2})
    copy.ask(5)
    copy.end(5, copy.ask(5), BAD)
    assert copy.state == OPEN
    assert room(copy, 10) == 2


def test_a_late_result_in_the_place_of_a_fresh_one_leaves_none_to_give_back():
    copy = Copy(decide={"successes": 3})
    early = copy.ask(0)
    copy.run(BAD, BAD)
    fresh = copy.ask(5)
    copy.end(6, early, OK)
    copy.end(6, fresh, OK)
    assert (copy.state, copy.b.in_flight) == (HALF_OPEN, 0)
    assert room(copy, 6) == 1


def test_a_probe_that_returns_makes_room_where_results_go_to_the_state_they_started_in():
    for verdict in (OK, IGNORED):
        copy = opened(late="started-state", decide={"successes": 2})
        copy.call(5, verdict)
        assert copy.state == HALF_OPEN
        assert m.admissible(copy.b, copy.p, 6 * S)
