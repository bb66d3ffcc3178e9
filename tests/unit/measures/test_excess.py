"""Excess loss: what failed beyond what must fail if every touched call fails at once; worked out by hand."""

import math

import numpy as np
import pytest

from sim import engines
from sim.measures import evaluate, excess, needs
from sim.record.types import FaultSpan
from sim.scenario import load_text
from sim.topology.build import build
from sim.words import CACHE_HITS, CACHE_MISSES

GRAPH = """
name: graph
duration: 10s
sources: {users: {rate: 10/s, call: mid}}
services:
  mid: {steps: [STEPS]}
  db: {replicas: 4, policies: {POLICY}, endpoints: {main: {steps: []}, also: {steps: []}}}
  other: {steps: []}
faults: [FAULT]
"""
FAIL = "{fail: {service: db}, at: 1s}"
HALF = "{fail: {service: db, share: 50%}, at: 1s}"


def topology_of(steps, fault=FAIL, policy="timeout: 1s"):
    text = GRAPH.replace("STEPS", steps).replace("FAULT", fault).replace("POLICY", policy)
    return build(load_text(text).scenario())


def share_of_requests(topology, misses=1.0):
    """The share of the calls of `users -> mid` that fails."""
    touched = needs.touch(topology, range(len(topology.faults)))
    shares = needs.failing_shares(topology, touched, (misses,) * len(topology.sites))
    return next(shares[s.id] for s in topology.sites if s.source >= 0)


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        ("{call: db.main}", 1.0),
        ("{call: other}", 0.0),
        ("{work: 1ms}", 0.0),
        ("{call: db.main, optional: true}", 0.0),
        ("{call: db.main, wait: false}", 0.0),
        ("{call: db.main, policies: {fallback: true}}", 0.0),
        ("{call: db.main, probability: 30%}", 0.3),
        ("{call: db.main, probability: 30%, repeat: 3}", 0.3),  # one coin for all three
        ("{call: db.main, probability: 30%}, {call: db.also, probability: 50%}", 1 - 0.7 * 0.5),
        ("{parallel: [{call: db.main}, {call: other}]}", 1.0),
        ("{parallel: [{call: db.main}, {call: other}], first: 1}", 0.0),
        (
            "{parallel: [{call: db.main, probability: 30%}, {call: db.main, probability: 50%}], first: 1}",
            0.15,
        ),
        (
            "{parallel: [{call: db.main, probability: 50%}, {call: db.also, probability: 50%}, {call: other}], "
            "first: 2}",
            0.25,  # only both together leave less than two
        ),
    ],
)
def test_the_share_that_needs_what_fails(steps, share):
    assert share_of_requests(topology_of(steps)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("fault", "share"),
    [
        (HALF, 0.5),
        ("{hang: {service: db, share: 30%}, at: 1s}", 0.3),
        ('{stop: {replica: "db[1]"}, at: 1s}', 0.25),
        ('{fail: {replica: "db[0..1]", share: 50%}, at: 1s}', 0.25),
        ("{slow: {endpoint: db.also, times: 9}, at: 1s}", 0.0),
        ("{slow: {endpoint: db.main, times: 9}, at: 1s}", 1.0),
        (f"{HALF}, {{fail: {{service: db, share: 20%}}, at: 2s}}", 0.6),
        ("{cut: {edge: mid -> db}, at: 1s}", 1.0),
        ("{slow: {edge: mid -> db, plus: 9s}, at: 1s}", 1.0),
        ("{surge: {source: users, times: 9}, at: 1s}", 0.0),
    ],
)
def test_the_share_that_faults_touch(fault, share):
    """A call is touched if its replica is, if it is of the share that the fault picks, or on a touched edge."""
    assert share_of_requests(topology_of("{call: db.main}", fault)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("policy", "share"),
    [
        ("retry: {attempts: 3}", 0.5**3),
        ("retry: {attempts: 3, on: [timeout]}", 0.5),  # an error is not tried again
        ("retry: {attempts: 3, budget: {ratio: 10%}}", 0.5),
        ("hedge: 10ms", 0.5),
    ],
)
def test_a_retry_draws_its_own_luck(policy, share):
    assert share_of_requests(topology_of("{call: db.main}", HALF, policy)) == pytest.approx(share)


def test_repeated_calls_fail_if_one_of_them_does():
    assert share_of_requests(topology_of("{call: db.main, repeat: 3}", HALF)) == pytest.approx(1 - 0.5**3)


def test_only_misses_need_what_is_behind_a_cache():
    assert share_of_requests(topology_of("{call: db.main}"), misses=0.1) == pytest.approx(0.1)


def test_calls_in_a_circle_settle():
    """mid calls itself with one in two: x = 0.3 + 0.7 x / 2."""
    steps = "{call: db.main, probability: 30%}, {call: mid, probability: 50%}"
    assert share_of_requests(topology_of(steps)) == pytest.approx(0.3 / 0.65)


