"""Every limiter and budget of the catalogue does in a scenario what it is there for.

The callee has one slot, no queue and needs 20 ms; 200 calls a second ask for it. What a row refuses shows in a
measure of the edge, against the same run without it; the seed is the same.
"""

import json

import pytest

from sim import engines
from sim.measures import evaluate
from sim.policies.limits import catalog
from sim.scenario import load_text
from sim.topology.build import build

SETTINGS = {
    "google-sre-throttling": {},
    "envoy-admission-control": {},
    "kratos-sre": {},
    "go-zero": {},
    "failsafe-go-throttler": {},
    "finagle-nack": {"window": "1s"},
    "netflix-aimd": {"initialLimit": 20, "minLimit": 1, "timeout": "30ms"},
    "netflix-vegas": {},
    "netflix-gradient2": {"minLimit": 1},
    "netflix-gradient": {},
    "envoy-adaptive-concurrency": {},
    "resilience4j-ratelimiter": {"limitForPeriod": 50, "limitRefreshPeriod": "1s", "timeoutDuration": "10ms"},
    "resilience4j-bulkhead": {"maxConcurrentCalls": 2},
    "resilience4j-thread-pool-bulkhead": {"queueCapacity": 3},
    "hystrix-semaphore": {"maxConcurrentRequests": 2},
    "hystrix-thread-pool": {"coreSize": 2, "maxQueueSize": 20},
    "envoy-thresholds": {"max_connections": 2, "max_pending_requests": 5},
    "polly-concurrency-limiter": {"PermitLimit": 2, "QueueLimit": 3},
    "aws-sdk-standard": {},
    "aws-sdk-standard-2026": {},
    "smithy-rs": {},
    "grpc-retry-throttling": {},
    "finagle-retry-budget": {},
    "linkerd-retry-budget": {},
    "envoy-retry-budget": {"min_retry_concurrency": 1, "budget_percent": 1},
    "failsafe-go-budget": {"minConcurrency": 1, "maxRate": 0.01},
}
ROWS = [(block, name) for block, rows in catalog.BLOCKS.items() for name in rows]
SHOWN = {"throttle": "limited", "concurrency": "limited", "rate_limit": "limited", "bulkhead": "bulkhead"}


def measured(edge, measures, queue, slots=1):
    """Measures of a run of 10 s."""
    service = {"slots": slots, "steps": [{"work": {"exponential": "20ms"}}]}
    scenario = {
        "schema": 1, "name": "limits", "duration": "10s", "drain": False,
        "sources": {"users": {"rate": "200/s", "call": "web"}},
        "services": {"web": {"steps": [{"call": "db"}]}, "db": {**service, "queue": queue}},
        "edges": {"web -> db": edge},
    }  # fmt: skip
    loaded = load_text(json.dumps(scenario)).scenario()
    topology = build(loaded)
    record = engines.run(topology, 3, plugins={})
    return [evaluate(m, record, topology, healthy_share=loaded.healthy_share) for m in measures]


@pytest.mark.parametrize(("block", "name"), [r for r in ROWS if r[0] != "budget"])
def test_a_limiter_spares_an_overloaded_callee(block, name):
    shown = f"{SHOWN[block]}(web -> db)"
    queue = 0 if block == "throttle" else 100
    edge = {block: {"use": name, "params": SETTINGS[name]}}
    refused, sent = measured(edge, [shown, "attempts(db)"], queue)
    without, all_sent = measured({}, [shown, "attempts(db)"], queue)
    assert without == 0
    assert refused > 0.05
    assert sent < 0.95 * all_sent


@pytest.mark.parametrize("name", catalog.BUDGETS)
def test_a_budget_denies_retries_when_all_fails(name):
    retry = {"attempts": 3, "backoff": {"fixed": "20ms"}}
    params = {"use": name, "params": SETTINGS[name]}
    denied, sent = measured(
        {"retry": {**retry, "budget": params}}, ["retries_denied(web -> db)", "attempts(db)"], 0
    )
    free, all_sent = measured({"retry": retry}, ["retries_denied(web -> db)", "attempts(db)"], 0)
    assert free == 0
    assert denied > 0
    assert sent < 0.9 * all_sent


def test_every_row_is_tried():
    assert SETTINGS.keys() == {name for _, name in ROWS}


def test_a_thread_pool_works_at_the_speed_of_its_core_until_its_queue_is_full():
    """The second thread starts only once the queue has been full."""

    def sent(places):
        params = {"queueCapacity": places}
        edge = {"bulkhead": {"use": "resilience4j-thread-pool-bulkhead", "params": params}}
        return measured(edge, ["attempts(db)"], 100, slots=4)[0]

    assert sent(5000) == pytest.approx(500, rel=0.1)
    assert sent(1) == pytest.approx(1000, rel=0.1)
