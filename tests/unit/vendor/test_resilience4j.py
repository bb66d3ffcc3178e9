"""resilience4j's Spring settings."""

import pytest

from sim.errors import UsageError
from sim.vendor import trial
from sim.vendor.settings.exceptions import ANY, CLASSES, WRITTEN
from tests.unit.vendor.files import (
    block,
    idle,
    imported,
    marks,
    one,
    refused,
    stack,
    there_and_back,
    written,
    wrong,
)

YML = """
spring: {application: {name: shop}}
resilience4j:
  circuitbreaker:
    configs:
      default: {slidingWindowSize: 40, failureRateThreshold: 60, waitDurationInOpenState: 10s}
      strict: {baseConfig: default, minimum-number-of-calls: 5}
    instances:
      payment: {baseConfig: strict, slidingWindowType: TIME_BASED, sliding-window-size: 10}
  retry:
    instances:
      payment: {maxAttempts: 4, waitDuration: PT0.2S, enableExponentialBackoff: true, exponentialBackoffMultiplier: 2}
  ratelimiter: {instances: {payment: {limitForPeriod: 10, limitRefreshPeriod: 1s, timeoutDuration: 0}}}
  bulkhead: {instances: {payment: {maxConcurrentCalls: 25}}}
  timelimiter: {instances: {payment: {timeoutDuration: 1s}}}
"""


def of(module, settings, name="a"):
    return f"resilience4j.{module}:\n  instances:\n    {name}: {{{settings}}}\n"


def test_policies_stand_in_the_order_of_the_librarys_aspects():
    assert [next(iter(single)) for single in stack(YML)] == [
        "retry",
        "breaker",
        "rate_limit",
        "timeout",
        "bulkhead",
    ]


def test_aspect_orders_of_the_file_change_the_order():
    moved = YML.replace("  retry:\n", "  retry:\n    retry-aspect-order: 3\n").replace(
        "  timelimiter: {", "  timelimiter: {timeLimiterAspectOrder: 2, "
    )
    assert [next(iter(s)) for s in stack(moved)] == ["timeout", "retry", "breaker", "rate_limit", "bulkhead"]
    assert "of the file" in one(moved).order


def test_an_instance_inherits_field_by_field_from_its_base_config_and_that_from_its_own():
    params = block(YML, "breaker")["params"]
    assert params["failureRateThreshold"] == 60
    assert params["waitDurationInOpenState"] == "10s"
    assert params["minimumNumberOfCalls"] == 5
    assert (params["slidingWindowType"], params["slidingWindowSize"]) == ("TIME_BASED", 10)


def test_every_value_is_marked_as_given_or_as_the_librarys_default():
    found = marks(YML, "breaker")
    assert found["failureRateThreshold"][0] == "given"
    assert found["slowCallRateThreshold"][0] == "default"
    assert found["permittedNumberOfCallsInHalfOpenState"][0] == "default"
    assert marks(YML, "retry")["base"] == ("given", "waitDuration")


def test_without_base_config_the_config_called_default_holds_if_there_is_one():
    text = "resilience4j.retry: {configs: {default: {maxAttempts: 7}}, instances: {a: {waitDuration: 1s}}}\n"
    assert block(text, "retry")["attempts"] == 7
    assert block(of("retry", "waitDuration: 1s"), "retry")["attempts"] == 3


def test_an_instance_called_like_a_config_inherits_it():
    text = (
        "resilience4j.retry: {configs: {default: {maxAttempts: 7}, a: {maxAttempts: 9}}, instances: {a: {}}}"
    )
    assert block(text, "retry")["attempts"] == 9


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("10s", "10s"),
        ("500ms", "500ms"),
        ("PT10S", "10s"),
        ("PT1M30S", "90s"),
        ("250", "250ms"),
        ("2m", "120s"),
        ("P1D", "86400s"),
    ],
)
def test_durations_are_springs(written, means):
    text = of("circuitbreaker", f"waitDurationInOpenState: {written}")
    assert block(text, "breaker")["params"]["waitDurationInOpenState"] == means


