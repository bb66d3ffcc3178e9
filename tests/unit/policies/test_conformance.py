"""Every row of the catalogue keeps the promises; each way to break one is found and shown."""

from typing import ClassVar

import pytest

from sim.policies import catalog
from sim.policies.breaker import Params
from sim.policies.conformance import CHECKS, ConformanceError, as_user, check_breaker

S = 1_000_000_000


@pytest.mark.parametrize(
    ("name", "promise"), [(n, broken) for n in catalog.names() for broken in catalog.ENTRIES[n].breaks]
)
def test_a_promise_that_a_library_is_said_to_break_is_broken(name, promise):
    others = [check.__name__ for check in CHECKS if check.__name__ != promise]
    with pytest.raises(ConformanceError):
        check_breaker(lambda: as_user(catalog.params_from({"use": name})), except_for=others)


@pytest.mark.parametrize("name", catalog.names())
def test_the_catalogue_conforms(name):
    check_breaker(
        lambda: as_user(catalog.params_from({"use": name})), except_for=catalog.ENTRIES[name].breaks
    )


class Good:
    """Opens after `n` failures in a row for 5 s; one probe at a time."""

    def __init__(self, n=3):
        self.n = n
        self.state = "closed"
        self.row = 0
        self.until = 0
        self.probe = None
        self.tickets = 0

    def admit(self, now_ns):
        if self.state == "open" and now_ns >= self.until:
            self.state, self.probe = "half_open", None
        if self.state == "open" or (self.state == "half_open" and self.probe is not None):
            return None
        self.tickets += 1
        if self.state == "half_open":
            self.probe = self.tickets
        return self.tickets

    def settle(self, now_ns, ticket, outcome):
        if self.state == "half_open":
            if ticket != self.probe:
                return
            self.probe = None
            if not outcome.ignored:
                self.trip(now_ns) if outcome.failed else self.close()
        elif self.state == "closed" and not outcome.ignored:
            self.row = self.row + 1 if outcome.failed else 0
            if self.row >= self.n:
                self.trip(now_ns)

    def trip(self, now_ns):
        self.state, self.until = "open", now_ns + 5 * S

    def close(self):
        self.state, self.row = "closed", 0


class KeepsProbe(Good):
    def settle(self, now_ns, ticket, outcome):
        if not (self.state == "half_open" and outcome.ignored):
            super().settle(now_ns, ticket, outcome)


class TripsOnIgnored(Good):
    def settle(self, now_ns, ticket, outcome):
        if outcome.ignored:
            self.row += 1
            if self.row >= self.n:
                self.trip(now_ns)
        super().settle(now_ns, ticket, outcome)


class NeverBack(Good):
    def trip(self, now_ns):
        super().trip(now_ns)
        self.until = 1 << 62


class CountsRefusals(Good):
    def admit(self, now_ns):
        ticket = super().admit(now_ns)
        if ticket is None:
            self.until += S
        return ticket


class RefusesLate(Good):
    def settle(self, now_ns, ticket, outcome):
        if self.state == "open":
            raise RuntimeError("late")
        super().settle(now_ns, ticket, outcome)


class DividesByTime(Good):
    last = -1

    def admit(self, now_ns):
        1 / (now_ns - self.last)
        self.last = now_ns
        return super().admit(now_ns)


class StrangeState(Good):
    def trip(self, now_ns):
        super().trip(now_ns)
        self.state = "tripped"


class Remembers(Good):
    everybody: ClassVar = []

    def admit(self, now_ns):
        self.everybody.append(now_ns)
        return None if len(self.everybody) % 7 == 0 else super().admit(now_ns)


class AlwaysDue(Good):
    def due(self):
        return 5

    def tick(self, now_ns):
        pass


class DueWithoutTick(Good):
    def due(self):
        return self.until or None


class NoSettle:
    def admit(self, now_ns):
        return 1


def test_a_good_one_conforms():
    check_breaker(Good)


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        (KeepsProbe, "wedged|an ignored probe gives its place back"),
        (TripsOnIgnored, "ignored results never trip it: "),
        (NeverBack, "after silence and good answers it admits again: wedged"),
        (CountsRefusals, "a refusal changes nothing: "),
        (RefusesLate, "settle raises RuntimeError: late"),
        (DividesByTime, "admit raises ZeroDivisionError"),
        (StrangeState, "state is 'tripped', which is none of closed, open, half_open"),
        (Remembers, "the same history gives the same answers and states: "),
        (AlwaysDue, "after its tick it is still due at that instant"),
        (DueWithoutTick, r"it is due, but has no tick\(\)"),
        (NoSettle, r"it has no settle\(\)"),
        (lambda: Good(m=1), "made raises TypeError"),
    ],
)
def test_each_broken_promise_is_found(factory, told):
    with pytest.raises(ConformanceError, match=told):
        check_breaker(factory)


def test_a_quota_that_can_never_decide_is_found_as_wedged():
    from sim.policies.breaker_parts import PROBE_QUOTA
    from sim.policies.catalog.parts import trip_rules

    wedge = Params(
        rules=trip_rules({"failures": 2}, consecutive=True),
        open_ns=S,
        probe=PROBE_QUOTA,
        probes=2,
        closes_at=3,
    )
    with pytest.raises(ConformanceError, match="wedged"):
        check_breaker(lambda: as_user(wedge))


def test_the_message_holds_the_seed_and_a_history_that_ends_at_the_fault():
    with pytest.raises(ConformanceError) as caught:
        check_breaker(RefusesLate, seed=42)
    text = str(caught.value)
    assert "seed 42" in text
    assert "ends error" in text
    with pytest.raises(ConformanceError) as again:
        check_breaker(RefusesLate, seed=42)
    assert str(again.value) == text


def test_what_happens_again_and_again_is_folded():
    """A wedged breaker refuses a hundred times: what wedged it stays in sight."""
    from sim.policies.breaker_parts import PROBE_QUOTA
    from sim.policies.catalog.parts import trip_rules

    wedge = Params(
        rules=trip_rules({"failures": 2}, consecutive=True),
        open_ns=S,
        probe=PROBE_QUOTA,
        probes=2,
        closes_at=3,
    )
    with pytest.raises(ConformanceError, match="wedged") as caught:
        check_breaker(lambda: as_user(wedge))
    lines = str(caught.value).splitlines()
    assert any("times more: ask -> refused" in line for line in lines)
    assert any("[open]" in line for line in lines)
    assert "ask -> refused" in lines[-1], "the last line is where it showed"


def test_a_user_class_without_state_is_checked_by_what_it_admits():
    class Silent:
        def __init__(self):
            self.inner = Good()

        def admit(self, now_ns):
            return self.inner.admit(now_ns)

        def settle(self, now_ns, ticket, outcome):
            self.inner.settle(now_ns, ticket, outcome)

    check_breaker(Silent)
