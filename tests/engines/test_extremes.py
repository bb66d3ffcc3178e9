"""Runs that go to an edge of the model give one record on both engines, and what they should."""

import pytest

from sim.engines.simpy_engine.world import World
from sim.record import types as record_types
from sim.scenario import load_text
from sim.scenario.generate import Options, text
from sim.scenario.graph import Wish
from sim.topology.build import build
from tests.engines.twins import assert_same

pytest.importorskip("numba")
from sim.engines.compiled.run import Run, compile_kernel


@pytest.fixture(scope="module", autouse=True)
def compiled():
    compile_kernel()


def agreed(text, seed=1):
    """The record of both engines; pools of the compiled one are as small as they can be."""
    topology = build(load_text(f"schema: 1\nname: edge\n{text}").scenario())
    record = World(topology, seed, plugins={}).run()
    assert_same(Run(topology, seed, room=64).run(), record)
    return record


def test_a_fault_after_n_requests_begins_once_though_branches_of_the_nth_run_on():
    record = agreed(
        "duration: 20s\n"
        "sources: {users: {rate: 1/s, arrivals: deterministic, call: web}}\n"
        "services: {web: {slots: 50, steps: [{parallel: [[work: 1ms], [work: 5s]], first: 1, cancel: none}]}}\n"
        "faults: [{slow: {service: web, times: 10}, after_requests: 3}]\n"
    )
    (span,) = record.faults
    assert 2 * 10**9 < span.start_ns < 4 * 10**9


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        ("steps: [work: 1h]", "{slow: {service: web, times: 1e15}, at: 1s, for: 10s}"),
        ("cores: 1, slots: 9, steps: [work: 1h]", "{slow: {service: web, times: 1e15}, at: 1s, for: 10s}"),
        ("steps: [work: 1ms]", "{slow: {edge: users -> web, times: 1e15, plus: 1s}, at: 1s, for: 10s}"),
    ],
)  # fmt: skip
def test_what_takes_longer_than_the_clock_can_say_never_comes(service, fault):
    record = agreed(
        "duration: 60s\nnetwork: 200ms\n"
        "sources: {users: {rate: 1/s, arrivals: deterministic, call: web}}\n"
        f"services: {{web: {{{service}}}}}\n"
        f"faults: [{fault}]\n"
    )
    assert record.in_flight.sum() > 0


def test_hundreds_of_branches_that_run_on_are_stopped_one_by_one():
    step = "{parallel: [[work: 1ms], [work: 300s]], first: 1, cancel: none}"
    record = agreed(
        "duration: 10s\n"
        "sources: {users: {rate: 1/s, arrivals: deterministic, call: web}}\n"
        f"services: {{web: {{slots: 50, steps: [{', '.join([step] * 500)}, work: 300s]}}}}\n"
        "edges: {users -> web: {timeout: {after: 3s, cancel: all}}}\n"
    )
    assert record.visits[:, :, record_types.VISITS.index("withdrawn")].sum() >= 6


def test_no_place_that_frees_while_a_caller_crashes_goes_to_one_of_its_calls():
    record = agreed(
        "duration: 6s\n"
        "sources: {users: {rate: 20/s, arrivals: deterministic, call: w}}\n"
        "services: {w: {slots: 30, steps: [{call: d, wait: false}, work: 3s]}, d: {slots: 2, queue: 0, steps: [work: 500ms]}}\n"
        "edges: {w -> d: {timeout: {after: 300ms, cancel: all}, bulkhead: {limit: 2, queue: 50}}}\n"
        "faults: [{stop: {service: w}, at: 2050ms, for: 100ms}]\n"
    )
    assert record.counts.sum() > 0


def test_answers_on_their_way_while_records_are_collected_are_freed_once():
    topology = build(
        load_text(text(Options(Wish(services=30, rate_per_s=2000.0), duration_ns=2 * 10**8))).scenario()
    )
    record = World(topology, 1, plugins={}).run()
    assert record.counts.sum() > 5_000
    assert_same(Run(topology, 1, room=64).run(), record)
