"""What happens at which nanosecond, with times that are fixed."""

import pytest

from sim import engines
from sim.measures import evaluate
from sim.scenario import load_text
from sim.topology.build import build

MS = 1_000_000
TIMES_OUT = """
name: instants
duration: 10s
network: 1ms
sources: {users: {rate: 1/s, arrivals: deterministic, call: web}}
services:
  web: {steps: [{call: db}]}
  db: {steps: [{work: WORK}]}
edges: {web -> db: {timeout: 12ms}}
"""


@pytest.mark.parametrize(("work", "in_time"), [("9999999ns", 9), ("10ms", 9), ("10000001ns", 0), ("11ms", 0)])
def test_an_answer_at_exactly_the_timeout_is_in_time(work, in_time):
    """A millisecond there, the work, a millisecond back: 12 ms are in time, a nanosecond more is not."""
    topology = build(load_text(TIMES_OUT.replace("WORK", work)).scenario())
    record = engines.run(topology, 1)
    assert evaluate("S(web -> db)", record, topology) == in_time
    assert evaluate("timeout(web -> db)", record, topology) == 9 - in_time


# The k-th request comes at k * 10 ms; an answer takes 1 ms. The fifth failure in a row trips.
SHARED = """
name: shared
duration: 500ms
sources: {users: {rate: 100/s, arrivals: deterministic, call: web, clients: 3}}
services: {web: {error_rate: 100%, steps: [{work: 1ms}]}}
edges: {users -> web: {breaker: {use: consecutive, copies: COPIES}}}
"""


@pytest.mark.parametrize(
    ("copies", "trips_ms", "first_refused_ms"),
    [("shared", 51, 60), ("{shared: {delay: 30ms}}", 81, 120), ("{shared: {delay: 100ms}}", 151, 260)],
)
def test_a_shared_copy_hears_results_d_later_and_is_seen_as_it_was_d_ago(copies, trips_ms, first_refused_ms):
    """The fifth result comes at 51 ms, is heard d later, and what follows from it is seen d after that."""
    topology = build(load_text(SHARED.replace("COPIES", copies)).scenario())
    record = engines.run(topology, 1, trace=1000)
    (trip,) = record.transitions
    assert (trip.t_ns, trip.n if trip.n else 5) == (trips_ms * MS, 5)
    begun = [line["t_ns"] for line in record.walks if line["event"] == "call begins"]
    refused = {line["request"] for line in record.walks if line.get("outcome") == "broken"}
    assert [begun[k] for k in sorted(refused)] == [t for t in begun if t >= first_refused_ms * MS]
