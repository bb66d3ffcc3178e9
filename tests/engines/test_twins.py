"""Both engines give the same record, to the last try and the last bit."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.engines.coverage import uncovered
from sim.engines.simpy_engine.world import World
from sim.scenario import load_file, load_text
from sim.topology.build import build
from tests.laws.test_engine_laws import faults, policies, scenario, service

pytest.importorskip("numba")
from sim.engines.compiled.run import Run, compile_kernel

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))
SHORT_NS = 45 * 10**9
"""So much of each shipped scenario: its first fault, in most of them."""


@cache
def compiled() -> None:
    compile_kernel()


def run_compiled(topology, seed, **how):
    compiled()
    return Run(topology, seed, **how).run()


def assert_same(a, b):
    """Every number of two records."""
    assert (a.events, a.end_ns, a.arrivals_end_ns, a.bucket_ns) == (
        b.events,
        b.end_ns,
        b.arrivals_end_ns,
        b.bucket_ns,
    )
    for name in ("counts", "latency_ns", "counters", "visits", "gauges", "in_flight"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert a.histograms.keys() == b.histograms.keys()
    for row, columns in a.histograms.items():
        for x, y in zip(columns, b.histograms[row], strict=True):
            assert np.array_equal(x, y) and x.dtype == y.dtype
    assert a.transitions == b.transitions
    assert a.copies == b.copies
    assert a.faults == b.faults


def shortened(topology):
    return replace(topology, duration_ns=min(topology.duration_ns, SHORT_NS))


VARIANTS = [(file, variant) for file in FILES for variant in (load_file(str(file)).variant_names or (None,))]


@pytest.mark.parametrize(
    ("file", "variant"), VARIANTS, ids=[f"{file.stem}:{variant or ''}" for file, variant in VARIANTS]
)
def test_every_shipped_scenario_that_both_run_gives_one_record(file, variant):
    topology = shortened(build(load_file(str(file)).scenario(variant)))
    missing = uncovered(topology)
    if missing:
        pytest.skip(missing[0])
    assert_same(run_compiled(topology, 1), World(topology, 1, plugins={}).run())


def test_slices_and_growth_leave_no_trace():
    topology = shortened(build(load_file(str(FOLDER / "slow-database.yaml")).scenario("consecutive")))
    assert_same(run_compiled(topology, 2, slice_=777, room=64), run_compiled(topology, 2))


def agree(wrapped, fault, db, holds, seed):
    text, topology = scenario(wrapped, fault, db, holds), None
    topology = build(load_text(text).scenario())
    assume(not uncovered(topology))
    assert_same(run_compiled(topology, seed), World(topology, seed, plugins={}).run())


given_scenarios = given(policies, faults, service, st.booleans(), st.integers(0, 99))
SLOW_CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@given_scenarios
@settings(max_examples=20, deadline=None, suppress_health_check=SLOW_CHECKS, derandomize=True)
def test_generated_scenarios_give_one_record(wrapped, fault, db, holds, seed):
    agree(wrapped, fault, db, holds, seed)


@pytest.mark.slow
@given_scenarios
@settings(max_examples=500, deadline=None, suppress_health_check=SLOW_CHECKS)
def test_many_generated_scenarios_give_one_record(wrapped, fault, db, holds, seed):
    agree(wrapped, fault, db, holds, seed)
