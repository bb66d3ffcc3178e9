"""Results of calls that were admitted in an earlier state, and results that come while open."""

import pytest

from sim.policies import breaker as m
from sim.words import CLOSED, HALF_OPEN, OPEN
from tests.unit.policies.copies import BAD, OK, Copy, S, opened

KINDS = ("current-state", "generation", "started-state", "same-state")


def with_early(**parts):
    """An open breaker, and the ticket of a call that began while it was closed."""
    copy = Copy(**parts)
    early = copy.ask(0)
    copy.run(BAD, BAD)
    return copy, early


@pytest.mark.parametrize(
    ("late", "verdict", "state"),
    [
        ("current-state", OK, CLOSED),
        ("current-state", BAD, OPEN),
        ("generation", OK, HALF_OPEN),
        ("generation", BAD, HALF_OPEN),
        ("same-state", OK, HALF_OPEN),
        ("same-state", BAD, HALF_OPEN),
        ("started-state", OK, HALF_OPEN),
    ],
)
def test_a_result_of_closed_that_comes_in_half_open(late, verdict, state):
    copy, early = with_early(late=late)
    copy.ask(5)
    copy.end(6, early, verdict)
    assert copy.state == state


def test_a_failure_of_closed_reopens_half_open_only_if_the_run_is_still_long_enough():
    """aiobreaker: the state it started in counts it, and opens by its own rule."""
    for clear, state in (("close", OPEN), ("transition", HALF_OPEN)):
        copy, early = with_early(late="started-state", clear=clear)
        copy.ask(5)
        copy.end(6, early, BAD)
        assert copy.state == state


@pytest.mark.parametrize(("late", "failures"), list(zip(KINDS, (1, 0, 1, 1), strict=True)))
def test_a_failure_of_one_closed_time_that_comes_in_the_next(late, failures):
    copy, early = with_early(late=late)
    copy.call(5, OK)
    copy.end(6, early, BAD)
    assert (copy.state, copy.b.fail_count) == (CLOSED, failures)


@pytest.mark.parametrize(("late", "state"), list(zip(KINDS, (CLOSED, CLOSED, OPEN, CLOSED), strict=True)))
def test_a_failed_probe_that_comes_when_closed(late, state):
    copy = opened(late=late, probe="unbounded")
    slow_one = copy.ask(5)
    copy.call(5, OK)
    copy.end(6, slow_one, BAD)
    assert copy.state == state


@pytest.mark.parametrize(("late", "state"), list(zip(KINDS, (OPEN, OPEN, CLOSED, OPEN), strict=True)))
def test_a_good_probe_that_comes_when_open_again(late, state):
    copy = opened(late=late, probe="unbounded")
    slow_one = copy.ask(5)
    copy.call(5, BAD)
    copy.end(6, slow_one, OK)
    assert copy.state == state


def test_a_probe_of_one_half_open_period_decides_the_next_unless_generations_are_told_apart():
    for late, state in zip(KINDS, (CLOSED, HALF_OPEN, CLOSED, CLOSED), strict=True):
        copy = opened(late=late, probe="unbounded")
        slow_one = copy.ask(5)
        copy.call(5, BAD)
        copy.ask(10)
        copy.end(11, slow_one, OK)
        assert copy.state == state, late


def test_failures_of_closed_prolong_the_open_time_where_the_started_state_handles_them():
    for late, until_s in zip(KINDS, (5, 5, 6, 5), strict=True):
        copy, early = with_early(late=late, clear="close")
        copy.end(1, early, BAD)
        assert copy.b.until == until_s * S, late


# While open ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("while_open", "verdict", "state", "until_s", "failures"),
    [
        ("record", BAD, OPEN, 5, 3),
        ("record", OK, OPEN, 5, 2),
        ("ignore", BAD, OPEN, 5, 2),
        ("ignore", OK, OPEN, 5, 2),
        ("restart-or-close", BAD, OPEN, 6, 3),
        ("restart-or-close", OK, CLOSED, 5, 0),
    ],
)
def test_a_result_that_comes_while_open(while_open, verdict, state, until_s, failures):
    copy, early = with_early(while_open=while_open, window={"count": 9}, clear="close")
    copy.end(1, early, verdict)
    assert (copy.state, copy.b.until, copy.b.fail_count) == (state, until_s * S, failures)


def test_a_restart_draws_no_longer_open_time():
    growth = {"exponential": {"initial": S, "multiplier": 2.0}}
    copy, early = with_early(while_open="restart-or-close", open_for=growth)
    copy.end(0.5, early, BAD)
    assert (copy.b.open_ns, copy.b.until, copy.b.attempt) == (S, 1.5 * S, 1)


# What empties the window ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("clear", "open_", "half_open", "closed"),
    [("transition", 0, 0, 0), ("close", 2, 2, 0), ("never", 2, 2, 2)],
)
def test_the_window_is_emptied_by_its_rule(clear, open_, half_open, closed):
    copy = opened(window={"count": 9}, clear=clear)
    found = [copy.b.fail_count]
    probe = copy.ask(5)
    found.append(copy.b.fail_count)
    copy.end(5, probe, OK)
    assert [*found, copy.b.fail_count] == [open_, half_open, closed]


def test_a_window_that_is_never_emptied_trips_again_at_the_first_failure():
    copy = opened(window={"count": 9}, clear="never")
    copy.call(5, OK)
    assert copy.run(BAD, at_s=5) == OPEN


def test_a_run_does_not_outlive_the_good_probe_even_if_nothing_empties_the_window():
    copy = opened(clear="never")
    copy.call(5, OK)
    assert copy.run(BAD, at_s=5) == CLOSED
    assert m.CAUSES[copy.b.cause] == "probes passed"
