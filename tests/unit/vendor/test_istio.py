"""Istio's DestinationRule and VirtualService."""

import pytest

from tests.unit.vendor.files import block, idle, imported, marks, one, stack, there_and_back, wrong

RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews.prod.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 100, connectTimeout: 30ms}
      http: {http1MaxPendingRequests: 10, maxRequestsPerConnection: 1}
    outlierDetection: {consecutive5xxErrors: 7, interval: 5m, baseEjectionTime: 15m}
    portLevelSettings:
      - port: {number: 8080}
        connectionPool: {http: {http2MaxRequests: 5}}
  subsets:
    - {name: v1, labels: {version: v1}}
    - name: v2
      labels: {version: v2}
      trafficPolicy: {outlierDetection: {consecutiveGatewayErrors: 2, interval: 1s}}
"""
SERVICE = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
    - match: [{uri: {prefix: /v2}}]
      route: [{destination: {host: reviews, subset: v2}, weight: 100}]
      timeout: 2s
      retries: {attempts: 4, perTryTimeout: 500ms, retryOn: "5xx,connect-failure"}
    - route: [{destination: {host: reviews}}]
      retries: {attempts: 0}
"""


def rule(policy, head=""):
    return f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: {{host: db, {head}trafficPolicy: {{{policy}}}}}\n"


def service(route):
    return f"kind: VirtualService\nspec: {{hosts: [db], http: [{{route: [{{destination: {{host: db}}}}], {route}}}]}}\n"


def by_name(text):
    return {i.name: dict(i.stack) for i in imported(text)}


def test_subsets_inherit_the_destination_and_ports_inherit_nothing():
    found = by_name(RULE)
    assert set(found) == {"reviews", "reviews-v2", "reviews-8080"}
    params = found["reviews-v2"]["outlier"]["params"]
    assert (params["consecutiveGatewayErrors"].value, params["consecutive5xxErrors"].value) == (2, 5)
    assert found["reviews-v2"]["bulkhead"]["params"]["max_connections"].value == 100
    port = found["reviews-8080"]
    assert "outlier" not in port
    assert port["bulkhead"]["params"]["max_requests"].value == 5
    assert port["bulkhead"]["params"]["max_connections"].value == 2**32 - 1


def test_a_port_of_a_subset_has_the_settings_of_the_subset_over_those_of_the_port():
    text = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
spec:
  host: db
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 100}}
    portLevelSettings: [{port: {number: 80}, outlierDetection: {consecutive5xxErrors: 2}}]
  subsets:
  - {name: plain}
  - {name: v1, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 9}}}
  - name: v2
    trafficPolicy:
      outlierDetection: {consecutive5xxErrors: 9}
      portLevelSettings: [{port: {number: 80}, connectionPool: {tcp: {maxConnections: 5}}}]
---
kind: VirtualService
spec:
  hosts: [db]
  http:
  - {name: all, route: [DESTINATIONS]}
