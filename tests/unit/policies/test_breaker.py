"""The ten parts of a breaker, one at a time, at their boundaries."""

import pytest

from sim import luck
from sim.policies import breaker as m
from sim.policies import breaker_parts as parts
from sim.policies.catalog.parts import trip_rules
from sim.topology import types
from sim.words import CLOSED, DISABLED, FORCED_OPEN, FOREVER, HALF_OPEN, METRICS_ONLY, OPEN

S = 1_000_000_000
OK, BAD, IGNORED = m.SUCCESS, m.FAILURE, m.IGNORE


class Copy:
    """One breaker under test: time in seconds, results as words."""

    def __init__(self, failures=2, failure_ratio=0.0, slow_ratio=0.0, minimum=1, **values):
        trip = {"failures": failures, "failure_ratio": failure_ratio, "slow_ratio": slow_ratio}
        consecutive = values.get("window", parts.W_CONSECUTIVE) == parts.W_CONSECUTIVE
        said = {key: value for key, value in trip.items() if value}
        rules = trip_rules({**said, "minimum": minimum}, consecutive=consecutive)
        judged = {"rules": rules, "judges_slow": int(slow_ratio > 0), "slow_ratio": slow_ratio, "slow_ns": S}
        self.p = m.Params(**{"open_ns": 5 * S, **judged, **values})
        self.b = m.new(self.p, key=7)

    def ask(self, at_s):
        return m.admit(self.b, self.p, round(at_s * S))

    def end(self, at_s, ticket, verdict, slow=False):
        m.settle(self.b, self.p, round(at_s * S), ticket, verdict, 2 * S if slow else 0)

    def call(self, at_s, verdict, slow=False):
        ticket = self.ask(at_s)
        if ticket:
            self.end(at_s, ticket, verdict, slow)
        return bool(ticket)

    def run(self, *verdicts, at_s=0):
        for verdict in verdicts:
            self.call(at_s, verdict)
        return self.b.state

    @property
    def why(self):
        return m.CAUSES[self.b.cause]


def opened(**values):
    """A breaker that opened at 0 s for 5 s."""
    copy = Copy(**values)
    copy.run(BAD, BAD)
    assert copy.b.state == OPEN
    return copy


def test_verdicts_are_those_that_the_topology_writes():
    assert (OK, BAD, IGNORED) == (types.LEARN_SUCCESS, types.LEARN_FAILURE, types.LEARN_IGNORE)


def test_every_cause_has_a_name():
    assert len(set(m.CAUSES)) == len(m.CAUSES) == parts.BY_IGNORED + 1


# Window and trip ---------------------------------------------------------------------------------
def test_the_threshold_is_inclusive_and_one_less_does_not_trip():
    copy = Copy(failures=5)
    assert copy.run(BAD, BAD, BAD, BAD) == CLOSED
    assert copy.run(BAD) == OPEN
    assert copy.why == "consecutive failures"
    assert (copy.b.seen_n, copy.b.seen_failures) == (5, 5)


def test_a_success_resets_failures_in_a_row():
    copy = Copy(failures=3)
    assert copy.run(BAD, BAD, OK, BAD, BAD) == CLOSED
    assert copy.run(BAD) == OPEN


def test_an_ignored_result_leaves_failures_in_a_row_alone():
    copy = Copy(failures=3)
    assert copy.run(BAD, BAD, IGNORED, BAD) == OPEN


def test_a_count_window_trips_on_failures_not_in_a_row():
    copy = Copy(window=parts.W_COUNT, size=5, failures=3)
    assert copy.run(BAD, OK, BAD, OK) == CLOSED
    assert copy.run(BAD) == OPEN
    assert copy.why == "failures in the window"


def test_a_count_window_forgets_what_is_older_than_its_size():
    copy = Copy(window=parts.W_COUNT, size=3, failures=2)
    assert copy.run(BAD, OK, OK, BAD) == CLOSED
    assert (copy.b.n, copy.b.fail_count) == (3, 1)


def test_the_minimum_is_inclusive_and_a_success_may_complete_it():
    copy = Copy(window=parts.W_COUNT, size=10, failures=0, failure_ratio=0.5, minimum=4)
    assert copy.run(BAD, BAD, OK) == CLOSED
    assert copy.run(OK) == OPEN
    assert copy.why == "failure ratio"
    assert (copy.b.seen_n, copy.b.seen_failures) == (4, 2)


def test_judged_on_failure_only_a_success_does_not_trip():
    copy = Copy(
        window=parts.W_COUNT, size=10, failures=0, failure_ratio=0.5, minimum=4, evaluate=parts.ON_FAILURE
    )
    assert copy.run(BAD, BAD, OK, OK) == CLOSED
    assert copy.run(BAD) == OPEN


