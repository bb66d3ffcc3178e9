"""Attempts per second of both engines, side by side in one run.

    python tests/bench/bench_engines.py [seconds of simulated time of the third, 60 by default]

Everything is recorded: ledgers, histograms, gauges, breakers' moves. The compiled engine is compiled and warm.
A row says whether both engines gave the same events and the same ledger; that of the queue whether its mean
wait agrees with Erlang C (5 standard errors of batch means).
"""

import platform
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np

from sim.engines.compiled.run import compile_kernel
from sim.engines.compiled.run import run as run_compiled
from sim.engines.simpy_engine.world import World
from sim.record.types import STARTED, WAIT_NS
from sim.scenario import load_file, load_text
from sim.topology.build import build

ROUNDS = 5
REQUESTS = 40_000
TIMES = 20
"""So much longer are the runs of the compiled engine."""
QUEUE = """
schema: 1
name: queue
requests: {requests}
bucket: {bucket}s
sources: {{users: {{rate: 3.2/s, call: server}}}}
services: {{server: {{slots: 4, steps: [work: {{exponential: 1s}}]}}}}
"""
CHAIN = """
schema: 1
name: chain
requests: {requests}
bucket: {bucket}s
sources: {{users: {{rate: 3.2/s, call: a}}}}
policies: {{timeout: 60s, retry: 2, breaker: count-window}}
services:
  a: {{slots: 64, cores: 4, steps: [work: {{exponential: 1s}}, call: b]}}
  b: {{slots: 64, cores: 4, steps: [work: {{exponential: 1s}}, call: c]}}
  c: {{slots: 4, steps: [work: {{exponential: 1s}}]}}
"""


def text(scenario, requests):
    bucket = max(1, round(requests / 3.2 / 500))
    return build(load_text(scenario.format(requests=requests, bucket=bucket)).scenario())


def boutique(seconds):
    file = Path(__file__).parents[2] / "scenarios" / "online-boutique-slow-ads.yaml"
    return replace(build(load_file(str(file)).scenario()), duration_ns=seconds * 10**9)


def timed(run, topology):
    """(record, attempts per second of CPU time)."""
    began = time.process_time()
    record = run(topology, 1)
    return record, record.counts[1].sum() / (time.process_time() - began)


def simpy_run(topology, seed):
    return World(topology, seed, plugins={}).run()


def row(name, short, long):
    """Median rates of rounds in which both run: SimPy the short one, the compiled engine the long one, for
    what a run begins and ends with takes it longer than the short one itself. Both run the short one once
    more for equality."""
    rates = []
    for _ in range(ROUNDS):
        (a, simpy_rate), (b, compiled_rate) = timed(simpy_run, short), timed(run_compiled, long)
        rates.append((simpy_rate, compiled_rate, compiled_rate / simpy_rate))
    attempts, b = int(b.counts[1].sum()), run_compiled(short, 1)
    same = (
        a.events == b.events
        and np.array_equal(a.counts, b.counts)
        and np.array_equal(a.latency_ns, b.latency_ns)
    )
    slow, fast, ratio = (statistics.median(column) for column in zip(*rates, strict=True))
    print(
        f"  {name:<28}{attempts:>10,}{slow:>12,.0f}{fast:>12,.0f}{ratio:>8.1f}   {'same' if same else 'DIFFER'}"
    )


def erlang_c():
    """Mean wait of M/M/4 at 0.8 against theory: 0.746 s."""
    record = run_compiled(text(QUEUE, 2_000_000), 7)
    waits = record.visits[0, :, WAIT_NS] / np.maximum(1, record.visits[0, :, STARTED]) / 1e9
    error = waits.std() / np.sqrt(len(waits))
    load, servers = 3.2, 4
    terms = [load**k / np.prod(range(1, k + 1)) for k in range(servers)]
    last = load**servers / np.prod(range(1, servers + 1)) * servers / (servers - load)
    theory = last / (sum(terms) + last) / (servers - load)
    verdict = "agrees" if abs(waits.mean() - theory) < 5 * error else "DISAGREES"
    print(
        f"  mean wait of M/M/4 over 2,000,000 customers {waits.mean():.4f} s, Erlang C {theory:.4f} s: {verdict}"
    )


def main(seconds):
    compile_kernel()
    run_compiled(text(QUEUE, 1_000), 1)
    print(f"{platform.platform()}, Python {platform.python_version()}, numba {numba.__version__}")
    print(f"attempts per second of CPU time, medians of {ROUNDS} rounds")
    print(f"  {'':<28}{'attempts':>10}{'simpy':>12}{'compiled':>12}{'ratio':>8}")
    row("M/M/4 at 0.8", text(QUEUE, REQUESTS), text(QUEUE, TIMES * REQUESTS))
    row("chain of three, breakers", text(CHAIN, REQUESTS // 4), text(CHAIN, TIMES * REQUESTS // 4))
    row("Online Boutique, slow ads", boutique(seconds), boutique(TIMES * seconds))
    erlang_c()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
