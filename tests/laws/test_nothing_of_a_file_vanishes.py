"""Every value of an imported file is in a policy, shapes the stack, is idle with a reason, or stands in a part that is
named as not read."""

import re
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InvalidScenario
from sim.vendor import detect, source, write
from sim.vendor.kinds import Wishes
from sim.vendor.marked import leaves
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
    told |= {idle.line for i in found for idle in i.idle}
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
        and not told & set(lines(tree, place))
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


def settings_of(module):
    """Some of a module's settings, each as the library has it by default."""
    own = {option.name: st.just(option.default) for option in module.options if not option.elsewhere}
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
            "configs": st.fixed_dictionaries({"base": own}, optional={"default": own}),
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
