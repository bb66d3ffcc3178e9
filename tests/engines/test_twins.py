"""Both engines give the same record, to the last try and the last bit."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.engines.coverage import uncovered
from sim.engines.simpy_engine.world import World
from sim.policies.catalog import ENTRIES
from sim.policies.limits import catalog
from sim.scenario import load_file, load_text
from sim.topology.build import build
from tests.engines.twins import assert_same
from tests.laws.test_engine_laws import faults, policies, scenario, service
from tests.unit.engine.test_limits_by_name import SETTINGS

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


def shortened(topology):
    return replace(topology, duration_ns=min(topology.duration_ns, SHORT_NS))


VARIANTS = [(file, variant) for file in FILES for variant in (load_file(str(file)).variant_names or (None,))]


of_every_variant = pytest.mark.parametrize(
    ("file", "variant"), VARIANTS, ids=[f"{file.stem}:{variant or ''}" for file, variant in VARIANTS]
)


@of_every_variant
def test_every_shipped_scenario_that_both_run_gives_one_record(file, variant):
    topology = shortened(build(load_file(str(file)).scenario(variant)))
    missing = uncovered(topology)
    if missing:
        pytest.skip(missing[0])
    assert_same(run_compiled(topology, 1), World(topology, 1, plugins={}).run())


@pytest.mark.slow
@of_every_variant
def test_every_shipped_scenario_gives_one_record_to_its_end(file, variant):
    topology = build(load_file(str(file)).scenario(variant))
    if uncovered(topology):
        pytest.skip(uncovered(topology)[0])
    assert_same(run_compiled(topology, 2), World(topology, 2, plugins={}).run())


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
    (
        "contention: 0.1",
        "breaker: {use: sentinel, params: {grade: 1, count: 0.5, timeWindow: 2}}, retry: {attempts: 3, budget: {use: finagle-retry-budget}}",
    ),
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


SHORT = {"interval": "1s", "success_rate_minimum_hosts": 2, "success_rate_request_volume": 5, "base_ejection_time": "1s",
         "success_rate_stdev_factor": 500, "enforcing_failure_percentage": 60, "failure_percentage_minimum_hosts": 2,
         "failure_percentage_request_volume": 5, "failure_percentage_threshold": 40, "max_ejection_time_jitter": "500ms",
         "healthy_panic_threshold": 30, "max_ejection_percent": 100, "enforcing_consecutive_5xx": 50}  # fmt: skip
BLOCK = {"enforcementPercentage": 70, "minimumHosts": 2, "requestVolume": 5}
EJECTORS = [
    ("envoy-outlier-detection", SHORT),
    ("envoy-outlier-detection", SHORT | {"split_external_local_origin_errors": True, "fail_traffic_on_panic": True}),
    ("istio", {"maxEjectionPercent": 100, "baseEjectionTime": "1s", "interval": "1s", "consecutiveGatewayErrors": 3}),
    ("grpc-outlier-detection", {"interval": "1s", "baseEjectionTime": "1s", "maxEjectionPercent": 100,
      "successRateEjection": BLOCK | {"stdevFactor": 300}, "failurePercentageEjection": BLOCK | {"threshold": 30}}),
]  # fmt: skip
ROWS = [
    *(("breaker", name, dict(entry.example)) for name, entry in ENTRIES.items()),
    *((block, name, SETTINGS[name]) for block, rows in catalog.BLOCKS.items() for name in rows),
    *(("outlier", name, params) for name, params in EJECTORS),
]


@pytest.mark.parametrize(
    ("block", "name", "params"), ROWS, ids=[f"{block}:{name}" for block, name, _ in ROWS]
)
def test_every_row_of_the_catalogue_gives_one_record(block, name, params):
    entry = json.dumps({"use": name, "params": params})
    wrapped = f"retry: {{attempts: 3, budget: {entry}}}" if block == "budget" else f"{block}: {entry}"
    growing = "autoscale: {min: 2, max: 5, interval: 2s, startup: 1s, target: 50%}"
    text = WEB.replace("DISCIPLINE", growing).replace("POLICIES", wrapped)
    if block != "breaker":
        text = text[: text.index("operations:")]
    topology = build(load_text(text).scenario())
    assert uncovered(topology) == []
    record = run_compiled(topology, 5, room=64)
    assert_same(record, World(topology, 5, plugins={}).run())
    if block == "outlier":
        assert record.transitions


CROWD = """
schema: 1
name: crowd
duration: 6s
sources:
  users: {users: 3000, think: {exponential: 4s}, call: web}
  rush: {rate: 2000/s, call: web}
services: {web: {steps: [work: {exponential: 400ms}, call: db]}, db: {slots: 20, queue: 5000, steps: [work: 1ms]}}
edges: {web -> db: {timeout: 300ms, bulkhead: {limit: 10, queue: 4000}}}
faults:
  - {freeze: {service: web}, at: 1s, for: 2s}
  - {stop: {service: web}, at: 4s, for: 500ms}
"""


def test_a_crowd_that_starts_thaws_and_is_thrown_out_at_once_gives_one_record():
    topology = build(load_text(CROWD).scenario())
    assert_same(run_compiled(topology, 1, room=64), World(topology, 1, plugins={}).run())


def test_a_crash_that_forgets_hundreds_of_open_breakers_gives_one_record():
    pages = ", ".join(f"p{i}: {{error_rate: 100%, steps: [work: 1ms]}}" for i in range(400))
    text = f"""
schema: 1
name: forget
duration: 9s
sources: {{users: {{rate: 2/s, call: web}}}}
services:
  web: {{steps: [{", ".join(f"{{call: db.p{i}, optional: true}}" for i in range(400))}]}}
  db: {{slots: 100, endpoints: {{{pages}}}}}
edges: {{web -> db: {{timeout: 1s, breaker: {{trip: {{failures: 1}}, open_for: 100s, key: endpoint}}}}}}
faults: [{{stop: {{service: web}}, at: 5s, for: 1s}}]
"""
    topology = build(load_text(text).scenario())
    record = run_compiled(topology, 1, room=64)
    assert sum(move.cause == "caller restarted" for move in record.transitions) > 300
    assert_same(record, World(topology, 1, plugins={}).run())


def test_buckets_that_widen_over_a_quiet_time_give_one_record():
    text = """
schema: 1
name: quiet
requests: 300
sources: {users: {rate: 0.1/s, call: db}}
services: {db: {steps: [work: {exponential: 1s}]}}
"""
    topology = build(load_text(text).scenario())
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
