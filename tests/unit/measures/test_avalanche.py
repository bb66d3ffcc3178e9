"""The avalanche: who fails, when, how far from the fault, and when it is over; on records made by hand."""

import dataclasses
import math

import numpy as np
import pytest

from sim import engines
from sim.measures import avalanche, evaluate, graph, spells
from sim.record.types import GAUGES, VISITS, FaultSpan, Record
from sim.scenario import load_text
from sim.topology.build import build
from sim.words import COUNTERS, ERROR, OK, OUTCOMES, STARTED

ONE = """
name: one
duration: 60s
sources: {users: {rate: 100/s, call: db}}
services: {db: {steps: [{work: 1ms}]}}
faults: [{fail: {service: db}, at: 10s, for: 10s}]
"""


def record_of(topology, completed, shares, fault=(10, 20)):
    """Buckets of a second with so many completed calls each, of which a share is good."""
    n = np.broadcast_to(completed, 60)
    counts = np.zeros((2, len(topology.sites), 60, len(OUTCOMES)), np.int64)
    counts[:, :, :, OK] = np.round(n * shares)
    counts[:, :, :, ERROR] = n - counts[0, 0, :, OK]
    sites, replicas, endpoints = len(topology.sites), topology.replicas, len(topology.endpoints)
    return Record(
        end_ns=60 * 10**9,
        arrivals_end_ns=60 * 10**9,
        events=0,
        bucket_ns=10**9,
        counts=counts,
        latency_ns=np.zeros_like(counts),
        counters=np.zeros((sites, 60, len(COUNTERS)), np.int64),
        histograms={},
        visits=np.zeros((endpoints, 60, len(VISITS)), np.int64),
        gauges=np.zeros((replicas, 60, len(GAUGES)), np.int64),
        in_flight=np.zeros((2, sites), np.int64),
        faults=[FaultSpan(0, fault[0] * 10**9, fault[1] * 10**9)] if fault else [],
    )


def shares(**windows):
    """1 everywhere but in windows such as s10_25=0."""
    out = np.ones(60)
    for window, share in windows.items():
        first, last = map(int, window.removeprefix("s").split("_"))
        out[first:last] = share
    return out


@pytest.fixture(scope="module")
def one():
    return build(load_text(ONE).scenario())


def test_wilson():
    """Of 20 calls none succeeded: z^2 / (20 + z^2) with z = 1.96."""
    assert spells.wilson_upper(0, 20) == pytest.approx(3.8415 / 23.8415, rel=1e-4)
    assert spells.wilson_upper(20, 20) == pytest.approx(1.0)
    assert spells.wilson_upper(50, 100) == pytest.approx(0.5962, abs=1e-4)


@pytest.mark.parametrize(
    ("completed", "good", "seconds"),
    [
        (100, shares(s10_25=0), 10),
        (100, shares(s12_25=0), 12),
        (100, shares(s10_12=0), None),  # two buckets in a row are not three
        (100, shares(s10_12=0, s13_15=0), None),
        (100, shares(s10_12=0, s13_16=0), 13),
        (100, shares(s0_9=0), None),  # before the fault
        (100, shares(s10_25=0.98), None),  # the Wilson bound of 98 of 100 is above 0.99 x baseline
        (10_000, shares(s10_25=0.98), 10),
        (10, shares(s10_25=0), 10),  # two buckets make one of 20 calls
        (10, shares(s10_14=0), None),  # four of them are only two of 20 calls
    ],
)
def test_first_failing_time(one, completed, good, seconds):
    """The first of three (merged) buckets in a row that are surely below 0.99 of the baseline."""
    found = avalanche.failing(record_of(one, completed, good), one, 0.99, record_of(one, 100, shares()))
    assert [e.since_ns for e in found] == ([] if seconds is None else [seconds * 10**9])


def test_merging_hides_no_time(one):
    """Six calls a second: the merged bucket of 10 s to 14 s lost nothing before 13 s."""
    (found,) = avalanche.failing(
        record_of(one, 6, shares(s13_30=0)), one, 0.99, record_of(one, 100, shares())
    )
    assert found.since_ns == 13 * 10**9
    assert found.spells[-1].stop_ns == 30 * 10**9


@pytest.mark.parametrize(
    ("good", "window", "state"),
    [
        (shares(s10_25=0), (10, 20), avalanche.FAILING),
        (shares(s10_25=0), (24, 40), avalanche.FAILING),
        (shares(s10_25=0), (25, 40), avalanche.HEALTHY),
        (shares(s10_25=0), (0, 10), avalanche.HEALTHY),
        (shares(s10_12=0), (10, 20), avalanche.LOW),  # two buckets are too short
    ],
)
def test_an_endpoint_is_failing_in_every_window_that_a_failing_spell_overlaps(one, good, window, state):
    record = record_of(one, 100, good)
    (found,) = avalanche.verdicts(record, one, 0.99)
    assert found.state(record, *(t * 10**9 for t in window)) == state


