"""Sentinel's rules."""

import json

import pytest

from tests.unit.vendor.files import block, idle, imported, marks, one, stack, there_and_back, wrong

RULES = [
    {
        "resource": "GET:/pay",
        "grade": 1,
        "count": 0.5,
        "timeWindow": 10,
        "minRequestAmount": 7,
        "statIntervalMs": 2000,
    },
    {"resource": "GET:/pay", "grade": 0, "count": 200, "timeWindow": 5, "slowRatioThreshold": 0.6},
    {"resource": "GET:/pay", "grade": 1, "count": 20, "limitApp": "default"},
    {"resource": "stock", "grade": 1, "count": 20.5, "controlBehavior": 2, "maxQueueingTimeMs": 300},
    {"resource": "stock", "grade": 0, "count": 3},
]


def rules(*items):
    return json.dumps(items)


def degrade(**settings):
    return rules({"resource": "db", "grade": 1, "count": 0.5, "timeWindow": 10} | settings)


def flow(**settings):
    return rules({"resource": "db", "grade": 1, "count": 5, "strategy": 0} | settings)


def test_flow_rules_stand_before_degrade_rules_which_keep_the_order_of_the_list():
    pay, stock = imported(rules(*RULES))
    assert [kind for kind, _ in pay.stack] == ["rate_limit", "breaker", "breaker"]
    assert [block["params"]["grade"].value for kind, block in pay.stack if kind == "breaker"] == [1, 0]
    assert [kind for kind, _ in stock.stack] == ["rate_limit", "bulkhead"]


def test_times_have_their_own_units():
    params = block(degrade(timeWindow=10, statIntervalMs=2000), "breaker")["params"]
    assert (params["timeWindow"], params["statIntervalMs"]) == ("10s", "2s")


def test_defaults_are_sentinels():
    found = marks(degrade(), "breaker")
    assert found["minRequestAmount"] == ("default", "")
    assert block(degrade(), "breaker")["params"]["minRequestAmount"] == 5


def test_a_flow_rule_refuses_or_makes_wait():
    assert block(flow(), "rate_limit")["params"]["limitForPeriod"] == 5
    queueing = block(flow(controlBehavior=2), "rate_limit")
    assert queueing == {"rate": "5/s", "burst": 1, "max_wait": "500ms"}
    assert block(flow(grade=0), "bulkhead") == {"limit": 5}


def test_what_is_of_the_dashboard_or_of_callers_has_no_meaning():
    text = degrade(id=3, app="shop", limitApp="other")
    assert set(idle(text)) == {"id", "app", "limitApp"}


def test_several_lists_of_a_file_are_read():
    text = json.dumps({"degradeRules": [RULES[0]], "flowRules": [RULES[2]]})
    assert [next(iter(single)) for single in stack(text)] == ["rate_limit", "breaker"]
    assert one(text).name == "GET:/pay"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (degrade(timeWindow=0), "timeWindow: 0 is out of range"),
        (degrade(count=1.5), "count is a ratio of 0..1"),
        (degrade(count=-1), "out of range"),
        (degrade(grade=3), "it must be 0 to 2"),
        (degrade(minRequestAmount=0), "at least 1"),
        (degrade(statIntervalMs=200_000), "it must be 1 to 120000"),
        (degrade(grade=0, slowRatioThreshold=2), "between 0 and 1"),
        (degrade(timeWindows=3), "did you mean timeWindow?"),
        (degrade(rtSlowRequestAmount=3), "write minRequestAmount"),
        (degrade(regex=True), "write its name"),
        (degrade(count="much"), "'much' is not a number"),
        (rules({"resource": "db", "grade": 1, "timeWindow": 3}), "`count` is missing"),
        (rules({"resource": "", "grade": 1, "count": 1, "timeWindow": 3}), "resource is empty"),
        (rules({"resource": "db", "grade": 1, "count": 1}, {"rule": 3}), "this is no rule"),
        (flow(controlBehavior=1), "a limit that warms up"),
        (flow(strategy=1), "limits by other resources"),
        (flow(clusterMode=True), "several processes share"),
        (flow(count=0.5), "less than one call a second"),
        (flow(grade=0, count=2.5), "whole number"),
        (rules({"resource": "db", "paramIdx": 0, "grade": 1, "count": 5}), "this is a hot-parameter rule"),
        (rules({"resource": "db", "limitApp": "a,b", "strategy": 0}), "this is an authority rule"),
        (rules({"resource": "db", "resourceMode": 0, "count": 5}), "this is a gateway rule"),
        (rules({"highestSystemLoad": 3.0, "qps": 10}), "guards a whole process"),
        (rules({"qps": 10}), "guards a whole process"),
    ],
)
def test_what_is_wrong_is_told_with_its_position(text, words):
    told = wrong(text)
    assert words in told
    assert told.startswith("f:1:")


def test_flow_rules_for_different_callers_are_no_stack():
    told = wrong(flow(limitApp="appA")[:-1] + ", " + flow(limitApp="other", count=50)[1:])
    assert "the flow rules of db are for different callers (appA, other)" in told
    assert "import once for each" in told
    assert "different callers (appA, default)" in wrong(flow(limitApp="appA")[:-1] + ", " + flow(count=9)[1:])


def test_a_flow_rule_says_whose_calls_it_is_for():
    assert "calls of appA" in idle(flow(limitApp="appA"))["limitApp"]
    assert "all callers" in idle(flow(limitApp="default"))["limitApp"]
    two = degrade(limitApp="appA")[:-1] + ", " + degrade(limitApp="other")[1:]
    assert "whatever this says" in idle(two)["limitApp"]


def test_import_export_import_is_the_identity():
    first, second = there_and_back(rules(*RULES), "sentinel")
    assert first == second
