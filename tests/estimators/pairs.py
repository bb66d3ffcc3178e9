"""Two variants with the same seeds, beside the same variants with seeds of their own."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.experiment.compare import paired
from sim.experiment.execute import FAULT, Task, execute
from sim.scenario import load_text

Runs = dict[str, dict[int, dict[str, float]]]
"""Variant -> seed -> measure -> value."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two variants of a scenario, and measures whose difference is known or wanted."""

    name: str
    text: str
    variants: tuple[str, str]
    measures: tuple[str, ...]
    truths: tuple[float, ...] = ()
    """Exact differences, second minus first."""


def runs(case: Case, seeds: Iterable[int], engine: str) -> Runs:
    """Every variant with every seed."""
    load_text(case.text)
    tasks = (
        Task(case.text, case.name, ".", (), (), variant, "", seed, case.measures, engine, good_day=False)
        for seed in seeds
        for variant in case.variants
    )
    out: Runs = {variant: {} for variant in case.variants}
    for row in execute(tasks):
        if row.day == FAULT:
            out[row.variant][row.seed] = row.values
    return out


def variance(values: Sequence[float]) -> float:
    """With n - 1 in the denominator."""
    mean = math.fsum(values) / len(values)
    return math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)


def gain(found: Runs, measure: str) -> float:
    """Variance of the difference with seeds of their own, over that with the same seeds: so many times the runs."""
    first, second = ({s: row[measure] for s, row in rows.items()} for rows in found.values())
    alone = variance(list(first.values())) + variance(list(second.values()))
    together = variance([second[s] - first[s] for s in first])
    return alone / together if together else math.inf


def coverage(found: Runs, measure: str, truth: float, size: int) -> tuple[int, int]:
    """(paired 95 % intervals that hold the true difference, all), one over every `size` seeds."""
    first, second = ([row[measure] for _, row in sorted(rows.items())] for rows in found.values())
    pairs = list(zip(second, first, strict=True))
    n = len(pairs) // size
    intervals = [paired(pairs[i * size : (i + 1) * size]).interval for i in range(n)]
    return sum(i.low <= truth <= i.high for i in intervals), n