def test_what_has_too_few_calls_is_doubtful_and_not_failing(one):
    """One call a second: all of ten failed, which is less than 3 times 20."""
    record, twin = record_of(one, 1, shares(s10_20=0)), record_of(one, 100, shares())
    assert avalanche.failing(record, one, 0.99, twin) == []
    (found,) = avalanche.doubtful(record, one, 0.99, twin)
    assert found.calls(record, 10 * 10**9, 20 * 10**9) == (0, 10)
    assert found.state(record, 30 * 10**9, 30 * 10**9) == avalanche.NO_CALLS


def test_nothing_is_doubtful_that_is_well_or_failing(one):
    for good in (shares(), shares(s10_25=0)):
        assert avalanche.doubtful(record_of(one, 100, good), one, 0.99) == []


def test_empty_buckets_keep_the_verdict(one):
    """Nothing is called from 12 s to 20 s; the third bucket below is that of 20 s."""
    n = np.full(60, 100)
    n[12:20] = 0
    (found,) = avalanche.failing(record_of(one, n, shares(s10_25=0)), one, 0.99)
    assert found.since_ns == 10 * 10**9


def test_the_baseline_is_the_time_before_the_fault_or_the_twin(one):
    twin = record_of(one, 100, np.full(60, 0.9), fault=None)
    many, few = record_of(one, 100, shares(s0_10=0.8)), record_of(one, 10, shares(s0_10=0.8))
    assert avalanche.baseline(many, one, (0,), twin) == pytest.approx(0.8)
    assert avalanche.baseline(few, one, (0,), twin) == pytest.approx(0.9)
    assert avalanche.baseline(few, one, (0,), None) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("completed", "good", "seconds"),
    [
        (100, shares(s10_25=0), 5.0),  # a window that holds the bucket of 24 s has 900 of 1000
        (100, shares(s10_24=0, s24_25=0.5), 4.0),  # 950 of 1000 is 0.95 of the baseline
        (100, shares(s10_25=0, s30_40=0), 20.0),  # it must stay
        (100, shares(s10_20=0), 0.0),
        (100, shares(), 0.0),
        (100, shares(s10_60=0), math.inf),
        (100, shares(s10_59=0), math.inf),
        (100, shares(s10_60=0.94), 0.0),  # within three standard errors of 0.95
        (100, shares(s10_60=0.92), math.inf),  # although one bucket alone were within its error
        (10, shares(s10_25=0), 4.0),  # windows of 20 s for 200 requests: 190 of them will do, 180 not
    ],
)
def test_recovery_time(one, completed, good, seconds):
    """Windows of 10 s whose share is at least 0.95 x baseline - 3 standard errors, to the end of the run."""
    record = record_of(one, completed, good)
    found, note = avalanche.recovery_time(record, one, record_of(one, 100, shares()))
    assert found == seconds
    assert ("widened" in note) == (completed == 10)
    assert ("not recovered in 40 s" in note) == math.isinf(seconds)


def test_recovery_needs_a_fault_that_ended(one):
    for fault in (None, (10, 60)):
        found, note = avalanche.recovery_time(record_of(one, 100, shares(), fault), one)
        assert math.isnan(found)
        assert "no fault ended" in note


@pytest.mark.parametrize(
    ("fault", "timeout", "load_after", "said"),
    [
        ((10, 18), "2s", 100, True),
        ((10, 18), "2s", 80, True),
        ((10, 18), "2s", 120, False),  # the load is not back
        ((10, 19), "2s", 100, False),  # 41 s are not 5 times 9 s
        ((10, 18), "3s", 100, False),  # 42 s are not 20 times 3 s
    ],
)
def test_metastable_is_said_only_if_the_load_is_back_and_the_run_was_long_enough(
    fault, timeout, load_after, said
):
    text = ONE + f"edges: {{users -> db: {{timeout: {timeout}}}}}\n"
    topology = build(load_text(text).scenario())
    record = record_of(topology, 100, shares(s10_60=0), fault)
    record.counters[:, :, STARTED] = 100
    record.counters[:, fault[1] :, STARTED] = load_after
    seconds, note = avalanche.recovery_time(record, topology)
    assert math.isinf(seconds)
    assert note.startswith("metastable: not recovered in 42 s") == said
    assert f"not recovered in {60 - fault[1]} s" in note


