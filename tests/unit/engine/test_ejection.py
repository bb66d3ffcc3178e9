"""Host ejection in a run: hosts that fail get no calls, and come back."""

import pytest

from sim import engines
from sim.errors import InvalidScenario
from sim.measures import evaluate
from sim.scenario import load_text
from sim.topology import names
from sim.topology.build import build
from sim.words import CLOSED, NS, OPEN

ISTIO = "{use: istio, params: {maxEjectionPercent: 100}}"


def text(outlier, fault="", web="", policies="", rest=""):
    return f"""
schema: 1
name: ejection
duration: 60s
sources: {{users: {{rate: 40/s, call: web}}}}
services:
  web: {{{web} steps: [{{call: db}}]}}
  db: {{replicas: 4, slots: 16, balancer: random, steps: [{{work: {{exponential: 5ms}}}}]}}
edges:
  web -> db: {{timeout: 1s, {policies} outlier: {outlier}}}
faults: [{fault}]
{rest}
"""


def simulate(*args, seed=1, **kwargs):
    topology = build(load_text(text(*args, **kwargs)).scenario())
    return engines.run(topology, seed), topology


def measured(found, measure):
    record, topology = found
    return evaluate(measure, record, topology)


SICK = '{fail: {replica: "db[2]", share: 100%}, at: 10s, for: 30s}'


def test_ejection_of_one_sick_replica_restores_success():
    without = simulate("null", SICK)
    with_it = simulate(ISTIO, SICK)
    assert 0.7 < measured(without, "success_share during fault") < 0.8
    assert measured(with_it, "success_share during fault") > 0.99
    assert measured(with_it, "F(web -> db)") == 5


def test_an_ejection_is_a_trip_of_the_hosts_breaker():
    record, topology = found = simulate(ISTIO, SICK)
    assert [(t.from_state, t.to_state, t.cause) for t in record.transitions] == [
        (CLOSED, OPEN, "consecutive 5xx"),
        (OPEN, CLOSED, "ejection over"),
    ]
    out, back = record.transitions
    assert names.target_name(topology, out.scope, out.target) == "db[2]"
    assert (out.n, out.failures, out.open_ns) == (5, 5, 30 * NS)
    first = min(c.t_ns for c in record.copies)
    assert (back.t_ns - first) % (10 * NS) == 0, "only a sweep returns it"
    assert 30 * NS <= back.t_ns - out.t_ns < 40 * NS
    assert len(record.copies) == 4
    assert measured(found, "B") == 1
    lifetime = sum(record.end_ns - c.t_ns for c in record.copies)
    assert measured(found, "open_share") == pytest.approx((back.t_ns - out.t_ns) / lifetime, rel=1e-6)


