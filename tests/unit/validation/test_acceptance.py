"""The acceptance rule: right simulators pass, biased ones fail, noisy ones are not resolved."""

import random

import pytest

from sim.validation.acceptance import (
    FAIL,
    NO_DATA,
    PASS,
    UNRESOLVED,
    About,
    Equal,
    Proportion,
    Within,
    t_factor,
)


def samples(mean, sd, n, seed):
    draw = random.Random(seed)
    return [(draw.gauss(mean, sd), 1.0) for _ in range(n)]


@pytest.mark.parametrize("seed", range(50))
def test_a_right_simulator_passes(seed):
    assert Within(cap=0.05).judge(samples(10.0, 0.2, 20, seed), 10.0).verdict == PASS


@pytest.mark.parametrize("seed", range(20))
def test_a_simulator_that_is_off_by_more_than_its_interval_fails(seed):
    assert Within(cap=0.05).judge(samples(10.4, 0.2, 20, seed), 10.0).verdict == FAIL


@pytest.mark.parametrize("seed", range(20))
def test_one_that_cannot_tell_is_not_resolved_and_has_not_passed(seed):
    found = Within(cap=0.01).judge(samples(10.0, 1.0, 20, seed), 10.0)
    assert found.verdict in (UNRESOLVED, FAIL)
    assert not found.passed


def test_few_replications_have_a_wider_interval():
    assert [round(t_factor(n), 1) for n in (10, 20, 30)] == [7.0, 5.1, 4.7]
    assert t_factor(10_000) == pytest.approx(4.0, abs=0.01)


def test_events_are_judged_by_wilsons_interval():
    assert Proportion(cap=0.1).judge([(5_000, 10_000)] * 4, 0.5).verdict == PASS
    assert Proportion(cap=0.1).judge([(5_300, 10_000)] * 4, 0.5).verdict == FAIL
    assert Proportion(cap=0.1).judge([(5, 10)] * 4, 0.5).verdict == UNRESOLVED


def test_what_leaves_nothing_to_chance_is_equal_every_time():
    assert Equal().judge([(64.0, 1.0)] * 3, 64.0).verdict == PASS
    assert Equal().judge([(64.0, 1.0), (65.0, 1.0)], 64.0).verdict == FAIL


def test_no_data_is_no_pass():
    for rule in (Within(0.1), About(0.1), Proportion(0.1), Equal()):
        assert rule.judge([(0.0, 0.0)] * 5, 1.0).verdict == NO_DATA
