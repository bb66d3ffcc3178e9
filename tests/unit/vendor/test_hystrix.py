"""Hystrix's properties."""

import pytest

from tests.unit.vendor.files import block, idle, imported, marks, stack, wrong

PROPERTIES = """
hystrix.command.default.execution.isolation.thread.timeoutInMilliseconds=2000
hystrix.command.Pay.circuitBreaker.requestVolumeThreshold=10
hystrix.command.Pay.fallback.enabled=false
hystrix.command.Find.execution.isolation.strategy=SEMAPHORE
hystrix.command.Find.execution.isolation.semaphore.maxConcurrentRequests = 4
hystrix.threadpool.default.coreSize=20
hystrix.threadpool.Group.coreSize=5
"""
YML = """
hystrix:
  command:
    default: {execution.isolation.thread.timeoutInMilliseconds: 2000}
    Pay:
      circuitBreaker: {requestVolumeThreshold: 10}
      fallback.enabled: false
    Find.execution.isolation: {strategy: SEMAPHORE, semaphore.maxConcurrentRequests: 4}
  threadpool: {default: {coreSize: 20}, Group: {coreSize: 5}}
"""


def of(setting, value):
    return f"hystrix.command.Pay.{setting}={value}"


@pytest.mark.parametrize("text", [PROPERTIES, YML])
def test_commands_go_over_the_default_and_that_over_hystrixs_own(text):
    pay, find = imported(text)
    assert (pay.name, find.name) == ("Pay", "Find")
    assert [kind for kind, _ in pay.stack] == ["breaker", "bulkhead", "timeout"]
    blocks = dict(pay.stack)
    assert blocks["breaker"]["params"]["circuitBreaker.requestVolumeThreshold"].value == 10
    assert blocks["breaker"]["params"]["circuitBreaker.errorThresholdPercentage"].mark == "default"
    assert blocks["bulkhead"]["params"]["coreSize"].value == 20
    assert blocks["timeout"]["after"].value == "2s"
    assert dict(find.stack)["bulkhead"]["use"] == "hystrix-semaphore"


def test_what_has_no_meaning_is_told():
    assert "`fallback:`" in idle(PROPERTIES)["fallback.enabled"]
    assert "no command of this file" in idle(PROPERTIES)["threadpool.Group.coreSize"]


def test_a_command_may_name_its_pool():
    text = "hystrix.command.Pay.threadPoolKeyOverride=Group\nhystrix.threadpool.Group.coreSize=5"
    assert block(text, "bulkhead")["params"]["coreSize"] == 5


def test_without_a_timeout_there_is_none():
    text = of("execution.timeout.enabled", "false")
    assert [next(iter(single)) for single in stack(text)] == ["breaker", "bulkhead"]


def test_defaults_alone_are_one_import():
    text = "hystrix.command.default.circuitBreaker.errorThresholdPercentage=30"
    assert [i.name for i in imported(text)] == ["default"]
    assert marks(text, "breaker")["circuitBreaker.errorThresholdPercentage"] == ("given", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (of("circuitBreaker.requestVolumeTreshold", 3), "f:1:1: a command has no setting 'circuitBreaker.requestVolumeTreshold'; did you mean circuitBreaker.requestVolumeThreshold?"),
        (of("circuitBreaker.requestVolumeThreshold", "many"), "f:1:59: circuitBreaker.requestVolumeThreshold: 'many' is not a whole number"),
        (of("circuitBreaker.errorThresholdPercentage", 120), "it must be 0 to 100"),
        (of("circuitBreaker.sleepWindowInMilliseconds", "5s"), "not a whole number of milliseconds"),
        (of("circuitBreaker.enabled", "yes"), "neither true nor false"),
        (of("execution.isolation.strategy", "FIBRE"), "none of THREAD, SEMAPHORE"),
        (of("execution.isolation.thread.timeoutInMilliseconds", 0), "out of range"),
        (of("metrics.rollingStats.timeInMilliseconds", 10_300), "multiple"),
        (of("metrics.rollingStats.numBuckets", 7), "multiple of numBuckets"),
        ("hystrix.threadpool.default.size=3", "a thread pool has no setting 'size'"),
        ("hystrix.threadpool.default.maxQueueSize=10\nhystrix.threadpool.default.queueSizeRejectionThreshold=0", "refuses every call"),
        ("hystrix.command.a.circuitBreaker.enabled=true\nhystrix.comand.a.x=1", "did you mean command?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_a_collapser_alone_is_no_command():
    assert "no command and no thread pool" in wrong("hystrix.collapser.default.maxRequestsInBatch=10\n")