def test_an_ejected_host_gets_no_calls():
    record, topology = simulate(ISTIO, SICK)
    out, back = record.transitions
    working = record.gauges[topology.services[topology.endpoints[0].service].first_replica + 2, :, 2]
    first, last = -(-out.t_ns // record.bucket_ns), back.t_ns // record.bucket_ns
    assert last - first > 25
    assert working[first:last].sum() == 0
    assert working[last + 1 :].sum() > 0


@pytest.mark.parametrize(
    "outlier",
    [
        "{use: envoy-outlier-detection, params: {max_ejection_percent: 100, enforcing_failure_percentage: 100}}",
        ISTIO,
        "{use: grpc-outlier-detection, params: {maxEjectionPercent: 100, "
        "successRateEjection: {minimumHosts: 3}, failurePercentageEjection: {minimumHosts: 3}}}",
    ],
)
def test_on_a_good_day_nobody_is_ejected(outlier):
    assert simulate(outlier)[0].transitions == []


ALL = "{fail: {service: db, share: 100%}, at: 10s, for: 30s}"


def test_in_panic_all_hosts_are_used():
    found = simulate("{use: envoy-outlier-detection, params: {max_ejection_percent: 100}}", ALL)
    assert measured(found, "B") >= 4
    assert measured(found, "broken(web -> db)") == 0
    assert measured(found, "success_share(web -> db) after fault") == 1


@pytest.mark.parametrize(
    "outlier",
    [
        ISTIO,
        "{use: envoy-outlier-detection, params: {max_ejection_percent: 100, healthy_panic_threshold: 0}}",
    ],
)
def test_without_panic_every_call_is_refused_once_every_host_is_out(outlier):
    found = simulate(outlier, ALL)
    assert measured(found, "error(web -> db)") == 20
    assert measured(found, "broken(web -> db)") > 1000


def test_traffic_may_fail_in_panic():
    settings = "{max_ejection_percent: 100, fail_traffic_on_panic: true}"
    found = simulate(f"{{use: envoy-outlier-detection, params: {settings}}}", ALL)
    assert measured(found, "B") == 3, "the fourth host is asked no more: a quarter is less than half"
    assert measured(found, "broken(web -> db)") > 1000


HUNG = '{hang: {replica: "db[2]", share: 100%}, at: 10s, for: 30s}'


@pytest.mark.parametrize(
    ("split", "cause"),
    [
        ("", "consecutive 5xx"),
        (", splitExternalLocalOriginErrors: true", "consecutive local-origin failures"),
    ],
)
def test_it_stands_where_it_sees_timeouts(split, cause):
    record, _ = simulate(f"{{use: istio, params: {{maxEjectionPercent: 100{split}}}}}", HUNG)
    assert record.transitions[0].cause == cause


def test_errors_that_come_late_are_counted():
    """A hedge has won long before; the first copy still tells of its host."""
    fault = f"{SICK}, {{slow: {{replica: 'db[2]', plus: 200ms}}, at: 10s, for: 30s}}"
    record, topology = found = simulate(ISTIO, fault, policies="hedge: 50ms,")
    assert measured(found, "success_share during fault") == 1
    assert [names.target_name(topology, t.scope, t.target) for t in record.transitions][:1] == ["db[2]"]


def test_every_caller_judges_for_itself_unless_they_share():
    record, _ = simulate(ISTIO, SICK, web="replicas: 3,")
    assert len({t.caller for t in record.transitions}) == 3
    shared, _ = simulate(
        "{use: istio, copies: shared, params: {maxEjectionPercent: 100}}", SICK, web="replicas: 3,"
    )
    assert {t.caller for t in shared.transitions} == {-1}
    assert len(shared.copies) == 4


def test_a_caller_that_restarts_knows_of_no_ejection():
    stop = "{stop: {service: web}, at: 20s, for: 2s}"
    record, _ = simulate(ISTIO, f"{SICK}, {stop}")
    causes = [t.cause for t in record.transitions]
    assert causes[:3] == ["consecutive 5xx", "caller restarted", "consecutive 5xx"]


def test_a_drained_run_ends_though_hosts_are_out():
    record, _ = simulate(ISTIO, '{fail: {replica: "db[2]", share: 100%}, at: 50s}', rest="drain: true")
    assert record.transitions[-1].to_state == OPEN
    assert record.end_ns < 61 * NS


def test_a_run_until_the_last_answer_ends_without_sweeps_to_come():
    """Nobody waits for a timer: a run by number of requests is over with the last of them."""
    topology = build(load_text(text(ISTIO, SICK).replace("duration: 60s", "requests: 700")).scenario())
    assert engines.run(topology, 1).end_ns < 25 * NS


def test_a_host_that_leaves_is_out_no_longer():
    scaled = text(ISTIO, '{fail: {replica: "db[1]", share: 100%}, at: 5s}')
    scaled = scaled.replace(
        "replicas: 4,", "replicas: 2, autoscale: {min: 1, max: 2, target: 60%, interval: 10s},"
    )
    topology = build(load_text(scaled).scenario())
    causes = [t.cause for t in engines.run(topology, 1).transitions]
    assert causes == ["consecutive 5xx", "host left"]


def problems(*args, **kwargs):
    with pytest.raises(InvalidScenario) as caught:
        load_text(text(*args, **kwargs), "f.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("outlier", "message", "points_at"),
    [
        ("istoi", "did you mean istio", "istoi"),
        (
            "{use: istio, params: {consecutive5xxError: 3}}",
            "did you mean consecutive5xxErrors",
            "3}",
        ),
        ("{use: istio, params: {interval: 3}}", "write 3s", "3}"),
        (
            "{use: grpc-outlier-detection, params: {successRateEjection: {stdevFactor: x}}}",
            "not a number",
            "x}",
        ),
        ("{params: {}}", "use", "{params"),
    ],
)
def test_a_mistake_is_told_with_its_place(outlier, message, points_at):
    found = problems(outlier)
    assert len(found) == 1 and message in found[0].message
    line = text(outlier).splitlines()[found[0].line - 1]
    assert line[found[0].col - 1 :].startswith(points_at)


def test_two_policies_cannot_both_choose_the_host():
    found = problems(ISTIO, policies="breaker: {use: consecutive, key: replica},")
    assert ["choose the host" in p.message for p in found] == [True]


def test_ejection_that_can_eject_nobody_is_warned_of():
    loaded = load_text(text("istio"), "f.yaml")
    assert [w.message for w in loaded.warnings] == [
        "edges.web -> db.outlier: this ejects nobody: one of 4 hosts is 25%, and it may eject 10% at most "
        "(web.main -> db.main)"
    ]
