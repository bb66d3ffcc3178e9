"""The tables as text."""

import math
from collections.abc import Iterator
from pathlib import Path

from tests.bench.scale.rounds import Case, Runs

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
NOTES = (
    "",
    "ns: from the first moment to the finished record, which is put together at the end, over all attempts.",
    "x first: cost against the first row; log: what it would be if it grew as the logarithm, log10(size).",
    "start: tables of services, calls and replicas, once a run. memory: of the process at most; before: of this what",
    "Python, the kernel and the topology take before the run. buckets: as by default, or so few that the record of a",
    "large graph stays below 200 MB. Every call in flight has a timeout of three times its work, which stays on the",
    "heap of instants until its time has come.",
    "Where events per attempt stay, what grows is the depth of that heap and the time to reach memory: the records of",
    "many services, or of many calls, do not lie in the caches of the processor.",
)


def caches() -> Iterator[str]:
    """Of one core, from the system."""
    found = []
    for index in sorted(CACHES.glob("index*")) if CACHES.exists() else ():
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    if found:
        yield f"caches: {', '.join(found)}"


def table(what: str, cases: list[Case], runs: dict[Case, Runs]) -> Iterator[str]:
    """A row for every size."""
    yield ""
    yield (
        f"{what:>15}{'edges':>8}{'attempts':>11}{'in flight':>11}{'buckets':>9}{'events/att.':>12}"
        f"{'attempts/s':>12}{'ns':>8}{'x first':>9}{'log':>6}{'start s':>9}{'memory MB':>11}{'before':>8}"
    )
    first = runs[cases[0]]
    for case in cases:
        run = runs[case]
        one = {
            name: run.median(name)
            for name in ("attempts", "in_flight", "buckets", "events", "sites", "start_s")
        }
        ns = sorted(run.ns)[len(run.ns) // 2]
        memory, before = (run.median(f"{name}_bytes") / 1e6 for name in ("peak", "before"))
        yield (
            f"{case.size:>15,}{one['sites']:>8,.0f}{one['attempts']:>11,.0f}{one['in_flight']:>11,.0f}"
            f"{one['buckets']:>9,.0f}{one['events'] / one['attempts']:>12.1f}{1e9 / ns:>12,.0f}{ns:>8,.0f}"
            f"{run.over(first):>9.2f}{math.log10(case.size):>6.1f}{one['start_s']:>9.2f}{memory:>11,.0f}{before:>8,.0f}"
        )


def growth(graphs: list[Case], flights: list[Case], runs: dict[Case, Runs]) -> Iterator[str]:
    """Does the cost of an attempt grow no faster than the logarithm, at any size?"""
    yield ""
    for what, cases in (("services", graphs), ("calls in flight", flights)):
        first = runs[cases[0]]
        worst = max(cases[1:], key=lambda case: runs[case].over(first) / math.log10(case.size))
        ratio, log = runs[worst].over(first), math.log10(worst.size)
        verdict = "met" if ratio <= log * (1 + 1e-9) else "MISSED"
        yield (
            f"cost of an attempt grows no faster than the logarithm of {what}: {verdict}"
            f" (closest at {worst.size:,}: {ratio:.2f} times, logarithm {log:.1f})"
        )


def large(case: Case, runs: Runs) -> str:
    """The run that is asked for by its size."""
    took, memory = runs.median("start_s") + runs.median("run_s"), runs.median("peak_bytes") / 1e6
    return (
        f"{case.size:,} services, {runs.median('attempts'):,.0f} attempts on one core: {took:.1f} s of CPU time, "
        f"{memory:,.0f} MB at most"
    )
