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


WEB = """
schema: 1
name: web
duration: 20s
drain: true
sources:
  users: {rate: 60/s, call: web, policies: {timeout: 800ms}}
  bots: {users: 5, think: {exponential: 300ms}, mix: {web: 3, db: 1}, clients: 2}
  bursts:
    rate: {ramp: {from: 5/s, to: 20/s, after: 3s, over: 8s}}
    arrivals: {bursts: {factor: 4, calm: 2s, burst: 500ms}}
    call: db
services:
  web: {replicas: 3, slots: 10, queue: 5, balancer: least-outstanding, steps: [work: {lognormal: {mean: 5ms, cv: 1}}, call: db]}
  db: {replicas: 2, balancer: power-of-two, slots: 6, queue: 40, DISCIPLINE, steps: [work: {exponential: 25ms}]}
network: {uniform: [0.1ms, 1ms]}
edges: {web -> db: {timeout: {after: 200ms, cancel: all}, POLICIES}}
faults:
  - {stop: {replica: "web[1]"}, mtbf: 4s, mttr: {exponential: 1s}}
  - {slow: {service: db, times: 8}, at: 5s, for: 4s}
  - {fail: {service: db, share: 50%}, after_requests: 900, for: 2s}
  - {surge: {source: [users, bursts], times: 3}, at: 12s, for: 2s}
operations:
  - {do: force_open, edge: web -> db, at: 8s}
  - {do: reset, edge: web -> db, at: 9s}
"""
PASSAGES = [
    ("discipline: lifo", "breaker: hystrix, retry: {attempts: 3, budget: {use: grpc-retry-throttling}}"),
    ("discipline: codel", "breaker: resilience4j, bulkhead: {use: resilience4j-thread-pool-bulkhead}"),
    ("discipline: adaptive-lifo", "breaker: gobreaker, rate_limit: {use: resilience4j-ratelimiter}"),
    ("contention: 0.1", "breaker: sentinel, retry: {attempts: 3, budget: {use: finagle-retry-budget}}"),
    ("cold_start: {times: 3, for: 1s}", "breaker: {use: finagle}, bulkhead: {limit: 3, queue: 4}"),
    ("health_check: 500ms", "breaker: {use: opossum, key: replica}, hedge: 40ms"),
]


@pytest.mark.parametrize(
    ("discipline", "wrapped"), PASSAGES, ids=[a.split(":")[1].strip() for a, _ in PASSAGES]
)
def test_what_the_generator_does_not_say_gives_one_record(discipline, wrapped):
    text = WEB.replace("DISCIPLINE", discipline).replace("POLICIES", wrapped)
    topology = build(load_text(text).scenario())
    assert uncovered(topology) == []
    assert_same(run_compiled(topology, 4), World(topology, 4, plugins={}).run())


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
