"""Laws of every breaker: each row of the catalogue, and parts put together at random."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sim.policies import breaker as m
from sim.policies import breaker_parts as b
from sim.policies import catalog
from sim.words import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, METRICS_ONLY, OPEN
from tests.laws.assemblies import MS, ROWS, S, assemblies
from tests.laws.naive_window import NaiveWindow

FIELDS = tuple(m.Breaker.__slots__)
verdicts = st.sampled_from([m.SUCCESS, m.FAILURE, m.FAILURE, m.FAILURE, m.IGNORE])
pauses = st.one_of(st.sampled_from([0, 1, 100 * MS, S, 3 * S, 5 * S, 60 * S]), st.integers(0, 10 * S))
STATE = (1 << 3) - 1


def snapshot(record):
    """All that a record holds."""
    return [list(x) if isinstance(x := getattr(record, name), list) else x for name in FIELDS]


class Laws(RuleBasedStateMachine):
    """One copy under a random history, beside a naive model of its window and a twin that is looked at."""

    strategy = assemblies()

    @initialize(data=st.data(), key=st.integers(0, 2**63), start=st.integers(0, 10 * S))
    def new_copy(self, data, key, start):
        self.p = data.draw(self.strategy)
        self.key, self.now = key, start
        self.b, self.twin = m.new(self.p, key, start), m.new(self.p, key, start)
        self.naive = NaiveWindow(self.p, start)
        self.tickets = []
        self.late_results = 0
        self.moved()

    # What a history is made of ---------------------------------------------------------------------
    @rule()
    def ask(self):
        would, before = m.admissible(self.b, self.p, self.now), snapshot(self.b)
        assert m.admissible(self.b, self.p, self.now) == would
        assert snapshot(self.b) == before, "asking whether it would admit has changed it"
        if self.p.asks:
            self.look()
        was = self.b.state
        if self.p.of == b.OF_ASKED or (self.p.of == b.OF_STARTED and was == CLOSED):
            self.naive.asked(self.now)
        ticket = m.admit(self.b, self.p, self.now)
        assert m.admit(self.twin, self.p, self.now) == ticket
        self.moved()
        assert bool(ticket) == would
        assert (self.b.state, self.b.cause) == (HALF_OPEN, b.BY_TIME) or self.b.state == was
        if ticket:
            assert ticket >> 3 == self.b.generation
            assert ticket & STATE == self.b.state
            assert self.b.state not in (OPEN, FORCED_OPEN)
            self.tickets.append(ticket)
        else:
            assert self.b.state not in (CLOSED, DISABLED, METRICS_ONLY)

    @precondition(lambda self: self.tickets)
    @rule(data=st.data(), verdict=verdicts, elapsed=st.sampled_from([MS, 100 * MS, S, S + 1, 3 * S]))
    def end(self, data, verdict, elapsed):
        which = data.draw(st.integers(0, len(self.tickets) - 1))
        self.settle(self.tickets.pop(which), verdict, elapsed)

    @rule(verdict=verdicts)
    def call(self, verdict):
        before = len(self.tickets)
        self.ask()
        if len(self.tickets) > before:
            self.settle(self.tickets.pop(), verdict, MS)

    @rule(pause=pauses)
    def wait(self, pause):
        until, at_once = self.now + pause, 0
        while (due := m.due(self.b, self.p)) <= until:
            at_once = at_once + 1 if due <= self.now else 0
            assert at_once < 3, "it is due again and again at one instant"
            self.now = max(self.now, due)
            self.tick()
        self.now = until

    @rule()
    def look(self):
        before = snapshot(self.b)
        m.look(self.b, self.p, self.now)
        if not self.looks_matter:
            assert snapshot(self.b) == before, "looking at it has changed it"
        else:
            m.look(self.twin, self.p, self.now)
        if self.b.state == CLOSED and self.naive.start != self.b.start_ns:
            assert self.p.window == b.W_INTERVAL
            assert self.now - self.naive.start > self.p.width_ns
            self.naive.clear(self.now)
            self.generation_seen = self.b.generation
        self.moved()

    @property
    def looks_matter(self):
        return self.p.leave in (b.LEAVE_READ, b.LEAVE_TOUCH) or self.p.window == b.W_INTERVAL

    def tick(self):
        was = self.b.state
        # A full slice is judged with all that the window held at its last event.
        last = max([e.at for e in self.naive.events], default=self.now)
        expected = self.naive.trips(last, was) if self.p.evaluate == b.ON_BUCKET else (False, False)
        aged = any(q == b.Q_AGE_NS for _, conditions in self.p.rules for q, _, _ in conditions)
        m.tick(self.b, self.p, self.now)
        m.tick(self.twin, self.p, self.now)
        if was == CLOSED and not aged and self.ticks_since == 0:
            assert (self.b.state == OPEN) == expected[0]
        self.ticks_since += 1
        if was == self.b.state == CLOSED:
            self.naive.shorten(self.now)
        self.moved()

    def settle(self, ticket, verdict, elapsed):
        if self.p.leave == b.LEAVE_TOUCH:
            self.look()
        was, fresh = self.b.state, ticket >> 3 == self.b.generation
        failed = verdict == m.FAILURE
        slow = elapsed > self.p.slow_ns and (self.p.slow_failures == 1 or not failed)
        counted = self.counts(ticket, verdict, fresh)
        self.late_results += not fresh
        if counted:
            self.naive.answered(self.now, failed, slow, elapsed)
            self.ticks_since = 0
        sure, maybe = self.naive.trips(self.now, was) if counted else (False, False)
        judged = self.p.evaluate == b.ON_ANY or (self.p.evaluate == b.ON_FAILURE and failed)
        if self.p.late == b.LATE_STARTED:
            judged = failed and ticket & STATE != HALF_OPEN
        m.settle(self.b, self.p, self.now, ticket, verdict, elapsed)
        m.settle(self.twin, self.p, self.now, ticket, verdict, elapsed)
        opened = self.b.state == OPEN
        if was == CLOSED and opened and (self.p.late != b.LATE_STARTED or ticket & STATE != HALF_OPEN):
            assert judged and maybe, f"it opened although no rule holds: {m.CAUSES[self.b.cause]}"
        if was == CLOSED and judged and sure:
            assert opened, "it stayed closed although a rule holds"
        if verdict == m.IGNORE and was in (CLOSED, OPEN, METRICS_ONLY, DISABLED):
            assert self.b.state == was, "an ignored result has moved it"
        self.moved()

    def counts(self, ticket, verdict, fresh):
        """Does the window take this result?"""
        state, p = self.b.state, self.p
        if verdict == m.IGNORE or (p.late == b.LATE_GENERATION and not fresh):
            return False
        if p.late == b.LATE_SAME_STATE and ticket & STATE != state:
            return False
        if p.late == b.LATE_STARTED or state in (CLOSED, HALF_OPEN, METRICS_ONLY):
            return True
        return state == OPEN and p.while_open != b.OPEN_IGNORES

    generation_seen = 1
    ticks_since = 0

    def moved(self):
        """Keep the model in step with transitions, which empty the window by the rule for it."""
        if self.b.generation == self.generation_seen:
            return
        self.generation_seen = self.b.generation
        closed = self.b.state == CLOSED
        if self.p.clear == b.CLEAR_TRANSITION or (closed and self.p.clear == b.CLEAR_CLOSE):
            assert self.b.start_ns == self.now
            self.naive.clear(self.now)
        self.late_results = 0

    # What always holds -----------------------------------------------------------------------------
    @invariant()
    def the_window_is_the_naive_one(self):
        r, p = self.b, self.p
        at = max([e.at for e in self.naive.events], default=self.now)
        if self.ticks_since == 0:
            assert (r.n, r.fail_count, r.slow_count, r.sum_ns) == self.naive.counts(at)
        assert r.seen == sum(e.result for e in self.naive.events)
        assert r.row == self.naive.row
        if p.window == b.W_EMA:
            assert r.ema == pytest.approx(self.naive.average(), abs=1e-9)

    @invariant()
    def sums_are_those_of_the_rings_and_nothing_is_negative(self):
        r = self.b
        sums = (sum(r.n_ring), sum(r.failures_ring), sum(r.slow_ring), sum(r.sum_ring))
        counts = (r.n, r.fail_count, r.slow_count, r.sum_ns)
        # A run in a row and an interval are counted without rings: nothing leaves them slot by slot.
        assert sums == (counts if self.p.rolls else (0, 0, 0, 0))
        assert min(counts) >= 0
        assert min(r.in_flight, r.probe_n, r.probe_bad, r.probe_slow, r.probe_failures, r.row) >= 0
        assert r.permits >= 0 or self.p.probe != b.PROBE_QUOTA

    @invariant()
    def no_more_probes_run_than_the_rule_allows(self):
        own = sum(1 for ticket in self.tickets if ticket >> 3 == self.b.generation)
        if self.b.state != HALF_OPEN:
            return
        limit = {b.PROBE_SINGLE: 1, b.PROBE_CONCURRENT: self.p.probes, b.PROBE_QUOTA: self.p.probes}
        if self.p.probe in limit:
            assert own <= limit[self.p.probe] + self.late_results
        if self.late_results == 0:
            assert self.b.in_flight == own

    @invariant()
    def same_history_same_states(self):
        assert snapshot(self.twin) == snapshot(self.b)

    def teardown(self):
        """Never wedged: after silence and good answers it admits, and closes where its rule can be unmet."""
        if not hasattr(self, "p"):
            return
        while self.tickets:
            self.settle(self.tickets.pop(), m.SUCCESS, MS)
        admitted = closed = 0
        for turn in range(20):
            self.wait(97 * S + turn * 337 * MS)  # out of step with every cycle
            closed += self.b.state == CLOSED  # by the longest time in half-open
            for _ in range(80):  # a ramp refuses many
                self.ask()
                if self.tickets:
                    self.settle(self.tickets.pop(), m.SUCCESS, MS)
                    admitted += turn >= 10
                closed += self.b.state == CLOSED
                if self.b.state not in (HALF_OPEN, OPEN):
                    break
        assert admitted, "wedged"
        assert closed or not self.can_close, "it never closes"

    @property
    def can_close(self):
        """Held states last; a trip rule over a window that is kept may hold for ever; and half-open may end
        before a second open time grants a second probe."""
        p = self.p
        too_short = p.probe == b.PROBE_PERIOD and p.half_open_ns > 0
        held = p.initial not in (CLOSED, OPEN, HALF_OPEN)
        return not (held or too_short or p.decide >= b.DECIDE_RULE)


LIGHT = settings(max_examples=150, stateful_step_count=40, suppress_health_check=list(HealthCheck))
TestAssemblies = Laws.TestCase
TestAssemblies.settings = LIGHT


@pytest.mark.slow
def test_the_laws_hold_for_many_assemblies():
    run_state_machine_as_test(Laws, settings=settings(LIGHT, max_examples=4000))


@pytest.mark.parametrize("name", ROWS)
def test_the_laws_hold_for(name):
    class Row(Laws):
        strategy = st.just(quick(catalog.params_from({"use": name})))

    run_state_machine_as_test(Row, settings=settings(LIGHT, max_examples=15))


def quick(p):
    """With a tenth of the results that it asks for, so that short histories trip it."""
    fewer = tuple(
        (cause, tuple((q, how, x / 10 if q == b.Q_N and x >= 20 else x) for q, how, x in conditions))
        for cause, conditions in p.rules
    )
    return replace(p, rules=fewer)