@pytest.mark.parametrize(("share", "n"), [(0.3, 10), (0.55, 20), (0.07, 100), (0.1, 30)])
def test_a_ratio_trips_when_exactly_reached(share, n):
    bad = round(share * n)
    copy = Copy(window=parts.W_COUNT, size=n, failures=0, failure_ratio=share, minimum=n)
    copy.run(*[OK] * (n - bad), *[BAD] * (bad - 1))
    assert copy.b.state == CLOSED
    assert copy.run(BAD) == OPEN


def test_slow_answers_trip_although_they_are_good():
    copy = Copy(window=parts.W_COUNT, size=4, failures=0, slow_ratio=0.5, minimum=4)
    for slow in (True, False, False, True):
        copy.call(0, OK, slow)
    assert (copy.b.state, copy.why, copy.b.seen_slow) == (OPEN, "slow ratio", 2)


def test_either_rule_trips_and_failures_are_named_first():
    copy = Copy(window=parts.W_COUNT, size=2, failures=0, failure_ratio=0.5, slow_ratio=0.5, minimum=2)
    copy.call(0, OK, True)
    copy.call(0, BAD, False)
    assert copy.why == "failure ratio"


# Time buckets ------------------------------------------------------------------------------------
def timed(**values):
    """10 buckets of 1 s."""
    return Copy(window=parts.W_TIME, size=10, width_ns=S, **values)


def test_a_bucket_leaves_when_the_window_has_passed_over_it():
    copy = timed(failures=2)
    copy.call(0.5, BAD)
    copy.call(9.999, OK)
    assert (copy.b.n, copy.b.fail_count) == (2, 1)
    copy.call(10.0, OK)  # the bucket of [0 s, 1 s) leaves at exactly 10 s
    assert (copy.b.n, copy.b.fail_count) == (2, 0)


def test_two_failures_in_one_window_trip_and_further_apart_do_not():
    near, far = timed(failures=2), timed(failures=2)
    near.call(0.9, BAD)
    near.call(9.9, BAD)
    far.call(0.9, BAD)
    far.call(10.0, BAD)
    assert (near.b.state, far.b.state) == (OPEN, CLOSED)


def test_a_long_silence_empties_the_window_in_bounded_time():
    copy = timed(failures=2)
    copy.call(0, BAD)
    copy.call(10**8, BAD)  # three years
    assert (copy.b.n, copy.b.fail_count, copy.b.state) == (1, 1, CLOSED)


def test_the_grid_of_buckets_starts_anew_at_a_transition():
    copy = timed(failures=2)
    copy.run(BAD, BAD, at_s=0.3)
    assert copy.call(5.7, OK)  # half-open at 5.7 s, closed at 5.7 s
    copy.call(5.7, BAD)
    copy.call(15.6, BAD)  # 9.9 s later: in the same window, although the epoch's grid says 10 buckets later
    assert copy.b.state == OPEN


# Open --------------------------------------------------------------------------------------------
def test_inclusive_expiry_lets_pass_at_exactly_the_end():
    copy = opened()
    assert not copy.ask(4.999999999)
    assert copy.ask(5)
    assert (copy.b.state, copy.why) == (HALF_OPEN, "open time over")


def test_strict_expiry_lets_pass_one_nanosecond_later():
    copy = opened(strict=1)
    assert not copy.ask(5)
    assert copy.ask(5.000000001)


def test_open_stays_open_without_a_request_and_moves_by_timer_if_told_so():
    lazy, timer = opened(), opened(leave=parts.LEAVE_TIMER)
    assert m.due(lazy.b, lazy.p) == FOREVER
    assert m.due(timer.b, timer.p) == 5 * S
    m.tick(timer.b, timer.p, 5 * S - 1)
    assert timer.b.state == OPEN
    assert not timer.ask(5)  # a request does not do the timer's work
    m.tick(timer.b, timer.p, 5 * S)
    assert timer.b.state == HALF_OPEN
    assert m.due(timer.b, timer.p) == FOREVER


def test_a_strict_timer_is_due_when_its_tick_moves():
    copy = opened(leave=parts.LEAVE_TIMER, strict=1)
    at = m.due(copy.b, copy.p)
    m.tick(copy.b, copy.p, at - 1)
    assert copy.b.state == OPEN
    m.tick(copy.b, copy.p, at)
    assert copy.b.state == HALF_OPEN


