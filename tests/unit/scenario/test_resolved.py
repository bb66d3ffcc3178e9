"""Resolved files, variants, overrides, the schema and the starter."""

from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from sim.errors import InvalidScenario, UsageError
from sim.scenario import load_text, schema
from sim.scenario.starter import starter

EVERYTHING = """\
schema: 1
name: everything
about: every word once
duration: 2m
warmup: 5s
drain: false
seed: 7
reject_time: 20us
bucket: 2s
healthy_share: 95%
watch: [users -> web]
network: {uniform: [0.2ms, 1ms]}
sources:
  users:
    rate: [[0s, 50/s], [30s, 50/s], [30s, 200/s]]
    arrivals: {bursts: {factor: 5, calm: 10s, burst: 1s}}
    clients: 10
    mix: {web.home: 70%, web.cart: 30%}
    policies: {timeout: 2s, fallback: true}
    network: 10ms
  robots: {users: 10, think: {exponential: 1s}, call: web.cart}
  ramp: {rate: {ramp: {from: 1/s, to: 5/s, over: 60s, after: 10s}}, call: ads}
  step: {rate: {step: {from: 1/s, to: 2/s, at: 3s}}, call: ads, arrivals: deterministic}
  spike: {rate: {spike: {base: 1/s, peak: 9/s, at: 3s, for: 1s}}, call: ads}
  sine: {rate: {sine: {mean: 2/s, amplitude: 1/s, period: 60s}}, call: ads}
services:
  web:
    replicas: 2
    slots: 160
    cores: 40
    queue: 0
    discipline: {adaptive-lifo: {target: 5ms}}
    contention: 1%
    holds_slot: false
    balancer: power-of-two
    panic: 50%
    health_check: 5s
    cold_start: {times: 3, for: 10s}
    autoscale: {target: 70%, min: 2, max: 10}
    endpoints:
      home:
        error_rate: 0.1%
        fail_fast: true
        steps:
          - work: {lognormal: {median: 5ms, p99: 20ms}}
          - {call: db, probability: 90%, repeat: 2, optional: true, wait: false, policies: {timeout: 100ms, retry: null}}
          - parallel:
              - {call: ads, optional: true}
              - [{work: {quantiles: [[0%, 1ms], [50%, 3ms], [100%, 20ms]]}}, {call: db}]
            first: 1
            cancel: all
          - {call: db, cache: products}
      cart: {steps: [{work: {mixture: [[90%, 1ms], [10%, {gamma: {mean: 5ms, cv: 0.5}}]]}}]}
    policies: {throttle: true, rate_limit: 1000/s, bulkhead: 10}
  db:
    slots: 8
    discipline: codel
    steps: [{work: {pareto: {mean: 5ms, alpha: 1.5, max: 1s}}}]
  ads: {steps: [{work: {erlang: {shape: 3, mean: 5ms}}}, {work: {hyperexponential: {mean: 1ms, cv: 2}}}]}
policies: {retry: 2, hedge: 50ms, deadline: {after: 3s, propagate: false}}
edges:
  web -> db:
    network: 1ms
    stack:
      - timeout: 2s
      - retry: {attempts: 3, backoff: none, jitter: equal, on: [error], budget: {tokens: 10, earn: 10%}}
      - breaker: {use: count-window, open_for: {exponential: {initial: 1s, cap: 60s}, jitter: 20%}, place: sidecar}
      - timeout: {after: 500ms, cancel: queued}
  web -> ads:
    breaker:
      window: {time: 10s}
      trip: {failure_ratio: 50%, slow_ratio: 80%, minimum: 3}
      slow: 500ms
      open_for: 5s
      leave_open: timer
      probe: {concurrent: 3}
      decide: {successes: 3}
      late: current-state
      clear: close
      failures: [timeout]
      place: {gateway: {slots: 3}}
      key: endpoint
      copies: {shared: {delay: 200ms}}
    retry: {backoff: {fixed: 50ms}, budget: {ratio: 20%, min_per_s: 10/s}}
caches:
  products: {keys: 1000, popularity: {zipf: 1.0}, ttl: 60s, capacity: 500, copies: shared, hit: 0.2ms}
faults:
  - {slow: {service: [db], times: 10, plus: 1ms}, at: 30s, for: 30s, name: slow db}
  - {freeze: {replica: "db[0]"}, mtbf: 60s, mttr: {weibull: {mean: 5s, shape: 2}}}
  - {fail: {endpoint: ads.main, share: 30%}, after_requests: 6, for: {exponential: 10s}, repeat: true}
  - {hang: {service: ads}, at: 1s}
  - {stop: {service: ads}, at: 1s, for: 1s}
  - {cut: {edge: web -> db, mode: black-hole, way: back}, at: 1s}
  - {surge: {source: users, times: 4}, at: 1s}
  - {flush: {cache: products}, at: 40s}
variants:
  none: {edges: {web -> ads: {breaker: none}}}
  fewer: {services: {web: {queue: null}}, faults: []}
rank_by: success_share(users) during fault
expect:
  - "none: success_share during fault < 50%"
  - "trips(web -> ads) >= 1"
"""


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("variant", [None, "none", "fewer"])
def test_a_resolved_file_loads_back_to_the_same_model(variant: str | None) -> None:
    loaded = load_text(EVERYTHING)
    text = loaded.resolved(variant)
    again = load_text(text, "resolved.yaml")
    expected = loaded.scenario(variant).model_copy(update={"expect": again.scenario().expect})
    assert again.scenario() == expected
    assert again.resolved() == text
    assert "balancer: power-of-two" in text
    assert "jitter: full" in text, "defaults are written out"


