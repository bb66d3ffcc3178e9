"""What is said of imported policies is true: of their states, and of how long a call may take."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import engines
from sim.scenario import load_text
from sim.scenario import policies as m
from sim.topology.build import build
from sim.views import import_text
from sim.views.call_length import longest
from sim.views.import_traps import Around
from tests.unit.vendor.files import imported

S = 10**9


def page(text):
    """The page in one line."""
    return " ".join(import_text.text(imported(text), Around()).split())


def r4j(**modules):
    return "resilience4j:\n" + "".join(f"  {k}: {v}\n" for k, v in modules.items())


def breaker(settings_):
    return r4j(circuitbreaker=f"{{instances: {{a: {{{settings_}}}}}}}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (breaker("initialState: DISABLED"), "lets every call pass and learns nothing"),
        (breaker("initialState: FORCED_OPEN"), "refuses every call until"),
        (breaker("initialState: METRICS_ONLY"), "lets every call pass and never trips"),
        ("hystrix.command.a.circuitBreaker.forceOpen=true\n", "refuses every call until"),
        ("hystrix.command.a.circuitBreaker.enabled=false\n", "lets every call pass"),
    ],
)
def test_a_breaker_that_only_a_hand_moves_is_told_so_and_nothing_of_how_it_opens(text, words):
    told = page(text)
    assert words in told
    for of_opening in (
        "Opens at",
        "Minimum calls",
        "it never opens",
        "probe",
        "opens the breaker",
        "hystrix in general",
    ):
        assert of_opening not in told
    assert "It begins" not in page(breaker("slidingWindowSize: 5"))


def test_a_share_above_everything_never_opens_a_breaker():
    rule = '[{"resource": "a", "grade": 1, "count": COUNT, "timeWindow": 10}]'
    told = page(rule.replace("COUNT", "1.0"))
    assert "Never opens: failures > 100 % of at least 5 results cannot be." in told
    assert "Minimum calls" not in told
    assert "Opens at" in page(rule.replace("COUNT", "0.99"))


def cluster(**settings_):
    out = ", ".join(f"{k}: {v}" for k, v in settings_.items())
    panic = "common_lb_config: {healthy_panic_threshold: {value: 40}, zone_aware_lb_config: {fail_traffic_on_panic: true}}"
    return f"static_resources: {{clusters: [{{name: a, outlier_detection: {{{out}}}, {panic}}}]}}"


def test_an_ejection_is_told_with_its_longest_time_and_what_is_added():
    assert "For 30 s times a multiplier" in page(cluster())
    assert "300 s at most" in page(cluster())
    told = page(cluster(base_ejection_time="600s", max_ejection_time="600s", max_ejection_time_jitter="5s"))
    assert "For 600 s each time, and up to 5 s more at random" in told


def test_in_panic_all_hosts_are_used_or_none():
    told = page(cluster())
    assert "Below 40 % healthy hosts none is used: every call is refused." in told
    assert "Below 40 % healthy hosts all are used again." in page(cluster().replace("true", "false"))


def test_one_host_may_always_go_if_the_file_says_so():
    assert "10 % of the hosts at most, though one always may" in page(cluster(always_eject_one_host="true"))
    assert "though" not in page(cluster())


def test_runs_are_told_in_words_that_hold():
    told = page(
        cluster(consecutive_5xx=1, consecutive_gateway_failure=3, enforcing_consecutive_gateway_failure=100)
    )
    assert "after 1 server error; or 3 answers of 502, 503 or 504 in a row" in told
    assert "Timeouts and failed connections count as 504 and 503" in told
    assert "The run of 3 answers of 502, 503 or 504 comes too late: 1 of any 5xx" in told


WAITS = "ratelimiter: {instances: {a: {limitForPeriod: 5, limitRefreshPeriod: 1s, timeoutDuration: 5s}}}"
SLOW = "circuitbreaker: {instances: {a: {slowCallDurationThreshold: 3s, slidingWindowSize: 10}}}"
LIMIT = "timelimiter: {instances: {a: {timeoutDuration: 2s}}}"


def test_nothing_is_slow_only_where_the_waits_within_leave_no_time_for_it():
    assert "Nothing is ever slow: a call ends after 2s" in page(f"resilience4j: {{{SLOW}, {LIMIT}}}")
    assert "Nothing is ever slow" not in page(f"resilience4j: {{{SLOW}, {LIMIT}, {WAITS}}}")


def test_tries_within_a_breaker_are_part_of_its_calls():
    retry = "retry: {retryAspectOrder: 2, instances: {a: {maxAttempts: 4, waitDuration: 1s}}}"
    inner = SLOW.replace("{instances", "{circuitBreakerAspectOrder: 1, instances")
    told = page(f"resilience4j: {{{inner}, {retry}, {LIMIT.replace('2s', '6s')}}}")
    assert "half-open, refusing all others, for up to 27s" in told
    assert "Nothing bounds all tries together: a call may take 27s" in told


def test_a_breaker_opens_for_slowness_that_is_a_wait_within_it():
    """The engine's word on it."""
    slow = """{breaker: {use: resilience4j, params: {slowCallDurationThreshold: 1s, slowCallRateThreshold: 50,
      slidingWindowSize: 10, failureRateThreshold: 100}}}"""
    limit = (
        "{rate_limit: {use: resilience4j-ratelimiter, params: {limitForPeriod: 30, limitRefreshPeriod: 1s}}}"
    )
    text = f"""{{name: s, duration: 20s, sources: {{u: {{rate: 40/s, call: web}}}}, edges: {{u -> web: {{stack:
      [{slow}, {limit}, {{timeout: 500ms}}]}}}}, services: {{web: {{slots: 100, steps: [{{work: 30ms}}]}}}}}}"""
    record = engines.run(build(load_text(text).scenario()), 1)
    assert any("slow" in moved.cause for moved in record.transitions)


