"""Measures of runs that are small enough to be worked out by hand."""

import math

import pytest

from sim import engines
from sim.measures import evaluate
from sim.measures.evaluate import definitions
from sim.scenario import load_text
from sim.scenario.expect import MEASURES
from sim.topology.build import build


def asks(text, seed=1):
    topology = build(load_text(text).scenario())
    record = engines.run(topology, seed)
    return lambda measure: evaluate(measure, record, topology)


def agree(ask, table):
    """Every measure has its value; times carry the 0.8 % of a histogram bin."""
    found = {measure: ask(measure) for measure in table}
    assert found == {m: pytest.approx(v, rel=0.008, abs=1e-12, nan_ok=True) for m, v in table.items()}


def test_latency_of_ninety_fast_and_ten_slow_answers():
    """90 answers take 10 ms, 10 take 500 ms: the 90th is fast, the 91st slow."""
    ask = asks("""
name: latency
duration: 10.05s
drain: true
sources:
  fast: {rate: 9/s, arrivals: deterministic, call: db.fast}
  slow: {rate: 1/s, arrivals: deterministic, call: db.slow}
services:
  db: {endpoints: {fast: {steps: [{work: 10ms}]}, slow: {steps: [{work: 500ms}]}}}
""")
    agree(
        ask,
        {
            "N": 100, "N(fast)": 90, "N(slow)": 10, "R": 0.059, "R(fast)": 0.010, "p50": 0.010, "p90": 0.010,
            "p99": 0.5, "p999": 0.5, "p50(slow)": 0.5, "success_share": 1.0, "failure_share": 0.0,
            "p99(fast) 0s..5s": 0.010, "amplification(db)": 1.0,
        },
    )  # fmt: skip


QUEUE = """
name: queue
duration: 1s
bucket: 100ms
sources: {users: {rate: [[0s, 10/s], [450ms, 10/s], [450ms, 0/s]], arrivals: deterministic, call: db}}
services: {db: {slots: 1, steps: [{work: 150ms}]}}
"""


def test_a_queue_of_four():
    """They come at 100, 200, 300, 400 ms, are served from 100, 250, 400, 550 ms for 150 ms each."""
    agree(
        asks(QUEUE),
        {
            "N": 4, "wait(db)": 0.075, "sojourn(db)": 0.225, "R": 0.225, "utilisation(db)": 0.6,
            "busy_slots(db)": 0.6, "queue_length(db)": 0.3, "goodput": 4.0, "offered": 4.0, "p50": 0.2,
            "goodput 500ms..1s": 4.0, "utilisation(db) 0s..100ms": 0.0, "utilisation(db) 100ms..700ms": 1.0,
            "queue_length(db) 300ms..400ms": 1.0, "in_flight": 0, "wasted_work(db)": 0.0,
        },
    )  # fmt: skip


def test_in_flight_is_what_is_not_over_when_the_run_stops():
    """At 500 ms two of four are answered."""
    ask = asks(QUEUE.replace("duration: 1s", "duration: 500ms\ndrain: false"))
    agree(ask, {"started": 4, "N": 2, "in_flight": 2, "tries.in_flight(users)": 2})


def test_a_last_bucket_that_the_run_cuts_short_counts_as_long_as_it_lasted():
    """20 requests a second for 1.55 s, in buckets of a second."""
    text = QUEUE.replace("150ms", "1ms").replace("duration: 1s", "duration: 1.55s")
    text = text.replace("[[0s, 10/s], [450ms, 10/s], [450ms, 0/s]]", "20/s").replace("100ms", "1s")
    agree(asks(text), {"N": 30, "goodput": 30 / 1.55, "offered": 30 / 1.55, "offered 1s..2s": 11 / 0.55})
    agree(asks(text), {"busy_slots(db)": 0.03 / 1.55})


BREAKER = """
name: breaker
duration: 4s
bucket: 100ms
sources: {users: {rate: 10/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db}]}
  db: {steps: []}
edges: {web -> db: {breaker: {trip: {failures: 3}, open_for: 500ms}}}
faults: [{fail: {service: db}, at: 950ms, for: 1s}]
"""


def test_a_breaker_that_trips_and_reopens():
    """Failures at 1.0, 1.1, 1.2 s: open until 1.7 s; the probe fails: open until 2.2 s; that one passes.

    Refused: 1.3 to 1.6 and 1.8 to 2.1 s; those of 2.0 and 2.1 s would have been answered well. The copy lives
    from the first call, at 0.1 s.
    """
    agree(
        asks(BREAKER),
        {
            "N(web -> db)": 39, "S(web -> db)": 27, "F(web -> db)": 12, "error(web -> db)": 4,
            "broken(web -> db)": 8, "trips(web -> db)": 2, "B": 2, "reopenings": 1, "false_trips": 0,
            "refused_good(web -> db)": 2, "refused_good": 2, "refused_good(users)": 0, "trips_per_s": 0.5, "trips_per_try(web -> db)": 2 / 39,
            "open_share": 1.0 / 3.9, "open_share 1s..2s": 0.8, "open_share 2500ms..4s": 0.0,
            "trips 1500ms..2s": 1, "attempts(db)": 31, "success_share": 27 / 39, "error": 12, "broken": 0,
            "trips(users)": 0, "open_share(users)": math.nan, "lost_requests": 12,
        },
    )  # fmt: skip


