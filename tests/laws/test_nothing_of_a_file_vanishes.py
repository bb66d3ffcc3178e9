"""Every value of an imported file is in a policy, shapes the stack, is idle with a reason, or stands in a part that is
named as not read."""

import json
import re
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InvalidScenario
from sim.units import duration_ns
from sim.vendor import detect, source, write
from sim.vendor.kinds import Wishes
from sim.vendor.marked import leaves
from sim.vendor.settings import hystrix as h
from sim.vendor.settings import polly_keys as k
from sim.vendor.settings import sentinel as s
from sim.vendor.settings import timespan
from sim.vendor.settings.resilience4j_keys import LISTS, MODULES
from tests.unit.vendor import test_polly, test_resilience4j, test_sentinel
from tests.unit.vendor.files import REAL

KINDS = ("resilience4j", "hystrix", "sentinel", "polly")
TEXTS = {
    "resilience4j": test_resilience4j.YML,
    "profiles": test_resilience4j.PROFILES,
    "groups": test_resilience4j.GROUPS,
    "cloud": test_resilience4j.CLOUD,
    "polly": test_polly.JSON,
    "sentinel": test_sentinel.rules(*test_sentinel.RULES),
    "overridden": """resilience4j:
  circuitbreaker:
    circuitBreakerAspectOrder: 3
    configs:
      default: {slidingWindowSize: 5}
      base: {slidingWindowSize: 7, failureRateThreshold: 20}
      lost:
        slidingWindowSize: 9
    instances:
      a:
        baseConfig: base
        slidingWindowSize: 8
        randomizedWaitFactor: 0.3
        ignoreExceptions:
          - java.lang.RuntimeException
          - com.acme.Own
  retry:
    enabled: false
    instances:
      a:
        maxAttempts: 9
  timelimiter:
    instances:
      a:
        timeoutDuration:
---
resilience4j.circuitbreaker.instances.a.slidingWindowSize: 4
""",
    "hystrix": """hystrix.command.default.circuitBreaker.requestVolumeThreshold=9
hystrix.command.default.execution.timeout.enabled=true
hystrix.command.Pay.circuitBreaker.requestVolumeThreshold=7
hystrix.command.Pay.execution.isolation.strategy=SEMAPHORE
hystrix.command.Pay.threadPoolKeyOverride=pool
hystrix.command.Pay.metrics.rollingPercentile.enabled=true
hystrix.threadpool.pool.coreSize=4
hystrix.threadpool.lost.coreSize=4
hystrix.collapser.default.maxRequestsInBatch=10
turbine.x=5
""",
}


def untold(text):
    """Places of values that nothing is said of."""
    read = source.parse(text, "f")
    found = detect.kind_of(read).policies(read, Wishes(options={"thread_pool": False}))
    told = {v.line for i in found for _, block in i.stack for _, v in leaves(block)}
    idle = {one.line for i in found for one in i.idle}
    told |= {at.line for i in found for one in i.shape for at in (one.at, one.key_at)}
    notes = " ".join(note for i in found for note in i.notes if re.search("not read|switched off", note))
    named = set(re.findall(r"[\w.-]+", notes)) | {
        idle.name for i in found for idle in i.idle if idle.raw == "..."
    }
    names = {i.name for i in found}
    return [
        (tree.values[place].line, place)
        for tree in read.documents
        for place in tree.values
        if not isinstance(value := reduce(lambda data, key: data[key], place, tree.data), dict | list)
        and value not in names
        and not (told | idle) & set(lines(tree, place))
        and not idle & {tree.keys[place[:n]].line for n in range(1, len(place) + 1) if place[:n] in tree.keys}
        and not named & set(words(tree, place))
    ]


def lines(tree, place):
    """Of a value, its key, and the list that it is an item of."""
    first = re.sub(r"\[\d+\]$", "[0]", str(place[-1]))
    if first in tree.data:
        yield tree.values[(first,)].line
    while place:
        yield tree.values[place].line
        if place in tree.keys:
            yield tree.keys[place].line
        if not isinstance(place[-1], int):
            return
        place = place[:-1]


def words(tree, place):
    """Keys above a value, and what says when its document holds."""
    yield from (part for key in place for part in (str(key), *re.split(r"[.\[\]]", str(key))))
    for key, value in tree.data.items() if isinstance(tree.data, dict) else ():
        yield from re.findall(r"[\w-]+", str(value)) if key.startswith("spring") else ()


@pytest.mark.parametrize("name", TEXTS)
def test_every_value_of_a_file_is_told(name):
    assert untold(TEXTS[name]) == []


def values(option):
    if option.kind == "flag":
        return st.booleans()
    return st.sampled_from([word for word in option.choices if word != "Linear"] or [option.default])


def settings_of(module):
    """Some of a module's settings, each as the library has it by default."""
    own = {option.name: values(option) for option in module.options if not option.elsewhere}
    if module.name == "circuitbreaker":
        del own["enableRandomizedWait"]  # it and enableExponentialBackoff exclude each other
    own |= {name: st.just("true") for name in module.idle}
    own |= {
        name: st.sampled_from([["java.io.IOException", "com.acme.Own"], ["java.lang.Exception"]])
        for name in module.known()
        if name in LISTS
    }
    own.pop("slidingWindowSynchronizationStrategy", None)
    return st.fixed_dictionaries({}, optional=own)