parts = {
    "timeout": st.sampled_from(["50ms", "200ms"]),
    "retry": st.sampled_from(
        [
            "{attempts: 3, backoff: {fixed: 20ms}, jitter: none}",
            "{attempts: 3, backoff: {fixed: 20ms}, jitter: around, spread: 0.5}",
            "{attempts: 4, backoff: {exponential: {base: 10ms, cap: 50ms}}, jitter: decorrelated}",
            "{attempts: 4, backoff: {exponential: {base: 10ms, cap: 90ms}}, jitter: polly}",
            "{attempts: 2, backoff: none}",
        ]
    ),
    "hedge": st.just("30ms"),
    "breaker": st.just("consecutive"),
    "rate_limit": st.sampled_from(["{rate: 20/s, burst: 1, max_wait: 100ms}", "{rate: 20/s, burst: 2}"]),
    "bulkhead": st.sampled_from(["2", "{limit: 2, queue: 7}", "{limit: 2, queue: 9, max_wait: 60ms}"]),
}
stacks = st.permutations(sorted(parts)).flatmap(
    lambda names: st.integers(1, len(names)).flatmap(
        lambda n: st.tuples(
            *(parts[name].map(lambda value, name=name: f"{name}: {value}") for name in names[:n])
        )
    )
)


@settings(max_examples=60, deadline=None)
@given(stacks, st.integers(0, 9))
def test_no_simulated_call_takes_longer_than_is_told(stack, seed):
    """And where it is told that something bounds them, all calls to a callee that hangs end."""
    text = f"""{{name: s, duration: 3s, sources: {{u: {{rate: 60/s, call: web}}}}, edges: {{u -> web: {{stack:
      [{", ".join(f"{{{one}}}" for one in stack)}]}}}}, services: {{web: {{slots: 3, steps: [{{work: {{exponential: 20ms}}}}]}}}},
      faults: [{{hang: {{service: web, share: 50%}}, at: 1s, for: 1s}}]}}"""
    scenario = load_text(text).scenario()
    singles = scenario.edges["u -> web"].stack
    most = longest([(kind, getattr(one, kind)) for one in singles for kind in one.model_fields_set])
    record = engines.run(build(scenario), seed, trace=100_000)
    begun = {line["request"]: line["t_ns"] for line in record.walks if line["event"] == "call begins"}
    took = [line["t_ns"] - begun[line["request"]] for line in record.walks if line["event"] == "call ends"]
    assert took
    assert max(took) <= most


def test_what_nothing_bounds_has_no_longest():
    assert longest([("retry", m.Retry())]) == inf
    assert longest([("timeout", m.Timeout(after="1s")), ("bulkhead", m.Bulkhead(limit=1, queue=5))]) == S


def test_what_never_ejects_has_no_trap_of_ejections():
    none = {f"enforcing_{name}": 0 for name in ("consecutive_5xx", "success_rate", "failure_percentage")}
    told = page(cluster(max_ejection_percent=100, **none).replace("value: 40", "value: 0"))
    assert "It never ejects anybody" in told
    assert "All hosts may be ejected at once" not in told
    assert "All hosts may be ejected at once" in page(
        cluster(max_ejection_percent=100).replace("value: 40", "value: 0")
    )


def test_a_callee_that_hangs_is_told_of_where_calls_reach_it():
    assert "No timeout here: unless another place sets one" in page(breaker("slidingWindowSize: 5"))
    assert "No timeout" not in page(breaker("initialState: FORCED_OPEN"))
    assert "No timeout" not in page(f"resilience4j: {{{SLOW}, {LIMIT}}}")
