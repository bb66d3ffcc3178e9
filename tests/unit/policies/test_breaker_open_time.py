"""How long open lasts, and what ends it."""

import pytest

from sim import luck
from sim.policies import breaker as m
from sim.words import CLOSED, DISABLED, FORCED_OPEN, FOREVER, HALF_OPEN, METRICS_ONLY, OPEN, STATES
from tests.unit.policies.copies import BAD, MS, OK, Copy, S, opened


def lengths(n, **open_for):
    """The first n open times in seconds, when every probe fails."""
    copy = opened(open_for=open_for)
    found = [copy.b.open_ns]
    for _ in range(n - 1):
        copy.call(copy.b.until / S, BAD)
        found.append(copy.b.open_ns)
    return [length / S for length in found]


def test_a_list_is_gone_through_and_then_its_last_or_what_follows_stays():
    assert lengths(4, list=(S, 3 * S)) == [1, 3, 3, 3]
    assert lengths(4, list=(S, 3 * S), then=9 * S) == [1, 3, 9, 9]
    assert lengths(3, list=(S,), then=0) == [1, 0, 0]


def test_a_close_begins_the_list_anew():
    copy = opened(open_for={"list": (S, 3 * S)})
    copy.call(1, BAD)
    assert copy.b.open_ns == 3 * S
    copy.call(4, OK)
    copy.run(BAD, BAD, at_s=4)
    assert copy.b.open_ns == S


def test_growth_stops_at_the_cap_and_never_falls_below_the_first():
    assert lengths(5, exponential={"initial": S, "multiplier": 2.0, "cap": 5 * S}) == [1, 2, 4, 5, 5]
    assert lengths(3, exponential={"initial": S, "multiplier": 1.0}) == [1, 1, 1]
    assert lengths(2, exponential={"initial": 3 * S, "multiplier": 2.0, "cap": S}) == [1, 1]


def test_a_step_rounds_down_after_each_multiplication():
    growth = {"initial": 101 * MS, "multiplier": 1.5}
    assert lengths(4, exponential=growth, step=MS) == [0.101, 0.151, 0.226, 0.339]
    assert lengths(3, exponential=growth, step=1)[2] == 0.22725


def test_a_fixed_time_is_rounded_down_too():
    assert lengths(1, fixed=1999 * MS, step=S) == [1.0]
    assert lengths(1, fixed=999 * MS, step=S) == [0.0]


@pytest.mark.parametrize(
    ("spread", "formula"),
    [
        ("both", lambda u: 1 - 0.4 + 2 * 0.4 * u),
        ("added", lambda u: 1 + 0.4 * u),
        ("equal", lambda u: 0.5 + 0.5 * u),
    ],
)
def test_jitter_spreads_by_its_kind_and_by_the_opening(spread, formula):
    found = lengths(50, fixed=10 * S, jitter=0.4, spread=spread)
    expected = [int(10 * S * formula(luck.uniform(7, luck.OPEN_FOR, n + 1))) / S for n in range(50)]
    assert found == pytest.approx(expected, abs=2e-9)
    assert len(set(found)) == 50


def test_jitter_is_drawn_before_the_step_rounds():
    found = lengths(50, fixed=10 * S, jitter=0.4, step=S)
    assert {x % 1 for x in found} == {0.0}
    assert min(found) >= 6
    assert max(found) <= 13


# What ends open ------------------------------------------------------------------------------------
ENDS = {"request": {"ask"}, "read": {"ask", "look"}, "touch": {"ask", "look", "settle"}, "timer": {"tick"}}


@pytest.mark.parametrize("leave", ENDS)
@pytest.mark.parametrize("event", ["ask", "look", "settle", "tick"])
@pytest.mark.parametrize(("expiry", "at_s"), [("inclusive", 5.0), ("strict", 5.000_000_001)])
def test_open_is_left_by_its_event_and_by_no_other_and_not_before(leave, event, expiry, at_s):
    for instant in (at_s - 1 / S, at_s):
        copy = Copy(leave_open=leave, expiry=expiry)
        early = copy.ask(0)
        copy.run(BAD, BAD)
        before = copy.b.moves
        if event == "settle":
            copy.end(instant, early, BAD)
        else:
            getattr(copy, event)(instant)
        leaves = instant == at_s and event in ENDS[leave]
        assert (copy.b.moves > before) == leaves


@pytest.mark.parametrize("leave", ENDS)
def test_admissible_says_what_a_request_would_be_told(leave):
    for at_ns in (5 * S - 1, 5 * S):
        copy = opened(leave_open=leave)
        would = m.admissible(copy.b, copy.p, at_ns)
        assert copy.state == OPEN
        assert would == bool(m.admit(copy.b, copy.p, at_ns))


def test_a_timer_is_due_at_the_first_instant_at_which_the_open_time_is_over():
    for expiry, due_ns in (("inclusive", 5 * S), ("strict", 5 * S + 1)):
        copy = opened(leave_open="timer", expiry=expiry)
        assert m.due(copy.b, copy.p) == due_ns
        m.tick(copy.b, copy.p, due_ns - 1)
        assert copy.state == OPEN
        m.tick(copy.b, copy.p, due_ns)
        assert copy.state == HALF_OPEN


def test_an_open_time_of_zero_lets_the_next_request_probe_at_once():
    copy = opened(open_for={"fixed": 0})
    assert copy.ask(0)
    strict = opened(open_for={"fixed": 0}, expiry="strict")
    assert not strict.ask(0)
    assert strict.ask(1 / S)


def test_an_open_time_for_ever_never_ends():
    copy = opened(open_for={"fixed": FOREVER})
    assert not m.admissible(copy.b, copy.p, FOREVER - 1)


# States at the start -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("initial", "admits", "after_two_failures"),
    [
        ("closed", True, OPEN),
        ("open", False, OPEN),
        ("half_open", True, OPEN),
        ("forced_open", False, FORCED_OPEN),
        ("disabled", True, DISABLED),
        ("metrics_only", True, METRICS_ONLY),
    ],
)
def test_a_copy_begins_in_its_initial_state(initial, admits, after_two_failures):
    copy = Copy(initial=initial)
    assert STATES[copy.state] == initial
    assert m.admissible(copy.b, copy.p, 0) == admits
    assert copy.run(BAD, BAD) == after_two_failures


def test_a_copy_that_begins_open_probes_after_its_open_time():
    copy = Copy(at_s=100, initial="open")
    assert not copy.ask(104.999)
    assert copy.call(105, OK)
    assert copy.state == CLOSED


@pytest.mark.parametrize("state", [CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, DISABLED, METRICS_ONLY])
def test_a_manual_move_leads_to_any_state_from_any(state):
    for first in (CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, DISABLED, METRICS_ONLY):
        copy = Copy()
        m.force(copy.b, copy.p, 0, first)
        m.force(copy.b, copy.p, S, state)
        assert (copy.state, copy.why, copy.b.since) == (state, "forced", S)
        assert not copy.ask(1) if state in (OPEN, FORCED_OPEN) else copy.ask(1)