def test_open_time_grows_with_openings_without_a_close_up_to_its_cap():
    copy = opened(open_ns=S, open_kind=parts.OPEN_EXPONENTIAL, multiplier=2.0, cap_ns=5 * S)
    lengths, now = [copy.b.open_ns], 0
    for _ in range(4):
        now += copy.b.open_ns
        copy.call(now / S, BAD)
        lengths.append(copy.b.open_ns)
    assert lengths == [S, 2 * S, 4 * S, 5 * S, 5 * S]
    assert copy.b.ordinal == 5
    copy.call((now + copy.b.open_ns) / S, OK)
    copy.run(BAD, BAD, at_s=100)
    assert (copy.b.open_ns, copy.b.ordinal) == (S, 6)


def test_open_time_without_a_cap_never_passes_for_ever():
    copy = opened(open_ns=S, open_kind=parts.OPEN_EXPONENTIAL, multiplier=10.0, jitter=1.0)
    for _ in range(40):
        m.force(copy.b, copy.p, 0, OPEN)
        assert 0 <= copy.b.open_ns <= FOREVER
        assert copy.b.until <= FOREVER


def test_jitter_stays_within_its_share_and_is_drawn_from_the_opening():
    copy = opened(jitter=0.2)
    u = luck.uniform(7, luck.OPEN_FOR, 1)
    assert copy.b.open_ns == int(5 * S * (0.8 + 0.4 * u))
    assert opened(jitter=0.2).b.open_ns == copy.b.open_ns
    seen = set()
    for _ in range(50):
        m.force(copy.b, copy.p, 0, OPEN)
        seen.add(copy.b.open_ns)
    assert len(seen) == 50
    assert all(4 * S <= length <= 6 * S for length in seen)


# Half-open ---------------------------------------------------------------------------------------
def test_a_single_probe_at_a_time():
    copy = opened()
    assert copy.ask(5)
    assert not copy.ask(5)


def test_the_first_good_probe_closes_and_the_first_bad_one_opens_again():
    good, bad = opened(), opened()
    good.call(5, OK)
    bad.call(5, BAD)
    assert (good.b.state, good.why) == (CLOSED, "probes passed")
    assert (bad.b.state, bad.why, bad.b.ordinal) == (OPEN, "probe failed", 2)


def test_a_quota_is_not_filled_up_by_results():
    copy = opened(probe=parts.PROBE_QUOTA, probes=2, closes_at=2)
    assert copy.call(5, OK)
    ticket = copy.ask(5)
    assert ticket
    assert not copy.ask(5)
    copy.end(6, ticket, OK)
    assert copy.b.state == CLOSED


def test_an_ignored_probe_gives_its_permit_back():
    for probe in (parts.PROBE_SINGLE, parts.PROBE_QUOTA, parts.PROBE_CONCURRENT):
        copy = opened(probe=probe, probes=1)
        copy.end(6, copy.ask(5), IGNORED)
        assert copy.b.state == HALF_OPEN
        assert copy.call(7, OK)
        assert copy.b.state == CLOSED


def test_concurrent_probes_are_filled_up_as_they_come_back():
    copy = opened(probe=parts.PROBE_CONCURRENT, probes=2, closes_at=4)
    first, second = copy.ask(5), copy.ask(5)
    assert first
    assert second
    assert not copy.ask(5)
    copy.end(5, first, OK)
    assert copy.ask(5)
    assert not copy.ask(5)


def test_n_successes_close_and_any_failure_opens_again():
    copy = opened(closes_at=3)
    copy.call(5, OK)
    copy.call(5, OK)
    assert copy.b.state == HALF_OPEN
    copy.call(5, BAD)
    assert copy.b.state == OPEN
    for _ in range(3):
        copy.call(10, OK)
    assert copy.b.state == CLOSED
    assert copy.b.seen_n == 3


@pytest.mark.parametrize(("bad", "state"), [(2, OPEN), (1, CLOSED)])
def test_a_rate_decides_after_k_results_and_reopens_when_reached(bad, state):
    copy = opened(probe=parts.PROBE_QUOTA, probes=4, decide=parts.DECIDE_RATE, decide_n=4, decide_ratio=0.5)
    for verdict in [BAD] * bad + [OK] * (4 - bad):
        assert copy.b.state != CLOSED
        copy.call(5, verdict)
    assert copy.b.state == state
    assert (copy.b.seen_n, copy.b.seen_failures) == (4, bad)


def test_a_slow_probe_is_a_bad_one_where_slowness_trips_and_only_there():
    judged = opened(slow_ratio=0.5, minimum=100)
    judged.call(5, OK, slow=True)
    assert (judged.b.state, judged.why) == (OPEN, "slow probe")
    blind = opened()
    blind.call(5, OK, slow=True)
    assert blind.b.state == CLOSED