def test_properties_say_the_same_as_yaml():
    lines = """
resilience4j.circuitbreaker.configs.default.sliding-window-size=40
resilience4j.circuitbreaker.configs.default.failureRateThreshold=60
resilience4j.circuitbreaker.configs.default.waitDurationInOpenState=10s
resilience4j.circuitbreaker.configs.strict.base-config=default
resilience4j.circuitbreaker.configs.strict.minimumNumberOfCalls=5
resilience4j.circuitbreaker.instances.payment.baseConfig=strict
resilience4j.circuitbreaker.instances.payment.slidingWindowType=time-based
resilience4j.circuitbreaker.instances.payment.slidingWindowSize=10
resilience4j.retry.instances.payment.maxAttempts=4
resilience4j.retry.instances.payment.waitDuration=200
resilience4j.retry.instances.payment.enableExponentialBackoff=true
resilience4j.retry.instances.payment.exponentialBackoffMultiplier=2
resilience4j.ratelimiter.instances.payment.limitForPeriod=10
resilience4j.ratelimiter.instances.payment.limitRefreshPeriod=1s
resilience4j.ratelimiter.instances.payment.timeoutDuration=0
resilience4j.bulkhead.instances.payment.maxConcurrentCalls=25
resilience4j.timelimiter.instances.payment.timeoutDuration=1s
"""
    assert stack(lines) == stack(YML)


def test_older_section_names_are_read():
    text = "resilience4j:\n  circuitbreaker: {backends: {a: {}}}\n  ratelimiter: {limiters: {a: {}}}\n"
    assert [next(iter(single)) for single in stack(text)] == ["breaker", "rate_limit"]


PROFILES = """
resilience4j.retry.instances.a.maxAttempts: 2
---
spring.config.activate.on-profile: prod & !canary
resilience4j.retry.instances.a.maxAttempts: 5
---
spring: {profiles: [test, ci]}
resilience4j.retry.instances.a: {maxAttempts: 9}
"""


@pytest.mark.parametrize(
    ("profiles", "attempts"),
    [((), 2), (("prod",), 5), (("prod", "canary"), 2), (("ci",), 9), (("other",), 2)],
)
def test_documents_of_active_profiles_go_over_those_that_hold_always(profiles, attempts):
    found = one(PROFILES, profiles=profiles)
    assert found.stack[0][1]["attempts"].value == attempts
    assert any("not read" in note for note in found.notes)


def test_a_file_of_one_inactive_profile_says_which_it_has():
    told = wrong(
        "spring.config.activate.on-profile: prod\nresilience4j.retry.instances.a: {maxAttempts: 2}\n"
    )
    assert "profile prod" in told
    assert "--profile" in told


def test_the_default_of_a_placeholder_is_its_value_and_one_without_is_told():
    assert block(of("retry", "maxAttempts: '${TRIES:4}'"), "retry")["attempts"] == 4
    assert "f:3:22: maxAttempts: the value of the placeholder TRIES is not in this file" in wrong(
        of("retry", "maxAttempts: '${TRIES}'")
    )


@pytest.mark.parametrize(
    ("written", "wait"),
    [("${A:${B:30s}}", "30s"), ("${A:${B:}${C:20}}s", "20s"), ("${A:1}${B:5s}", "15s")],
)
def test_placeholders_stand_within_placeholders(written, wait):
    text = of("circuitbreaker", f'waitDurationInOpenState: "{written}"')
    assert block(text, "breaker")["params"]["waitDurationInOpenState"] == wait


def test_a_placeholder_within_another_needs_a_default_too():
    told = wrong(of("retry", 'maxAttempts: "${A:${B}}"'))
    assert "the value of the placeholder B is not in this file" in told


def test_exceptions_are_outcomes_and_unknown_classes_are_errors_of_the_application():
    text = of("retry", "retryExceptions: [java.util.concurrent.TimeoutException, com.acme.Broken]")
    assert block(text, "retry")["on"] == ["error", "timeout"]
    assert any("com.acme.Broken" in note for note in one(text).notes)
    every = block(of("retry", "maxAttempts: 3"), "retry")["on"]
    assert every == ["error", "timeout", "broken", "limited", "bulkhead", "shed", "unreachable", "expired"]


