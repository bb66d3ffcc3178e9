"""What cannot be said in another tool's settings is refused with the reason, where it stands in the scenario."""

import json

import pytest

from sim.errors import UsageError
from tests.unit.vendor.files import refused, written

SCENARIO = """
name: s
duration: 10s
sources: {users: {rate: 1/s, call: web, policies: {timeout: 9s}}}
services:
  web: {steps: [call: db]}
  db: {steps: [work: 1ms]}
edges:
  web -> db: {POLICIES}
"""
ALL = ("resilience4j", "envoy", "istio", "polly", "sentinel")
FITTING = {
    "resilience4j": "breaker: {use: resilience4j}, timeout: 1s",
    "envoy": "outlier: envoy-outlier-detection, timeout: 1s",
    "istio": "stack: [{timeout: 1s}, {outlier: istio}]",
    "polly": "stack: [{timeout: 9s}, {retry: {jitter: polly}}, {breaker: polly-v8}, {timeout: 1s}]",
    "sentinel": "breaker: {use: sentinel, params: {grade: 1, count: 0.5, timeWindow: 10}}",
}


def scenario(policies):
    return SCENARIO.replace("POLICIES", policies)


@pytest.mark.parametrize("target", ALL)
def test_what_fits_is_written(target):
    assert "db" in written(scenario(FITTING[target]), target)


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize(
    "policy", ["fallback: true", "deadline: 5s", "hedge: 1s", "throttle: true", "concurrency: netflix-vegas"]
)
def test_policies_that_no_tool_has_are_refused_where_they_stand(policy, target):
    told = refused(
        scenario(f"{policy}, {FITTING[target]}" if "stack" not in FITTING[target] else policy), target
    )
    assert told.startswith("s.yaml:9:")


