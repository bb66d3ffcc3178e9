"""Whom and when a measure is about: targets, gateways, windows."""

import math

import pytest

from sim import engines
from sim.errors import UsageError
from sim.measures import evaluate
from sim.scenario import load_text
from sim.topology.build import build

GATEWAY = """
name: gateway
duration: 4s
sources: {users: {rate: 20/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db}]}
  db: {steps: [{work: 10ms}]}
edges:
  web -> db: {breaker: {use: consecutive, open_for: 500ms, failures: [error], place: PLACE}}
faults: [{fail: {service: db}, at: 1s, for: 2s}]
"""


def asks(text, seed=1):
    topology = build(load_text(text).scenario())
    record = engines.run(topology, seed)
    return lambda measure: evaluate(measure, record, topology)


def test_an_edge_keeps_its_name_where_a_gateway_stands_on_it():
    """79 requests; the variants of a placement study are asked the same question."""
    library, gateway = (asks(GATEWAY.replace("PLACE", place)) for place in ("library", "gateway"))
    for ask in (library, gateway):
        assert ask("N(web -> db)") == 79
        assert ask("trips(web -> db)") == ask("trips") >= 3
        assert ask("attempts(web -> db)") == ask("attempts(db)") < 79
    assert gateway("N(web -> gateway(db))") == 79
    assert gateway("trips(gateway(db) -> db)") == gateway("trips")
    assert gateway("trips(users -> web)") == 0
    with pytest.raises(UsageError, match="names nothing"):
        library("N(web -> gateway(db))")


@pytest.mark.parametrize("place", ["library", "gateway"])
def test_latency_within_a_window_needs_an_edge_that_is_watched(place):
    """Watching `web -> db` watches the way to its gateway."""
    ask = asks(GATEWAY.replace("PLACE", place) + "watch: [web -> db]\n")
    assert ask("p50(web -> db) 3s..4s") == pytest.approx(0.010 if place == "library" else 0.0102, rel=0.01)
    assert ask("p50(users -> web) 3s..4s") > 0  # what users see is always kept by bucket
    unwatched = asks(GATEWAY.replace("PLACE", place) + "watch: []\n")
    assert math.isnan(unwatched("p50(web -> db) 3s..4s"))
    assert unwatched("p50(web -> db)") > 0


# 10 requests a second, the k-th at k * 100 ms, none at the end; db answers after 10 ms. It fails from 2 s to 3 s.
PLAIN = """
name: plain
duration: 5s
bucket: BUCKET
sources:
  users: {rate: 10/s, arrivals: deterministic, call: web}
  robots: {rate: 2/s, arrivals: deterministic, call: db}
services:
  web: {steps: [{call: db, repeat: 2}]}
  db: {steps: [{work: 10ms}]}
faults: [{fail: {service: db}, at: 2s, for: 1s}]
"""


@pytest.fixture(scope="module")
def plain():
    return asks(PLAIN.replace("BUCKET", "500ms"))


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("N(users)", 49),
        ("N(robots)", 9),
        ("N", 58),
        ("N(web)", 49),
        ("N(web.main)", 49),
        ("N(users -> web)", 49),
        ("attempts(web)", 49),
        # a failed call ends its request: 10 requests make one call each, 39 make two
        ("N(web -> db)", 88),
        ("N(db)", 97),
        ("attempts(db)", 97),
        ("attempts", 146),
    ],
)
def test_targets(plain, measure, value):
    assert plain(measure) == value


@pytest.mark.parametrize(
    ("window", "n", "s"),
    [
        # an answer takes 20 ms, a failure 10 ms: who arrives at 2 s is answered in the fault
        ("", 49, 39),
        ("whole", 49, 39),
        ("before fault", 19, 19),
        ("during fault", 10, 0),
        ("after fault", 20, 20),
        ("1s..2s", 10, 10),
        ("1900ms..2s", 5, 5),
        ("0s..500ms", 4, 4),
        ("2500ms..3500ms", 10, 5),
    ],
)
def test_windows(plain, window, n, s):
    """Windows act on whole buckets of 500 ms, never narrower than asked."""
    assert plain(f"N(users) {window}") == n
    assert plain(f"S(users) {window}") == s


def test_the_named_windows_add_up(plain):
    parts = sum(plain(f"N {w}") for w in ("before fault", "during fault", "after fault"))
    assert parts == plain("N whole")


def test_a_window_is_widened_to_whole_buckets():
    wide = asks(PLAIN.replace("BUCKET", "5s"))
    assert wide("N(users) during fault") == 49


def test_without_a_fault_its_windows_are_the_whole_run():
    calm = asks(PLAIN.replace("BUCKET", "500ms").partition("faults:")[0])
    assert calm("N(users) during fault") == calm("N(users)") == 49


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("N(nobody)", "'nobody' names nothing"),
        ("succes_share", "did you mean success_share"),
        ("N sometimes", "is not a window"),
        ("(users)", "is not a measure"),
    ],
)
def test_what_cannot_be_measured_is_said(plain, measure, words):
    with pytest.raises(UsageError, match=words):
        plain(measure)
