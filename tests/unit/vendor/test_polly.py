"""Polly's options as Microsoft.Extensions.Http.Resilience binds them."""

import pytest

from sim.errors import InvalidScenario
from tests.unit.vendor.files import block, idle, imported, marks, one, stack, there_and_back, wrong

JSON = """
{
  // one client
  "Clients": {
    "catalog": {
      "CircuitBreaker": {"FailureRatio": 0.2, "MinimumThroughput": "50", "BreakDuration": "00:00:10"},
      "retry": {"MaxRetryAttempts": 2, "Delay": "00:00:00.2500000", "MaxDelay": "00:00:05", "ShouldRetryAfterHeader": true},
      "AttemptTimeout": {"Timeout": "00:00:02"},
    }
  }
}
"""


def handler(text):
    return f'{{"db": {{{text}}}}}'


def test_policies_stand_in_the_order_of_the_standard_handler():
    found = stack(JSON)
    assert [next(iter(single)) for single in found] == ["bulkhead", "timeout", "retry", "breaker", "timeout"]
    assert [single["timeout"]["after"] for single in found if "timeout" in single] == ["30s", "2s"]
    assert one(JSON).name == "catalog"


def test_given_values_are_read_without_regard_to_case_and_others_are_the_handlers():
    assert block(JSON, "breaker")["params"] == {
        "FailureRatio": 0.2, "MinimumThroughput": 50, "SamplingDuration": "30s", "BreakDuration": "10s",
    }  # fmt: skip
    retry = block(JSON, "retry")
    assert retry["attempts"] == 3
    assert retry["backoff"] == {"exponential": {"base": "250ms", "multiplier": 2, "cap": "5s"}}
    assert retry["jitter"] == "polly"
    assert marks(JSON, "retry")["jitter"][0] == "default"
    assert "headers" in idle(JSON)["ShouldRetryAfterHeader"]


def test_constant_delays_are_spread_by_a_quarter():
    retry = block(handler('"Retry": {"BackoffType": "Constant", "MaxRetryAttempts": 1}'), "retry")
    assert (retry["backoff"], retry["jitter"], retry["spread"]) == ({"fixed": "2s"}, "around", 0.25)


def test_the_hedging_handler_has_an_order_of_its_own():
    text = handler(
        '"Hedging": {"MaxHedgedAttempts": 2, "Delay": "00:00:01"}, "Endpoint": {"Timeout": {"Timeout": "00:00:03"}}'
    )
    found = stack(text)
    assert [next(iter(single)) for single in found] == ["timeout", "hedge", "bulkhead", "breaker", "timeout"]
    assert found[1]["hedge"] == {"after": "1s", "extra": 2}


def test_several_handlers_of_a_file_are_several_imports():
    text = '{"a": {"Retry": {"MaxRetryAttempts": 1}}, "b": {"c": {"Retry": {"MaxRetryAttempts": 2}}}}'
    assert [i.name for i in imported(text)] == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (handler('"CircuitBreaker": {"FailureRatio": 1.5}'), "f:1:44: FailureRatio: 1.5 is not between 0 and 1"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "MinimumThroughput": 1}'), "at least 2"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "BreakDuration": "00:00:00.1"}'), "it must be 500ms to 86400s"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "BreakDuration": "5s"}'), "is not a TimeSpan; write hh:mm:ss"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "BreakDuration": 30}'), "a bare number is days"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "BreakDuration": "00:00:75"}'), "59 seconds"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "SamplingTime": "00:00:30"}'), "did you mean SamplingDuration?"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "SamplingDuration": "00:00:10"}'), "at least twice"),
        (handler('"AttemptTimeout": {"Timeout": "00:01:00"}'), "shorter than the timeout of one attempt"),
        (handler('"Retry": {"MaxRetryAttempts": 0}'), "f:1:39: MaxRetryAttempts: 0 is out of range"),
        (handler('"Retry": {"BackoffType": "Linear"}'), "constant or exponential, not linear"),
        (handler('"Retry": {"BackoffType": "Fibonacci"}'), "none of Constant, Linear, Exponential"),
        (handler('"Retry": {"UseJitter": "perhaps"}'), "neither true nor false"),
        (handler('"Retry": {"MaxRetryAttempts": 1}, "Fallback": {}'), "has no setting 'Fallback'"),
        (handler('"RateLimiter": {"DefaultRateLimiterOptions": {"QueueProcessingOrder": "NewestFirst"}}'), "oldest first"),
        (handler('"RateLimiter": {"DefaultRateLimiterOptions": {"PermitLimit": 0}}'), "at least 1"),
        (handler('"CircuitBreaker": {"SamplingDuration": "00:00:10"}'), "f:1:48: SamplingDuration (10s) must be at least"),
        (handler('"TotalRequestTimeout": {"Timeout": "00:00:05"}'), "f:1:44: TotalRequestTimeout (5s) must not be shorter"),
        (handler('"AttemptTimeout": {"Timeout": 5}'), "a bare number is days"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "ShouldRetryAfterHeader": true}'), "has no setting"),
        (handler('"CircuitBreaker": {"FailureRatio": 0.5, "BreakDurationGenerator": "x"}'), "it is code"),
        (handler('"Hedging": {"MaxHedgedAttempts": 2, "Delay": "00:00:00"}'), "all sent at once"),
        (handler('"Hedging": {"MaxHedgedAttempts": 2, "Delay": "-00:00:01"}'), "only after a failure"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_import_export_import_is_the_identity():
    first, second = there_and_back(JSON, "polly")
    assert first == second


def test_hedging_is_refused_once_with_its_reason():
    text = '{"db": {"Hedging": {"MaxHedgedAttempts": 2}}}'
    with pytest.raises(InvalidScenario) as error:
        there_and_back(text, "polly")
    (only,) = error.value.problems
    assert "imported only" in only.message


def test_small_letters_are_dotnets_in_json_alone():
    assert [i.name for i in imported('{"db": {"circuitBreaker": {"failureRatio": 0.5}}}')] == ["db"]
    assert "none of the files" in wrong("db: {circuitBreaker: {failureRatio: 0.5}}\n")
    assert [i.name for i in imported("db: {CircuitBreaker: {FailureRatio: 0.5}}\n")] == ["db"]