R4J = "io.github.resilience4j."


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("java.lang.Throwable", set(ANY)),
        ("java.lang.Exception", set(ANY)),
        ("java.lang.RuntimeException", set(ANY) - {"timeout"}),
        ("java.lang.Error", set()),
        ("java.io.IOException", {"unreachable", "timeout"}),
        ("java.util.concurrent.TimeoutException", {"timeout"}),
        ("java.util.concurrent.CancellationException", {"cancelled"}),
        ("org.springframework.web.client.HttpStatusCodeException", {"error", "shed"}),
        ("org.springframework.web.client.HttpClientErrorException", set()),
        ("feign.FeignException", {"error", "shed", "unreachable"}),
        (f"{R4J}circuitbreaker.CallNotPermittedException", {"broken"}),
        (f"{R4J}ratelimiter.RequestNotPermitted", {"limited"}),
        (f"{R4J}bulkhead.BulkheadFullException", {"bulkhead"}),
    ],
)
def test_a_class_stands_for_what_its_subclasses_stand_for(name, reasons):
    assert set(CLASSES[name]) == reasons


def test_timeouts_of_sockets_and_of_a_time_limiter_are_told_to_be_one_outcome():
    told = "java.io.IOException: timeouts of a socket, and those of a TimeLimiter, are one outcome"
    assert any(told in note for note in one(of("retry", "retryExceptions: [java.io.IOException]")).notes)
    checked = of(
        "retry", "retryExceptions: [java.util.concurrent.TimeoutException, java.net.ConnectException]"
    )
    assert not any("of a socket" in note for note in one(checked).notes)


def test_what_java_throws_for_an_application_is_an_error_of_the_application():
    text = of("retry", "retryExceptions: [java.lang.IllegalStateException]")
    assert block(text, "retry")["on"] == ["error"]
    ignored = of("retry", "ignoreExceptions: [java.lang.IllegalStateException]")
    assert "error" in block(ignored, "retry")["on"]


def test_what_an_outcome_is_written_as_stands_for_it_alone():
    assert {reason: CLASSES[name] for reason, name in WRITTEN.items()} == {r: (r,) for r in WRITTEN}


def test_a_recorded_runtime_exception_records_refusals_but_no_checked_timeout():
    found = block(of("circuitbreaker", "recordExceptions: [java.lang.RuntimeException]"), "breaker")
    assert set(found["failures"]) == set(ANY) - {"timeout"}
    found = block(of("retry", "ignoreExceptions: [java.lang.RuntimeException]"), "retry")
    assert found["on"] == ["timeout"]
    answers = of(
        "retry",
        "retryExceptions: [java.io.IOException, org.springframework.web.client.HttpClientErrorException]",
    )
    assert any("HttpClientErrorException: the model has no such answers" in n for n in one(answers).notes)


def test_what_is_neither_recorded_nor_ignored_is_a_success():
    text = of(
        "circuitbreaker",
        "recordExceptions: [java.io.IOException], ignoreExceptions: [java.util.concurrent.TimeoutException]",
    )
    found = block(text, "breaker")
    assert found["failures"] == ["unreachable"]
    assert found["ignored_outcomes"] == ["timeout", "cancelled"]


def test_settings_without_meaning_are_told_with_their_reasons():
    text = of(
        "circuitbreaker",
        "registerHealthIndicator: true, recordFailurePredicate: com.acme.P, ignoreExceptions: [com.acme.Business]",
    )
    assert "health checks" in idle(text)["CircuitBreaker.registerHealthIndicator"]
    assert "not in this file" in idle(text)["CircuitBreaker.recordFailurePredicate"]
    assert "no kinds of errors" in idle(text)["CircuitBreaker.ignoreExceptions"]


