"""When a simulated value is accepted: fixed before anything is run, the same for every target.

R replications with seeds of their own give x_1 ... x_R with standard deviation s. The exact value lies within
t * s / sqrt(R) of their mean, and that half width is at most the stated share (`cap`) of the exact value: without
a cap a noisy run would always pass. t is the quantile of Student's distribution with R - 1 degrees of freedom at
the level of four standard deviations of the normal distribution: one false alarm in 16,000 checks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sim.experiment.compare import interval

SIGMAS = 4.0
LEVEL = math.erfc(SIGMAS / math.sqrt(2.0))
"""Chance of a value beyond four standard deviations, both sides together: 6.3e-5."""
HISTOGRAM = 1 / 128
"""Relative error of a quantile that comes from a histogram (`sim.record.histogram`)."""
ROUNDING = 1e-9
"""Relative; what sums of floating-point numbers may lose."""

PASS, FAIL, UNRESOLVED, NO_DATA = "pass", "FAIL", "not resolved", "no data"

Sample = tuple[float, float]
"""What one replication found: a numerator and a denominator, which is 1 for a plain measure."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A simulated value with its interval, and what follows from it."""

    mean: float
    half: float
    """Half width of the interval at the level of four standard deviations."""
    resolution: float
    """The half width as a share of the expected value."""
    verdict: str

    @property
    def passed(self) -> bool:
        """The expected value was met, and the run could have told if it had not been."""
        return self.verdict == PASS


@cache
def t_factor(replications: int) -> float:
    """What stands in place of 4 where so few replications estimate their own spread."""
    from scipy.stats import t

    return float(t.isf(LEVEL / 2.0, replications - 1))


def spread(samples: Sequence[Sample]) -> tuple[float, float]:
    """(mean, half width) of the ratios; nan where a replication has no data or there is but one of them."""
    values = [a / b if b else math.nan for a, b in samples]
    n = len(values)
    if n < 2 or any(math.isnan(v) for v in values):
        return math.nan, math.nan
    mean = math.fsum(values) / n
    variance = math.fsum((v - mean) ** 2 for v in values) / (n - 1)
    return mean, t_factor(n) * math.sqrt(variance / n)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """(centre, half width) of Wilson's interval of a proportion at four standard deviations (JASA 22, 1927)."""
    if n <= 0:
        return math.nan, math.nan
    z2, share = SIGMAS**2, hits / n
    shrink = 1.0 + z2 / n
    centre = (share + z2 / (2 * n)) / shrink
    return centre, SIGMAS * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / shrink


def _judged(mean: float, half: float, expected: float, *, near: bool, cap: float) -> Judgement:
    resolution = half / abs(expected) if expected else math.inf * half if half else 0.0
    if math.isnan(half):
        verdict = NO_DATA
    elif not near:
        verdict = FAIL
    else:
        verdict = PASS if resolution <= cap else UNRESOLVED
    return Judgement(mean, half, resolution, verdict)


@dataclass(frozen=True, slots=True)
class Within:
    """The exact value, within the interval of the replications; `cap` bounds the interval.

    `instrument` is a relative error that the measure itself is documented to have: that of a histogram.
    """

    cap: float
    instrument: float = 0.0

    def judge(self, samples: Sequence[Sample], expected: float) -> Judgement:
        """Judge the replications of one observable."""
        mean, half = spread(samples)
        near = abs(mean - expected) <= half + (self.instrument + ROUNDING) * abs(expected)
        return _judged(mean, half, expected, near=near, cap=self.cap)


@dataclass(frozen=True, slots=True)
class About:
    """A value that is itself approximate (a fluid limit, a printed figure): within `tolerance` of it.

    The interval may not be wider than the tolerance.
    """

    tolerance: float

    def judge(self, samples: Sequence[Sample], expected: float) -> Judgement:
        """Judge the replications of one observable."""
        mean, half = spread(samples)
        near = abs(mean - expected) <= self.tolerance * abs(expected)
        return _judged(mean, half, expected, near=near, cap=self.tolerance)


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of independent events, pooled over the replications: within Wilson's interval, at most `cap` wide."""

    cap: float

    def judge(self, samples: Sequence[Sample], expected: float) -> Judgement:
        """Judge the replications of one observable; a sample is (events, trials)."""
        hits, n = math.fsum(a for a, _ in samples), math.fsum(b for _, b in samples)
        centre, half = wilson(hits, n)
        near = abs(centre - expected) <= half
        return _judged(hits / n if n else math.nan, half, expected, near=near, cap=self.cap)


@dataclass(frozen=True, slots=True)
class Equal:
    """Nothing is left to chance, or the outcome is the same every time: each replication gives the very value."""

    def judge(self, samples: Sequence[Sample], expected: float) -> Judgement:
        """Judge the replications of one observable."""
        values = [a / b if b else math.nan for a, b in samples]
        if not values or any(map(math.isnan, values)):
            return Judgement(math.nan, math.nan, math.nan, NO_DATA)
        worst = max(values, key=lambda v: abs(v - expected))
        equal = abs(worst - expected) <= ROUNDING * abs(expected)
        return Judgement(expected if equal else worst, 0.0, 0.0, PASS if equal else FAIL)


@dataclass(frozen=True, slots=True)
class Covers:
    """The 95 % intervals of a comparison, one over every `size` replications, hold the truth as often as they say.

    The share that does lies within `tolerance` of the expected one, as does its own interval.
    """

    truth: float
    size: int
    tolerance: float

    def judge(self, samples: Sequence[Sample], expected: float) -> Judgement:
        """Judge the replications of one observable; what is left over from groups of `size` does not count."""
        values = [a / b if b else math.nan for a, b in samples]
        n = len(values) // self.size
        if not n or any(map(math.isnan, values)):
            return Judgement(math.nan, math.nan, math.nan, NO_DATA)
        intervals = [interval(values[i * self.size : (i + 1) * self.size]) for i in range(n)]
        share = sum(i.low <= self.truth <= i.high for i in intervals) / n
        near = abs(share - expected) <= self.tolerance * expected
        return _judged(share, wilson(share * n, n)[1], expected, near=near, cap=self.tolerance)


Rule = Within | About | Proportion | Equal | Covers
