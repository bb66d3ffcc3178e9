"""Comparison of variants, paired by seed: means, differences with intervals, signs, one ranking."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sim.experiment.execute import FAULT, FailedRun, Row

LEVEL = 0.95
ROUNDING = 1e-12
"""Values that differ by less than this share of the largest are one value."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % t interval over seeds. `half` is nan for a single seed."""

    mean: float
    half: float
    n: int
    infinite: int = 0
    """Of the n seeds, those in which something never came (a recovery, say): then there is no interval."""

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference to the baseline: mean, interval, and in how many seeds it was above or below."""

    interval: Interval
    """Mean nan where one of a pair is infinite: the mean of the other pairs would not speak for all."""
    above: int
    below: int
    p_value: float
    """Of the paired t test; of the sign test where a value is infinite."""
    direction: float
    """Above 0 if what was tested lies above, below 0 if below."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two variants on the ranking measure."""

    better: str
    worse: str
    difference: Difference
    p_holm: float
    told_apart: bool


@dataclass
class Table:
    """All rows of an experiment, in the order of the grid."""

    variants: tuple[str, ...]
    values: tuple[str, ...]
    seeds: tuple[int, ...]
    measures: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)

    def fill(self, rows: Iterable[Row]) -> BaseException | None:
        """Take the rows. What ended them early is handed back, and the table holds what is complete; it is
        raised if there is not one row."""
        ended: BaseException | None = None
        try:
            for row in rows:
                self.rows.append(row)
        except (KeyboardInterrupt, FailedRun) as error:
            if not self.rows:
                raise
            ended = error
            self.keep_complete()
        self.sort()
        return ended

    def sort(self) -> None:
        """Bring the rows into the order of the grid, whoever finished first."""
        order = {v: i for i, v in enumerate(self.variants)}
        place = {v: i for i, v in enumerate(self.values)}
        self.rows.sort(key=lambda r: (order[r.variant], place[r.value], r.seed, r.day))

    def keep_complete(self) -> None:
        """After an early end: only the seeds that every variant and value has, if there are any."""
        grid = len(self.variants) * len(self.values)
        runs: dict[int, set[tuple[str, str]]] = {}
        for r in self.rows:
            runs.setdefault(r.seed, set()).add((r.variant, r.value))
        whole = tuple(s for s in self.seeds if len(runs.get(s, ())) == grid)
        self.seeds = whole or tuple(s for s in self.seeds if s in runs)
        self.rows = [r for r in self.rows if r.seed in self.seeds]

    def column(self, variant: str, measure: str, day: str = FAULT, value: str = "") -> dict[int, float]:
        """Seed -> value."""
        return {
            r.seed: r.values[measure]
            for r in self.rows
            if r.variant == variant and r.day == day and r.value == value and measure in r.values
        }

    def days(self) -> tuple[str, ...]:
        """The days that were run."""
        return tuple(sorted({r.day for r in self.rows}))

    def mean(self, variant: str, measure: str, day: str = FAULT, value: str = "") -> Interval:
        """Mean over seeds with its interval; seeds without data are left out (n says how many are in)."""
        return interval(self.column(variant, measure, day, value).values())

    def difference(
        self, variant: str, base: str, measure: str, day: str = FAULT, value: str = ""
    ) -> Difference:
        """Paired by seed: variant minus base."""
        ours, theirs = self.column(variant, measure, day, value), self.column(base, measure, day, value)
        return paired([(ours[s], theirs[s]) for s in sorted(ours.keys() & theirs.keys())])


DIFFERENCES = (
    "variant", "against", "value", "day", "measure", "mean", "low_95", "high_95", "n", "infinite", "above", "below",
    "p",
)  # fmt: skip
"""Columns of `difference_rows`."""


def difference_rows(table: Table) -> Iterator[tuple[str | float, ...]]:
    """Every variant against the first, paired by seed, for every value, day and measure."""
    base = table.variants[0]
    for variant in table.variants[1:]:
        for value in table.values:
            for day in table.days():
                for measure in table.measures:
                    d = table.difference(variant, base, measure, day, value)
                    i = d.interval
                    who = (variant, base, value, day, measure)
                    yield *who, i.mean, i.low, i.high, i.n, i.infinite, d.above, d.below, d.p_value