def test_refusals_do_not_flatter_the_latency_of_a_step():
    """A refusal takes 10 us."""
    agree(asks(BREAKER), {"R(web -> db) 1300ms..1600ms": 10e-6})


def test_a_trip_without_a_fault_is_false():
    """db always fails: the trip and three re-openings until the fault of 1.95 s are false."""
    text = BREAKER.replace("db: {steps: []}", "db: {error_rate: 100%}").replace("at: 950ms", "at: 1.95s")
    agree(asks(text), {"trips 0s..1900ms": 4, "false_trips 0s..1900ms": 4, "false_trips 2s..2500ms": 0})


REFUSED = """
name: refused
duration: 2s
sources: {users: {rate: 10/s, arrivals: deterministic, call: db}}
services: {db: {slots: 1, queue: 0, steps: [{work: WORK}], error_rate: ERRORS}}
edges: {users -> db: {rate_limit: 1/m}}
"""


@pytest.mark.parametrize(
    ("work", "errors", "faults", "good"),
    [
        ("1ms", "0%", "", 18),
        ("1ms", "100%", "", 0),  # its own coin says error
        ("10s", "0%", "", 0),  # the one admitted call fills the only slot
        ("1ms", "0%", "faults: [{slow: {service: db, times: 2}, at: 950ms, for: 500ms}]", 13),
        ("1ms", "0%", "faults: [{cut: {edge: users -> db}, at: 950ms}]", 8),
    ],
)
def test_a_refusal_is_good_if_the_call_would_have_succeeded(work, errors, faults, good):
    """One of 19 requests gets the token; 18 are refused. A fault of 0.5 s covers five of them."""
    ask = asks(REFUSED.replace("WORK", work).replace("ERRORS", errors) + faults)
    agree(ask, {"limited": 18, "refused_good": good})


def test_wasted_work_is_that_of_answers_nobody_heard():
    """Half the work of 100 ms is in time for a timeout of 200 ms, the 300 ms are not."""
    ask = asks("""
name: waste
duration: 2s
sources: {users: {rate: 5/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db.quick}, {call: db.late, optional: true}]}
  db: {endpoints: {quick: {steps: [{work: 100ms}]}, late: {steps: [{work: 300ms}]}}}
edges: {web -> db: {timeout: 200ms}}
""")
    agree(
        ask,
        {
            "N": 9, "wasted_work(db)": 0.75, "wasted_work(web)": math.nan, "degraded": 9, "S": 9,
            "timeout(db.late)": 9, "unused(db.late)": 0, "R": 0.3,
        },
    )  # fmt: skip


RETRY = """
name: retry
duration: 1s
sources: {users: {rate: 10/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db}]}
  db: {steps: [{work: 1ms}], error_rate: 100%}
edges: {web -> db: {retry: {attempts: 3, backoff: none, BUDGET}, fallback: true}}
"""


def test_retries_and_fallbacks():
    """Nine calls of three tries each; a fallback answers for each: F in the ledger, degraded at the source."""
    agree(
        asks(RETRY.replace("BUDGET", "jitter: none")),
        {
            "N(web -> db)": 9, "tries.N(web -> db)": 27, "tries.error(web -> db)": 27, "error(web -> db)": 9,
            "retries(web -> db)": 18, "retries_denied(web -> db)": 0, "fallback(web -> db)": 9, "S": 9,
            "degraded": 9, "amplification(db)": 3.0, "attempts(db)": 27, "started(web -> db)": 9,
            "tries.started(web -> db)": 27, "R(web -> db)": 0.003,
        },
    )  # fmt: skip


def test_a_budget_of_five_tokens():
    """The first two calls spend two each, the third one and is denied its second; six more are denied one."""
    ask = asks(RETRY.replace("BUDGET", "budget: {tokens: 5, earn: 0%}"))
    agree(ask, {"retries(web -> db)": 5, "retries_denied(web -> db)": 7, "tries.N(web -> db)": 14})


def test_hedges_and_what_they_leave_unused():
    """Each call sends a copy after 30 ms, and one of the two answers is not needed."""
    text = RETRY.replace("error_rate: 100%", "error_rate: 0%").replace("work: 1ms", "work: 100ms")
    text = text.partition("edges:")[0] + "edges: {web -> db: {hedge: 30ms}}"
    agree(
        asks(text),
        {
            "hedges(web -> db)": 9, "unused(web -> db)": 9, "tries.N(web -> db)": 18, "N(web -> db)": 9,
            "tries.S(web -> db)": 18, "R(web -> db)": 0.1,
        },
    )  # fmt: skip


def test_cache_hits_are_no_calls():
    """One key: the first of nine requests misses, the answer is there before the second."""
    text = RETRY.partition("edges:")[0].replace("error_rate: 100%", "error_rate: 0%")
    text = text.replace("{call: db}", "{call: db, cache: items}") + "caches: {items: {keys: 1}}"
    agree(asks(text), {"cache_hit_share(web -> db)": 8 / 9, "N(web -> db)": 1, "S": 9})


@pytest.mark.parametrize("name", sorted(definitions()))
def test_every_measure_may_stand_in_an_expectation_and_says_what_it_is(name):
    about, unit, better = definitions()[name]
    assert name in MEASURES
    assert about
    assert unit in ("", "s", "1/s", "share")
    assert better in (-1, 0, 1)


def test_every_measure_of_expectations_is_defined():
    assert MEASURES <= definitions().keys()