@pytest.mark.parametrize(
    ("k", "shares", "chance"),
    [
        (0, [], 1.0),
        (1, [], 0.0),
        (1, [0.5, 0.5], 0.75),
        (2, [0.1, 0.2, 0.3], 0.098),
        (3, [1.0, 1.0, 1.0], 1.0),
    ],
)
def test_at_least(k, shares, chance):
    """0.098 = 0.1 0.2 + 0.1 0.3 + 0.2 0.3 - 2 (0.1 0.2 0.3)."""
    assert needs.at_least(k, shares) == pytest.approx(chance)


RUN = """
name: run
duration: 6s
bucket: 100ms
sources: {users: {rate: 10/s, arrivals: deterministic, mix: {web.needs: 50%, web.free: 50%}}}
services:
  web: {endpoints: {needs: {steps: [{call: db}]}, free: {steps: []}}}
  db: {steps: []}
edges: {web -> db: {POLICY}}
faults: [{fail: {service: db}, at: 2s, for: 1s}]
"""


def asks(text, seed=1):
    topology = build(load_text(text).scenario())
    record = engines.run(topology, seed)
    return lambda measure: evaluate(measure, record, topology)


TARGETS = ("", "users", "web", "web.needs", "db", "db.main", "web -> db", "web.free")


def test_who_fails_at_once_loses_nothing_in_excess():
    ask = asks(RUN.replace("POLICY", "timeout: 1s"))
    assert ask("F(db)") >= 3
    assert {t: ask(f"excess_loss({t})" if t else "excess_loss") for t in TARGETS} == dict.fromkeys(TARGETS, 0)


def test_what_a_breaker_refuses_after_the_fault_is_in_excess():
    """It opens in the fault, and refuses all that comes in the two seconds after it."""
    ask = asks(RUN.replace("POLICY", "breaker: {trip: {failures: 2}, open_for: 10s}"))
    refused = ask("F(db) 3s..6s")
    assert refused == ask("N(db) 3s..6s") >= 9
    assert {t: ask(f"excess_loss({t})" if t else "excess_loss") for t in TARGETS[:-1]} == dict.fromkeys(
        TARGETS[:-1], refused
    )
    assert ask("excess_loss(web.free)") == 0
    assert ask("excess_loss(db) during fault") == 0
    assert ask("excess_loss(db) after fault") == refused
    assert ask("excess_loss(db) before fault") == 0


def test_what_a_breaker_refuses_in_a_partial_failure_is_in_excess():
    """Three in ten fail; a breaker that stays open refuses the other seven too."""
    text = RUN.replace("fail: {service: db}", "fail: {service: db, share: 30%}")
    text = text.replace("10/s", "1000/s")
    plain = asks(text.replace("POLICY", "timeout: 1s"))
    harm = asks(text.replace("POLICY", "breaker: {trip: {failures: 1}, open_for: 10s}"))
    begun = plain("started(db) during fault")
    assert abs(plain("excess_loss(db)")) < 3 * math.sqrt(0.21 * begun)
    assert harm("excess_loss(db) during fault") == pytest.approx(0.7 * begun, rel=0.05)


def test_who_is_only_slower_loses_less_than_if_calls_failed():
    """Below 0: touched calls were answered after all."""
    text = RUN.replace("fail: {service: db}", "slow: {service: db, plus: 1ms}").replace(
        "POLICY", "timeout: 1s"
    )
    ask = asks(text)
    assert ask("excess_loss(db)") == -ask("started(db) 2s..3s") < 0


def test_without_a_fault_there_is_no_excess():
    ask = asks(RUN.partition("faults:")[0].replace("POLICY", "timeout: 1s"))
    assert math.isnan(ask("excess_loss"))
    assert math.isnan(ask("excess_loss(db)"))


def test_a_fault_that_comes_and_goes_counts_while_it_is_there():
    """Two spans of two faults: shares of buckets, and of both at once."""
    topology = topology_of("{call: db.main}", f"{HALF}, {{fail: {{service: db, share: 20%}}, at: 2s}}")
    record = engines.run(topology, 1)
    second = 10**9
    record.faults = [
        FaultSpan(0, 1 * second, 3 * second),
        FaultSpan(1, 2 * second, 4 * second),
        FaultSpan(0, 4 * second + second // 2, 5 * second),
        FaultSpan(1, 7 * second, 7 * second),
    ]
    share = excess.forced_shares(record, topology)
    site = next(s.id for s in topology.sites if s.source >= 0)
    assert share[site].tolist() == pytest.approx([0, 0.5, 0.6, 0.2, 0.25, 0, 0, 0, 0, 0])


def test_the_share_of_misses_is_that_since_the_fault_began():
    topology = topology_of("{call: db.main}")
    record = engines.run(topology, 1)
    record.counters[:] = 0
    record.counters[0, 0, [CACHE_HITS, CACHE_MISSES]] = 100, 0
    record.counters[0, 5, [CACHE_HITS, CACHE_MISSES]] = 3, 1
    assert excess.miss_shares(record)[0] == pytest.approx(0.25)
    assert set(excess.miss_shares(record)[1:]) == {1.0}
    assert np.isfinite(excess.miss_shares(record)).all()