"""
    to = [
        f"{{destination: {{host: db, subset: {name}, port: {{number: 80}}}}}}"
        for name in ("plain", "v1", "v2")
    ]
    found = by_name(text.replace("DESTINATIONS", ", ".join(to)))
    assert found["db-plain-80"]["outlier"]["params"]["consecutive5xxErrors"].value == 2
    assert found["db-v1-80"]["outlier"]["params"]["consecutive5xxErrors"].value == 9
    assert "bulkhead" not in found["db-v1-80"], "a port inherits no connection pool"
    assert "outlier" not in found["db-v2-80"]
    assert found["db-v2-80"]["bulkhead"]["params"]["max_connections"].value == 5


def test_a_short_host_is_one_of_the_namespace_of_its_resource():
    def limit(host, namespace, most):
        policy = f"trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: {most}}}}}}}"
        head = f"metadata: {{name: a, namespace: {namespace}}}"
        return f"kind: DestinationRule\napiVersion: networking.istio.io/v1\n{head}\nspec: {{host: {host}, {policy}}}\n"

    timeout = service("timeout: 1s").replace("spec", "metadata: {namespace: y}\nspec")
    rules = [limit("db.x.svc.cluster.local", "x", 4), limit("db", "y", 8), limit("db.external.com", "y", 9)]
    found = by_name("---\n".join([*rules, timeout]))
    assert list(found) == ["db-x", "db-y", "db.external.com"]
    assert ["timeout" in policies for policies in found.values()] == [False, True, False]


def test_a_short_host_that_may_be_one_of_several_namespaces_is_told():
    rules = [rule("outlierDetection: {}").replace("db", f"db.{name}.svc.cluster.local") for name in "xy"]
    found = imported("---\n".join([*rules, service("timeout: 1s")]))
    assert [one.name for one in found] == ["db-x", "db-y"]
    assert all(any("without a namespace" in note for note in one.notes) for one in found)


def test_the_rule_for_a_host_goes_before_one_for_many():
    many = rule("outlierDetection: {}").replace("host: db", "host: '*.local'")
    text = f"{many}---\n{rule('outlierDetection: {consecutive5xxErrors: 3}')}---\n{service('timeout: 1s')}"
    found = by_name(text)
    assert list(found) == ["*.local", "db"]
    assert found["db"]["outlier"]["params"]["consecutive5xxErrors"].value == 3
    found = by_name(f"{many.replace('*.local', '*')}---\n{service('timeout: 1s')}")
    assert list(found["db"]) == ["timeout", "retry", "outlier"]


def test_limits_of_zero_are_none_and_told():
    pool = "connectionPool: {tcp: {maxConnections: 0}, http: {http2MaxRequests: 0, maxRetries: 0}}"
    assert [next(iter(single)) for single in stack(rule(pool))] == ["retry"]
    told = idle(rule(pool))
    assert {told[name] for name in ("maxConnections", "http2MaxRequests", "maxRetries")} == {"0 is no limit"}


def test_routes_without_a_destination_are_told():
    more = "http: [{delegate: {name: a}, timeout: 2s}, {redirect: {uri: /}}, "
    text = service("timeout: 1s").replace("http: [", more)
    assert any("delegate (line 2), redirect (line 2)" in note for note in one(text).notes)


def test_settings_of_a_route_that_is_like_another_are_told():
    more = "http: [{route: [{destination: {host: db}}], timeout: 1s}, "
    text = service("timeout: 1s, fault: {abort: {httpStatus: 500}}").replace("http: [", more)
    assert "faults:" in idle(text)["fault"]


def test_limits_that_are_not_set_are_none_not_envoys():
    params = block(rule("connectionPool: {http: {http2MaxRequests: 9}}"), "bulkhead")["params"]
    assert (params["max_connections"], params["max_pending_requests"], params["max_requests"]) == (
        2**32 - 1,
        2**32 - 1,
        9,
    )
    assert all("bulkhead" not in single for single in stack(rule("loadBalancer: {simple: RANDOM}")))


def test_every_route_of_a_mesh_retries_twice_unless_it_says_otherwise():
    retry = block(rule("loadBalancer: {simple: RANDOM}"), "retry")
    assert (retry["attempts"], retry["on"]) == (3, ["unreachable"])
    assert retry["backoff"]["exponential"] == {"base": "25ms", "multiplier": 2, "cap": "250ms"}
    assert all("retry" not in single for single in stack(service("retries: {attempts: 0}")))


def test_a_virtual_service_says_timeout_and_retries_of_a_subset():
    found = by_name(f"{RULE}---\n{SERVICE}")
    v2, base = found["reviews-v2"], found["reviews"]
    assert list(v2) == ["timeout", "retry", "bulkhead", "outlier"]
    assert v2["timeout"]["after"].value == "500ms"  # the inner one: a later key of this mapping
    assert v2["retry"]["attempts"].value == 5
    assert v2["retry"]["on"].value == ["error", "timeout", "shed", "unreachable"]
    assert "retry" not in base


def test_retries_without_attempts_are_none():
    assert stack(service("retries: {}, timeout: 1s")) == [{"timeout": {"after": "1s"}}]


def test_a_value_is_told_by_the_name_that_istio_has_for_it():
    assert marks(service("retries: {attempts: 3, backoff: 10ms}"), "retry")["base"] == ("given", "backoff")


def test_an_empty_retry_on_is_that_of_the_mesh():
    assert block(service('retries: {attempts: 3, retryOn: ""}'), "retry")["on"] == ["unreachable"]


def test_words_of_grpc_count_where_the_callee_speaks_http2_alone():
    words = service("retries: {attempts: 3, retryOn: 'unavailable,503'}")
    assert block(words, "retry")["on"] == ["shed"]
    words = service("retries: {attempts: 3, retryOn: 'connect-failure,unavailable'}")
    assert block(words, "retry")["on"] == ["unreachable"]
    assert "a status of gRPC" in idle(words)["retryOn"]
    upgraded = f"{rule('connectionPool: {http: {h2UpgradePolicy: UPGRADE}}')}---\n{words}"
    assert block(upgraded, "retry")["on"] == ["shed", "unreachable"]


def test_the_deprecated_consecutive_errors_counts_gateway_errors():
    params = block(rule("outlierDetection: {consecutiveErrors: 3}"), "outlier")["params"]
    assert (params["consecutiveGatewayErrors"], params["consecutive5xxErrors"]) == (3, 0)
    told = wrong(rule("outlierDetection: {consecutiveErrors: 3, consecutive5xxErrors: 5}"))
    assert "consecutiveErrors was replaced by consecutive5xxErrors" in told


def test_max_retries_bounds_the_retries_of_the_route():
    retry = block(rule("connectionPool: {http: {maxRetries: 2}}"), "retry")
    assert retry["budget"]["params"] == {"budget_percent": 0, "min_retry_concurrency": 2}
    text = f"{rule('connectionPool: {http: {maxRetries: 2}}')}---\n{service('retries: {attempts: 0}')}"
    assert idle(text)["maxRetries"] == "no retries"


def test_other_resources_of_the_file_are_named():
    text = (
        f"apiVersion: networking.istio.io/v1\nkind: Gateway\nspec: {{}}\n---\n{rule('outlierDetection: {}')}"
    )
    assert any("Gateway (line 1)" in note for note in one(text).notes)


def test_resources_of_a_list_are_read():
    text = f"apiVersion: v1\nkind: List\nitems:\n- {rule('outlierDetection: {}').strip().replace(chr(10), chr(10) + '  ')}\n"
    assert [next(iter(single)) for single in stack(text)] == ["retry", "outlier"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule("outlierDetection: {consecutive5xxError: 3}"), "f:3:53: outlierDetection has no setting 'consecutive5xxError'; did you mean consecutive5xxErrors?"),
        (rule("outlierDetection: {interval: 0.1ms}"), "out of range"),
        (rule("outlierDetection: {interval: 10}"), "Istio reads a number with its unit"),
        (rule("outlierDetection: {maxEjectionPercent: 150}"), "it must be 0 to 100"),
        (rule("outlierDetection: {consecutive5xxErrors: many}"), "is not a number"),
        (rule("outlierDetection: {outlierDetectionHttpErrorCodes: ['500']}"), "have no codes"),
        (rule("connectionPool: {http: {h2UpgradePolicy: MAYBE}}"), "none of DEFAULT, DO_NOT_UPGRADE, UPGRADE"),
        (rule("connectionPool: {tcp: {maxConnections: -1}}"), "out of range"),
        (rule("connectionPool: {tcp: {connectTimeout: 1}}"), "connectTimeout: 1 is not a duration"),
        (rule("connectionPools: {}"), "did you mean connectionPool?"),
        (rule("portLevelSettings: [{connectionPool: {}}]"), "`port: {number: 8080}` is missing"),
        (rule("outlierDetection: {}", "subsets: [{labels: {}}], "), "a subset: `name` is missing"),
        (rule("outlierDetection: {}", "subsets: [{name: a}, {name: a}], "), "a second subset is called a"),
        ("kind: DestinationRule\nspec: {trafficPolicy: {}}\n", "`host` is missing"),
        ("kind: DestinationRule\nmetadata: {}\n", "`spec` is missing"),
        (f"{rule('tls: {}')}---\n{rule('tls: {}')}", "a second DestinationRule for db"),
        ("apiVersion: config.istio.io/v1alpha2\nkind: DestinationPolicy\nspec: {}\n", "removed in Istio 1.0; write a DestinationRule"),
        (service("retries: {attempts: -1}"), "out of range"),
        (service("retries: {perTryTimeout: 2s}"), "without attempts there are no retries, and Istio takes no perTryTimeout beside it"),
        (service("retries: {attempts: 0, retryOn: 5xx}"), "attempts: 0 is no retries, and Istio takes no retryOn beside it"),
        (service("retries: {tries: 3}"), "has no setting 'tries'"),
        (service("retries: {retryOn: sometimes}"), "retry_on has no setting 'sometimes'"),
        (service("timeout: 3"), "is not a duration"),
        ("kind: VirtualService\nspec: {hosts: [a], http: [{route: [{weight: 1}]}]}\n", "`destination: {host: ...}` is missing"),
        ("kind: VirtualService\nspec: {hosts: [a], tcp: []}\n", "no DestinationRule and no VirtualService with HTTP routes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_import_export_import_is_the_identity():
    first, second = there_and_back(f"{RULE}---\n{SERVICE}", "istio")
    assert first == second
