"""Settings of other tools: what goes out comes back the same, and no bytes end otherwise than in a word on them."""

import json

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sim.errors import InvalidScenario
from sim.scenario import source as scenarios
from sim.scenario.load import load_text
from sim.vendor import detect, source, trial, write
from sim.vendor.kinds import Wishes
from tests.unit.vendor.files import imported, there_and_back

calm = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def some(**values):
    """A mapping with some of these keys."""
    return st.fixed_dictionaries({}, optional=values)


def ms(low, high):
    return st.integers(low, high).map(lambda n: f"{n}ms")


counts = st.integers(1, 500)
percents = st.integers(1, 100)
REASONS = (
    "java.util.concurrent.TimeoutException",
    "java.io.IOException",
    "com.acme.Own",
    "io.github.resilience4j.ratelimiter.RequestNotPermitted",
    "org.springframework.web.client.HttpServerErrorException",
    "java.lang.Throwable",
    "java.util.concurrent.CancellationException",
)
classes = st.lists(st.sampled_from(REASONS), unique=True, max_size=3)
growing = st.sampled_from(
    [
        {},
        {"enableExponentialBackoff": True, "exponentialBackoffMultiplier": 3},
        {"enableRandomizedWait": True},
    ]
)

resilience4j = st.fixed_dictionaries(
    {
        "circuitbreaker": st.tuples(
            some(
                failureRateThreshold=percents,
                slowCallRateThreshold=percents,
                slowCallDurationThreshold=ms(1, 9000),
                slidingWindowType=st.sampled_from(["COUNT_BASED", "TIME_BASED"]),
                slidingWindowSize=counts,
                minimumNumberOfCalls=counts,
                permittedNumberOfCallsInHalfOpenState=counts,
                waitDurationInOpenState=ms(1, 90_000),
                maxWaitDurationInHalfOpenState=ms(0, 9000),
                transitionToStateAfterWaitDuration=st.sampled_from(["OPEN", "CLOSED"]),
                automaticTransitionFromOpenToHalfOpenEnabled=st.booleans(),
                recordExceptions=classes,
                ignoreExceptions=classes,
                initialState=st.sampled_from(["CLOSED", "FORCED_OPEN"]),
            ),
            growing,
        ).map(lambda parts: parts[0] | parts[1]),
        "retry": st.tuples(
            some(
                maxAttempts=st.integers(1, 9),
                waitDuration=ms(0, 2000),
                retryExceptions=classes,
                ignoreExceptions=classes,
            ),
            growing,
            some(exponentialMaxWaitDuration=ms(1, 9000)),
        ).map(lambda parts: parts[0] | parts[1] | parts[2]),
        "ratelimiter": some(
            limitForPeriod=counts, limitRefreshPeriod=ms(1, 5000), timeoutDuration=ms(0, 9000)
        ),
        "timelimiter": some(timeoutDuration=ms(1, 60_000), cancelRunningFuture=st.booleans()),
        "bulkhead": some(maxConcurrentCalls=counts, maxWaitDuration=ms(0, 500)),
    }
).flatmap(
    lambda every: st.tuples(
        st.just(every), st.sets(st.sampled_from(sorted(every)), min_size=1), st.permutations(range(1, 6))
    )
)
ORDERS = (
    "retryAspectOrder",
    "circuitBreakerAspectOrder",
    "rateLimiterAspectOrder",
    "timeLimiterAspectOrder",
    "bulkheadAspectOrder",
)
MODULES = ("retry", "circuitbreaker", "ratelimiter", "timelimiter", "bulkhead")


@calm
@given(resilience4j)
def test_resilience4j_goes_out_and_comes_back(found):
    every, chosen, ranks = found
    tree = {
        module: {"instances": {"db": every[module]}, order: rank}
        for module, order, rank in zip(MODULES, ORDERS, ranks, strict=True)
        if module in chosen
    }
    first, second = there_and_back(json.dumps({"resilience4j": tree}), "resilience4j")
    assert first == second