def test_lost_requests(one):
    """100 a second from 10 s to 25 s; those before the fault do not count."""
    record = record_of(one, 100, shares(s0_5=0, s10_25=0))
    assert avalanche.lost_requests(record, one) == 1500
    assert evaluate("lost_requests", record, one) == 1500


def begun(record):
    """As many calls begun in each bucket as were completed."""
    record.counters[:, :, STARTED] = record.counts[0].sum(axis=2)
    return record


@pytest.mark.parametrize(("also", "excess"), [({}, 0), ({"s20_21": 0.5}, 40), ({"s30_40": 0}, 900)])
def test_what_fails_on_any_day_is_no_excess(one, also, excess):
    """Nine of ten succeed before and after a fault in which none does: 1000 and a tenth of 4000 must fail."""
    record = begun(record_of(one, 100, np.minimum(0.9, shares(s10_20=0, **also))))
    assert evaluate("F(db) 10s..60s", record, one) == 1400 + excess
    assert evaluate("excess_loss(db)", record, one) == pytest.approx(excess)


def test_excess_takes_its_baseline_from_the_twin_if_the_fault_comes_too_early(one):
    twin = record_of(one, 100, np.full(60, 0.9), fault=None)
    record = begun(record_of(one, 10, shares(s10_20=0)))
    assert evaluate("excess_loss(db)", record, one) == 0
    assert evaluate("excess_loss(db)", record, one, twin=twin) == pytest.approx(-0.1 * 400)


def test_a_twin_may_have_buckets_of_its_own(one):
    """Half the buckets, twice as wide: the warm-up of 10 s is five of them."""
    topology = dataclasses.replace(one, warmup_ns=10 * 10**9)
    twin = record_of(one, 100, shares(s0_5=0, s5_60=0.9), fault=None)
    twin.bucket_ns *= 2
    record = record_of(one, 1, shares())
    assert avalanche.baseline(record, topology, (0,), twin) == pytest.approx(0.9)


def test_nothing_fails_before_the_fault_that_makes_it_fail(one):
    """The fault begins in the middle of a bucket."""
    record = record_of(one, 100, shares(s10_25=0))
    record.faults = [FaultSpan(0, 10_700_000_000, 20 * 10**9)]
    (found,) = avalanche.failing(record, one, 0.99)
    assert found.since_ns == 10_700_000_000
    assert evaluate("spread_time", record, one) == 0


@pytest.mark.parametrize(("fault", "value"), [((10, 18), 1), ((10, 19), 0), ((10, 60), math.nan)])
def test_metastable_as_a_measure(fault, value):
    topology = build(load_text(ONE).scenario())
    record = begun(record_of(topology, 100, shares(s10_60=0), fault))
    assert evaluate("metastable", record, topology) == pytest.approx(value, nan_ok=True)


GRAPH = """
name: graph
duration: 10s
sources: {users: {rate: 10/s, call: top}}
services:
  top: {steps: [{call: mid}]}
  mid: {steps: [STEP]}
  db: {steps: [{call: disk}]}
  disk: {steps: []}
  other: {steps: []}
edges: {mid -> db: {timeout: 1s}}
faults: [FAULT]
"""
SLOW = "{slow: {service: db, times: 2}, at: 1s}"


@pytest.mark.parametrize(
    ("step", "needs"),
    [
        ("{call: db}", "top mid db"),
        ("{call: db, optional: true}", "db"),
        ("{call: db, wait: false}", "db"),
        ("{call: db, policies: {fallback: true}}", "db"),
        ("{call: db, probability: 50%}", "top mid db"),
        ("{parallel: [{call: db}, {call: other}]}", "top mid db"),
        ("{parallel: [{call: db}, {call: other}], first: 1}", "db"),
        ("{parallel: [{call: db, optional: true}, {call: other}]}", "db"),
    ],
)
def test_dependants_have_a_path_of_mandatory_steps(step, needs):
    topology = build(load_text(GRAPH.replace("STEP", step).replace("FAULT", SLOW)).scenario())
    names = {topology.endpoints[e].name for e in graph.dependants(topology)}
    assert names == {f"{n}.main" for n in needs.split()}


