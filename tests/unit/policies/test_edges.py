"""Edges of parts that the real libraries showed."""

import pytest

from sim.policies import breaker as machine
from sim.policies import catalog
from sim.policies.options import OptionError
from sim.words import CLOSED, OPEN

S = 1_000_000_000


@pytest.mark.parametrize("percent", range(101))
def test_a_percentage_is_compared_as_it_was_written(percent):
    (rule,) = catalog.params_from({"use": "opossum", "params": {"errorThresholdPercentage": percent}}).rules
    assert rule[1][-1][2] == percent


def test_a_timer_that_node_cannot_hold_is_refused():
    catalog.parts_of("opossum", {"resetTimeout": 2**31 - 1})
    with pytest.raises(OptionError, match="resetTimeout"):
        catalog.parts_of("opossum", {"resetTimeout": 2**31})


@pytest.mark.parametrize(("slow_of", "state"), [("results", OPEN), ("successes", CLOSED)])
def test_a_slow_failure_is_slow_only_where_results_are(slow_of, state):
    trip = {"any": [{"slow_ratio": 1.0}], "slow_of": slow_of, "on": "any"}
    p = catalog.params_from({"use": "count-window", "window": {"count": 5}, "trip": trip, "slow": S})
    b = machine.new(p, 1)
    machine.settle(b, p, 0, machine.admit(b, p, 0), machine.FAILURE, 2 * S)
    assert b.state == state


def test_what_follows_from_the_parts_is_no_part():
    with pytest.raises(TypeError):
        machine.Params(asks=True)
    assert machine.Params() == machine.Params()
