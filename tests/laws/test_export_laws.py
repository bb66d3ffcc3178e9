"""Whatever is exported means the same when it is imported again, however its scenario was written."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sim.errors import InvalidScenario
from sim.policies import outlier_params as o
from sim.policies.limits import pool
from sim.scenario.policies import Policies
from sim.topology import types as t
from sim.topology.policies import effective, layer_of
from sim.words import FOREVER, REASONS
from tests.unit.vendor.files import imported, plain_stack, written

TARGETS = ("resilience4j", "envoy", "istio", "polly", "sentinel")
ENDLESS = 2**31 - 1
"""As many calls as a field of 32 bits holds are no limit."""
SCENARIO = """
name: s
duration: 10s
sources: {users: {rate: 1/s, call: web}}
services: {web: {steps: [call: db]}, db: {steps: [work: 1ms]}}
edges: {web -> db: POLICIES}
"""


def some(**values):
    """A mapping with some of these keys."""
    return st.fixed_dictionaries({}, optional=values)


def ms(low, high):
    return st.integers(low, high).map(lambda n: f"{n}ms")


counts = st.integers(1, 300)
reasons = st.lists(st.sampled_from(REASONS), unique=True, min_size=1)
usual = st.sampled_from(
    [
        ["error", "timeout", "shed", "unreachable"],
        ["shed", "unreachable"],
        ["timeout", "unreachable"],
        list(REASONS[:-1]),
    ]
)
backoff = st.one_of(
    st.just("none"),
    st.builds(lambda wait: {"fixed": wait}, ms(0, 900)),
    st.builds(
        lambda base, factor: {
            "exponential": {"base": f"{base}ms", "multiplier": factor, "cap": f"{10 * base}ms"}
        },
        st.integers(1, 900),
        st.sampled_from([2, 3]),
    ),
)
budget = st.sampled_from(
    [
        {"use": "envoy-retry-budget"},
        {"use": "envoy-retry-budget", "params": {"budget_percent": 0, "min_retry_concurrency": 4}},
        {"ratio": "10%"},
    ]
)
retry = st.tuples(
    some(attempts=st.integers(1, 5), backoff=backoff, on=usual | reasons, budget=budget),
    st.sampled_from([{}, {"jitter": "none"}, {"jitter": "full"}, {"jitter": "around"}, {"jitter": "polly"}]),
).map(lambda parts: parts[0] | parts[1])
breakers = st.one_of(
    st.tuples(
        some(slidingWindowSize=counts, minimumNumberOfCalls=counts, waitDurationInOpenState=ms(1, 9000)),
        some(failures=usual | reasons, ignored_outcomes=st.just(["cancelled"]) | reasons),
    ).map(lambda p: {"use": "resilience4j", "params": p[0], **p[1]}),
    some(FailureRatio=st.sampled_from([0.1, 0.5]), MinimumThroughput=st.integers(2, 99)).map(
        lambda p: {"use": "polly-v8", "params": p}
    ),
    some(minRequestAmount=counts, statIntervalMs=counts).map(
        lambda p: {"use": "sentinel", "params": {"grade": 1, "count": 0.5, "timeWindow": 3, **p}}
    ),
)
bulkheads = st.one_of(
    st.fixed_dictionaries({"limit": counts}, optional={"queue": st.integers(0, 9), "max_wait": ms(1, 99)}),
    some(maxConcurrentCalls=counts, maxWaitDuration=ms(0, 99)).map(
        lambda p: {"use": "resilience4j-bulkhead", "params": p}
    ),
    some(max_connections=counts, max_requests=counts, protocol=st.sampled_from(["HTTP1", "HTTP2"])).map(
        lambda p: {"use": "envoy-thresholds", "params": p}
    ),
    some(PermitLimit=counts, QueueLimit=st.integers(0, 9)).map(
        lambda p: {"use": "polly-concurrency-limiter", "params": p}
    ),
)
limits = st.one_of(
    st.builds(lambda rate, wait: {"rate": f"{rate}/s", "max_wait": wait}, counts, ms(0, 900)),
    some(
        limitForPeriod=counts,
        limitRefreshPeriod=st.sampled_from(["1s", "500ms"]),
        timeoutDuration=st.just("0s"),
    ).map(lambda p: {"use": "resilience4j-ratelimiter", "params": p}),
)
outliers = st.one_of(
    some(consecutive_5xx=counts, interval=ms(1, 9000), max_ejection_percent=st.integers(0, 100)).map(
        lambda p: {"use": "envoy-outlier-detection", "params": p}
    ),
    some(consecutive5xxErrors=counts, interval=ms(1, 9000), minHealthPercent=st.integers(0, 100)).map(
        lambda p: {"use": "istio", "params": p}
    ),
)
timeouts = ms(1, 20_000)
KINDS = {
    "retry": retry,
    "breaker": breakers,
    "rate_limit": limits,
    "bulkhead": bulkheads,
    "outlier": outliers,
    "timeout": timeouts,
}
SHAPES = {
    "resilience4j": ("retry", "breaker", "rate_limit", "timeout", "bulkhead"),
    "envoy": ("timeout", "retry", "bulkhead", "outlier", "timeout"),
    "istio": ("timeout", "retry", "bulkhead", "outlier", "timeout"),
    "polly": ("bulkhead", "timeout", "retry", "breaker", "timeout"),
    "sentinel": ("rate_limit", "bulkhead", "breaker", "breaker"),
}
"""What each can say at best."""


doubling = st.integers(1, 900).map(
    lambda n: {"exponential": {"base": f"{n}ms", "multiplier": 2, "cap": f"{10 * n}ms"}}
)
proxied = st.fixed_dictionaries(
    {
        "backoff": doubling,
        "jitter": st.just("full"),
        "on": st.lists(st.sampled_from(["error", "timeout", "shed", "unreachable"]), unique=True, min_size=1),
    },
    optional={"attempts": st.integers(2, 5), "budget": st.just({"use": "envoy-retry-budget"})},
)
small = st.fixed_dictionaries({"limit": counts})


def of(use):
    """Breakers, bulkheads or limits of a library."""
    return lambda policy: policy.get("use") == use


FITTING = {
    "resilience4j": {
        "retry": st.tuples(some(attempts=st.integers(1, 5), backoff=backoff, on=usual), st.sampled_from(["none", "around"])).map(
            lambda parts: {**parts[0], "jitter": parts[1]}
        ),
        "breaker": breakers.filter(of("resilience4j")),
        "rate_limit": limits.filter(of("resilience4j-ratelimiter")),
        "bulkhead": small | bulkheads.filter(of("resilience4j-bulkhead")),
    },
    "envoy": {"retry": proxied, "bulkhead": small | bulkheads.filter(of("envoy-thresholds")), "outlier": outliers.filter(of("envoy-outlier-detection"))},
    "istio": {"retry": proxied, "bulkhead": small | bulkheads.filter(of("envoy-thresholds")), "outlier": outliers.filter(of("istio"))},
    "polly": {
        "retry": st.fixed_dictionaries({"backoff": doubling, "jitter": st.sampled_from(["none", "polly"])}, optional={"attempts": st.integers(2, 5)}),
        "breaker": breakers.filter(of("polly-v8")),
        "bulkhead": small | bulkheads.filter(of("polly-concurrency-limiter")),
    },
    "sentinel": {"breaker": breakers.filter(of("sentinel")), "bulkhead": small},
}  # fmt: skip
"""What each takes more often than not."""


@st.composite
def stacks(draw):
    """(target, stack): as a user might write for it, in its order or another one."""
    target = draw(st.sampled_from(TARGETS))
    shape = SHAPES[target]
    kept = [kind for kind in shape if target == "polly" or draw(st.integers(0, 3))] or [shape[0]]
    if not draw(st.integers(0, 7)):
        kept = draw(st.permutations(kept))
    fitting = FITTING[target] if draw(st.integers(0, 3)) else {}
    return target, [{kind: draw(fitting.get(kind, KINDS[kind]))} for kind in kept]


def layers(stack):
    """What the engines get; a bulkhead that nobody can fill, and a breaker that nothing trips, are nothing."""
    found = []
    for single in effective(Policies.model_validate({"stack": stack})):
        layer = layer_of(single)
        p = layer.params
        if layer.kind == t.L_BULKHEAD:
            if p.limit >= ENDLESS:
                continue
            nobody = p.queue == 0 or p.max_wait_ns == 0
            core = min(p.core, p.limit)
            p = pool.Params(
                p.limit,
                0 if nobody else p.queue,
                FOREVER if nobody else p.max_wait_ns,
                core,
                0 if core == p.limit else p.keep_alive_ns,
            )
        if layer.kind == t.L_BREAKER and any(
            x >= ENDLESS for _, conditions in p.params.rules for _, _, x in conditions
        ):
            continue
        if layer.kind == t.L_RETRY and (p.attempts == 1 or not any(p.on)):
            continue
        if layer.kind == t.L_OUTLIER and not p.params.enforced[o.BY_GATEWAY]:
            p = replace(p, params=replace(p.params, run_gateway=0))
        found.append((layer.kind, p))
    return found


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(stacks())
def test_what_is_exported_means_the_same(found):
    target, stack = found
    scenario = SCENARIO.replace("POLICIES", json.dumps({"stack": stack}))
    try:
        text = written(scenario, target)
    except InvalidScenario:
        event(f"{target} refuses")
        return
    event(f"{target} takes it")
    (back,) = imported(text, kind=target)
    assert layers(plain_stack(back)) == layers(stack)


@pytest.mark.parametrize("target", TARGETS)
def test_each_takes_what_is_written_for_it(target):
    """The law above is not one of refusals."""
    best = {
        "retry": {"attempts": 3, "backoff": {"exponential": {"base": "100ms", "cap": "1s"}}, "jitter": {"envoy": "full", "istio": "full", "polly": "polly"}.get(target, "none")},
        "breaker": {"resilience4j": "resilience4j", "polly": "polly-v8"}.get(target, {"use": "sentinel", "params": {"count": 200, "timeWindow": 3}}),
        "rate_limit": {"use": "resilience4j-ratelimiter", "params": {"limitForPeriod": 5, "limitRefreshPeriod": "1s", "timeoutDuration": "0s"}},
        "bulkhead": 7,
        "outlier": "istio" if target == "istio" else "envoy-outlier-detection",
        "timeout": "1s",
    }  # fmt: skip
    stack = [{kind: best[kind]} for kind in SHAPES[target]]
    (back,) = imported(
        written(SCENARIO.replace("POLICIES", json.dumps({"stack": stack})), target), kind=target
    )
    assert layers(plain_stack(back)) == layers(stack)
