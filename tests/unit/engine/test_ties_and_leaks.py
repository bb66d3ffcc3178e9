"""What happens at one instant, who stands in line, and what a crash, a second layer or a rename leaves alone."""

import math

import pytest

from sim import load, run
from sim.engines import run as run_engine
from sim.measures import evaluate
from sim.scenario import load_text
from sim.topology.build import build

USERS = "users: {{rate: {rate}, arrivals: deterministic, call: {call}, policies: {{{policies}}}}}"


@pytest.fixture
def played(tmp_path):
    """Runs scenario text; gives the run."""

    def play(text, seed=1):
        file = tmp_path / "s.yaml"
        file.write_text(f"schema: 1\nname: s\n{text}")
        return run(load(str(file)), seed=seed)

    return play


def test_equal_branches_share_their_cores_without_a_quarrel(played):
    result = played(
        "duration: 1s\n"
        "sources: {users: {rate: 10/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {slots: 8, cores: 2, steps: [parallel: [[work: 10ms], [work: 10ms], [work: 10ms]]]}}\n"
    )
    assert result.measure("p50") == pytest.approx(0.015, rel=0.02)


def test_branches_of_one_attempt_share_the_cores_of_its_replica(played):
    text = (
        "duration: 1s\n"
        "sources: {{users: {{rate: 5/s, arrivals: deterministic, call: w}}}}\n"
        "services: {{w: {{slots: {slots}, cores: {cores}, steps: [parallel: [{branches}]]}}}}\n"
    )
    branches = ", ".join(["[work: 10ms]"] * 4)
    one = played(text.format(slots=1, cores=1, branches=branches)).measure("p50")
    two = played(text.format(slots=2, cores=1, branches=branches)).measure("p50")
    assert one == pytest.approx(two, rel=0.01) == pytest.approx(0.040, rel=0.02)


def test_a_deep_chain_and_a_long_queue_that_fails_at_once_are_no_recursion(played):
    depth = 200
    chain = "\n".join(f"  s{i}: {{steps: [work: 1us, call: s{i + 1}]}}" for i in range(depth))
    deep = played(
        "duration: 1s\nsources: {users: {rate: 5/s, call: s0}}\n"
        f"services:\n{chain}\n  s{depth}: {{steps: [work: 1us]}}\n"
    )
    assert deep.measure("success_share") == 1.0
    backlog = played(
        "duration: 4s\nsources: {users: {rate: 1000/s, call: w}}\n"
        "services: {w: {slots: 1, endpoints: {e: {fail_fast: true, steps: [work: 1500ms]}}}}\n"
        "faults: [{fail: {service: w}, at: 1s, for: 3s}]\n"
    )
    assert backlog.measure("F") > 1000


def test_whoever_waits_comes_before_the_next_call_of_who_was_served(played):
    text = (
        "duration: 20s\nnetwork: {network}\n"
        "sources: {{batch: {{rate: 2/s, call: b}}, small: {{rate: 20/s, call: s}}}}\n"
        "services:\n"
        "  b: {{steps: [{{call: db, repeat: 50}}]}}\n"
        "  s: {{steps: [call: db]}}\n"
        "  db: {{slots: 1, steps: [work: 5ms]}}\n"
    )
    inline = played(text.format(network="0s")).measure("R(small)")
    by_wire = played(text.format(network="1us")).measure("R(small)")
    assert inline == pytest.approx(by_wire, rel=0.05)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_slot_that_frees_as_the_next_call_arrives_is_free(played, seed):
    result = played(
        "requests: 2\n"
        "sources: {a: {rate: 100/s, arrivals: deterministic, call: x}, b: {rate: 50/s, arrivals: deterministic, call: y}}\n"
        "services:\n"
        "  x: {steps: [work: 1ms, call: db]}\n"
        "  y: {steps: [call: db]}\n"
        "  db: {slots: 1, queue: 0, steps: [work: 9ms]}\n",
        seed,
    )
    assert result.measure("S") == 2


