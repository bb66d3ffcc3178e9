"""Generated scenarios: what holds for every size and every seed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import engines
from sim.measures import evaluate
from sim.policies import catalog
from sim.scenario import load_text
from sim.scenario.generate import Impossible, Options, text
from sim.scenario.graph import FAN_OUT, LAYERS, Wish, draw, layer_sizes
from sim.topology.build import build
from sim.topology.plan import plan

MEASURED = Path(__file__).parents[4] / "shared" / "data" / "jaeger" / "dependencies-1238-services.json"
SECOND = 10**9


def graphs(seeds=range(1, 6), services=1000, **more):
    return [draw(Wish(services, seed, **more)) for seed in seeds]


def share(degrees, least):
    return sum(k >= least for k in degrees) / len(degrees)


def fans(graph):
    return [x.callers for x in graph.nodes], [len(x.callees) for x in graph.nodes]


@st.composite
def options(draw):
    services = draw(st.integers(1, 40))
    wish = Wish(
        services=services,
        seed=draw(st.integers(0, 2**63)),
        depth=draw(st.none() | st.integers(1, services)),
        fan_out=draw(st.floats(1, 8)),
        calls=draw(st.none() | st.floats(1, 2)),
        rate_per_s=draw(st.floats(0.1, 1e4)),
        utilisation=draw(st.floats(0.01, 0.95)),
    )
    return Options(
        wish,
        duration_ns=draw(st.integers(SECOND, 10**5 * SECOND)),
        timeout_ns=draw(st.none() | st.integers(1, 10**12)),
        attempts=draw(st.integers(1, 4)),
        breaker=draw(st.none() | st.sampled_from(sorted(catalog.names()))),
    )


@settings(max_examples=60, deadline=None)
@given(options())
def test_every_file_holds_warns_of_nothing_and_overloads_nobody(options):
    try:
        written = text(options)
    except Impossible:
        # one service calls nobody: then there are no calls to bound from below, and none to guard
        assert options.breaker or options.wish.calls
        return
    loaded = load_text(written)
    assert loaded.warnings == []
    planned = plan(build(loaded.scenario()))
    assert len(planned.services) == options.wish.services
    assert max(s.utilisation for s in planned.services) <= options.wish.utilisation * (1 + 1e-9)


def test_the_head_names_a_command_for_every_option():
    wish = Wish(20, 2, 4, 2.5, 3.25, 20.0, 0.7)
    written = text(Options(wish, "x", 30 * SECOND, SECOND // 2, 3, "consecutive"))
    command = (
        "cascadelab generate --services 20 --seed 2 --depth 4 --fan-out 2.5 --calls 3.25 --rate 20/s"
        " --utilisation 70% --duration 30s --timeout 500ms --retry 3 --breaker consecutive --name x"
    )
    assert f"#   {command}\n" in written


def test_the_same_options_give_the_same_bytes_in_any_process():
    code = "from sim.scenario.generate import *; import sys; sys.stdout.write(text(Options(Wish(150, 7), breaker='hystrix')))"
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    written = {subprocess.check_output([sys.executable, "-c", code], env=one) for one in environments}
    assert len(written) == 1
    assert text(Options(Wish(150, 7))) != text(Options(Wish(150, 8)))


@pytest.mark.parametrize("depth", [1, 2, 3, 6, 9, 25])
def test_the_longest_chain_is_as_long_as_wished(depth):
    for services in (depth, depth + 1, 60):
        graph = draw(Wish(services, 3, depth))
        chains = [1] * services
        for i in reversed(range(services)):
            chains[i] += max((chains[j] for j in graph.nodes[i].callees), default=0)
        assert max(chains) == depth
        assert len(graph.nodes) == services


def test_every_service_can_be_reached():
    for services in (2, 17, 300):
        graph = draw(Wish(services, 5))
        assert all(node.callers or node.layer == 0 for node in graph.nodes)
        assert all(node.visits > 0 for node in graph.nodes)


def test_layers_are_those_measured():
    sizes = layer_sizes(sum(LAYERS), len(LAYERS))
    assert sum(sizes) == sum(LAYERS)
    assert sizes == pytest.approx(LAYERS, abs=1)


def test_every_seed_has_heavy_tails():
    """A service called by many times the average, and few that are asked for by most; with as many calls dealt
    out evenly the largest of 1,000 would have about 12."""
    for graph in graphs():
        fan_in, fan_out = fans(graph)
        assert max(fan_in) > 20 * sum(fan_in) / len(fan_in)
        assert max(fan_out) > 10 * sum(fan_out) / len(fan_out)
        assert sum(sorted(fan_in)[-50:]) > 0.4 * sum(fan_in)
        work = sorted(node.work_s for node in graph.nodes)
        assert work[-1] > 10 * work[500] > 100 * work[0]


def test_calls_per_request_are_those_wished():
    for calls in (3.0, 12.0, 20.0):
        assert all(
            graph.calls == pytest.approx(calls, rel=0.01) for graph in graphs(calls=calls, services=200)
        )


def test_the_plan_of_the_file_expects_as_many_calls_as_its_head():
    options = Options(Wish(120, 4))
    planned = plan(build(load_text(text(options)).scenario()))
    assert planned.attempts / planned.requests == pytest.approx(draw(options.wish).calls, rel=1e-6)


def test_a_run_without_faults_is_as_the_graph_expects():
    """All succeed; calls per request and their mean latency, which is an upper bound."""
    options = Options(Wish(30, 2, rate_per_s=20.0), duration_ns=120 * SECOND)
    graph, topology = draw(options.wish), build(load_text(text(options)).scenario())
    record = engines.run(topology, 1)
    requests = evaluate("N", record, topology)
    assert evaluate("success_share", record, topology) == 1
    assert record.counts[1].sum() / requests == pytest.approx(graph.calls, rel=0.05)
    assert 0.5 * graph.latency_s < evaluate("R", record, topology) < 1.05 * graph.latency_s


def test_a_graph_that_cannot_make_so_many_calls_says_how_many_it_can():
    with pytest.raises(Impossible, match="at most 1 calls per request"):
        text(Options(Wish(1, calls=2.0)))


@pytest.mark.skipif(not MEASURED.is_file(), reason="the measured graph is not there")
def test_the_measured_graph_is_as_heavy_tailed():
    """Degrees of the graph that the parameters are from, beside generated graphs of its size."""
    edges = {(e["parent"], e["child"]) for e in json.loads(MEASURED.read_text())}
    names = {name for edge in edges for name in edge}
    assert len(names) == sum(LAYERS)
    assert len(edges) / len(names) == pytest.approx(FAN_OUT, rel=0.001)
    fan_in, fan_out = ([sum(e[end] == name for e in edges) for name in names] for end in (1, 0))
    for graph in graphs(services=len(names)):
        for ours, measured in zip(fans(graph), (fan_in, fan_out), strict=True):
            assert share(ours, 1) == pytest.approx(share(measured, 1), abs=0.05)
            for least in (2, 4, 8, 16):
                assert 0.6 < share(ours, least) / share(measured, least) < 1.5
            assert 0.5 < max(ours) / max(measured) < 2.5
