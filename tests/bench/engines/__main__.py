"""Both engines beside everything else, in one run.

    python -m tests.bench.engines [--quick] [--figure FILE] [--rounds N]

Everything is measured in interleaved rounds, and ratios are medians of the rounds' own ratios: other work on the
machine slows all alike. Rates are attempts per second of CPU time of one core; an attempt is a visit of a station.
The compiled engine is compiled and warm, and records everything: ledgers, histograms, gauges, moves of breakers.
A mean wait agrees with theory if Erlang C lies in the 99.9 % interval of Student's t for the mean of the means of
batches of at least 2,000 customers; the first twentieth of a run is left out.
"""

import argparse
from pathlib import Path

from tests.bench.bench import jobs
from tests.bench.engines import figure, graphs, models, ours, report, starts
from tests.bench.engines.rounds import Hosts, Key, Runs, measure
from tests.bench.engines.rows import ROWS

QUEUES = [
    ("M/M/4 at utilisation 0.8", "queue"),
    ("a tandem of three M/M/4 at utilisation 0.8", "tandem"),
]
CHAIN = ("chain of three, with policies", "chain")
SIZES = {"chain": (20_000, 300_000), "boutique": (60, 300), "graph": (1, 10)}
"""Of a run of SimPy and of a compiled one: attempts of the chain, simulated seconds of the others."""
QUICKER = 8
"""Times shorter with --quick."""


def wanted(quick: bool) -> list[tuple[str, str]]:
    """(title, model) of what our engines run beside the queues."""
    shown = [CHAIN, *((f"Online Boutique, {name}", f"boutique:{name}") for name in ours.variants())]
    if graphs.thousand_services():
        shown.append(("graph of 1,000 services", "graph"))
    return shown[:3] + shown[-1:] if quick else shown


def plan(shown: list[tuple[str, str]], quick: bool) -> dict[Key, tuple[str, int]]:
    """What is measured, by (row, model): where, and how large a run is."""
    shorter = QUICKER if quick else 1
    asked = {
        (row.name, model): (row.host, row.visits // shorter)
        for _, model in QUEUES
        for row in ROWS
        if row.there
    }
    for _, model in shown:
        for engine, size in zip(("simpy", "compiled"), SIZES[model.split(":")[0]], strict=True):
            asked[engine, model] = ("ours", max(1, size // shorter))
    return asked


def main(quick: bool, rounds: int, path: Path | None) -> None:
    """Measure and print."""
    shown = wanted(quick)
    for line in report.machine():
        print(line)
    print("the compiled engine is there after (wall time)")
    for line in starts.table(quick):
        print(line)
    with Hosts() as hosts:
        asked = plan(shown, quick)
        runs = measure(hosts, asked, rounds)
        same = {model: same_records(hosts, model, asked["simpy", model][1]) for _, model in shown}
        show(shown, runs, same, rounds)
        if not quick:
            for line in report.parts(hosts.ask("ours", "where")):
                print(line)
    if not quick:
        print()
        jobs()
    if path:
        figure.draw(path, QUEUES, shown, runs)


def same_records(hosts: Hosts, model: str, size: int) -> bool:
    """Do both engines give one record?"""
    one, other = hosts.ask("ours", "digest", model=model, size=size, seed=1)
    return bool(one == other)


def show(shown: list[tuple[str, str]], runs: dict[Key, Runs], same: dict[str, bool], rounds: int) -> None:
    """The tables."""
    theory = models.erlang_c_wait_s()
    print(f"medians of {rounds} interleaved rounds; mean wait by Erlang C: {theory:.3f} s at every station")
    for title, model in QUEUES:
        print(*report.queues(model, title, runs), sep="\n")
    print(*report.pairs("with policies, faults and larger graphs", shown, runs, same), sep="\n")
    if not graphs.thousand_services():
        print("  graph of 1,000 services: this version has no `cascadelab generate`")
    print("\nrequired")
    boutiques = [model for _, model in shown if model.startswith("boutique")]
    for line in report.required(runs, boutiques):
        print(line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.engines", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="under a minute: shorter runs, fewer rows")
    parser.add_argument("--rounds", type=int, help="default: 7, with --quick 3")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the bars")
    options = parser.parse_args()
    main(options.quick, options.rounds or (3 if options.quick else 7), options.figure)
