"""HydraGen application descriptions, as its emulator runs them."""

import json

import pytest

from tests.unit.vendor.graphs.importing import imported, played, refused, scenario

SECOND = {"execution_time": 1, "threads": 1}


def called(*endpoints, ratio=1):
    return [{"service": "back", "endpoint": e, "traffic_forward_ratio": ratio} for e in endpoints]


def shop(front, **service):
    """A front with one endpoint, and a back with two that work a second each."""
    back = [{"name": name, "cpu_complexity": SECOND} for name in ("one", "two")]
    limits = {"resources": {"limits": {"cpu": "4000m"}}}
    return json.dumps(
        {
            "services": [
                {"name": "front", "endpoints": [{"name": "home", **front}], **(limits | service)},
                {"name": "back", "endpoints": back, **limits},
            ]
        },
        indent=1,
    )


def latency(front, tmp_path, **service):
    text = shop(front, **service)
    return played(text, tmp_path, "sources.users.rate=0.01/s", "duration=2000s").measure(
        "p50(users -> front)"
    )


def network(forward, calls):
    return {"network_complexity": {"forward_requests": forward, "called_services": calls}}


@pytest.mark.parametrize(
    ("forward", "ratio", "seconds"),
    [("synchronous", 1, 2), ("asynchronous", 1, 1), ("synchronous", 2, 4), ("asynchronous", 2, 1)],
)
def test_calls_are_made_one_after_the_other_or_all_at_once(forward, ratio, seconds, tmp_path):
    calls = called("one", "two", ratio=ratio)
    assert latency(network(forward, calls), tmp_path) == pytest.approx(seconds, abs=0.03)


@pytest.mark.parametrize(("mode", "seconds"), [("sequential", 2), ("parallel", 1)])
def test_processor_work_comes_before_the_calls_or_beside_them(mode, seconds, tmp_path):
    front = {"execution_mode": mode, "cpu_complexity": SECOND, **network("synchronous", called("one"))}
    assert latency(front, tmp_path) == pytest.approx(seconds, abs=0.02)


@pytest.mark.parametrize(("processes", "seconds"), [(2, 1), (1, 2)])
def test_threads_work_at_once_as_far_as_there_are_processes(processes, seconds, tmp_path):
    front = {"cpu_complexity": {"execution_time": 1, "threads": 2}}
    assert latency(front, tmp_path, processes=processes) == pytest.approx(seconds, abs=0.02)


def test_a_part_of_a_processor_makes_stated_work_longer(tmp_path):
    limits = {"resources": {"limits": {"cpu": "500m"}}}
    assert latency({"cpu_complexity": SECOND}, tmp_path, **limits) == pytest.approx(2, abs=0.02)


def test_replicas_are_those_of_all_clusters():
    clusters = [{"cluster": "a", "replicas": 2}, {"cluster": "b"}]
    assert scenario(shop({}, clusters=clusters)).services["front"].replicas == 3


def test_the_latency_between_clusters_is_the_network_of_the_edges_that_cross():
    text = json.loads(shop(network("synchronous", called("one")), clusters=[{"cluster": "a"}]))
    text["services"][1]["clusters"] = [{"cluster": "b"}]
    text["cluster_latencies"] = [
        {"src": "a", "dest": "b", "latency": 0.25},
        {"src": "b", "dest": "a", "latency": 0.5},
    ]
    written = imported(json.dumps(text)).text
    assert "  front -> back: {network: 250ms}\n" in written
    assert "cluster_latencies between which no call goes" in written


def test_users_call_the_endpoints_of_services_that_no_other_calls():
    text = json.loads(shop(network("synchronous", called("one"))))
    text["services"][0]["endpoints"].append({"name": "help"})
    assert set(scenario(json.dumps(text)).sources["users"].mix) == {"front.home", "front.help"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('"endpoints": [{"name": "e", "mode": "parallel"}]', "services[0].endpoints[0].mode: an endpoint has no key 'mode'"),
        ('"endpoints": [{"name": "e", "execution_mode": "both"}]', "'both' is not one of sequential, parallel"),
        ('"endpoints": [{"name": "e", "cpu_complexity": {"threads": 1}}]', "cpu_complexity: execution_time is missing"),
        ('"endpoints": [{"name": "e", "cpu_complexity": {"execution_time": -1}}]', "execution_time: -1 is not between 0 and 86,400"),
        ('"endpoints": [{"name": "e", "network_complexity": {"called_services": [{"service": "x", "endpoint": "y"}]}}]', "no service is called 'x'"),
        ('"endpoints": [{"name": "e", "network_complexity": {"called_services": [{"service": "s", "endpoint": "y"}]}}]', "s has no endpoint 'y'"),
        ('"endpoints": [{"name": "e"}, {"name": "e"}]', "two endpoints are called 'e'"),
        ('"endpoints": []', "a service needs endpoints"),
        ('"processes": 1.5, "endpoints": [{"name": "e"}]', "processes: 1.5 is not a whole number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(change, words):
    told = refused('{"services": [{"name": "s", ' + change + "}]}")
    assert words in told
    assert told.startswith("shop.yaml:1:")
