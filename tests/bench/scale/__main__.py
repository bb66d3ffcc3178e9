"""Cost of an attempt in the compiled engine as graphs grow, and as calls in flight do.

    python -m tests.bench.scale [--quick] [--rounds N] [--figure FILE]

Graphs are those of `cascadelab generate`, all with about as many calls in flight; calls in flight grow at a fixed graph.
Every run has a process of its own, which gets its topology built; rows are measured in interleaved rounds, medians
are shown. Time is CPU time of one core. Everything is recorded as by default: wider buckets keep the record of a
large graph small, so at the top there are few.
"""

import argparse
from pathlib import Path

from tests.bench.engines.report import machine
from tests.bench.scale import figure, report
from tests.bench.scale.rounds import Case, measure

SERVICES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
CALLS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
ATTEMPTS = 3_000_000
LARGE = Case("graph", 1_000, 10_000_000)
"""The run that has to end within minutes."""


def main(quick: bool, rounds: int, path: Path | None) -> None:
    """Measure and print."""
    for line in (*machine(), *report.caches()):
        print(line)
    attempts = ATTEMPTS // 10 if quick else ATTEMPTS
    graphs = [Case("graph", n, attempts) for n in SERVICES]
    flights = [Case("in_flight", n, attempts) for n in (CALLS[:-1] if quick else CALLS)]
    runs = measure([*graphs, *flights], rounds)
    print(*report.table("services", graphs, runs), sep="\n")
    print(*report.table("calls in flight", flights, runs), sep="\n")
    if quick:
        print("\nno verdict: among so few attempts what a run of a large graph begins and ends with counts")
    else:
        print(*report.growth(graphs, flights, runs), sep="\n")
        print(report.large(LARGE, measure([LARGE], 1)[LARGE]))
    print(*report.NOTES, sep="\n")
    if path:
        figure.draw(path, graphs, flights, runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the attempts, no million in flight")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the curves")
    options = parser.parse_args()
    main(options.quick, options.rounds, options.figure)