def test_of_two_bulkheads_one_is_taken_and_the_other_told():
    text = of("bulkhead", "maxConcurrentCalls: 3") + of(
        "thread-pool-bulkhead", "maxThreadPoolSize: 4, coreThreadPoolSize: 2"
    )
    assert block(text, "bulkhead")["use"] == "resilience4j-bulkhead"
    assert "--thread-pool" in idle(text)["ThreadPoolBulkhead.maxThreadPoolSize"]
    pool = block(text, "bulkhead", options={"thread_pool": True})
    assert pool["use"] == "resilience4j-thread-pool-bulkhead"
    assert (pool["params"]["coreThreadPoolSize"], pool["params"]["maxThreadPoolSize"]) == (2, 4)


def test_a_module_that_is_switched_off_has_no_policy():
    text = of("retry", "maxAttempts: 3").replace("  instances", "  enabled: false\n  instances") + of(
        "bulkhead", "{}".strip("{}")
    )
    assert [next(iter(single)) for single in stack(text)] == ["bulkhead"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            of("circuitbreaker", "slidingWindowSise: 3"),
            "f:3:9: CircuitBreaker has no setting 'slidingWindowSise'; did you mean slidingWindowSize?",
        ),
        (of("circuitbreaker", "ringBufferSizeInClosedState: 3"), "write slidingWindowSize"),
        (
            of("circuitbreaker", "failureRateThreshold: 101"),
            "f:3:31: failureRateThreshold: 101 is out of range; it must be more than 0 and at most 100",
        ),
        (of("circuitbreaker", "failureRateThreshold: half"), "'half' is not a number"),
        (of("circuitbreaker", "slidingWindowType: COUNTED"), "COUNT_BASED, TIME_BASED"),
        (
            of("circuitbreaker", "waitDurationInOpenState: 1.5s"),
            "is not a duration; Spring reads 10s, 500ms, PT10S",
        ),
        (of("circuitbreaker", "waitDurationInOpenState: -5s"), "is negative"),
        (
            of("circuitbreaker", "slidingWindowSynchronizationStrategy: FREE"),
            "none of SYNCHRONIZED, LOCK_FREE",
        ),
        (
            of(
                "circuitbreaker",
                "slidingWindowSynchronizationStrategy: LOCK_FREE, slidingWindowType: TIME_BASED, slidingWindowSize: 1",
            ),
            "2 seconds or more",
        ),
        (of("circuitbreaker", "waitDurationInOpenState: 0"), "at least 1"),
        (
            of("circuitbreaker", "enableExponentialBackoff: true, enableRandomizedWait: true"),
            "exclude each other",
        ),
        (
            of("circuitbreaker", "slidingWindowSize: 3, sliding-window-size: 4"),
            "says again what slidingWindowSize says",
        ),
        (
            of("circuitbreaker", "automaticTransitionFromOpenToHalfOpenEnabled: perhaps"),
            "neither true nor false",
        ),
        (of("retry", "maxAttempts: 0"), "f:3:22: maxAttempts: 0 is out of range; it must be at least 1"),
        (of("retry", "maxAttempts: 2.5"), "not a whole number"),
        (of("retry", "enableExponentialBackoff: true, exponentialBackoffMultiplier: 0.5"), "at least 1"),
        (of("bulkhead", "maxConcurrentCalls: [1]"), "is not a number"),
        (
            of("thread-pool-bulkhead", "coreThreadPoolSize: 4, maxThreadPoolSize: 2"),
            "maxThreadPoolSize is at least coreThreadPoolSize",
        ),
        (of("timelimiter", "timeoutDuration: 0"), "out of range"),
        (
            of("circuitbraker", "a: 1"),
            "resilience4j has no module 'circuitbraker'; did you mean circuitbreaker?",
        ),
        (
            of("circuitbreaker", "baseConfig: nowhere"),
            "f:3:21: baseConfig: CircuitBreaker has no config 'nowhere' (there are: none)",
        ),
        (
            "resilience4j.retry:\n  instances: {a: {baseConfig: b}}\n  configs: {b: {baseConfig: b}}\n",
            "based on itself",
        ),
        ("resilience4j.retry:\n  instances: {a: 5}\n", "f:2:18: a: 5 is not a mapping of settings"),
        ("resilience4j.retry:\n  instanses: {a: {}}\n", "did you mean instances?"),
        ("resilience4j: 5\nresilience4j.retry: 5", "here stand `instances`"),
        ("resilience4j:\n  retry: {configs: {}}\n", "no instance and no config"),
    ],
)
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_all_mistakes_of_a_file_are_told_at_once():
    told = wrong(of("retry", "maxAttempts: 0, waitDuration: soon, tries: 3"))
    assert len(told.split("f:3:")) == 4


