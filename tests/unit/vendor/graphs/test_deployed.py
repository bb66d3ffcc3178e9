"""Kubernetes manifests and compose files: candidates for calls, and what hints at them."""

import pytest

from tests.unit.vendor.graphs.importing import imported, refused, scenario

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: {image}
        env: {env}
---
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {app}}}, type: {type}}}
---
"""


def deployment(name, env="[]", replicas=1, image="x"):
    return DEPLOYMENT.format(name=name, env=env, replicas=replicas, image=image)


def service(name, app=None, type="ClusterIP"):
    return SERVICE.format(name=name, app=app or name, type=type)


def calls(model):
    """(caller, callee) of every call that is made."""
    return {
        (name, step.call.split(".")[0])
        for name, spec in model.services.items()
        for endpoint in spec.endpoints.values()
        for step in endpoint.steps
        if step.call
    }


@pytest.mark.parametrize(
    "value",
    [
        "cart:7070",
        "http://cart",
        "https://user:word@cart.default.svc.cluster.local:8080/path?x",
        "a:1,cart:7070",
    ],
)
def test_an_address_in_the_environment_is_an_unconfirmed_call(value):
    env = f"[{{name: CART_ADDR, value: '{value}'}}]"
    text = (
        deployment("front", env) + service("front") + deployment("shop-cart") + service("cart", "shop-cart")
    )
    assert calls(scenario(text)) == {("front", "shop-cart")}
    assert "- call: shop-cart # unconfirmed: from environment variable CART_ADDR\n" in imported(text).text


def test_a_word_that_is_no_address_is_no_call():
    env = "[{name: MODE, value: cart}, {name: CART_SIZE, value: '12'}]"
    text = deployment("front", env) + service("front") + deployment("cart") + service("cart")
    assert calls(scenario(text)) == set()


def test_an_address_may_come_from_a_config_map_of_the_file():
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {CART_URL: 'http://cart'}\n---\n"
    key = "[{name: C, valueFrom: {configMapKeyRef: {name: c, key: CART_URL}}}]"
    text = config + deployment("front", key) + service("front") + deployment("cart") + service("cart")
    assert calls(scenario(text)) == {("front", "cart")}


def test_what_the_file_has_not_is_named_beside_its_caller():
    text = deployment("front", "[{name: BANK_ADDR, value: 'bank.example.com:443'}]") + service("front")
    assert "not in this file, and is not written here: bank.example.com (BANK_ADDR)" in imported(text).text


def test_a_workload_without_an_address_that_calls_others_is_a_source():
    text = (
        deployment("load", "[{name: A, value: 'http://front:80'}]") + deployment("front") + service("front")
    )
    model = scenario(text)
    assert set(model.sources) == {"load"}
    assert model.sources["load"].call == "front"
    assert set(model.services) == {"front"}


def test_replicas_and_limits_are_those_of_the_file():
    text = deployment("front", replicas=3) + service("front")
    limits = "        resources: {limits: {cpu: 1500m, memory: 1Gi}}\n---\n"
    model = scenario(text.replace("        env: []\n---\n", limits))
    assert (model.services["front"].replicas, model.services["front"].cores) == (3, 2)
    assert (
        "cores: 2 # cpu limit 1500m, rounded up"
        in imported(text.replace("        env: []\n---\n", limits)).text
    )


def test_kinds_that_a_scenario_has_nothing_for_are_named_with_their_lines():
    text = service("front") + deployment("front") + "apiVersion: x/v1\nkind: Dream\n"
    assert "kind Dream of x/v1: line" in imported(text).text


SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: front}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: front}
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
  - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 50}}}
"""


def test_annotations_by_which_linkerd_breaks_and_retries_are_told():
    mesh = "{balancer.linkerd.io/failure-accrual: consecutive, retry.linkerd.io/http: 5xx, linkerd.io/inject: enabled}"
    text = deployment("web") + service("web").replace("metadata: {", f"metadata: {{annotations: {mesh}, ")
    told = " ".join(line.lstrip("# ") for line in imported(text).text.splitlines())
    assert "balancer.linkerd.io/failure-accrual: consecutive (line" in told
    assert "retry.linkerd.io/http: 5xx (line" in told
    assert "`breaker: {use: linkerd}`" in told
    assert "inject" not in told


def test_an_autoscaler_is_one_and_what_else_it_looks_at_is_named():
    text = service("front") + deployment("front") + SCALER
    front = scenario(text).services["front"]
    assert (front.replicas, front.autoscale.target, front.autoscale.min, front.autoscale.max) == (
        2,
        0.7,
        2,
        10,
    )
    assert "metric of a HorizontalPodAutoscaler beside the use of cpu: line" in imported(text).text


