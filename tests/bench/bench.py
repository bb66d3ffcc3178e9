"""Figures of the engine, as ratios measured side by side in one run.

    python tests/bench/bench.py [speed] [memory] [jobs]      (all three by default)

speed: attempts per second of the SimPy engine with full policies and recording, against customers per
second of a bare textbook SimPy M/M/4 (process + Resource, nothing recorded). memory: peak memory of 1e5
and of 2e6 calls of one scenario. jobs: `compare --jobs 2` against `--jobs 1`.
"""

import gc
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import simpy

from sim import engines
from sim.scenario import load_text
from sim.topology.build import build

ROUNDS = 7
CUSTOMERS = 100_000
QUEUE = """
schema: 1
name: bench
requests: {requests}
bucket: 21s  # the default for a run of that length
sources: {{users: {{rate: 3.2/s, call: server, policies: {{{policies}}}}}}}
services: {{server: {{slots: 4, steps: [work: {{exponential: 1s}}]}}}}
"""
POLICIES = "timeout: 60s, retry: 3, breaker: count-window, bulkhead: 1000"


def textbook(customers: int) -> float:
    """Seconds of CPU time for so many customers through M/M/4, as in SimPy's own examples."""
    draw = random.Random(1)
    env = simpy.Environment()
    server = simpy.Resource(env, capacity=4)

    def customer(env):
        with server.request() as request:
            yield request
            yield env.timeout(draw.expovariate(1.0))

    def source(env):
        for _ in range(customers):
            yield env.timeout(draw.expovariate(3.2))
            env.process(customer(env))

    env.process(source(env))
    gc.collect()  # the garbage of the run before is not this one's
    began = time.process_time()
    env.run()
    return time.process_time() - began


def ours(customers: int, policies: str) -> float:
    """Seconds for as many attempts through the same queue, ledgers and histograms recorded."""
    topology = build(load_text(QUEUE.format(requests=customers, policies=policies)).scenario())
    gc.collect()  # the garbage of the run before is not this one's
    began = time.process_time()
    record = engines.run(topology, 1)
    took = time.process_time() - began
    assert record.counts[1].sum() == customers
    return took


def speed() -> None:
    """Ratio of rates, by pairs within a round: other work on the machine slows both alike."""
    rows: dict[str, list[float]] = {"textbook SimPy": [], "ours, no policies": [], "ours, full policies": []}
    for _ in range(ROUNDS):
        rows["textbook SimPy"].append(CUSTOMERS / textbook(CUSTOMERS))
        rows["ours, no policies"].append(CUSTOMERS / ours(CUSTOMERS, ""))
        rows["ours, full policies"].append(CUSTOMERS / ours(CUSTOMERS, POLICIES))
    print(f"M/M/4 at utilisation 0.8, {CUSTOMERS:,} customers, median of {ROUNDS} rounds")
    for name, rates in rows.items():
        pairs = [a / b for a, b in zip(rates, rows["textbook SimPy"], strict=True)]
        rate, ratio = statistics.median(rates), statistics.median(pairs)
        print(f"  {name:<22}{rate:>10,.0f}/s   {ratio:5.2f} of textbook SimPy")


def memory() -> None:
    """Peak memory by number of calls, each in a process of its own."""
    print("peak memory of one scenario")
    peaks = []
    for calls in (100_000, 2_000_000):
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import bench; bench.peak({calls})"
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(float(out.stdout))
        print(f"  {calls:>10,} calls   {peaks[-1]:8.1f} MB")
    print(f"  growth {peaks[1] - peaks[0]:.1f} MB")


def peak(calls: int) -> None:
    """Run so many calls and print the peak memory in MB."""
    ours(calls, POLICIES)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def jobs() -> None:
    """Speed of two processes against one, and that their tables are the same bytes."""
    scenario = Path(__file__).parents[2] / "scenarios" / "slow-database.yaml"
    print("compare --seeds 1..20 on scenarios/slow-database.yaml")
    took, tables = [], []
    with tempfile.TemporaryDirectory() as place:
        for n in (1, 2):
            folder = Path(place) / str(n)
            began = time.perf_counter()
            command = [
                sys.executable,
                "-m",
                "sim",
                "compare",
                str(scenario),
                "--seeds",
                "1..20",
                "--no-figures",
            ]
            subprocess.run([*command, "--jobs", str(n), "-o", str(folder)], check=True, capture_output=True)
            took.append(time.perf_counter() - began)
            tables.append(
                [(folder / f).read_bytes() for f in ("rows.csv", "comparison.csv", "comparison.txt")]
            )
            print(f"  --jobs {n}   {took[-1]:6.1f} s")
    print(
        f"  {took[0] / took[1]:.2f} times; tables {'the same bytes' if tables[0] == tables[1] else 'DIFFER'}"
    )


if __name__ == "__main__":
    print(f"{platform.platform()}, Python {platform.python_version()}, SimPy {simpy.__version__}")
    for chosen in sys.argv[1:] or ("speed", "memory", "jobs"):
        {"speed": speed, "memory": memory, "jobs": jobs}[chosen]()