def test_a_crash_frees_the_slots_of_branches_that_ran_on_for_nobody(played):
    result = played(
        "duration: 10s\n"
        "sources: {users: {rate: 2/s, arrivals: deterministic, call: w, policies: {timeout: 1s}}}\n"
        "services:\n"
        "  w:\n"
        "    slots: 1\n"
        "    holds_slot: false\n"
        "    steps: [{parallel: [[work: 1ms], [call: d, work: 600ms]], first: 1}]\n"
        "  d: {steps: [work: 1ms]}\n"
        "faults: [{stop: {service: w}, at: 2100ms, for: 100ms}]\n"
    )
    assert result.measure("success_share 9s..10s") > 0
    assert result.record.gauges.shape[0] >= 1


def test_a_branch_that_is_cancelled_gives_its_slot_back_to_its_own_attempt(played):
    result = played(
        "requests: 4\n"
        "sources: {users: {rate: 1/s, arrivals: deterministic, call: w}}\n"
        "services:\n"
        "  w:\n"
        "    slots: 1\n"
        "    holds_slot: false\n"
        "    steps: [{parallel: [[work: 10ms], [work: 400ms]], first: 1, cancel: all}, work: 10ms]\n"
    )
    assert result.measure("S") == 4


@pytest.mark.parametrize("wait", ["", ", max_wait: 500ms"])
def test_calls_that_nobody_awaits_and_that_wait_for_a_place_end_as_their_caller_crashes(played, wait):
    result = played(
        "duration: 5s\n"
        "sources: {users: {rate: 10/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {steps: [{call: d, wait: false}, work: 1ms]}, d: {steps: [work: 1s]}}\n"
        f"edges: {{w -> d: {{bulkhead: {{limit: 1, queue: 5{wait}}}}}}}\n"
        "faults: [{stop: {service: w}, at: 2050ms, for: 100ms}]\n"
    )
    assert result.measure("cancelled(w -> d)") == 5
    assert (result.record.in_flight == 0).all()


def test_a_second_retry_has_luck_of_its_own(played):
    text = (
        "requests: 4000\n"
        "sources: {{users: {{rate: 1000/s, call: w, policies: {{stack: [{stack}]}}}}}}\n"
        "services: {{w: {{error_rate: 50%, steps: [work: 1us]}}}}\n"
    )
    again = "retry: {attempts: 2, backoff: none}"
    twice = played(text.format(stack=f"{again}, {again}")).measure("success_share")
    assert twice == pytest.approx(1 - 0.5**4, abs=0.015)


def test_another_service_in_the_file_changes_no_breakers_luck(tmp_path):
    text = (
        "schema: 1\nname: s\nduration: 20s\n"
        "sources: {{users: {{rate: 50/s, call: w}}{source}}}\n"
        "services: {{w: {{error_rate: 60%, steps: [work: 1ms]}}{service}}}\n"
        "edges: {{users -> w: {{breaker: {{use: consecutive, open_for: {{fixed: 1s, jitter: 50%}}}}}}}}\n"
    )

    def openings(**more):
        file = tmp_path / "s.yaml"
        file.write_text(text.format(**more))
        result = run(load(str(file)), seed=3)
        return [t.open_ns for t in result.record.transitions if t.open_ns]

    alone = openings(source="", service="")
    beside = openings(source=", aaa: {rate: 1/s, call: a}", service=", a: {replicas: 3, steps: [work: 1ms]}")
    assert alone == beside
    assert len(alone) > 3


def test_a_deadline_bounds_the_wait_for_a_token(played):
    result = played(
        "duration: 10s\n"
        "sources: {users: {rate: 10/s, call: w, policies: {deadline: 50ms, rate_limit: {rate: 1/s, max_wait: 10s}}}}\n"
        "services: {w: {steps: [work: 1ms]}}\n"
    )
    assert result.measure("p99") <= 0.051


def test_work_of_branches_that_nobody_needs_is_waste_and_drained(played):
    result = played(
        "requests: 4\n"
        "sources: {users: {rate: 1/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {slots: 4, steps: [{parallel: [[work: 10ms], [work: 490ms]], first: 1}]}}\n"
    )
    assert result.measure("wasted_work(w)") > 0.9


def test_a_parallel_step_that_cancels_what_is_queued_lets_running_work_run(played):
    text = (
        "duration: 10s\n"
        "sources: {{users: {{rate: 1/s, arrivals: deterministic, call: w}}}}\n"
        "services: {{w: {{slots: 4, steps: [{{parallel: [[work: 10ms], [work: 400ms]], first: 1, cancel: {cancel}}}]}}}}\n"
    )
    used = {c: played(text.format(cancel=c)).measure("utilisation(w)") for c in ("none", "queued", "all")}
    assert used["queued"] == pytest.approx(used["none"], rel=0.01)
    assert used["all"] < used["none"] / 5