def test_slow_probes_have_a_share_of_their_own():
    copy = opened(
        slow_ratio=0.5, minimum=100, probe=parts.PROBE_QUOTA, probes=2,
        decide=parts.DECIDE_RATE, decide_n=2, decide_ratio=0.9,
    )  # fmt: skip
    copy.call(5, OK, slow=True)
    copy.call(5, OK)
    assert (copy.b.state, copy.why) == (OPEN, "slow ratio")


# Late results ------------------------------------------------------------------------------------
def test_a_result_of_an_earlier_state_decides_half_open_under_current_state():
    for verdict, state in ((OK, CLOSED), (BAD, OPEN)):
        copy = Copy(late=parts.LATE_CURRENT)
        early = copy.ask(0)
        copy.run(BAD, BAD)
        assert copy.ask(5)
        copy.end(6, early, verdict)
        assert copy.b.state == state


def test_a_result_of_an_earlier_state_is_dropped_under_generation():
    for verdict in (OK, BAD, IGNORED):
        copy = Copy(late=parts.LATE_GENERATION)
        early = copy.ask(0)
        copy.run(BAD, BAD)
        probe = copy.ask(5)
        copy.end(6, early, verdict)
        assert copy.b.state == HALF_OPEN
        assert not copy.ask(6)
        copy.end(6, probe, OK)
        assert copy.b.state == CLOSED


def test_a_probe_of_an_earlier_half_open_period_gives_no_permit_to_the_next():
    copy = opened(probe=parts.PROBE_CONCURRENT, probes=2, late=parts.LATE_CURRENT)
    slow_one, bad_one = copy.ask(5), copy.ask(5)
    copy.end(5, bad_one, BAD)
    assert copy.ask(10)
    copy.end(10, slow_one, IGNORED)
    assert copy.ask(10)
    assert not copy.ask(10)
    assert copy.b.in_flight == 2


@pytest.mark.parametrize("clear", [parts.CLEAR_TRANSITION, parts.CLEAR_CLOSE])
@pytest.mark.parametrize("late", [parts.LATE_CURRENT, parts.LATE_GENERATION])
def test_results_while_open_change_nothing(clear, late):
    copy = Copy(clear=clear, late=late)
    tickets = [copy.ask(0) for _ in range(6)]
    copy.run(BAD, BAD)
    for ticket, verdict in zip(tickets, (BAD, OK) * 3, strict=True):
        copy.end(1, ticket, verdict)
    assert (copy.b.state, copy.b.moves, copy.b.until) == (OPEN, 1, 5 * S)


def test_clear_on_close_keeps_the_window_while_open_and_transition_does_not():
    kept = opened(window=parts.W_COUNT, size=5, clear=parts.CLEAR_CLOSE)
    gone = opened(window=parts.W_COUNT, size=5, clear=parts.CLEAR_TRANSITION)
    assert (kept.b.fail_count, gone.b.fail_count) == (2, 0)
    kept.call(5, OK)
    assert (kept.b.state, kept.b.n) == (CLOSED, 0)


# Manual moves, none ------------------------------------------------------------------------------
def test_forced_open_refuses_until_it_is_moved_again():
    copy = Copy()
    m.force(copy.b, copy.p, 0, FORCED_OPEN)
    assert copy.why == "forced"
    assert not copy.ask(10**6)
    assert not m.admissible(copy.b, copy.p, 10**15)
    m.force(copy.b, copy.p, 0, CLOSED)
    assert copy.ask(0)


@pytest.mark.parametrize(("state", "kept"), [(DISABLED, 0), (METRICS_ONLY, 3)])
def test_disabled_and_metrics_only_admit_and_never_trip(state, kept):
    copy = Copy(window=parts.W_COUNT, size=9)
    m.force(copy.b, copy.p, 0, state)
    assert copy.run(BAD, BAD, BAD) == state
    assert copy.b.n == kept
    assert m.admissible(copy.b, copy.p, 0)
    m.force(copy.b, copy.p, 0, CLOSED)
    assert copy.b.n == 0


def test_none_admits_everything_and_cannot_be_moved():
    copy = Copy(always=1)
    assert copy.run(*[BAD] * 100) == CLOSED
    m.force(copy.b, copy.p, 0, FORCED_OPEN)
    assert copy.ask(0)


def test_a_refusal_changes_nothing():
    copy = opened()
    before = [getattr(copy.b, name) for name in m.Breaker.__slots__]
    assert not copy.ask(1)
    assert [getattr(copy.b, name) for name in m.Breaker.__slots__] == before


def test_the_record_holds_numbers_and_flat_lists_only():
    copy = opened(window=parts.W_TIME, size=3, width_ns=S)
    for name in m.Breaker.__slots__:
        value = getattr(copy.b, name)
        assert type(value) in (int, float) or all(type(v) is int for v in value)