seconds = st.integers(1, 90_000).map(lambda n: f"{n / 1000}s")
uint = st.integers(1, 5000)
envoy_outlier = some(
    consecutive_5xx=st.integers(0, 50),
    enforcing_consecutive_5xx=percents,
    consecutive_gateway_failure=st.integers(0, 50),
    enforcing_consecutive_gateway_failure=percents,
    interval=seconds,
    base_ejection_time=seconds,
    max_ejection_time_jitter=seconds,
    max_ejection_percent=percents,
    always_eject_one_host=st.booleans(),
    success_rate_stdev_factor=uint,
    enforcing_failure_percentage=percents,
    split_external_local_origin_errors=st.booleans(),
    consecutive_local_origin_failure=st.integers(0, 50),
)
thresholds = some(
    max_connections=uint,
    max_pending_requests=st.integers(0, 5000),
    max_requests=uint,
    max_retries=st.integers(0, 50),
    retry_budget=some(
        budget_percent=st.fixed_dictionaries({"value": st.sampled_from([0, 20.5, 100])}),
        min_retry_concurrency=st.integers(0, 9),
    ),
)
WORDS = ("5xx", "gateway-error", "reset", "connect-failure", "refused-stream", "retriable-status-codes")
envoy_route = some(
    timeout=seconds,
    retry_policy=some(
        retry_on=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(",".join),
        retriable_status_codes=st.lists(st.sampled_from([500, 502, 503, 504, 409]), unique=True),
        num_retries=st.integers(0, 5),
        per_try_timeout=seconds,
        retry_back_off=st.integers(1, 500).map(
            lambda n: {"base_interval": f"{n / 1000}s", "max_interval": f"{n / 250}s"}
        ),
    ),
)


@calm
@given(
    st.fixed_dictionaries(
        {"name": st.just("db"), "circuit_breakers": thresholds.map(lambda t: {"thresholds": [t]})},
        optional={
            "outlier_detection": envoy_outlier,
            "http2_protocol_options": st.just({}),
            "common_lb_config": st.fixed_dictionaries(
                {"healthy_panic_threshold": percents.map(lambda n: {"value": n})},
                optional={"zone_aware_lb_config": st.booleans().map(lambda b: {"fail_traffic_on_panic": b})},
            ),
        },
    ),
    st.none() | envoy_route,
)
def test_envoy_goes_out_and_comes_back(cluster, route):
    documents = {"static_resources": {"clusters": [cluster]}}
    if route is not None:
        entry = {"match": {}, "route": {"cluster": "db", **route}}
        documents["virtual_hosts"] = [{"name": "v", "routes": [entry]}]
    first, second = there_and_back(json.dumps(documents), "envoy")
    assert first == second


istio_outlier = some(
    consecutive5xxErrors=st.integers(0, 50),
    consecutiveGatewayErrors=st.integers(0, 50),
    interval=ms(1, 90_000),
    baseEjectionTime=ms(1, 90_000),
    maxEjectionPercent=st.integers(0, 100),
    minHealthPercent=st.integers(0, 100),
    splitExternalLocalOriginErrors=st.booleans(),
    consecutiveLocalOriginFailures=st.integers(0, 50),
)
istio_pool = some(
    tcp=some(maxConnections=st.integers(0, 5000), connectTimeout=ms(1, 9)),
    http=some(
        http1MaxPendingRequests=st.integers(0, 5000),
        http2MaxRequests=st.integers(0, 5000),
        maxRetries=st.integers(0, 50),
        h2UpgradePolicy=st.sampled_from(["UPGRADE", "DEFAULT"]),
    ),
)
istio_route = some(
    timeout=ms(1, 90_000),
    retries=st.just({"attempts": 0})
    | st.fixed_dictionaries(
        {"attempts": st.integers(1, 5)},
        optional={
            "perTryTimeout": ms(1, 9000),
            "retryOn": st.lists(st.sampled_from([*WORDS[:4], "503", "500"]), min_size=1, max_size=3).map(
                ",".join
            ),
            "backoff": ms(1, 500),
        },
    ),
)


