"""muBench work models, as its service cells run them."""

import json

import pytest

from tests.unit.vendor.graphs.importing import imported, played, refused, scenario

SLEEP = {"loader": {"sleep_stress": {"run": True, "sleep_time": 1.0}}}


def model(**groups):
    """Services that sleep a second, with groups of services that they call."""
    return json.dumps(
        {
            name: {
                "internal_service": {} if name == "s0" else SLEEP,
                "external_services": [{"seq_len": 100, "services": group} for group in called],
            }
            for name, called in groups.items()
        },
        indent=1,
    )


def test_groups_run_in_parallel_and_services_of_a_group_in_sequence(tmp_path):
    run = played(model(s0=[["s1", "s2"], ["s3"]], s1=[], s2=[], s3=[]), tmp_path)
    assert run.measure("p50(users)") == pytest.approx(2, abs=0.05)
    run = played(model(s0=[["s1"], ["s2"], ["s3"]], s1=[], s2=[], s3=[]), tmp_path)
    assert run.measure("p50(users)") == pytest.approx(1, abs=0.05)


def test_a_failed_call_does_not_stop_its_group(tmp_path):
    text = model(s0=[["s1", "s2"]], s1=[], s2=[])
    run = played(text, tmp_path, "services.s1.error_rate=100%")
    assert run.measure("F(s0 -> s1)") == run.measure("S(s0 -> s2)") == run.measure("N(users)") > 0
    assert run.measure("degraded(users)") == run.measure("N(users)")


def test_the_internal_service_runs_before_the_external_ones():
    steps = scenario(model(s0=[["s1"]], s1=[["s2"]], s2=[])).services["s1"].endpoints["main"].steps
    assert [step.call for step in steps] == [None, "s2"]


def test_workers_times_threads_are_slots():
    text = '{"s0": {"external_services": [], "workers": 8, "threads": 128}}'
    assert scenario(text).services["s0"].slots == 1024


def test_some_of_a_group_are_called_with_their_share():
    text = '{"s0": {"external_services": [{"seq_len": 1, "services": ["a", "b"]}]}, "a": {"external_services": []}, "b": {"external_services": []}}'
    calls = scenario(text).services["s0"].endpoints["main"].steps[1:]
    assert [call.probability for call in calls] == [0.5, 0.5]
    assert imported(text).text.count("# 1 of 2 are called; assumed: each by itself") == 2


def test_a_further_call_of_one_service_is_one_of_that_service():
    text = '{"s0": {"external_services": [{"seq_len": 9, "services": ["a__1", "a__2"]}]}, "a": {"external_services": []}}'
    assert [step.call for step in scenario(text).services["s0"].endpoints["main"].steps] == [None, "a", "a"]


def test_time_at_a_processor_is_assumed_and_says_for_what():
    cpu = {"run": True, "range_complexity": [50, 100], "thread_pool_size": 1, "trials": 20}
    text = json.dumps({"s0": {"internal_service": {"loader": {"cpu_stress": cpu}}}})
    assert "# assumed: 20 x 50 to 100 digits of pi" in imported(text).text


def test_what_runs_is_what_says_so():
    off = {"run": False, "sleep_time": 1}
    text = json.dumps({"s0": {"internal_service": {"loader": {"sleep_stress": off}}}})
    (work,) = scenario(text).services["s0"].endpoints["main"].steps
    assert work.work.dist.mean_ns < 1e9


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": {"external_services": [], "worker": 2}}', "1:33: a.worker: a service has no key 'worker'; did you mean workers?"),
        ('{"a": {"external_services": [{"services": ["b"]}]}}', "1:44: no service is called 'b'"),
        ('{"a": {"external_services": [{"services": "b"}]}}', "1:43: a.external_services[0].services: 'b' is not a list"),
        ('{"a": {"external_services": [{"seqlen": 1}]}}', "1:31: a.external_services[0].seqlen: a group has no key 'seqlen'; did you mean seq_len?"),
        ('{"a": {"external_services": [], "workers": 2}}', "1:33: a.workers: workers and threads are written both, or neither"),
        ('{"a": {"external_services": [], "cpu-limits": "lots"}}', "1:47: a.cpu-limits: 'lots' is not a number of processors"),
        ('{"a": {"internal_service": {"loader": {"cpu_stress": {"run": "yes"}}}}}', "1:62: a.internal_service.loader.cpu_stress.run: 'yes' is neither true nor false"),
        ('{"a": {"internal_service": {"loader": {"gpu_stress": {"run": true}}}}}', "1:40: a.internal_service.loader.gpu_stress: a loader has no key 'gpu_stress'"),
        ('{"a": {"external_services": []}, "b": 3}', "1:39: b: a service is a mapping"),
        ('{"a": {"external_services": [{"services": ["a"]}]}}', "1:44: these calls go in a circle and never end: a -> a"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in refused(text)
