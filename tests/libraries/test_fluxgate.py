"""fluxgate's parts: a ramp admits as the library's does with equal luck; what it refuses to make, so do we."""

from unittest.mock import patch

import fluxgate.permits
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import luck
from sim.policies import catalog
from sim.policies.options import OptionError
from tests.libraries.clock import CLOCK
from tests.libraries.drivers import DRIVERS, fluxgate_parts
from tests.libraries.histories import DRAWS, FINE_NS, Case, Tally, agree, history
from tests.libraries.test_real_libraries import SOME, clock  # noqa: F401

S = 1_000_000_000


class Luck:
    """fluxgate's random(), drawing what our breaker draws: by opening, and by ask in half-open."""

    def __init__(self, breaker):
        self.opening = self.ask = 0
        self.move = breaker._transition_to
        breaker._transition_to = self.moved

    def moved(self, state):
        """The breaker moves."""
        self.opening += state == "open"
        self.ask = 0
        return self.move(state)

    def __call__(self):
        self.ask += 1
        return luck.uniform(1, luck.PROBE, self.opening, self.ask - 1)


@pytest.mark.parametrize("way", ["fluxgate-async", "fluxgate-sync"])
@pytest.mark.parametrize(
    "permit", ["Random(0.5)", "Random(0.0)", "RampUp(0.125, 0.75, 4.0)", "RampUp(0.5, 1.0, 0.5)"]
)
def test_a_ramp_admits_whom_the_library_admits(clock, way, permit):  # noqa: F811
    config = {
        "window": "CountWindow(4)",
        "tripper": "MinRequests(2) & FailureRate(0.5)",
        "retry": "Cooldown(1.0)",
        "permit": permit,
    }
    case = Case(config, (S, 4 * S), FINE_NS)
    driver, tally = DRIVERS[way], Tally()

    @SOME
    @given(draws=DRAWS)
    def law(draws):
        CLOCK.exact = False
        steps = history(case, draws, driver.outcomes, (), alone=way.endswith("sync"))
        real = driver(config)
        with patch.object(fluxgate.permits, "random", Luck(real.breaker)):
            try:
                agree(real, "fluxgate", case, steps, tally)
            finally:
                real.close()

    law()
    refused = tally.seen[False, "half_open", "half_open"]
    admitted = sum(n for (adm, before, _), n in tally.seen.items() if adm and before == "half_open")
    assert refused > 30
    assert admitted > 30 or permit == "Random(0.0)"


NUMBERS = st.sampled_from([-1, 0, 0.1, 0.5, 1, 1.5, 2, 3, 300, 301])
SHAPES = {
    "tripper": {"MinRequests": 1, "FailureRate": 1, "AvgLatency": 1, "FailureStreak": 1},
    "retry": {"Cooldown": 2, "Backoff": 4},
    "permit": {"Random": 1, "RampUp": 3},
}
WHOLE = ("MinRequests", "FailureStreak")


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in SHAPES.items() for name in names])
def test_what_the_library_refuses_to_make_is_refused_here(part, name):
    @SOME
    @given(values=st.lists(NUMBERS, max_size=SHAPES[part][name]))
    def law(values):
        if name in WHOLE:
            values = [int(v) for v in values]
        text = f"{name}({', '.join(map(str, values))})"
        try:
            fluxgate_parts({part: text})
        except (ValueError, TypeError):
            with pytest.raises(OptionError, match=name):
                catalog.parts_of("fluxgate", {part: text})
        else:
            catalog.parts_of("fluxgate", {part: text})

    law()


def test_a_slow_rate_needs_its_threshold():
    with pytest.raises(OptionError, match="SlowRate needs ratio, threshold"):
        catalog.parts_of("fluxgate", {"tripper": "SlowRate(0.5)"})
