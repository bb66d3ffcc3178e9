"""What a breaker remembers: every grid, interval, average and denominator, and on what it is judged."""

import pytest

from sim.policies import breaker as m
from sim.words import CLOSED, OPEN
from tests.unit.policies.copies import BAD, IGNORED, OK, Copy, S


def timed(time_s=10, buckets=10, at_s=0, trip=None, **window):
    return Copy(at_s, window={"time": time_s * S, "buckets": buckets, **window}, trip=trip or {"failures": 2})


# Where slices begin --------------------------------------------------------------------------------
def failures_in(grid, *at_s, at=0.3, buckets=1):
    """Failures in a window of one second when the last of them has been counted."""
    copy = timed(1, buckets, at, {"failures": 99}, grid=grid)
    for instant in at_s:
        copy.call(instant, BAD)
    return copy.b.fail_count


def test_the_grid_of_a_reset_begins_with_the_copy():
    assert failures_in("reset", 0.3, 1.299_999_999) == 2
    assert failures_in("reset", 0.3, 1.3) == 1


def test_the_grid_of_the_epoch_lies_on_whole_widths():
    assert failures_in("epoch", 0.3, 0.999_999_999) == 2
    assert failures_in("epoch", 0.3, 1.0) == 1


def test_a_lazy_slice_begins_with_its_first_result():
    assert failures_in("lazy", 0.7, 1.699_999_999) == 2
    assert failures_in("lazy", 0.7, 1.7) == 1


def test_a_lazy_slice_leaves_at_its_age():
    assert failures_in("lazy", 0.7, 1.1, 1.699_999_999, buckets=10) == 3
    assert failures_in("lazy", 0.7, 1.1, 1.7, buckets=10) == 2
    # Both lie in the slice that began at 0.7 s, and leave together with it.
    assert failures_in("lazy", 0.7, 0.799, 1.699_999_999, buckets=10) == 3
    assert failures_in("lazy", 0.7, 0.799, 1.7, buckets=10) == 1


def test_a_kept_slice_is_forgotten_only_when_its_slot_is_used_again():
    assert failures_in("kept", 0.05, 3600.15, buckets=10) == 2
    assert failures_in("kept", 0.05, 3600.05, buckets=10) == 1
    assert failures_in("epoch", 0.05, 3600.15, buckets=10) == 1


def test_a_transition_moves_the_grid_of_a_reset_and_no_other():
    for grid, kept in (("reset", 2), ("epoch", 1)):
        copy = timed(1, 1, 0, {"failures": 2}, grid=grid)
        copy.run(BAD, BAD, at_s=0.2)
        copy.call(5.5, OK)
        copy.call(5.9, BAD)
        copy.call(6.4, OK)
        assert copy.b.n == kept


def test_several_slices_leave_one_by_one():
    copy = timed(3, 3, trip={"failures": 9})
    for instant in (0.5, 1.5, 2.5):
        copy.call(instant, BAD)
    left = []
    for instant in (2.9, 3.0, 4.0, 5.0):
        copy.call(instant, OK)
        left.append(copy.b.fail_count)
    assert left == [3, 2, 1, 0]


# Interval ------------------------------------------------------------------------------------------
def test_an_interval_starts_anew_strictly_after_its_end():
    for at_s, failures in ((10.0, 2), (10.000_000_001, 1)):
        copy = Copy(window={"interval": 10 * S}, trip={"failures": 9})
        copy.call(0, BAD)
        copy.call(at_s, BAD)
        assert copy.b.fail_count == failures


def test_an_interval_of_zero_never_starts_anew():
    copy = Copy(window={"interval": 0}, trip={"failures": 2})
    copy.call(0, BAD)
    copy.call(10**8, BAD)
    assert copy.state == OPEN


def test_an_interval_that_starts_anew_is_another_generation():
    copy = Copy(window={"interval": 10 * S}, trip={"failures": 1}, late="generation")
    early = copy.ask(0)
    copy.ask(11)
    copy.end(11, early, BAD)
    assert (copy.state, copy.b.fail_count) == (CLOSED, 0)


# Average -------------------------------------------------------------------------------------------
def average(by, value, below=0.5):
    window = {"time": 60 * S, "average": value, "by": by}
    return Copy(window=window, trip={"any": [{"average_below": below}]})


def test_results_of_one_instant_weigh_nothing():
    copy = average("time", 10 * S)
    copy.run(OK, BAD, BAD, BAD)
    assert (copy.state, copy.b.ema) == (CLOSED, 1.0)