def interval(values: Iterable[float]) -> Interval:
    """Mean and 95 % t interval."""
    xs = [x for x in values if not math.isnan(x)]
    n = len(xs)
    if not n:
        return Interval(math.nan, math.nan, 0)
    if infinite := sum(map(math.isinf, xs)):
        return Interval(sum(xs) / n, math.nan, n, infinite)
    if n == 1:
        return Interval(xs[0], math.nan, 1)
    mean = math.fsum(xs) / n
    sd = math.sqrt(math.fsum((x - mean) ** 2 for x in xs) / (n - 1))
    if max(xs) - min(xs) <= ROUNDING * max(map(abs, xs)):
        # Equal values must not get a spread, and so a p-value, from the rounding of their mean.
        return Interval(xs[0], 0.0, n)
    from scipy.stats import t

    return Interval(mean, float(t.ppf((1 + LEVEL) / 2, n - 1)) * sd / math.sqrt(n), n)


def paired(pairs: Iterable[tuple[float, float]]) -> Difference:
    """First minus second: mean with interval, sign counts, and the p-value of the paired t test.

    Where a value is infinite, only its order counts: the exact sign test over all pairs.
    """
    known = [(a, b) for a, b in pairs if not math.isnan(a) and not math.isnan(b)]
    above, below = sum(1 for a, b in known if a > b), sum(1 for a, b in known if a < b)
    infinite = sum(1 for pair in known if any(map(math.isinf, pair)))
    if infinite:
        found = Interval(math.nan, math.nan, len(known), infinite)
        p = sign_test(above, below) if found.n > 1 else math.nan
        return Difference(found, above, below, p, above - below)
    found = interval([a - b for a, b in known])
    return Difference(found, above, below, _t_test(found), found.mean)


def sign_test(above: int, below: int) -> float:
    """Chance of signs at least so uneven if either were equally likely; ties are left out."""
    n = above + below
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(above, below) + 1)) / (1 << n))


def _t_test(found: Interval) -> float:
    if found.n < 2:
        return math.nan
    if found.half == 0.0:
        # Without spread the t test says nothing; the same sign in all n seeds has chance 2^(1-n).
        return 1.0 if found.mean == 0.0 else 2.0 ** (1 - found.n)
    from scipy.stats import t

    factor = float(t.ppf((1 + LEVEL) / 2, found.n - 1))
    return float(2 * t.sf(abs(found.mean) / (found.half / factor), found.n - 1))


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjustment (Scand. J. Statist. 6, 1979); nan counts as 1."""
    m = len(p_values)
    order = sorted(range(m), key=lambda i: 1.0 if math.isnan(p_values[i]) else p_values[i])
    out, worst = [1.0] * m, 0.0
    for rank, i in enumerate(order):
        p = 1.0 if math.isnan(p_values[i]) else p_values[i]
        worst = max(worst, min(1.0, (m - rank) * p))
        out[i] = worst
    return out


def rank(table: Table, measure: str, better: int, value: str = "") -> tuple[list[str], list[Pair]]:
    """(variants from best to worst by mean, all pairs with Holm-adjusted p-values).

    What is infinite more often has the larger mean, however large the rest is; between equals the rest
    decides. Two are told apart only if the test says so in the direction of this order.
    """
    sign = better or 1

    def place(variant: str) -> tuple[bool, float, float]:
        known = [x for x in table.column(variant, measure, value=value).values() if not math.isnan(x)]
        finite = [x for x in known if not math.isinf(x)]
        infinite = sum(math.copysign(1, x) for x in known if math.isinf(x)) / max(1, len(known))
        return not known, -sign * infinite, -sign * math.fsum(finite) / max(1, len(finite))

    order = sorted(table.variants, key=place)
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    differences = [table.difference(a, b, measure, value=value) for a, b in pairs]
    adjusted = holm([d.p_value for d in differences])
    return order, [
        Pair(a, b, d, p, p <= 1 - LEVEL and sign * d.direction > 0)
        for (a, b), d, p in zip(pairs, differences, adjusted, strict=True)
    ]


def sentence(order: list[str], pairs: list[Pair], measure: str) -> str:
    """The ranking in words, saying where it cannot tell."""
    unsure = {(p.better, p.worse) for p in pairs if not p.told_apart}
    groups: list[list[str]] = []
    for variant in order:
        if groups and all((other, variant) in unsure for other in groups[-1]):
            groups[-1].append(variant)
        else:
            groups.append([variant])
    text = "  >  ".join(" ~ ".join(g) for g in groups)
    blurred = [
        p for p in pairs if not p.told_apart and not any(p.better in g and p.worse in g for g in groups)
    ]
    out = f"by {measure}: {text}"
    if any(len(g) > 1 for g in groups):
        out += "   (~: cannot tell apart)"
    if blurred:
        out += "\nnor can these be told apart: " + ", ".join(f"{p.better} and {p.worse}" for p in blurred)
    return out
