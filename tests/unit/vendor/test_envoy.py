"""Envoy's clusters and routes."""

import json

import pytest

from tests.unit.vendor.files import block, idle, imported, marks, one, stack, there_and_back, wrong

CLUSTER = """
name: db
connect_timeout: 1s
circuit_breakers: {thresholds: [{priority: DEFAULT, max_connections: 30, max_requests: 20, max_retries: 5}, {priority: HIGH, max_connections: 1}]}
outlier_detection: {consecutive_5xx: 3, interval: 5s, base_ejection_time: 0.5s, max_ejection_percent: 50}
common_lb_config: {healthy_panic_threshold: {value: 30}}
"""
ROUTES = """
name: routes
virtual_hosts:
  - name: all
    domains: ["*"]
    routes:
      - match: {prefix: /}
        route:
          cluster: db
          timeout: 3s
          retry_policy: {retry_on: "5xx", num_retries: 2, per_try_timeout: 0.5s, retry_back_off: {base_interval: 0.1s}}
"""


def cluster(text):
    return f"name: db\n{text}\n"


def route(text):
    return f"virtual_hosts: [{{name: a, routes: [{{match: {{prefix: /}}, route: {{cluster: db, {text}}}}}]}}]"


def test_a_cluster_and_its_route_come_in_the_order_of_the_router():
    found = stack(f"{CLUSTER}---\n{ROUTES}")
    assert [next(iter(single)) for single in found] == ["timeout", "retry", "bulkhead", "outlier", "timeout"]
    assert [single["timeout"]["after"] for single in found if "timeout" in single] == ["3s", "500ms"]


def test_a_retry_has_envoys_backoff_and_the_budget_of_its_cluster():
    retry = block(f"{CLUSTER}---\n{ROUTES}", "retry")
    assert retry["attempts"] == 3
    assert retry["backoff"] == {"exponential": {"base": "100ms", "multiplier": 2, "cap": "1s"}}
    assert retry["on"] == ["error", "timeout", "shed", "unreachable"]
    assert retry["budget"] == {
        "use": "envoy-retry-budget",
        "params": {"budget_percent": 0, "min_retry_concurrency": 5},
    }


def test_what_is_not_said_is_envoys_default_and_marked_so():
    found = marks(cluster("outlier_detection: {}"), "outlier")
    assert {mark for mark, _ in found.values()} == {"default"}
    params = block(cluster("outlier_detection: {}"), "outlier")["params"]
    assert (params["consecutive_5xx"], params["max_ejection_percent"], params["interval"]) == (5, 10, "10s")
    limits = block(cluster("outlier_detection: {}"), "bulkhead")["params"]
    assert (limits["max_connections"], limits["max_requests"], limits["protocol"]) == (1024, 1024, "HTTP1")


def test_without_outlier_detection_no_host_is_ejected():
    text = cluster("circuit_breakers: {}\ncommon_lb_config: {healthy_panic_threshold: {value: 30}}")
    assert [next(iter(single)) for single in stack(text)] == ["bulkhead"]
    assert "no panic" in idle(text)["healthy_panic_threshold"]


def test_the_longest_ejection_is_never_shorter_than_the_base():
    params = block(cluster("outlier_detection: {base_ejection_time: 400s}"), "outlier")["params"]
    assert params["max_ejection_time"] == "400s"


def test_names_of_protobufs_json_will_do():
    text = cluster(
        "circuitBreakers: {thresholds: [{maxConnections: '7'}]}\noutlierDetection: {consecutive5xx: 2}"
    )
    assert block(text, "bulkhead")["params"]["max_connections"] == 7
    assert block(text, "outlier")["params"]["consecutive_5xx"] == 2


def test_http2_clusters_limit_requests():
    for text in (
        "http2_protocol_options: {}",
        "typed_extension_protocol_options: {x: {'@type': t, explicit_http_config: {http2_protocol_options: {}}}}",
    ):
        assert block(cluster(f"circuit_breakers: {{}}\n{text}"), "bulkhead")["params"]["protocol"] == "HTTP2"