def test_only_some_instances_are_read_if_asked_for_and_a_wrong_name_is_told():
    text = "resilience4j.retry.instances: {a: {}, b: {maxAttempts: 2}}"
    assert [i.name for i in imported(text, only=("b",))] == ["b"]
    assert "no instance is called 'c'" in wrong(text, only=("c",))


def test_import_export_import_is_the_identity():
    first, second = there_and_back(YML, "resilience4j")
    assert first == second


def test_the_file_itself_may_activate_a_profile():
    found = one("spring.profiles.active: ci\n---" + PROFILES)
    assert found.stack[0][1]["attempts"].value == 9
    assert any("active by the file itself: the profile ci" in note for note in found.notes)


def test_documents_of_a_properties_file_have_profiles_too():
    text = "resilience4j.retry.instances.a.maxAttempts=2\n#---\nspring.config.activate.on-profile=prod\nresilience4j.retry.instances.a.maxAttempts=5\n"
    assert block(text, "retry")["attempts"] == 2
    assert block(text, "retry", profiles=("prod",))["attempts"] == 5


def test_files_that_the_file_imports_are_named():
    text = "spring.config.import: optional:file:other.yml\nresilience4j.retry.instances.a.maxAttempts: 2\n"
    assert any("optional:file:other.yml" in note for note in one(text).notes)


def test_anchors_and_merges_are_copies():
    text = "x: &base {maxAttempts: 5}\nresilience4j.retry.instances:\n  a: {<<: *base, waitDuration: 1s}\n  b: *base\n"
    assert [i.stack[0][1]["attempts"].value for i in imported(text)] == [5, 5]


def test_settings_of_others_are_named_and_templates_are_told():
    assert any("settings of others, and not read: spring" in note for note in one(YML).notes)
    assert "is a template: render it" in wrong(of("retry", 'maxAttempts: "{{ tries }}"'))


CLOUD = """
resilience4j.circuitbreaker.instances.a.slidingWindowSize: 50
---
spring.config.activate.on-cloud-platform: kubernetes
resilience4j.circuitbreaker.instances.a.slidingWindowSize: 3
"""


def test_documents_of_a_cloud_platform_are_not_applied_and_told():
    found = one(CLOUD)
    assert found.stack[0][1]["params"]["slidingWindowSize"].value == 50
    assert any("the cloud platform kubernetes" in note for note in found.notes)
    told = wrong(CLOUD.split("---")[1])
    assert "kubernetes" in told
    assert "--profile" not in told


GROUPS = """
spring.profiles.group: {prod: [cloud, metrics], metrics: "slow"}
resilience4j.retry.instances.a.maxAttempts: 2
---
spring.config.activate.on-profile: slow & cloud
resilience4j.retry.instances.a.maxAttempts: 7
"""


def test_a_profile_activates_the_profiles_of_its_group_and_theirs():
    assert block(GROUPS, "retry")["attempts"] == 2
    found = one(GROUPS, profiles=("prod",))
    assert found.stack[0][1]["attempts"].value == 7
    assert any("the profile prod, cloud, metrics, slow" in note for note in found.notes)
    assert not any("no document of this file" in note for note in found.notes)


def test_a_group_of_a_properties_file_is_a_list_too():
    text = "spring.profiles.active=prod\nspring.profiles.group.prod[0]=a\nspring.profiles.group.prod[1]=b\nresilience4j.retry.instances.x.maxAttempts=2\n"
    assert any("the profile prod, a, b" in note for note in one(text).notes)


def test_a_profile_that_no_document_is_of_is_told():
    assert any("is of the profile nosuch" in note for note in one(PROFILES, profiles=("nosuch",)).notes)
    assert not any("no document" in note for note in one(PROFILES, profiles=("canary",)).notes)