COMPOSE = """\
services:
  load:
    image: grafana/k6
    depends_on: [web]
  web:
    build: .
    environment:
      - CART_ADDR
      - OTEL_EXPORTER_OTLP_ENDPOINT=http://${OTEL_COLLECTOR_HOST}:4317
      - BANK_HOST
    depends_on: {db: {condition: service_started}}
  cart: {image: cart, environment: {WEB_URL: "http://web:80"}, deploy: {replicas: 2, resources: {limits: {cpus: "0.5"}}}}
  db: {image: postgres}
  otel-collector: {image: otel/opentelemetry-collector, environment: {WEB_URL: "http://web:80"}}
"""


def test_names_of_variables_and_dependencies_hint_at_calls_too():
    text = imported(COMPOSE).text
    assert "- call: cart # unconfirmed: from environment variable CART_ADDR\n" in text
    assert "- call: db # unconfirmed: from depends_on\n" in text
    assert "may call more, at addresses that are set elsewhere: BANK_HOST" in text


def test_telemetry_is_not_waited_for_and_calls_nobody_back():
    text = imported(COMPOSE).text
    why = "from environment variable OTEL_EXPORTER_OTLP_ENDPOINT; telemetry, assumed not to be waited for"
    assert f"- {{call: otel-collector, wait: false}} # unconfirmed: {why}\n" in text
    assert (
        "# - call: web # unconfirmed: from environment variable WEB_URL; left out, for it sends its telemetry here"
        in text
    )


def test_a_call_that_closes_a_circle_is_left_out_as_a_comment():
    model, text = scenario(COMPOSE), imported(COMPOSE).text
    assert ("web", "cart") in calls(model)
    assert ("cart", "web") not in calls(model)
    assert (
        "# - call: web # unconfirmed: from environment variable WEB_URL; left out, for these go in a circle: web -> cart -> web\n"
        in text
    )


def test_what_makes_load_by_its_name_is_a_source():
    model = scenario(COMPOSE)
    assert model.sources["load"].call == "web"
    assert "load" not in model.services


def test_replicas_and_limits_of_a_compose_file():
    cart = scenario(COMPOSE).services["cart"]
    assert (cart.replicas, cart.cores) == (2, 1)


def test_anchors_and_merges_are_read():
    text = "x-base: &base {image: a, environment: {CART_ADDR: cart:1}}\nservices:\n  web: {<<: *base}\n  cart: {image: c}\n"
    assert calls(scenario(text)) == {("web", "cart")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services:\n  web:\n    image: a\n    depend_on: [db]", "4:5: services.web.depend_on: a service of compose has no key 'depend_on'; did you mean depends_on?"),
        ("services:\n  web:\n    image: a\n    depends_on: [db]", "4:18: services.web.depends_on[0]: no service is called 'db'"),
        ("services:\n  web: {image: a, extends: {service: b}}", "2:19: services.web.extends: other services are not merged"),
        ("include: [x.yaml]\nservices: {web: {image: a}}", "1:1: include: other files are not read"),
        ("service: {}\nservices: {web: {image: a}}", "1:1: service: a compose file has no key 'service'"),
        ("services: {web: {image: a, cpus: none}}", "1:34: services.web.cpus: 'none' is not a number of processors"),
        ("services: {web: {image: a, scale: -1}}", "1:35: services.web.scale: -1 is not between 1 and 100,000"),
        ("services: {web: {image: a, deploy: {replica: 2}}}", "1:37: services.web.deploy.replica: deploy has no key 'replica'; did you mean replicas?"),
        ("services: {web: {image: [a]}}", "1:25: services.web.image: a list is not text"),
        (deployment("a").replace("replicas", "replica"), "5:3: spec.replica: spec of a Deployment has no key 'replica'; did you mean replicas?"),
        (deployment("a").replace("image", "imag"), "11:9: spec.template.spec.containers[0].imag: a container has no key 'imag'; did you mean image?"),
        (deployment("a") + deployment("a"), "14:1: two workloads are called 'a': import one namespace at a time"),
        (deployment("a", replicas="many"), "5:13: spec.replicas: 'many' is not a number"),
        (deployment("a") + "services: {web: {image: a}}", "several formats in one file"),
        (deployment("a", "{{ .Values.env }}"), "12:14: this is a template"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in refused(text)
