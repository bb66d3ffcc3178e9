"""Pairing by seed: its intervals hold the truth, and it takes fewer runs."""

import pytest

from tests.estimators.cases import KNOWN, SHIPPED
from tests.estimators.pairs import coverage, gain, runs

NAMES = [case.name for case in KNOWN]


def test_the_same_seeds_take_fewer_runs():
    """Exponential and constant work of the same requests: they arrive alike, and work apart."""
    found = runs(KNOWN[1], range(1, 31), "simpy")
    assert gain(found, "goodput") > 10
    assert gain(found, "R") > 1.1


def test_runs_that_share_nothing_gain_nothing():
    """The same variant, seeds shifted by one: what `gain` says of independent runs is about 1."""
    case = KNOWN[0]
    found = runs(case, range(1, 62), "simpy")
    rows = found[case.variants[0]]
    shifted = {"first": {s: rows[s] for s in range(1, 61)}, "second": {s: rows[s + 1] for s in range(1, 61)}}
    assert 0.6 < gain(shifted, "R") < 1.7


@pytest.mark.slow
@pytest.mark.parametrize("case", KNOWN, ids=NAMES)
def test_paired_intervals_hold_the_true_difference_in_93_to_97_of_100_experiments(case):
    pytest.importorskip("numba")
    found = runs(case, range(5000), "compiled")
    for measure, truth in zip(case.measures, case.truths, strict=True):
        hits, n = coverage(found, measure, truth, 5)
        assert 0.93 <= hits / n <= 0.97, (measure, hits / n)


@pytest.mark.slow
@pytest.mark.parametrize("case", SHIPPED, ids=[case.name for case in SHIPPED])
def test_shipped_variants_gain_by_pairing(case):
    pytest.importorskip("numba")
    found = runs(case, range(1, 101), "compiled")
    assert gain(found, "N") > 1.5
