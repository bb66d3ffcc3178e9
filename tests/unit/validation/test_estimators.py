"""Intervals, warm-up and quantiles: the rule that judges them, and the numbers behind it."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import engines
from sim.measures import evaluate
from sim.measures.latency import from_bins
from sim.record.histogram import bin_of
from sim.scenario import load_text
from sim.topology.build import build
from sim.validation.acceptance import FAIL, HISTOGRAM, NO_DATA, PASS, UNRESOLVED, Covers
from sim.validation.formulas import queues
from sim.validation.formulas.transient import mean_queue

RULE = Covers(truth=10.0, size=5, tolerance=0.02 / 0.95)


def samples(n, mean=10.0, sd=1.0):
    draw = random.Random(1)
    return [(draw.gauss(mean, sd), 1.0) for _ in range(n)]


def test_intervals_that_hold_the_truth_in_95_of_100_cases_pass():
    assert RULE.judge(samples(5 * 2500), 0.95).verdict == PASS


def test_intervals_around_something_else_fail():
    """A bias of a quarter of the standard deviation: coverage falls below 93 %."""
    assert RULE.judge(samples(5 * 2500, mean=10.25), 0.95).verdict == FAIL


def test_a_few_experiments_cannot_tell():
    assert RULE.judge(samples(5 * 200), 0.95).verdict in (UNRESOLVED, FAIL)
    assert RULE.judge(samples(4), 0.95).verdict == NO_DATA
    assert RULE.judge([(math.nan, 1.0)] * 50, 0.95).verdict == NO_DATA


def test_a_queue_that_starts_empty_grows_to_its_mean():
    """In the first second almost nobody waits; in the long run as many as Little's law says."""
    settled = 0.8 * queues.mmc_wait(1, 0.8)
    means = [mean_queue(0.8, start, start + 100) for start in (0, 50, 200, 5000)]
    assert means == sorted(means)
    assert means[-1] == pytest.approx(settled)
    # The second customer of the first second is the first who can wait.
    assert mean_queue(0.8, 0, 0.01) == pytest.approx(0.8**2 * 0.01**2 / 6, rel=0.02)


times = st.integers(0, 10**13) | st.integers(0, 2000)


@given(st.lists(times, min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_of_the_histogram_is_the_exact_one_within_its_resolution(values, q):
    """Nearest rank, as numpy's `inverted_cdf`: off by 1/128 of it at most."""
    exact = float(np.quantile(np.array(values, dtype=np.int64), q, method="inverted_cdf"))
    found = from_bins(dict(Counter(map(bin_of, values))), q) * 1e9
    assert abs(found - exact) <= HISTOGRAM * exact + 1e-6


@pytest.mark.parametrize("scale", [1e3, 1e6, 1e10])
def test_a_hundred_thousand_times_lose_less_than_a_128th(scale):
    values = np.random.default_rng(3).lognormal(0.0, 2.0, 100_000)
    values = (values * scale).astype(np.int64)
    bins = dict(Counter(map(bin_of, values.tolist())))
    for q in (0.01, 0.5, 0.9, 0.99, 0.999):
        exact = float(np.quantile(values, q, method="inverted_cdf"))
        assert abs(from_bins(bins, q) * 1e9 - exact) <= HISTOGRAM * exact + 1e-6


def test_the_quantiles_of_a_run_are_those_of_its_calls():
    """Every latency taken from the walks, against what the measures say."""
    text = """
schema: 1
name: quantiles
duration: 60s
sources: {users: {rate: 40/s, call: web}}
services: {web: {slots: 2, steps: [work: {lognormal: {mean: 30ms, cv: 2}}]}}
"""
    topology = build(load_text(text).scenario())
    record = engines.run(topology, 1, trace=10**6)
    begun, latencies = {}, []
    for line in record.walks:
        if line["event"] == "call begins":
            begun[line["request"]] = line["t_ns"]
        elif line["event"] == "call ends":
            latencies.append(line["t_ns"] - begun[line["request"]])
    for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)):
        exact = float(np.quantile(np.array(latencies), q, method="inverted_cdf"))
        assert evaluate(name, record, topology) * 1e9 == pytest.approx(exact, rel=HISTOGRAM)
    assert evaluate("R", record, topology) == pytest.approx(np.mean(latencies) / 1e9, rel=1e-12)