def test_expectations_of_other_variants_are_left_out() -> None:
    loaded = load_text(EVERYTHING)
    assert len(plain(loaded.resolved("none"))["expect"]) == 2
    assert plain(loaded.resolved("fewer"))["expect"] == ["trips(web -> ads) >= 1"]


def test_null_removes_an_inherited_policy_and_stays_written() -> None:
    steps = plain(load_text(EVERYTHING).resolved())["services"]["web"]["endpoints"]["home"]["steps"]
    assert steps[1]["policies"] == {"retry": None, "timeout": {"after": "100ms", "cancel": "none"}}


def test_variants_merge_and_null_deletes() -> None:
    loaded = load_text(EVERYTHING)
    base, fewer = loaded.scenario(), loaded.scenario("fewer")
    assert base.services["web"].queue == 0
    assert fewer.services["web"].queue is None
    assert fewer.services["web"].slots == base.services["web"].slots
    assert fewer.faults == ()
    with pytest.raises(UsageError, match="did you mean fewer"):
        loaded.scenario("fewr")


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("services.db.slots=3", lambda m: m.services["db"].slots == 3),
        (
            "edges.web -> ads.breaker=consecutive",
            lambda m: m.edges["web -> ads"].breaker.use == "consecutive",
        ),
        ('edges."web -> ads".retry.attempts=5', lambda m: m.edges["web -> ads"].retry.attempts == 5),
        ("faults.0.slow.times=2.5", lambda m: m.faults[0].slow.times == 2.5),
        ("services.web.queue=null", lambda m: m.services["web"].queue is None),
        (
            "sources.users.mix={web.home: 10%, web.cart: 90%}",
            lambda m: m.sources["users"].mix["web.home"] == 0.1,
        ),
        ("sources.robots.policies.timeout=1s", lambda m: m.sources["robots"].policies.timeout.after == 10**9),
        ("watch=[]", lambda m: m.watch == ()),
    ],
)
def test_overrides(override: str, read: Any) -> None:
    loaded = load_text(EVERYTHING, overrides=[override])
    assert read(loaded.scenario())
    assert read(loaded.scenario("none"))


@pytest.mark.parametrize("override", ["services.db.slots", "=3", "faults.9.at=3s", "a=[", "faults.x.at=1s"])
def test_bad_overrides_are_a_matter_of_usage(override: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        load_text(EVERYTHING, overrides=[override])


def test_the_committed_schema_is_current() -> None:
    assert schema.COMMITTED.read_text(encoding="utf-8") == schema.text(), (
        "write it anew: python -c 'from sim.scenario import schema; schema.COMMITTED.write_text(schema.text())'"
    )


def test_the_schema_accepts_what_is_valid_and_refuses_what_is_not() -> None:
    check = jsonschema.Draft202012Validator(schema.json_schema())
    check.check_schema(schema.json_schema())
    check.validate(plain(EVERYTHING))
    check.validate(plain(load_text(EVERYTHING).resolved()))
    check.validate(plain(starter("x")))
    for wrong in (("slots: 8", "slts: 8"), ("warmup: 5s", "warmup: 5"), ("balancer: power", "balancer: pow")):
        assert not check.is_valid(plain(EVERYTHING.replace(*wrong)))


def test_every_field_says_what_it_means() -> None:
    body = schema.json_schema()
    silent = [
        f"{name}.{key}"
        for name, part in {"Scenario": body, **body["$defs"]}.items()
        for key, spec in part.get("properties", {}).items()
        if "description" not in spec and "$ref" not in spec
    ]
    assert silent == []
    assert schema.fields()["Service.slots"].startswith("Attempts inside")


def test_the_starter_is_valid_and_warns_of_nothing() -> None:
    loaded = load_text(starter("my shop!"), "starter.yaml")
    assert loaded.warnings == []
    assert loaded.name == "my-shop"
    assert loaded.variant_names == ("none", "breaker")


def test_an_override_adds_changes_and_removes_a_variant() -> None:
    """So a breaker of one's own joins a comparison without a copy of the file."""
    text = "name: s\nduration: 9s\nsources: {u: {rate: 1/s, call: web}}\n"
    text += "services: {web: {slots: 1, steps: [{work: 1ms}]}}\n"
    text += "variants: {small: {}, big: {services: {web: {slots: 8}}}}\n"
    overrides = [
        "variants.tiny.services.web.queue=0",
        "variants.big={services: {web: {slots: 9}}}",
        "variants.small=",
        "services.web.cores=1",
    ]
    loaded = load_text(text, overrides=overrides)
    assert loaded.variant_names == ("big", "tiny")
    assert loaded.scenario("tiny").services["web"].queue == 0
    assert loaded.scenario("big").services["web"].slots == 9
    assert {loaded.scenario(v).services["web"].cores for v in (None, "big", "tiny")} == {1}
    with pytest.raises(InvalidScenario, match="did you mean slots"):
        load_text(text, overrides=["variants.tiny.services.web.slot=2"])
