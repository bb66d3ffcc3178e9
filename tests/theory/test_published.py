"""Published results, by the scenarios that `cascadelab validate` runs, in a size for every day."""

from functools import cache
from statistics import fmean, stdev

import pytest

from sim import engines
from sim.measures import evaluate
from sim.policies import plugins
from sim.scenario import load_file
from sim.topology.build import build
from sim.validation.formulas import bimodal, metastability, resiliency
from sim.validation.formulas import retry_policies as policies
from sim.validation.models import replicate
from sim.validation.target import THEORY, scenario_file
from tests.fast import ENGINE


@cache
def run(scenario, variant, *changes, seed=1):
    """(record, topology) of one run."""
    loaded = load_file(str(scenario_file(scenario)), overrides=changes)
    topology = build(loaded.scenario(variant))
    return engines.run(topology, seed, engine=ENGINE), topology


def measured(measure, scenario, variant, *changes, seed=1):
    return evaluate(measure, *run(scenario, variant, *changes, seed=seed))


def outage(rate, variant):
    """The outage of 10 s at this offered load, and 60 s after it."""
    return ("metastable.yaml", variant, "duration=100s", f"sources.users.rate={rate}/s")


@pytest.mark.parametrize("rate", [160, 280])
def test_above_half_of_the_capacity_an_outage_never_ends(rate):
    """HotOS 2021: 280 queries/s become 560, and nobody is answered in time."""
    case = outage(rate, "none")
    assert measured("metastable", *case) == 1
    assert measured("goodput 50s..100s", *case) == 0
    assert measured("tries.offered 50s..100s", *case) == pytest.approx(2 * rate, rel=0.03)


def test_below_half_of_the_capacity_it_does():
    case = outage(100, "none")
    expected = metastability.recovery(100, capacity=300, attempts=2, outage=10, timeout=1)
    assert measured("recovery_time", *case) == pytest.approx(expected, abs=5)
    assert measured("tries.offered 70s..100s", *case) == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("rate", [160, 280])
def test_with_a_breaker_it_ends_above_as_well(rate):
    case = outage(rate, "breaker")
    assert measured("recovery_time", *case) < 10
    assert measured("tries.offered 50s..100s", *case) == pytest.approx(rate, rel=0.05)


def test_one_call_in_twenty_that_hangs_takes_all_threads():
    """SRE book, ch. 22. Admitted and answered are not the same: a twentieth of what is admitted hangs."""
    case = ("bimodal.yaml", "hang", "duration=1500s", "warmup=300s", "sources.users.policies.deadline=30s")
    refused = measured("shed", *case) / measured("N", *case)
    assert refused == pytest.approx(bimodal.refused(100, 100, 0.1, 0.05, 30), rel=0.1)
    assert measured("success_share", *case) == pytest.approx((1 - refused) * 0.95, rel=0.01)


def test_failing_at_once_they_would_cost_a_twentieth():
    case = ("bimodal.yaml", "fail-fast", "duration=300s", "warmup=10s", "bucket=10s")
    assert measured("success_share", *case) == pytest.approx(0.95, abs=0.01)
    assert measured("shed", *case) == 0


@pytest.mark.parametrize(
    ("variant", "policy"),
    [("plain", resiliency.PLAIN), ("retry", resiliency.retries(10)), ("breaker", resiliency.breaker(20))],
)
def test_what_a_hundred_answers_of_a_failing_server_take(variant, policy):
    """ICSA 2020, availability 0.5: the mean of forty runs lies within four standard errors."""
    loaded = load_file(str(scenario_file("resiliency-patterns.yaml")))
    topology = build(loaded.scenario(variant))
    records = [engines.run(topology, seed, engine=ENGINE) for seed in range(1, 41)]
    times = [100 / evaluate("goodput", record, topology) for record in records]
    expected = resiliency.until_answered(policy, 0.5).time
    assert abs(fmean(times) - expected) < 4.4 * stdev(times) / 40**0.5
    assert stdev(times) < 0.25 * expected


@pytest.mark.parametrize(("policy", "exact"), [("bucket", policies.bucket), ("breaker", policies.breaker)])
def test_retries_under_the_rules_of_a_published_program(policy, exact):
    """Brooker 2022: the rules run as plugins."""
    known = plugins.from_file(THEORY / "retry_quirks.py")
    loaded = load_file(str(scenario_file("retry-quirks.yaml")), known_breakers=known)
    topology = build(loaded.scenario(policy))
    record = engines.run(topology, 1, plugins=known)
    expected = exact(0.5, 100)
    assert evaluate("success_share", record, topology) == pytest.approx(expected.success, abs=0.02)
    assert evaluate("amplification(server)", record, topology) == pytest.approx(expected.load, abs=0.005)


def test_jitter_spares_more_than_half_of_the_writes():
    """AWS 2015: a hundred clients, one row."""
    alone, jittered = (
        replicate("backoff_contention.py", 1, ("clients=100", f"jitter={jitter}"))["calls"]
        for jitter in ("exponential", "full")
    )
    assert jittered < 0.5 * alone
    assert jittered == pytest.approx(796, rel=0.04)


def test_newest_first_keeps_what_oldest_first_loses():
    """Ten workers offered two and a half times what they can do."""
    changes = ("duration=60s", "warmup=20s")
    assert measured("success_share", "queue-order.yaml", "oldest-first", *changes) == 0
    assert measured("success_share", "queue-order.yaml", "newest-first", *changes) == pytest.approx(
        0.4, rel=0.05
    )


@pytest.mark.parametrize(("overtaking", "failed"), [("yes", (0.05, 0.15)), ("no", (0.95, 1.0))])
def test_the_printed_share_of_a_spike_hangs_on_who_may_overtake(overtaking, failed):
    settings = ("rate=0.1", "spike=yes", "lifo=no", f"overtaking={overtaking}")
    found = replicate("queue_readme.py", 1, settings)["failed"]
    assert failed[0] < found < failed[1]
