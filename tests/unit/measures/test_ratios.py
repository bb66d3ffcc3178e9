"""Ratios: attempts against before the fault, trips per guarded try; and what has no value."""

import math

import pytest

import sim
from sim import engines
from sim.errors import UsageError
from sim.measures import evaluate
from sim.measures.evaluate import definitions
from sim.measures.of_the_run import OF_THE_RUN
from sim.scenario import expect, load_text
from sim.topology.build import build

RETRY = """
name: retry
duration: 30s
bucket: 1s
sources: {users: {rate: 20/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db.asked}]}
  db: {endpoints: {asked: {steps: [{call: disk}]}, never: {steps: []}}}
  disk: {steps: []}
edges: {web -> db: {retry: {attempts: 3, backoff: none}}, db -> disk: {LIMIT}}
faults: [{fail: {endpoint: db.asked}, at: BEGIN, for: 5s}]
"""


def run_of(text, seed=1):
    topology = build(load_text(text).scenario())
    return topology, engines.run(topology, seed)


def asks(text, twin=None):
    topology, record = run_of(text)
    return lambda measure: evaluate(measure, record, topology, twin=twin)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("amplification(db)", 1.0 * (30 * 20 - 1 + 5 * 20 * 2) / (30 * 20 - 1)),
        ("amplification_ratio(db)", 3.0),  # three attempts for one
        ("amplification_ratio(db.asked)", 3.0),
        ("amplification_ratio(web -> db)", 3.0),
        ("amplification_ratio(web.main -> db.asked)", 3.0),
        ("amplification_ratio(db) after fault", 1.0),
        ("amplification_ratio(db) before fault", 1.0),
        ("amplification_ratio(web)", 1.0),
        ("amplification_ratio(disk)", 3.0),  # an attempt fails at the end of its steps
        ("amplification_ratio(db.never)", math.nan),
        ("amplification_ratio(users)", math.nan),
    ],
)
def test_amplification_against_before_the_fault(measure, value):
    ask = asks(RETRY.replace("BEGIN", "15s").replace("LIMIT", "timeout: 1s"))
    assert ask(measure) == pytest.approx(value, nan_ok=True)


def test_the_twin_stands_in_for_a_time_before_that_was_too_short():
    """19 calls come in the second before the fault; the twin has 599."""
    text = RETRY.replace("BEGIN", "1s").replace("LIMIT", "timeout: 1s")
    _, twin = run_of(text.partition("faults:")[0])
    assert asks(text, twin)("amplification_ratio(db)") == pytest.approx(3.0)


def test_what_the_twin_refused_did_not_arrive():
    """A limit lets half of the calls through, in the twin as in the run."""
    text = RETRY.replace("BEGIN", "5s").replace("LIMIT", "rate_limit: 10/s").replace("fail:", "slow:")
    text = text.replace("{endpoint: db.asked}", "{endpoint: db.asked, plus: 1ms}")
    _, twin = run_of(text.partition("faults:")[0])
    ratio = asks(text, twin)("amplification_ratio(disk)")
    assert asks(text)("success_share") == pytest.approx(0.5, abs=0.03)
    assert ratio == pytest.approx(1.0, abs=0.05)


def test_a_stored_twin_gives_the_same_ratio(tmp_path):
    text = RETRY.replace("BEGIN", "1s").replace("LIMIT", "timeout: 1s")
    (tmp_path / "retry.yaml").write_text(text)
    one = sim.run(sim.load(tmp_path / "retry.yaml"), seed=1)
    assert one.twin is not None
    stored = sim.open_run(one.save(tmp_path / "run", figures=False))
    for measure in ("amplification_ratio(db)", "excess_loss(web)", "excess_loss"):
        assert stored.measure(measure) == one.measure(measure)
    assert stored.measure("amplification_ratio(db)") == pytest.approx(3.0)


def test_without_a_fault_there_is_no_before():
    assert math.isnan(asks(RETRY.partition("faults:")[0].replace("LIMIT", ""))("amplification_ratio(db)"))


TRIPS = """
name: trips
duration: 10s
bucket: 100ms
sources: {users: {rate: 10/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db, repeat: 3}, {call: other}]}
  db: {steps: []}
  other: {steps: []}
edges: {web -> db: {BREAKER, retry: {attempts: 2, backoff: none}}}
faults: [{fail: {service: db}, at: 5s, for: 2s}]
"""
TRIP = "trip: {failures: 3}, failures: [error], open_for: 500ms"


@pytest.mark.parametrize("place", ["library", "gateway"])
def test_trips_are_per_try_that_a_breaker_guards(place):
    ask = asks(TRIPS.replace("BREAKER", f"breaker: {{{TRIP}, place: {place}}}"))
    guarded = "web -> db" if place == "library" else "gateway(db) -> db"
    assert ask("B") >= 3
    assert ask("trips_per_try") == ask("B") / ask(f"tries.N({guarded})")
    assert ask("trips_per_try(web -> db)") == ask("trips_per_try(db)") == ask("trips_per_try")
    assert ask("trips_per_try") < ask("B") / ask("tries.N")
    assert ask("trips_per_try 0s..5s") == 0
    assert math.isnan(ask("trips_per_try(users)"))
    assert math.isnan(ask("trips_per_try(web -> other)"))