def test_the_first_result_is_the_average():
    copy = average("time", 10 * S)
    copy.call(0, BAD)
    assert (copy.state, copy.why) == (OPEN, "success average")


def test_the_average_by_time_falls_by_a_half_in_the_time_constant_times_ln_2():
    for at_s, state in ((6.931, CLOSED), (6.932, OPEN)):
        copy = average("time", 10 * S)
        copy.call(0, OK)
        copy.call(at_s, BAD)
        assert copy.state == state


def test_the_average_by_results_does_not_see_time():
    copy = average("results", 2)
    copy.call(0, OK)
    copy.call(0, BAD)
    assert copy.b.ema == pytest.approx(0.6065306597)
    copy.call(10**6, BAD)
    assert copy.state == OPEN


# Denominator ---------------------------------------------------------------------------------------
def test_started_calls_dilute_a_ratio_and_results_do_not():
    for of, state in (("results", OPEN), ("started", CLOSED), ("asked", CLOSED)):
        copy = timed(trip={"failure_ratio": 0.6, "minimum": 1}, of=of)
        copy.ask(0)
        copy.call(0, BAD)
        assert copy.state == state


def test_asked_calls_are_counted_while_refused_and_started_ones_are_not():
    for of, n in (("started", 2), ("asked", 5)):
        copy = Copy(window={"time": 60 * S, "of": of}, trip={"failures": 2}, clear="never")
        copy.run(BAD, BAD, BAD, BAD, BAD)
        assert copy.b.n == n


def test_an_ignored_result_counts_as_started_and_as_no_result():
    started, results = timed(of="started"), timed(of="results")
    for copy in (started, results):
        copy.call(0, IGNORED)
    assert (started.b.n, results.b.n) == (1, 0)


def test_a_run_in_a_window_of_started_calls_trips_at_its_length():
    copy = timed(trip={"any": [{"streak": 3}], "on": "failure"}, of="started")
    assert copy.run(BAD, BAD) == CLOSED
    assert copy.run(BAD) == OPEN


def test_a_run_shortens_when_a_slice_leaves_that_it_reached_into():
    copy = timed(10, 10, 0, {"any": [{"streak": 3}]}, of="started")
    copy.call(0.5, BAD)
    copy.call(5.5, BAD)
    copy.call(10.0, BAD)
    assert (copy.b.row, copy.state) == (2, CLOSED)


# Judged on -----------------------------------------------------------------------------------------
def sliced(grid="reset", at_s=0):
    trip = {"failure_ratio": 0.5, "minimum": 2, "on": "bucket"}
    return timed(2, 4, at_s, trip, grid=grid)


def test_a_slice_is_judged_when_it_is_full_and_not_before():
    copy = sliced()
    assert copy.run(BAD, BAD, BAD, at_s=0.1) == CLOSED
    assert copy.due_s == 0.5
    assert copy.tick(0.499_999_999) == CLOSED
    assert copy.tick(0.5) == OPEN


def test_slices_of_the_epoch_are_full_at_whole_widths_whenever_the_copy_began():
    copy = sliced("epoch", 0.3)
    copy.run(BAD, BAD, at_s=0.35)
    assert copy.due_s == 0.5


def test_a_slice_without_failures_is_judged_where_good_answers_can_trip():
    copy = timed(2, 4, 0, {"any": [{"mean_latency": S}], "on": "bucket"})
    copy.call(0.1, OK, lasts_s=2)
    assert copy.due_s == 0.5
    assert copy.tick(0.5) == OPEN


def test_an_empty_window_is_not_judged():
    copy = sliced()
    copy.call(0.1, OK)
    for slice_end in (0.5, 1.0, 1.5, 2.0):
        assert copy.due_s == slice_end
        copy.tick(slice_end)
    assert copy.due_s > 10**8


def test_failures_whose_starts_have_left_are_infinitely_many_of_none():
    copy = Copy(window={"time": 2 * S, "buckets": 2, "of": "started"}, trip={"failure_ratio": 0.9})
    early = copy.ask(0)
    copy.end(2, early, BAD)
    assert (copy.b.n, copy.state) == (0, OPEN)


def test_a_window_of_started_calls_counts_none_while_it_is_not_closed():
    copy = Copy(window={"time": 60 * S, "of": "started"}, trip={"failures": 2}, clear="never")
    copy.run(BAD, BAD)
    assert m.admit(copy.b, copy.p, 5 * S)
    assert copy.b.n == 2
