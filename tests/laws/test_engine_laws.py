"""Laws that hold in every run, on scenarios that Hypothesis makes."""

from collections import Counter

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import engines
from sim.record import types as r
from sim.scenario import load_text
from sim.topology.build import build
from sim.words import CALLS, OUTCOMES, STARTED, TRIES

policies = st.fixed_dictionaries(
    {},
    optional={
        "timeout": st.sampled_from(["50ms", "{after: 80ms, cancel: queued}", "{after: 60ms, cancel: all}"]),
        "retry": st.sampled_from(
            ["3", "{attempts: 2, budget: {ratio: 20%}}", "{attempts: 4, backoff: none}"]
        ),
        "breaker": st.sampled_from(
            [
                "consecutive",
                "{use: count-window, window: {count: 10}, trip: {failure_ratio: 50%, minimum: 5}, open_for: 2s}",
                "{use: time-window, key: replica, probe: {concurrent: 2}}",
                "{use: consecutive, copies: {shared: {delay: 30ms}}, open_for: 1s}",
                "{use: consecutive, place: sidecar, open_for: 1s}",
                "{use: consecutive, place: gateway, open_for: 1s}",
            ]
        ),
        "hedge": st.just("40ms"),
        "outlier": st.sampled_from(
            [
                "{use: envoy-outlier-detection, params: {consecutive_5xx: 2, always_eject_one_host: true, interval: 1s}}",
                "{use: istio, params: {consecutive5xxErrors: 1, maxEjectionPercent: 100, baseEjectionTime: 1s}}",
                "{use: grpc-outlier-detection, copies: shared, params: {interval: 1s, maxEjectionPercent: 100, "
                "failurePercentageEjection: {threshold: 20, minimumHosts: 1, requestVolume: 2}}}",
            ]
        ),
        "bulkhead": st.sampled_from(["4", "{limit: 3, queue: 5, max_wait: 50ms}"]),
        "rate_limit": st.just("{rate: 30/s, burst: 3, max_wait: 20ms}"),
        "throttle": st.just("{window: 5s}"),
        "fallback": st.just("true"),
        "deadline": st.just("300ms"),
    },
).filter(lambda p: "outlier" not in p or "key: replica" not in p.get("breaker", ""))
"""Only one of them may choose the host."""
faults = st.sampled_from(
    [
        "slow: {service: db, times: 20}",
        "fail: {service: db, share: 60%}",
        "hang: {service: db, share: 50%}",
        "freeze: {service: db}",
        'stop: {replica: "db[0]"}',
        "cut: {edge: web -> db, mode: black-hole}",
        "cut: {edge: web -> db}",
        "surge: {source: users, times: 4}",
    ]
)
service = st.sampled_from(
    ["slots: 4, queue: 10", "slots: 2", "cores: 1", "slots: 6, cores: 2, discipline: codel"]
)


def scenario(wrapped, fault, db, holds, reorder=False):
    """A small call graph: web calls db twice in parallel and ads on the side."""
    edge = ", ".join(f"{k}: {v}" for k, v in wrapped.items())
    services = {
        "web": f"""
  web:
    slots: 8
    queue: 20
    holds_slot: {str(holds).lower()}
    steps:
      - work: {{exponential: 4ms}}
      - parallel:
          - call: db
          - - work: 1ms
            - {{call: db, repeat: 2}}
        first: 1
        cancel: queued
      - {{call: ads, optional: true, probability: 50%}}""",
        "db": f"""
  db: {{replicas: 2, {db}, steps: [work: {{exponential: 15ms}}]}}""",
        "ads": """
  ads: {slots: 2, error_rate: 10%, steps: [work: 5ms]}""",
    }
    order = sorted(services, reverse=reorder)
    faults = f"faults: [{{{fault}, at: 2s, for: 2s}}]" if fault else ""
    return f"""
schema: 1
name: law
duration: 6s
sources: {{users: {{rate: 40/s, call: web, policies: {{timeout: 500ms}}}}}}
network: 0.3ms
edges: {{"web -> db": {{{edge}}}}}
services:{"".join(services[name] for name in order)}
{faults}
"""


