"""Whatever stands in a file: it is imported into a scenario that holds, or refused in words."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import CascadelabError
from sim.scenario import load_text
from sim.vendor import detect, source
from sim.vendor.kinds import KINDS, Wishes

SEEDS = {
    "isotope": "defaults: {numReplicas: 2, errorRate: 1%}\nservices:\n- {name: a, isEntrypoint: true, script: [[{call: b}, {call: {service: c, probability: 50}}], sleep: 10ms]}\n- {name: b}\n- name: c\n  numReplicas: 3\n",
    "mubench": json.dumps({"s0": {"external_services": [{"seq_len": 1, "services": ["s1", "s2"]}], "internal_service": {"loader": {"cpu_stress": {"run": True, "range_complexity": [1, 2]}, "sleep_stress": {"run": True, "sleep_time": 0.1}}}, "workers": 2, "threads": 4, "cpu-limits": "500m"}, "s1": {"external_services": []}, "s2": {"external_services": []}}),
    "hydragen": json.dumps({"cluster_latencies": [{"src": "x", "dest": "y", "latency": 0.1}], "services": [{"name": "f", "clusters": [{"cluster": "x", "replicas": 2}], "resources": {"limits": {"cpu": "1500m"}}, "processes": 1, "endpoints": [{"name": "e", "execution_mode": "parallel", "cpu_complexity": {"execution_time": 0.1, "threads": 2}, "network_complexity": {"forward_requests": "asynchronous", "called_services": [{"service": "g", "endpoint": "e", "traffic_forward_ratio": 2}]}}]}, {"name": "g", "clusters": [{"cluster": "y"}], "endpoints": [{"name": "e"}]}]}),
    "kubernetes": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 2\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      containers:\n      - {name: m, image: x, env: [{name: B_ADDR, value: 'b:80'}], resources: {limits: {cpu: 200m}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {selector: {app: a}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {name: a}, maxReplicas: 4, metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 70}}}]}\n",
    "compose": "x-a: &a {image: i}\nservices:\n  web: {<<: *a, depends_on: [db], environment: [DB_HOST, 'C_URL=http://c:1'], ports: ['80:80']}\n  db: {image: d, deploy: {replicas: 2}}\n  c: {image: c, environment: {WEB_ADDR: 'web:80'}}\n",
}  # fmt: skip

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["a", "b", "s1", "1s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def attempt(text: str, name: str = "") -> bool:
    """Is it imported? What comes out holds."""
    try:
        read = source.parse(text, "any")
        kind = detect.kind_of(read, name)
        if kind.of_policies:
            return False
        written = kind.write(read, Wishes())
    except CascadelabError as error:
        assert str(error)
        return False
    load_text(written.text)
    return True


def places(value, at=()):
    yield at
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield from places(inner, (*at, key))


def changed(value, at, new):
    """The same with another value at a place."""
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], new)
    return copy


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_of_these_tests_are_imported(name):
    assert attempt(SEEDS[name])
    assert attempt(SEEDS[name], name)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SEEDS)), st.data())
def test_any_value_at_any_place_is_imported_or_refused(name, data):
    documents = [tree.data for tree in source.parse(SEEDS[name], "seed").documents]
    which = data.draw(st.integers(0, len(documents) - 1))
    at = data.draw(st.sampled_from(list(places(documents[which]))))
    documents[which] = changed(documents[which], at, data.draw(VALUES))
    attempt("\n---\n".join(json.dumps(document) for document in documents).replace("NaN", ".nan"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SEEDS)), st.integers(0, 10_000), st.integers(0, 40), st.text(max_size=12))
def test_any_text_in_the_place_of_another_is_imported_or_refused(name, at, length, new):
    seed = SEEDS[name]
    at %= len(seed)
    attempt(seed[:at] + new + seed[at + length :])


@settings(max_examples=40)
@given(st.text(max_size=60), st.sampled_from(sorted(KINDS)))
def test_any_text_is_imported_or_refused(text, name):
    attempt(text)
    attempt(text, name)
