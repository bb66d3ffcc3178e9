"""Prints what pairing by seed is worth and how often paired intervals hold the truth.

`python -m tests.estimators > results/validation/pairs.txt`
"""

from datetime import date

from tests.estimators.cases import KNOWN, OVERALL, SHIPPED
from tests.estimators.pairs import coverage, gain, runs

EXPERIMENTS, SIZE = 1000, 5
SEEDS = 200


def main() -> None:
    """Both tables."""
    print("$ python -m tests.estimators")
    print(
        f"{date.today()}: paired 95 % intervals over {SIZE} seeds that hold the true difference, and how many times"
    )
    print("the runs it would take with seeds of their own for the same interval (ratio of variances)")
    for case in KNOWN:
        found = runs(case, range(EXPERIMENTS * SIZE), "compiled")
        print(f"\n{case.name}: {EXPERIMENTS} experiments")
        for measure, truth in zip(case.measures, case.truths, strict=True):
            hits, n = coverage(found, measure, truth, SIZE)
            print(
                f"  {measure:22} {truth:9.4f}   covered {100 * hits / n:5.1f}%   runs x {gain(found, measure):8.1f}"
            )
    for case in SHIPPED:
        found = runs(case, range(1, SEEDS + 1), "compiled")
        print(f"\n{case.name}: {SEEDS} seeds")
        for measure in OVERALL:
            print(f"  {measure:22} runs x {gain(found, measure):8.1f}")


if __name__ == "__main__":
    main()