@calm
@given(some(connectionPool=istio_pool, outlierDetection=istio_outlier), st.none() | istio_route)
def test_istio_goes_out_and_comes_back(policy, route):
    documents = [{"kind": "DestinationRule", "spec": {"host": "db", "trafficPolicy": policy}}]
    if route is not None:
        http = {"route": [{"destination": {"host": "db"}}], **route}
        documents.append({"kind": "VirtualService", "spec": {"hosts": ["db"], "http": [http]}})
    text = json.dumps({"kind": "List", "items": documents})
    assume(all(one.stack for one in imported(text)))
    first, second = there_and_back(text, "istio")
    assert first == second


def span(low_ms, high_ms):
    def show(n):
        return f"{n // 3_600_000:02}:{n // 60_000 % 60:02}:{n // 1000 % 60:02}.{n % 1000:03}"

    return st.integers(low_ms, high_ms).map(show)


@calm
@given(
    st.fixed_dictionaries(
        {"AttemptTimeout": st.fixed_dictionaries({"Timeout": span(10, 15_000)})},
        optional={
            "TotalRequestTimeout": st.fixed_dictionaries({"Timeout": span(15_000, 86_000_000)}),
            "CircuitBreaker": some(
                FailureRatio=st.sampled_from([0, 0.1, 0.25, 1]),
                MinimumThroughput=st.integers(2, 5000),
                SamplingDuration=span(30_000, 86_000_000),
                BreakDuration=span(500, 86_000_000),
            ),
            "Retry": some(
                MaxRetryAttempts=st.integers(1, 9),
                BackoffType=st.sampled_from(["Constant", "Exponential"]),
                UseJitter=st.booleans(),
                Delay=span(0, 9000),
                MaxDelay=span(0, 9000),
            ),
            "RateLimiter": st.fixed_dictionaries(
                {"DefaultRateLimiterOptions": some(PermitLimit=counts, QueueLimit=st.integers(0, 99))}
            ),
        },
    )
)
def test_polly_goes_out_and_comes_back(options):
    first, second = there_and_back(json.dumps({"db": options}), "polly")
    assert first == second


degrade = st.fixed_dictionaries(
    {"resource": st.sampled_from(["a", "b"]), "timeWindow": st.integers(1, 600)},
    optional={"minRequestAmount": counts, "statIntervalMs": st.integers(1, 120_000)},
)
rules = st.one_of(
    st.tuples(degrade, st.sampled_from([0.0, 0.25, 1.0])).map(lambda r: {**r[0], "grade": 1, "count": r[1]}),
    st.tuples(degrade, counts).map(lambda r: {**r[0], "grade": 2, "count": r[1]}),
    st.tuples(degrade, counts).map(lambda r: {**r[0], "count": r[1], "slowRatioThreshold": 0.5}),
    st.fixed_dictionaries(
        {
            "resource": st.sampled_from(["a", "b"]),
            "grade": st.sampled_from([0, 1]),
            "count": counts,
            "controlBehavior": st.sampled_from([0, 2]),
            "maxQueueingTimeMs": st.integers(0, 5000),
        }
    ),
)


@calm
@given(st.lists(rules, min_size=1, max_size=6))
def test_sentinel_goes_out_and_comes_back(found):
    first, second = there_and_back(json.dumps(found), "sentinel")
    assert first == second


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@calm
@given(st.dictionaries(st.text(), plain, min_size=1, max_size=4), st.sampled_from([0, 40, 200]))
@example(
    {"on": "no", "null": "true", "a: b": "# c", "": "1e3", "x": "12:30:45", "y": "0x1F", "z": "-", "w": "~"},
    0,
)
@example({"é\x85\u2028": "\ufeff\x7f", "tab\t": "\\"}, 40)
def test_what_is_written_is_read_as_it_was(tree, short):
    text = "\n".join(write.lines(tree, short=short)) + "\n"
    assert scenarios.parse_value(text, "f").data == tree


# Fuzz --------------------------------------------------------------------------------------------