@pytest.mark.parametrize(
    ("target", "policies", "words"),
    [
        ("resilience4j", "breaker: consecutive", "s.yaml:9:24: edges.web -> db.breaker: use: consecutive judges otherwise than resilience4j"),
        ("resilience4j", "breaker: {use: resilience4j, open_for: 3s}", "`open_for` replaces a part"),
        ("resilience4j", "breaker: {use: resilience4j, copies: shared}", "a shared one has no setting"),
        ("resilience4j", "breaker: {use: resilience4j, key: replica}", "wired by code"),
        ("resilience4j", "breaker: {use: resilience4j, place: sidecar}", "sidecar or gateway"),
        ("resilience4j", "breaker: {use: resilience4j, failures: [expired]}", "no exception stands for"),
        ("resilience4j", "retry: {attempts: 2, jitter: full}", "not full"),
        ("resilience4j", "retry: {attempts: 2, jitter: none, budget: {ratio: 10%}}", "no retry budget"),
        ("resilience4j", "rate_limit: 10/s", "once per cycle"),
        ("resilience4j", "timeout: {after: 1s, cancel: all}", "leave `cancel` out"),
        ("resilience4j", "bulkhead: {limit: 3, queue: 2, max_wait: 1s}", "not both"),
        ("resilience4j", "bulkhead: {use: hystrix-semaphore}", "of another library"),
        ("resilience4j", "stack: [{timeout: 9s}, {timeout: 1s}]", "timeout stands twice"),
        ("envoy", "breaker: consecutive", "no breaker with states"),
        ("envoy", "retry: {attempts: 2, jitter: none}", "jitter: full"),
        ("envoy", "retry: {attempts: 2, on: [broken]}", "does not retry what ended as broken"),
        ("envoy", "retry: 1", "one try is no retry"),
        ("envoy", "stack: [{bulkhead: 3}, {retry: 2}]", "this retry stands elsewhere"),
        ("envoy", "outlier: istio", "judges hosts otherwise"),
        ("envoy", "outlier: {use: envoy-outlier-detection, copies: shared}", "every Envoy judges for itself"),
        ("istio", "outlier: envoy-outlier-detection", "write `use: istio`"),
        ("istio", "retry: {attempts: 2, backoff: {exponential: {base: 1s, cap: 2s}}}", "write cap: 10s"),
        ("istio", "timeout: 10us", "1ms or longer"),
        ("istio", "bulkhead: 3, timeout: 1s", "write a retry, or the timeout first in `stack:`"),
        ("istio", "retry: {attempts: 2, on: [timeout]}", "retries a lost connection, too (reset): add unreachable"),
        ("envoy", "retry: {attempts: 2, on: [error, timeout]}", "retries a lost connection, too (reset): add unreachable"),
        ("istio", "bulkhead: {use: envoy-thresholds, params: {max_pending_requests: 0}}", "a limit of 0 is none"),
        ("polly", "timeout: 1s", "the standard handler retries at least once"),
        ("polly", "stack: [{timeout: 9s}, {retry: {jitter: polly}}, {timeout: 1ms}]", "10ms to one day"),
        ("polly", "stack: [{timeout: 1s}, {retry: {jitter: polly}}, {timeout: 9s}]", "at least that of one"),
        ("polly", "stack: [{timeout: 60s}, {retry: {jitter: polly}}, {timeout: 20s}]", "SamplingDuration is at least twice"),
        ("polly", "stack: [{timeout: 9s}, {retry: {jitter: equal}}, {timeout: 1s}]", "not equal"),
        ("sentinel", "retry: 3", "Sentinel does not retry"),
        ("sentinel", "timeout: 3s", "Sentinel has no timeouts"),
        ("sentinel", "rate_limit: {rate: 3/s, burst: 2}", "leave `burst` out"),
        ("sentinel", "bulkhead: {limit: 3, queue: 2}", "leave `queue` out"),
        ("sentinel", "rate_limit: {use: resilience4j-ratelimiter}", "limitRefreshPeriod: 1s"),
        ("sentinel", "breaker: {use: sentinel, params: {grade: 1, count: 0.5, timeWindow: 1500ms}}", "whole seconds"),
        ("sentinel", "stack: [{breaker: {use: sentinel, params: {grade: 1, count: 0.5, timeWindow: 1}}}, {bulkhead: 3}]", "flow rules before degrade rules"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_with_its_reason(target, policies, words):
    assert words in refused(scenario(policies), target)


def test_all_refusals_are_told_at_once():
    told = refused(scenario("fallback: true, hedge: 1s, breaker: consecutive"), "resilience4j")
    assert told.count("s.yaml:9:") == 3


def test_istio_has_one_rule_for_all_callers_of_a_host():
    two = """
name: s
duration: 10s
sources: {users: {rate: 1/s, mix: {a: 1, b: 1}}}
services: {a: {steps: [call: db]}, b: {steps: [call: db]}, db: {steps: [work: 1ms]}}
edges: {a -> db: {timeout: 1s}, b -> db: {timeout: 2s}}
"""
    assert "a -> db has other policies" in refused(two, "istio")
    assert [d for d in written(two, "envoy").splitlines() if "- name: " in d and "-db" in d] == [
        "    - name: a-db",
        "    - name: b-db",
    ]
    assert written(two.replace("2s", "1s"), "istio").count("kind: VirtualService") == 1


def test_without_policies_there_is_nothing_to_write_and_edges_may_be_named():
    with pytest.raises(UsageError, match="nothing to export"):
        written(scenario(""), "resilience4j")
    with pytest.raises(UsageError, match="did you mean web -> db?"):
        written(scenario("timeout: 1s"), "resilience4j", ("web -> bd",))
    assert "9s" in written(scenario("timeout: 1s"), "resilience4j", ("users->web",))


def test_a_callee_that_sheds_is_retried_by_the_code_of_its_answer():
    retry = "retry: {attempts: 2, on: [ON], backoff: {exponential: {base: 25ms, cap: 250ms}}}"
    istio = written(scenario(retry.replace("ON", "shed, unreachable")), "istio")
    assert '"connect-failure,503"' in istio
    envoy = written(scenario(retry.replace("ON", "shed")), "envoy")
    assert "retry_on: retriable-status-codes" in envoy
    assert "- 503" in envoy


def test_what_a_scenario_does_not_limit_no_default_of_envoy_limits():
    text = written(scenario("retry: {attempts: 2}, timeout: 1s"), "envoy")
    assert text.count("4294967295") == 4
    assert "timeout: 0s" in text


def test_a_scenario_without_a_breaker_has_none_in_polly_either():
    text = written(scenario("stack: [{timeout: 9s}, {retry: {jitter: polly}}, {timeout: 1s}]"), "polly")
    assert json.loads(text)["db"]["CircuitBreaker"]["MinimumThroughput"] == 2**31 - 1
