"""What bounds a call: its deadline, the fallback that has answered it, and whether there is a host at all."""

import pytest

from sim import load, run

USERS = "sources: {{users: {{rate: 10/s, arrivals: deterministic, call: d, policies: {{{policies}}}}}}}\n"


@pytest.fixture
def played(tmp_path):
    """Runs 100 requests to one service under these policies; gives the run."""

    def play(policies, service, rest=""):
        file = tmp_path / "s.yaml"
        users = USERS.format(policies=policies)
        file.write_text(
            f"schema: 1\nname: s\nrequests: 100\n{users}services: {{d: {{{service}}}}}\n{rest}",
        )
        return run(load(str(file)), seed=1)

    return play


@pytest.mark.parametrize(("work", "met"), [("46ms", 100), ("46.000001ms", 0)])
def test_an_answer_that_reaches_the_sidecar_in_time_and_the_caller_too_late_is_a_timeout(played, work, met):
    sidecar = "breaker: {trip: {failures: 1000}, place: {sidecar: {hop: 2ms}}}"
    result = played(f"deadline: 50ms, {sidecar}", f"steps: [work: {work}]")
    assert result.measure("S") == met
    assert result.measure("timeout") == 100 - met
    assert result.measure("p99") <= 0.0505  # histograms err by 1 %


@pytest.mark.parametrize(("after", "copies"), [("49ms", 100), ("50ms", 0), ("60ms", 0)])
def test_no_copy_of_a_hedge_leaves_at_or_after_the_deadline(played, after, copies):
    result = played(f"deadline: 50ms, hedge: {after}", "steps: [work: 70ms]")
    assert result.measure("timeout") == 100
    assert result.measure("hedges") == copies


@pytest.mark.parametrize("again", ["retry: {attempts: 3}", "hedge: 5ms"])
def test_a_call_that_its_fallback_has_answered_is_not_tried_again_and_stays_a_failure(played, again):
    service = "error_rate: 50%, steps: [work: 10ms]"
    result = played(f"stack: [{again}, fallback: true, timeout: 1s]", service)
    assert result.measure("fallback") == result.measure("F") > 30
    if "retry" in again:
        assert result.measure("retries") == 0


def test_a_service_without_a_host_is_unreachable_and_no_breaker_per_host_is_to_blame(played):
    result = played(
        "breaker: {key: replica, trip: {failures: 1000}}",
        "replicas: 2, health_check: 1ms, steps: [work: 1ms]",
        "faults: [{stop: {service: d}, at: 2s, for: 3s}]\n",
    )
    assert result.measure("broken") == 0
    assert result.measure("unreachable") >= 29