def module_of(module):
    own = settings_of(module)
    based = st.builds(lambda base, more: more | base, st.sampled_from([{}, {"baseConfig": "base"}]), own)
    return st.fixed_dictionaries(
        {"instances": st.fixed_dictionaries({}, optional={"a": based, "b": own})},
        optional={
            "configs": st.fixed_dictionaries({"base": own}, optional={"default": based}),
            "enabled": st.booleans(),
            module.order: st.just(7),
        },
    ).filter(lambda found: "configs" in found or "baseConfig" not in str(found))


files = st.fixed_dictionaries({}, optional={module.name: module_of(module) for module in MODULES.values()})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files)
def test_every_value_of_whatever_settings_of_resilience4j_is_told(modules):
    text = "\n".join(write.lines({"resilience4j": modules}, short=0)) + "\n"
    try:
        assert untold(text) == []
    except InvalidScenario as error:
        assert all("no instance and no config" in one.message for one in error.problems)


def some(options, **more):
    """Some settings of these, each as the library has it by default or another choice, and some of `more`."""
    own = {one.name: values(one) for one in options if not one.elsewhere and not one.needed}
    return st.fixed_dictionaries({}, optional=own | {name: st.just(value) for name, value in more.items()})


commands = some((*h.BREAKER, *h.OTHERS), **dict.fromkeys(h.IDLE, 1), **{h.POOL: "pool"})
pools = some(h.THREADS, **dict.fromkeys(h.POOL_IDLE, 1))
hystrix = st.fixed_dictionaries(
    {"command": st.fixed_dictionaries({"a": commands}, optional={"default": commands, "b": commands})},
    optional={
        "threadpool": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("default", "pool", "a", "lost"), pools)
        )
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hystrix)
def test_every_value_of_whatever_settings_of_hystrix_is_told(found):
    lines_ = [
        f"hystrix.{section}.{name}.{key}={str(value).lower() if isinstance(value, bool) else value}"
        for section, groups in found.items()
        for name, group in groups.items()
        for key, value in group.items()
    ]
    if any("hystrix.command" in line for line in lines_):
        assert untold("\n".join(lines_) + "\n") == []


def spans(found):
    """Durations as .NET writes them."""
    return {name: as_span(value) for name, value in found.items()}


def as_span(value):
    if value == k.NO_CAP:
        return "1.00:00:00"
    return timespan.show(duration_ns(value)) if str(value)[:1].isdigit() and str(value)[-1:] == "s" else value


def section(options, **more):
    return some(options, **more, Name="x").map(spans)


standard = st.fixed_dictionaries(
    {
        "Retry": section(k.RETRY, ShouldRetryAfterHeader=True).map(
            lambda retry: retry | {"MaxRetryAttempts": 3}
        )
    },
    optional={
        "RateLimiter": st.fixed_dictionaries(
            {}, optional={"DefaultRateLimiterOptions": some(k.LIMITER, QueueProcessingOrder="OldestFirst")}
        ),
        "TotalRequestTimeout": section([k.TOTAL]),
        "CircuitBreaker": section(k.BREAKER),
        "AttemptTimeout": section([k.ATTEMPT]),
    },
)
hedging = st.fixed_dictionaries(
    {"Hedging": section(k.HEDGING).map(lambda hedge: hedge | {"MaxHedgedAttempts": 1})},
    optional={
        "Endpoint": st.fixed_dictionaries(
            {}, optional={"CircuitBreaker": section(k.BREAKER), "Timeout": section([k.ATTEMPT])}
        )
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(standard, hedging), st.booleans())
def test_every_value_of_whatever_options_of_polly_is_told(found, others):
    file = {"db": found} | ({"Logging": {"Level": "Debug"}} if others else {})
    assert untold(json.dumps(file, indent=1)) == []


flows = some(s.FLOW_OPTIONS, regex=False, clusterMode=False, limitApp="default", id=3, refResource="x")
degrades = some(s.BREAKER, regex=False, limitApp="default", id=3, passCount=4)
flow_rules = flows.map(lambda rule: {"resource": "a", **rule, "count": 5})
degrade_rules = degrades.map(lambda rule: {"resource": "b", **rule, "count": 1, "timeWindow": 3})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(flow_rules, degrade_rules), min_size=1, max_size=3))
def test_every_value_of_whatever_rules_of_sentinel_is_told(rules):
    assert untold(json.dumps(rules, indent=1)) == []


@pytest.mark.skipif(not REAL.exists(), reason="the files of real repositories are not beside the checkout")
def test_every_value_of_real_files_is_told():
    vanished = {}
    for path in sorted(p for p in REAL.rglob("*") if p.suffix in (".yml", ".yaml", ".json", ".properties")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            kind = detect.kind_of(source.parse(text, path.name)).name
            left = untold(text) if kind in KINDS else []
        except InvalidScenario:
            continue
        if left:
            vanished[str(path.relative_to(REAL))] = left
    assert vanished == {}