@pytest.mark.parametrize(
    ("fault", "touched"),
    [
        (SLOW, "db"),
        ("{fail: {endpoint: disk.main}, at: 1s}", "disk"),
        ('{stop: {replica: "db[0]"}, at: 1s}', "db"),
        ("{surge: {source: users, times: 2}, at: 1s}", ""),
        ("{cut: {edge: mid -> db}, at: 1s}", "mid"),
        ("{slow: {edge: mid -> db, plus: 1s}, at: 1s}", "mid"),
        ("{cut: {edge: users -> top}, at: 1s}", ""),
    ],
)
def test_what_a_fault_touches(fault, touched):
    """A surge touches only the source; a cut edge touches the caller's steps on it."""
    topology = build(load_text(GRAPH.replace("STEP", "{call: db}").replace("FAULT", fault)).scenario())
    names = {topology.endpoints[e].name for e in graph.touched(topology)}
    assert names == {f"{n}.main" for n in touched.split()}


def test_a_cut_edge_touches_no_step_that_its_endpoint_can_do_without():
    cut = "{cut: {edge: mid -> db}, at: 1s}"
    for step in ("{call: db, optional: true}", "{parallel: [{call: db}, {call: other}], first: 1}"):
        topology = build(load_text(GRAPH.replace("STEP", step).replace("FAULT", cut)).scenario())
        assert graph.touched(topology) == set()


def test_who_is_behind_a_cut_edge_is_well():
    """db answers whoever reaches it: what mid loses on the edge makes no avalanche of db."""
    text = BYSTANDER.replace("SLOTS", "").replace("hang: {service: db}", "cut: {edge: web -> db}")
    topology = build(load_text(text).scenario())
    record = engines.run(topology, 1)
    assert evaluate("success_share(db) during fault", record, topology) < 0.1
    found = avalanche.failing(record, topology, 0.99)
    assert [(topology.endpoints[e.endpoint].name, e.dependant) for e in found] == [("web.needs", True)]
    assert evaluate("excess_loss(web.needs)", record, topology) == pytest.approx(0, abs=2)


def test_distance_is_in_hops_and_negative_downstream():
    text = GRAPH.replace("STEP", "{call: db}, {call: other}").replace("FAULT", SLOW)
    topology = build(load_text(text).scenario())
    found = {topology.endpoints[e].name: d for e, d in graph.distance(topology).items()}
    assert found == {"db.main": 0, "mid.main": 1, "top.main": 2, "disk.main": -1}


BYSTANDER = """
name: bystander
duration: 60s
sources: {users: {rate: 20/s, arrivals: deterministic, mix: {web.needs: 50%, web.free: 50%}}}
services:
  web:
    SLOTS
    endpoints: {needs: {steps: [{call: db}]}, free: {steps: [{work: 1ms}]}}
  db: {steps: [{work: 10ms}]}
edges: {users -> web: {timeout: 2s}, web -> db: {timeout: 1s}}
faults: [{hang: {service: db}, at: 30s, for: 15s}]
"""


@pytest.mark.parametrize(
    ("slots", "bystanders", "dependants", "lost"),
    [("", 0, 2, (140, 160)), ("slots: 4\n    queue: 10", 1, 2, (220, 260))],
)
def test_threads_that_wait_for_a_hung_callee_drag_bystanders_down(slots, bystanders, dependants, lost):
    """20 requests/s, half of them need db: all of those are lost in 15 s.

    Four slots, each held for the second of the timeout, let in 4 requests/s that need db, and as many of the
    others between them: the other 6/s are lost without need.
    """
    topology = build(load_text(BYSTANDER.replace("SLOTS", slots)).scenario())
    record = engines.run(topology, 1)
    assert evaluate("failing_bystanders", record, topology) == bystanders
    assert evaluate("failing_dependants", record, topology) == dependants
    assert evaluate("failing_endpoints", record, topology) == bystanders + dependants
    assert evaluate("failing_bystander_services", record, topology) == bystanders
    without_need = evaluate("F(web.free) 30s..60s", record, topology)
    assert evaluate("lost_bystander_requests", record, topology) == without_need * bystanders
    assert evaluate("spread_distance", record, topology) == 1
    assert evaluate("spread_time", record, topology) <= 4
    # Some that wait for a slot when the fault ends are served after all: fewer than 15 of those that need db.
    assert -15 * bystanders <= evaluate("excess_loss(web.needs)", record, topology) <= 0
    assert without_need - 15 * bystanders <= evaluate("excess_loss", record, topology) <= without_need
    assert lost[0] <= evaluate("lost_requests", record, topology) <= lost[1]
    spread = {topology.endpoints[e.endpoint].name: e for e in avalanche.failing(record, topology, 0.99)}
    assert [spread[f"{n}.main" if n == "db" else f"web.{n}"].distance for n in ("db", "needs")] == [0, 1]
    assert all(30 <= e.since_ns / 1e9 <= 34 for e in spread.values())