SEEDS = (
    "resilience4j.circuitbreaker:\n  instances:\n    a: {slidingWindowSize: 10, waitDurationInOpenState: 5s}\n",
    "resilience4j.retry.instances.a.maxAttempts=3\nresilience4j.retry.instances.a.waitDuration=1s\n",
    "hystrix.command.a.circuitBreaker.requestVolumeThreshold=3\n",
    "name: db\noutlier_detection: {consecutive_5xx: 3, interval: 5s}\ncircuit_breakers: {thresholds: [{max_requests: 3}]}\n",
    "kind: DestinationRule\nspec: {host: a, trafficPolicy: {outlierDetection: {interval: 5s}}}\n---\nkind: VirtualService\nspec: {hosts: [a], http: [{route: [{destination: {host: a}}], timeout: 1s}]}\n",
    '[{"resource": "a", "grade": 1, "count": 0.5, "timeWindow": 10}]',
    '{"a": {"Retry": {"MaxRetryAttempts": 1}, "CircuitBreaker": {"FailureRatio": 0.5}}}',
)
PIECES = ("{", "}", "[", "]", ":", ": ", ",", "\n", "  ", "- ", '"', "'", "&a ", "*a", "!t ", "<<: ", "{{", "{%", "---\n", "#", "=", "null",
          "-1", "1e999", "99999999999999999999", "\x00", "\ufeff", "\\", "%", "|", ">", "? ", "true", "${A}", "${A:5s}", "instances", "é")  # fmt: skip


@st.composite
def mangled(draw):
    """A file with some pieces cut out and others put in."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 8))
        text = text[:at] + draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[at + cut :]
    return text.encode("utf-8", "surrogatepass")


def taken_or_refused(raw):
    """What is read holds as a scenario; what is not is told."""
    try:
        text = scenarios.decode(raw, "f")
        read = source.parse(text, "f")
        found = detect.kind_of(read).policies(read, Wishes())
        load_text(trial.text(found, "f"), "f")
    except InvalidScenario as error:
        assert error.problems
        assert all(one.message for one in error.problems)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(mangled() | st.binary(max_size=60))
@example(b"")
@example(b"\xff\xfe\x00")
@example(b"[[[[[[")
@example(b"kind: DestinationRule\nspec: 5\n")
@example(
    b"kind: DestinationRule\nspec: {host: [], subsets: [[]], trafficPolicy: {portLevelSettings: [{port: 5}]}}\n"
)
@example(b"kind: VirtualService\nspec: {http: [5, {route: [5]}, {route: {}}]}\n")
@example(b"resilience4j: {circuitbreaker: {instances: [1, 2]}}\n")
@example(b"resilience4j:\n  retry.instances.a.b.c.d: 3\n")
@example(b"outlier_detection: {}\nname: {a: 1}\n")
@example(
    b"static_resources: {clusters: {a: 1}, listeners: 5}\nvirtual_hosts: [1, {routes: [1, {route: 3}]}]\n"
)
@example(b'{"configs": [1, {"@type": "envoy", "static_clusters": [1, {"cluster": 3}]}]}')
@example(b'{"Retry": {"MaxRetryAttempts": {}}, "CircuitBreaker": []}')
@example(b'[{"resource": {}, "grade": [], "count": {}, "timeWindow": null}]')
@example(b".: 3\n")
@example(b'[{"resource": "a", "grade": 1, "count": 0.5, "timeWindow": 1e99910}]')
@example(b"- {resource: a, grade: .inf, count: .nan, timeWindow: -.inf}\n")
@example(
    b"resilience4j.thread-pool-bulkhead.instances.a: {coreThreadPoolSize: .inf, maxThreadPoolSize: 1e400}\n"
)
@example(b"resilience4j.retry.instances.a.exponentialBackoffMultiplier=nan\n")
@example(b"outlier_detection: {success_rate_stdev_factor: .inf, max_ejection_percent: {value: .nan}}\n")
@example(b"hystrix.command.a.circuitBreaker.requestVolumeThreshold: .inf\n")
@example(b'{"CircuitBreaker": {"FailureRatio": "inf", "MinimumThroughput": 1e999}}')
@example(b"a.: {.: 1}\nhystrix.command.a: 5\n")
@example(b"hystrix.command=3\nhystrix.command.a=5\nhystrix.threadpool..x=3\n")
def test_no_bytes_make_it_fall(raw):
    taken_or_refused(raw)


def test_a_plain_seed_is_taken():
    """The fuzzing above is not of files that all are refused."""
    for text in SEEDS:
        assert imported(text)