def test_configs_that_no_instance_is_based_on_are_named():
    text = """resilience4j:
  circuitbreaker: {configs: {default: {slidingWindowSize: 5}, other: {slidingWindowSize: 6}}}
  retry: {configs: {base: {maxAttempts: 4}, top: {baseConfig: base}, lost: {maxAttempts: 9}}, instances: {a: {baseConfig: top}}}
"""
    notes = one(text).notes
    assert any("CircuitBreaker: the configs default, other: not read" in note for note in notes)
    assert any("Retry: the config lost: not read" in note for note in notes)
    assert not any("not read" in n for i in imported(text.split("  retry")[0]) for n in i.notes)


def test_settings_of_a_breaker_without_their_switch_are_idle_and_still_legal():
    idles = (
        "exponentialBackoffMultiplier: 3",
        "randomizedWaitFactor: 0.2",
        "transitionToStateAfterWaitDuration: CLOSED",
    )
    text = of("circuitbreaker", ", ".join(idles))
    for name, switch in (
        ("exponentialBackoffMultiplier", "enableExponentialBackoff"),
        ("randomizedWaitFactor", "enableRandomizedWait"),
        ("transitionToStateAfterWaitDuration", "maxWaitDurationInHalfOpenState"),
    ):
        assert f"without {switch} it has no effect" in idle(text)[f"CircuitBreaker.{name}"]
        assert marks(text, "breaker")[name][0] == "default"
    on = of(
        "circuitbreaker",
        f"enableExponentialBackoff: true, maxWaitDurationInHalfOpenState: 5s, {', '.join(idles[::2])}",
    )
    assert marks(on, "breaker")["exponentialBackoffMultiplier"][0] == "given"
    assert marks(on, "breaker")["transitionToStateAfterWaitDuration"][0] == "given"
    zero = of("circuitbreaker", f"maxWaitDurationInHalfOpenState: 0, {idles[2]}")
    assert "CircuitBreaker.transitionToStateAfterWaitDuration" in idle(zero)
    assert "out of range" in wrong(of("circuitbreaker", "exponentialBackoffMultiplier: 0.5"))


def test_a_default_of_nothing_is_told_in_words():
    assert marks(YML, "breaker")["exponentialMaxWaitDurationInOpenState"] == ("default", "no longest wait")


def test_an_empty_value_is_as_good_as_none():
    text = "resilience4j.circuitbreaker.instances.a:\n  waitDurationInOpenState:\n  slidingWindowSize: ''\n"
    assert marks(text, "breaker")["waitDurationInOpenState"][0] == "default"
    assert set(idle(text).values()) == {"an empty value is none"}


def test_waits_are_counted_in_whole_milliseconds_and_slowness_is_not():
    assert block(of("retry", "waitDuration: 500us"), "retry")["backoff"] == {"fixed": "0s"}
    assert "500us, whole milliseconds" in marks(of("retry", "waitDuration: 500us"), "retry")["fixed"][1]
    assert "the library counts" in wrong(of("timelimiter", "timeoutDuration: 500us"))
    slow = block(of("circuitbreaker", "slowCallDurationThreshold: 500us"), "breaker")
    assert slow["params"]["slowCallDurationThreshold"] == "500us"
    scenario = "{name: s, duration: 1s, sources: {u: {rate: 1/s, call: a}}, services: {a: {steps: [call: b]}, b: {steps: [work: 1ms]}}, edges: {a -> b: {timeout: 1500us}}}"
    assert "whole milliseconds" in refused(scenario, "resilience4j")


def test_a_module_that_is_switched_off_leaves_no_policies_and_no_export():
    text = of("retry", "maxAttempts: 3").replace("  instances", "  enabled: false\n  instances")
    found = one(text)
    assert (found.order, found.stack) == ("no policies", [])
    assert any("switched off" in note for note in found.notes)
    with pytest.raises(UsageError, match="no policies: there is nothing to export"):
        written(trial.text([found], "f"), "resilience4j", ("app -> a",))