@pytest.mark.parametrize(
    "around",
    [
        lambda c: {"static_resources": {"clusters": [c]}},
        lambda c: {"resources": [{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", **c}]},
        lambda c: {
            "configs": [
                {
                    "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
                    "dynamic_active_clusters": [{"cluster": c}],
                }
            ]
        },
        lambda c: [c],
        lambda c: {"clusters": [c]},
        lambda c: c,
    ],
)
def test_a_cluster_is_found_wherever_a_file_has_it(around):
    found = {"name": "db", "outlier_detection": {"consecutive_5xx": 4}}
    assert block(json.dumps(around(found)), "outlier")["params"]["consecutive_5xx"] == 4


def test_routes_of_listeners_are_found():
    listener = {
        "static_resources": {
            "clusters": [{"name": "db"}],
            "listeners": [
                {"filter_chains": [{"filters": [{"typed_config": {"route_config": {"virtual_hosts": [
                    {"name": "v", "routes": [{"match": {}, "route": {"cluster": "db", "timeout": "7s"}}]}]}}}]}]}
            ],
        }
    }  # fmt: skip
    assert stack(json.dumps(listener))[0] == {"timeout": {"after": "7s"}}


def test_a_route_without_timeout_has_fifteen_seconds_and_0s_has_none():
    assert stack(f"{CLUSTER}---\n{route('priority: DEFAULT')}")[0] == {"timeout": {"after": "15s"}}
    assert "timeout" not in stack(f"{CLUSTER}---\n{route('timeout: 0s')}")[0]


def test_different_routes_to_a_cluster_are_different_imports():
    both = f"{CLUSTER}---\n{ROUTES}      - match: {{prefix: /slow}}\n        route: {{cluster: db, timeout: 60s}}\n"
    assert [i.name for i in imported(both)] == ["db", "db-route-2"]


def test_a_cluster_that_stands_in_another_file_is_told():
    found = one(ROUTES)
    assert found.name == "db"
    assert any("another file" in note for note in found.notes)


def test_without_retry_on_envoy_retries_nothing():
    text = f"{CLUSTER}---\n{route('timeout: 1s, retry_policy: {num_retries: 3}')}"
    assert all("retry" not in single for single in stack(text))
    assert "nothing is retried" in idle(text)["num_retries"]


@pytest.mark.parametrize(
    ("words", "on"),
    [
        ("5xx", ["error", "timeout", "shed", "unreachable"]),
        ("gateway-error", ["timeout", "shed", "unreachable"]),
        ("reset", ["timeout", "unreachable"]),
        ("connect-failure,retriable-status-codes", ["shed", "unreachable"]),
        ("retriable-status-codes", ["shed"]),
    ],
)
def test_a_callee_that_sheds_answers_with_503_which_words_for_resets_do_not_take(words, on):
    policy = f"retry_policy: {{retry_on: '{words}', retriable_status_codes: [503]}}"
    text = f"{CLUSTER}---\n{route(policy)}"
    assert block(text, "retry")["on"] == on
    first, second = there_and_back(text, "envoy")
    assert first == second


def test_a_refused_stream_is_no_503_and_a_timeout_no_504():
    policy = (
        "retry_policy: {retry_on: 'refused-stream,retriable-status-codes', retriable_status_codes: [504]}"
    )
    text = f"{CLUSTER}---\n{route(policy)}"
    assert all("retry" not in single for single in stack(text))
    told = {str(i.raw): i.why for i in one(text).idle}
    assert "sheds answers with 503" in told["refused-stream"]
    assert "a try that times out is reset" in told["504"]


def manager(settings, around="", to="cluster: db"):
    entry = f"{{match: {{prefix: /}}, route: {{{to}{around}}}}}"
    hosts = f"virtual_hosts: [{{name: a, routes: [{entry}]}}]"
    return f"{CLUSTER}---\nhttp_filters: []\n{settings}\nroute_config: {{{hosts}}}\n"


@pytest.mark.parametrize(
    ("text", "after", "passed"),
    [
        (manager("stream_idle_timeout: 5s"), "5s", {}),
        (manager("stream_idle_timeout: 5s", ", idle_timeout: 9s"), "9s", {}),
        (manager("stream_idle_timeout: 5s", ", idle_timeout: 0s"), "15s", {"idle_timeout": "0s is no limit"}),
        (manager("common_http_protocol_options: {max_stream_duration: 2s}"), "2s", {}),
        (
            manager("", ", timeout: 3s, max_stream_duration: {max_stream_duration: 2s}"),
            "2s",
            {"route timeout": "max_stream_duration passes before it"},
        ),
    ],
)
def test_whatever_ends_a_stream_first_is_the_timeout_of_all_tries(text, after, passed):
    assert stack(text)[0] == {"timeout": {"after": after}}
    assert passed.items() <= idle(text).items()


def test_a_timeout_of_all_tries_that_hides_a_hanging_host_from_the_model_is_told():
    def hidden(settings):
        return any("as a 504 of its host" in note for note in one(f"{CLUSTER}---\n{route(settings)}").notes)

    assert hidden("timeout: 1s")
    assert not hidden("timeout: 0s")
    assert not hidden("timeout: 1s, retry_policy: {per_try_timeout: 0.2s}")


def test_a_try_ends_when_no_answer_comes_for_its_idle_time():
    policy = "retry_policy: {retry_on: 5xx, per_try_timeout: 2s, per_try_idle_timeout: 1s}"
    found = stack(f"{CLUSTER}---\n{route(policy)}")
    assert found[-1] == {"timeout": {"after": "1s"}}


def test_what_a_connection_manager_says_is_told():
    told = idle(manager("request_timeout: 4s\nstream_flash_timeout: 3s"))
    assert "arrives at once" in told["request_timeout"]
    assert "not read" in told["stream_flash_timeout"]


def test_routes_without_a_cluster_of_a_name_are_told():
    both = "routes: [{match: {}, route: {cluster_header: x}}, {match: {}, redirect: {}}, "
    text = f"{CLUSTER}---\n{route('timeout: 1s').replace('routes: [', both)}"
    assert any("cluster_header (line" in note and "redirect (line" in note for note in one(text).notes)


def test_weights_of_clusters_are_told():
    text = route("weighted_clusters: {clusters: [{name: db, weight: 3}, {name: dc, weight: 1}]}")
    assert "share of the requests" in idle(text.replace("cluster: db, ", ""))["weight"]


def test_settings_of_a_route_that_is_like_another_are_told():
    text = f"{CLUSTER}---\n{route('timeout: 1s')}"
    other = "routes: [{match: {}, route: {cluster: db, timeout: 1s, priority: HIGH}}, "
    assert "priority" in idle(text.replace("routes: [", other))
    last = text.replace(
        "timeout: 1s}}]", "timeout: 1s}}, {match: {}, route: {cluster: db, timeout: 1s, priority: HIGH}}]"
    )
    assert "priority" in idle(last)


def test_routes_without_their_cluster_come_back_as_they_were():
    first, second = there_and_back(ROUTES, "envoy")
    assert first == second


def test_limits_as_large_as_their_fields_are_none():
    most = 2**32 - 1
    limits = (
        f"max_connections: {most}, max_pending_requests: {most}, max_requests: {most}, max_retries: {most}"
    )
    text = cluster(f"circuit_breakers: {{thresholds: [{{{limits}}}]}}\noutlier_detection: {{}}")
    assert [next(iter(single)) for single in stack(text)] == ["outlier"]
    assert "no limit" in idle(text)["max_retries"]


def test_a_zero_that_protobuf_leaves_out_is_one():
    text = cluster("outlier_detection: {}\ncommon_lb_config: {healthy_panic_threshold: {}}")
    assert block(text, "outlier")["params"]["healthy_panic_threshold"] == 0


def test_a_cluster_may_be_drained():
    text = cluster("circuit_breakers: {thresholds: [{max_requests: 0}]}")
    assert block(text, "bulkhead")["params"]["max_requests"] == 0


def test_fields_of_the_split_mode_have_no_meaning_without_it():
    text = cluster("outlier_detection: {consecutive_local_origin_failure: 3}")
    assert "no effect" in idle(text)["consecutive_local_origin_failure"]
    split = cluster(
        "outlier_detection: {split_external_local_origin_errors: true, consecutive_local_origin_failure: 3}"
    )
    assert block(split, "outlier")["params"]["consecutive_local_origin_failure"] == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (cluster("outlier_detection: {consecutive_5x: 3}"), "f:2:21: outlier_detection has no setting 'consecutive_5x'; did you mean consecutive_5xx?"),
        (cluster("outlier_detection: {interval: 10}"), "protobuf's JSON has seconds with an s"),
        (cluster("outlier_detection: {interval: 250ms}"), "f:2:31: interval: '250ms' is not a duration"),
        (cluster("outlier_detection: {interval: 0s}"), "out of range"),
        (cluster("outlier_detection: {max_ejection_percent: 101}"), "it must be 0 to 100"),
        (cluster("outlier_detection: {base_ejection_time: 60s, max_ejection_time: 30s}"), "max_ejection_time cannot be shorter"),
        (cluster("outlier_detection: {monitors: [x]}"), "no counterpart"),
        (cluster("outlier_detection: 5"), "is not a mapping"),
        (cluster("circuit_breakers: {thresholds: [{max_connections: 0}]}"), "each host one connection all the same"),
        ("static_resources: {clusters: [{name: a, outlier_detection: {}}], listener: []}", "did you mean listeners?"),
        ("clusters: [{name: a, outlier_detection: {}}, {name: a}]", "a second cluster is called a"),
        (cluster("circuit_breakers: {thresholds: {max_requests: 3}}"), "is not a list"),
        (cluster("circuit_breakers: {thresholds: [{max_requests: -1}]}"), "out of range"),
        (cluster("circuit_breakers: {thresholds: [{max_requests: 5000000000}]}"), "4294967295"),
        (cluster("circuit_breakers: {thresholds: [{priority: LOW}]}"), "none of DEFAULT, HIGH"),
        (cluster("circuit_breakers: {thresholds: [{}, {max_requests: 1}, {max_requests: 2}]}"), "stand twice"),
        (cluster("circuit_breakers: {thresholds: [{retry_budget: {budget_interval: 10s}}]}"), "in flight only"),
        (cluster("circuit_breakers: {}\nlb_polici: x"), "did you mean lb_policy?"),
        (f"{CLUSTER}---\n{route('retry_policy: {retry_on: 5xy}')}", "did you mean 5xx?"),
        (f"{CLUSTER}---\n{route('hedge_policy: {hedge_on_per_try_timeout: true}')}", "`hedge:` into the scenario"),
        (f"{CLUSTER}---\n{route('retry_policy: {retry_on: 5xx, retry_back_off: {max_interval: 1s}}')}", "base_interval is missing"),
        (f"{CLUSTER}---\n{route('retry_policy: {retry_on: 5xx, retry_back_off: {base_interval: 2s, max_interval: 1s}}')}", "at least base_interval"),
        (f"{CLUSTER}---\n{route('timeout: fast')}", "is not a duration"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_import_export_import_is_the_identity():
    first, second = there_and_back(f"{CLUSTER}---\n{ROUTES}", "envoy")
    assert first == second


ADMISSION = "name: envoy.filters.http.admission_control\ntyped_config: {sampling_window: 20s, sr_threshold: {default_value: {value: 90}}, SETTINGS}\n"
ADAPTIVE = """\
name: envoy.filters.http.adaptive_concurrency
typed_config:
  gradient_controller_config:
    concurrency_limit_params: {concurrency_update_interval: 0.1s, max_concurrency_limit: 50}
    min_rtt_calc_params: {interval: 60s, jitter: {value: 10}}
"""


def test_filters_that_limit_calls_are_policies():
    throttle = block(ADMISSION.replace(", SETTINGS", ""), "throttle")["params"]
    assert (throttle["sampling_window"], throttle["sr_threshold"], throttle["aggression"]) == ("20s", 90, 1.0)
    limit = block(ADAPTIVE, "concurrency")["params"]
    assert (limit["max_concurrency_limit"], limit["jitter"], limit["buffer"]) == (50, 10, 25)


def test_filters_of_a_connection_manager_stand_outside_of_its_routes_and_go_out_again():
    filters = ADMISSION.replace(", SETTINGS", "").replace("name", "- name").replace("\ntyped", "\n  typed")
    manager = (
        f"http_filters:\n{filters}- name: envoy.filters.http.cors\nroute_config:\n  {route('timeout: 2s')}\n"
    )
    text = f"{CLUSTER}---\n{manager}"
    assert [next(iter(single)) for single in stack(text)] == ["throttle", "timeout", "bulkhead", "outlier"]
    assert "without counterpart" in idle(text)["http_filters envoy.filters.http.cors"]
    first, second = there_and_back(text, "envoy")
    assert first == second


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ADMISSION.replace("SETTINGS", "sr_treshold: 3"), "did you mean sr_threshold?"),
        (
            ADMISSION.replace("SETTINGS", "max_rejection_probability: {default_value: {value: 120}}"),
            "it must be 0 to 100",
        ),
        (ADAPTIVE.replace("interval: 60s, ", ""), "`interval` is missing: Envoy has no default"),
        (ADAPTIVE.replace("0.1s", "100ms"), "is not a duration"),
    ],
)
def test_what_is_wrong_in_a_filter_is_told(text, words):
    assert words in wrong(text)


def test_parts_of_a_bootstrap_that_are_not_read_are_named():
    text = "admin: {}\nnode: {id: x}\nstatic_resources: {clusters: [{name: db, outlier_detection: {}}]}\n"
    assert any("not read: admin, node" in note for note in one(text).notes)


def test_a_virtual_host_may_say_how_its_routes_retry():
    text = f"{CLUSTER}---\n{route('timeout: 1s')}".replace(
        "{name: a,", "{name: a, retry_policy: {retry_on: reset},"
    )
    assert block(text, "retry")["on"] == ["timeout", "unreachable"]
    assert "did you mean retry_policy?" in wrong(text.replace("retry_policy", "retry_polici"))
    assert "did you mean match?" in wrong(text.replace("match", "matches"))
