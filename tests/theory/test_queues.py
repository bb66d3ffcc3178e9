"""Closed forms of queueing theory, by scenario text as a user would write it.

Each target: independent replications, pass within 4 standard errors (t for few replications) of the
exact value, and the resolution is bounded, so that a noisy run cannot pass.
"""

import math
import statistics

import pytest

from sim import engines
from sim.measures import evaluate
from sim.scenario import load_text
from sim.topology.build import build
from tests.fast import ENGINE

REPLICATIONS = 10
T_AT_4_SIGMA = 7.0
"""t quantile for 10 replications at the level of 4 standard deviations."""


def replicate(text, *measures):
    """Means and half widths of measures over seeds."""
    topology = build(load_text(text).scenario())
    found = {m: [] for m in measures}
    for seed in range(1, REPLICATIONS + 1):
        record = engines.run(topology, seed, engine=ENGINE)
        for m in measures:
            found[m].append(evaluate(m, record, topology))
    half = T_AT_4_SIGMA / math.sqrt(REPLICATIONS)
    return {m: (statistics.fmean(xs), statistics.stdev(xs) * half) for m, xs in found.items()}


def check(found, expected, resolution):
    """The exact value lies within the interval, and the interval is narrow."""
    mean, half = found
    assert abs(mean - expected) <= half, f"{mean} ± {half}, expected {expected}"
    assert half <= resolution * expected, f"not resolved: ± {half} of {expected}"


def queue(rate, service, work="{exponential: 1s}", duration="20000s", source=""):
    """One queue."""
    return f"""
schema: 1
name: queue
duration: {duration}
warmup: 200s
bucket: 40s
sources: {{users: {{rate: {rate}/s, call: server{source}}}}}
services:
  server: {{{service}, steps: [work: {work}]}}
"""


def erlang_b(servers, load):
    """Blocking probability by the usual recursion."""
    b = 1.0
    for k in range(1, servers + 1):
        b = load * b / (k + load * b)
    return b


@pytest.mark.parametrize(("rate", "c"), [(0.5, 1), (1.5, 2), (3.2, 4)])
def test_mmc_waits_as_erlang_c_says(rate, c):
    """W = C / (c mu - lambda)."""
    b = erlang_b(c, rate)
    wait = b / (1 - rate / c * (1 - b)) / (c - rate)
    found = replicate(queue(rate, f"slots: {c}"), "wait(server)", "utilisation(server)", "R")
    check(found["wait(server)"], wait, 0.4)
    check(found["utilisation(server)"], rate / c, 0.05)
    check(found["R"], wait + 1, 0.15)


@pytest.mark.parametrize("work", ["1s", "{exponential: 1s}", "{lognormal: {mean: 1s, cv: 1.3}}"])
def test_loss_is_insensitive_to_the_service_law(work):
    """Erlang B with four slots and no queue."""
    found = replicate(queue(3.2, "slots: 4, queue: 0", work), "failure_share")
    check(found["failure_share"], erlang_b(4, 3.2), 0.05)


@pytest.mark.parametrize("work", ["{exponential: 1s}", "{lognormal: {mean: 1s, cv: 1.3}}"])
def test_processor_sharing_is_insensitive_to_the_service_law(work):
    """M/G/1-PS: mean sojourn 1 / (1 - rho)."""
    check(replicate(queue(0.5, "cores: 1", work), "R")["R"], 2.0, 0.15)


@pytest.mark.parametrize(("work", "square"), [("1s", 0.0), ("{erlang: {shape: 2, mean: 1s}}", 0.5)])
def test_single_server_waits_as_pollaczek_and_khinchine_say(work, square):
    """W = rho (1 + c^2) / (2 (1 - rho))."""
    found = replicate(queue(0.5, "slots: 1", work), "wait(server)")
    check(found["wait(server)"], 0.5 * (1 + square) / (2 * 0.5), 0.15)


def test_a_client_timeout_without_cancel_leaves_the_queue_as_it_is():
    """S = 1 - exp(-(mu - lambda) D)."""
    text = queue(0.5, "slots: 1", source=", policies: {timeout: 2s}")
    check(replicate(text, "success_share")["success_share"], 1 - math.exp(-1), 0.05)


def test_closed_loop_gives_the_machine_repair_throughput():
    """M/M/1//N with 5 users who think 1 s: X = 0.996933."""
    text = """
schema: 1
name: loop
duration: 16000s
warmup: 100s
bucket: 40s
sources: {users: {users: 5, think: {exponential: 1s}, call: server}}
services: {server: {slots: 1, steps: [work: {exponential: 1s}]}}
"""
    check(replicate(text, "goodput")["goodput"], 0.996933, 0.03)


@pytest.mark.parametrize(("retries", "layers", "calls"), [(4, 3, 64), (3, 5, 243)])
def test_retries_multiply_through_layers(retries, layers, calls):
    """SRE book, ch. 22: 4^3 = 64; AWS Builders' Library: 3^5 = 243."""
    names = [f"s{i}" for i in range(layers)]
    services = "\n".join(
        f"  {name}: {{steps: [call: {names[i + 1] if i + 1 < layers else 'leaf'}]}}"
        for i, name in enumerate(names)
    )
    text = f"""
schema: 1
name: amplification
requests: 1
sources: {{users: {{rate: 1/s, call: s0}}}}
policies: {{retry: {{attempts: {retries}, backoff: none}}}}
edges: {{users -> s0: {{retry: null}}}}
services:
{services}
  leaf: {{error_rate: 100%, steps: []}}
"""
    topology = build(load_text(text).scenario())
    assert evaluate("tries.N(leaf)", engines.run(topology, 1), topology) == calls