def test_an_answer_that_nobody_waits_for_fills_the_cache_and_a_hit_delays_nobody(played):
    result = played(
        "duration: 20s\n"
        "sources: {users: {rate: 10/s, call: w}}\n"
        "caches: {c: {keys: 1, hit: 100ms}}\n"
        "services:\n"
        "  w: {steps: [{call: d, wait: false, cache: c}, work: 1ms]}\n"
        "  d: {steps: [work: 1ms]}\n"
    )
    assert result.measure("R") < 0.01
    assert result.measure("cache_hit_share(w -> d)") > 0.9


def test_callers_see_a_shared_breaker_close_with_its_delay(played):
    result = played(
        "duration: 40s\n"
        "sources: {users: {rate: 100/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {steps: [work: 1ms]}}\n"
        "edges: {users -> w: {breaker: {use: consecutive, open_for: 10s, copies: {shared: {delay: 5s}}}}}\n"
        "faults: [{fail: {service: w}, at: 5s, for: 5s}]\n"
    )
    moves = result.frame("breakers")
    closed = float(moves[moves["to"] == "closed"]["time_s"].iloc[0])
    first = math.ceil(closed)
    assert result.measure(f"success_share {first}s..{first + 4}s") == 0.0
    assert result.measure(f"success_share {first + 5}s..40s") == 1.0


def test_open_share_of_a_restarted_caller_stays_a_share(played):
    result = played(
        "duration: 30s\n"
        "sources: {users: {rate: 50/s, call: w}}\n"
        "services: {w: {steps: [call: d]}, d: {error_rate: 100%, steps: [work: 1ms]}}\n"
        "edges: {w -> d: {breaker: {use: consecutive, open_for: 2s}}}\n"
        "faults: [{stop: {service: w}, at: 27s, for: 1s}]\n"
    )
    assert 0.5 < result.measure("open_share") <= 1.0


def test_what_comes_in_for_a_crashed_caller_trips_no_breaker(played):
    result = played(
        "duration: 20s\n"
        "sources: {users: {rate: 50/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {steps: [call: d]}, d: {steps: [work: 1ms]}}\n"
        "edges: {w -> d: {timeout: 1s, breaker: {use: consecutive, open_for: 2s}}}\n"
        "faults:\n"
        "  - {cut: {edge: w -> d, mode: black-hole}, at: 5s, for: 1s}\n"
        "  - {stop: {service: w}, at: 5500ms, for: 1s}\n"
    )
    assert result.measure("cancelled(w -> d)") > 20
    assert result.measure("B") == 0
    assert result.measure("open_share") == 0


class OpensAtOnce:
    """A user's breaker: open for good after the first failure."""

    state = "closed"

    def admit(self, now):
        return "ticket" if self.state == "closed" else None

    def settle(self, now, ticket, outcome):
        if outcome.name != "ok":
            self.state = "open"


def test_a_users_breaker_is_open_no_longer_than_its_caller_lives():
    text = (
        "schema: 1\nname: s\nduration: 20s\n"
        "sources: {users: {rate: 50/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {steps: [call: d]}, d: {steps: [work: 1ms]}}\n"
        "edges: {w -> d: {breaker: {use: mine}}}\n"
        "faults: [{fail: {service: d}, at: 4s, for: 1s}, {stop: {service: w}, at: 9s, for: 1s}]\n"
    )
    mine = {"mine": OpensAtOnce}
    topology = build(load_text(text, known_breakers=mine).scenario())
    record = run_engine(topology, 1, plugins=mine)
    assert evaluate("open_share", record, topology) == pytest.approx(5 / 20, abs=0.01)


def test_time_that_stands_still_names_who_makes_it(tmp_path):
    from sim.errors import SimulationError

    file = tmp_path / "s.yaml"
    file.write_text(
        "schema: 1\nname: s\nduration: 1s\nsources: {users: {users: 1, think: 0s, call: w}}\n"
        "services: {w: {steps: [work: 0s]}}\n"
    )
    topology = build(load(str(file)).loaded.scenario())
    with pytest.raises(SimulationError, match="time stands still at (a user of users|attempt at w)"):
        run_engine(topology, 1)