cases = given(policies, faults, service, st.booleans(), st.integers(0, 5))
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def simulate(*facts, seed, trace=0, **options):
    topology = build(load_text(scenario(*facts, **options)).scenario())
    return topology, engines.run(topology, seed, trace=trace)


def counted(walks, topology, record):
    """The ledgers anew, from the lines that each call and try left when it ended."""
    ends = {"call ends": 0, "try ends": 1}
    site = {s.name: s.id for s in topology.sites}
    table = np.zeros_like(record.counts)
    last = table.shape[2] - 1
    for line in walks:
        if line["event"] in ends:
            bucket = min(line["t_ns"] // record.bucket_ns, last)
            outcome = OUTCOMES.index(line["outcome"])
            table[ends[line["event"]], site[line["step"]], bucket, outcome] += 1
    return table


@few
@cases
def test_the_ledger_closes(wrapped, fault, db, holds, seed):
    """It holds what every walk left, by reason and bucket; what arrived at a replica is somewhere."""
    topology, record = simulate(wrapped, fault, db, holds, seed=seed, trace=10**6)
    assert np.array_equal(counted(record.walks, topology, record), record.counts)
    begun = Counter(line["step"] for line in record.walks if line["event"] == "call begins")
    assert [begun[s.name] for s in topology.sites] == record.counters[:, :, STARTED].sum(axis=1).tolist()
    assert (record.in_flight >= 0).all()
    for (ledger, site), columns in record.histograms.items():
        assert columns[3].sum() == record.counts[ledger, site].sum()
    seen = record.visits.sum(axis=1)
    gone = seen[:, [r.FINISHED, r.SHED, r.DOWN, r.CRASHED, r.WITHDRAWN]].sum(axis=1)
    assert (seen[:, r.ARRIVED] >= gone).all()
    assert (seen[:, r.WASTED_NS] <= seen[:, r.WORK_NS]).all()
    assert (record.gauges >= 0).all()


@few
@given(policies, service, st.booleans(), st.integers(0, 5))
def test_without_a_fault_a_run_that_drains_leaves_nothing_in_flight(wrapped, db, holds, seed):
    """Every call and try that began has ended, and no replica is at work: S + F = N = started."""
    topology, record = simulate(wrapped, "", db, holds, seed=seed)
    assert topology.drain
    assert record.counts[0, :, :].sum() > 0
    assert (record.in_flight[CALLS] == 0).all()
    assert (record.in_flight[TRIES] == 0).all()
    seen = record.visits.sum(axis=1)
    gone = seen[:, [r.FINISHED, r.SHED, r.DOWN, r.CRASHED, r.WITHDRAWN]].sum(axis=1)
    assert (seen[:, r.ARRIVED] == gone).all()


@few
@cases
def test_the_same_seed_gives_the_same_run_and_the_order_of_services_changes_nothing(
    wrapped, fault, db, holds, seed
):
    """Randomness is a function of identity."""
    _, once = simulate(wrapped, fault, db, holds, seed=seed)
    _, again = simulate(wrapped, fault, db, holds, seed=seed, reorder=True)
    assert np.array_equal(once.counts, again.counts)
    assert np.array_equal(once.latency_ns, again.latency_ns)
    assert once.transitions == again.transitions
    assert once.events == again.events


@few
@given(faults, service, st.booleans(), st.integers(0, 5))
def test_a_policy_that_always_admits_equals_no_policy(fault, db, holds, seed):
    """A breaker that cannot trip, a bulkhead and a bucket without bounds change nothing."""
    idle = {
        "breaker": "{trip: {failures: 1000000}}",
        "bulkhead": "1000000",
        "rate_limit": "{rate: 1000000/s, burst: 1000000}",
    }
    _, without = simulate({}, fault, db, holds, seed=seed)
    _, with_idle = simulate(idle, fault, db, holds, seed=seed)
    assert np.array_equal(without.counts, with_idle.counts)
    assert np.array_equal(without.latency_ns, with_idle.latency_ns)
    assert np.array_equal(without.gauges, with_idle.gauges)