def test_without_a_breaker_there_are_no_trips_per_try():
    ask = asks(TRIPS.replace("BREAKER", "timeout: 1s"))
    assert ask("B") == 0
    assert math.isnan(ask("trips_per_try"))


def test_the_article_counts_trips_and_failures_on_the_same_tries(tmp_path):
    (tmp_path / "trips.yaml").write_text(TRIPS.replace("BREAKER", f"breaker: {{{TRIP}}}"))
    one = sim.run(sim.load(tmp_path / "trips.yaml"), seed=1)
    found = one.summary["article"]
    assert found["1: S + F = N"] == {"S + F": 99, "N": 99}
    assert found["2: F = B"] == {"F": one.measure("F"), "B": one.measure("B")}
    assert found["4: B = F/N"] == pytest.approx(
        {
            "F/N (failure share of guarded tries)": one.measure("tries.failure_share(web -> db)"),
            "B/N (trips per guarded try)": one.measure("trips_per_try"),
        }
    )
    copies = one.summary["breakers"]["web -> db"]
    assert copies["copies"] == 1
    assert copies["tripped"] == {"web[0]": {"B": copies["B"], "reopenings": one.measure("reopenings")}}
    assert copies["B"] == one.measure("B") == one.summary["edges"]["web -> db"]["B"]
    assert one.summary["edges"]["web -> db"]["open_share"] == one.measure("open_share")


def test_the_summary_holds_latency_by_outcome_and_the_excess_of_dependants(tmp_path):
    """A refusal takes 10 us; it must not flatter the answers."""
    (tmp_path / "trips.yaml").write_text(
        TRIPS.replace("BREAKER", f"breaker: {{{TRIP}}}").replace("10/s", "300/s")
    )
    one = sim.run(sim.load(tmp_path / "trips.yaml"), seed=1)
    tries = one.summary["tries"]["web -> db"]
    assert tries["R_by_outcome"].keys() == {"ok", *tries["F_by_reason"]} == {"ok", "error", "broken"}
    assert tries["R_by_outcome"]["broken"]["R"] == pytest.approx(10e-6)
    assert tries["R_by_outcome"]["broken"]["p999"] == pytest.approx(10e-6, rel=0.01)
    for f in one.summary["avalanche"]["failing"]:
        assert f["bystander"] is False
        assert f["excess_loss"] == one.measure(f"excess_loss({f['endpoint']})")
        assert f["F"] == one.measure(f"F({f['endpoint']}) 5s..10s")
    assert [f["endpoint"] for f in one.summary["avalanche"]["failing"]] == ["db.main", "web.main"]
    assert "excess loss" in str(one)


QUIET = """
name: quiet
duration: 10s
sources: {users: {rate: {step: {from: 0/s, to: 0.001/s, at: 9s}}, arrivals: deterministic, call: web}}
services: {web: {steps: []}}
"""
"""Nobody comes within the ten seconds."""


@pytest.mark.parametrize("name", sorted(definitions()))
def test_a_measure_without_a_value_says_when(name):
    """Nothing was asked: shares and means of nothing are no numbers; counts are 0."""
    targets = ("",) if name in OF_THE_RUN else ("", "(users)", "(web)", "(users -> web)")
    ask = asks(QUIET)
    values = [ask(f"{name}{target}") for target in targets]
    if any(map(math.isnan, values)):
        assert "; nan (no value) " in definitions()[name][0]
    assert [v for v in values if not math.isnan(v) and v != 0] == []


@pytest.mark.parametrize("name", ["attempts", "amplification", "busy_slots", "queue_length", "utilisation"])
def test_sources_have_no_replicas(name):
    assert math.isnan(asks(RETRY.replace("BEGIN", "15s").replace("LIMIT", ""))(f"{name}(users)"))


def test_an_endpoint_has_attempts_of_its_own():
    """Steps have those of the endpoint that they call."""
    ask = asks(RETRY.replace("BEGIN", "15s").replace("LIMIT", ""))
    assert ask("attempts(db.asked)") == ask("attempts(db)") == ask("attempts(web.main -> db.asked)") > 0
    assert ask("attempts(db.never)") == 0


def test_measures_of_the_run_take_neither_target_nor_window():
    assert OF_THE_RUN.keys() == expect.OF_THE_RUN
    ask = asks(QUIET)
    for name in OF_THE_RUN:
        for measure in (f"{name}(web)", f"{name} 0s..1s"):
            with pytest.raises(UsageError, match=f"{name} is of the run as a whole"):
                ask(measure)
