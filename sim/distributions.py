"""Distributions of times by their inverse distribution functions: one uniform number in, integer ns out.

`draw` uses `math` only, so that every engine gives the same bits. Constructors take means in ns.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sim.words import FOREVER

CONSTANT, EXPONENTIAL, UNIFORM, LOGNORMAL, WEIBULL, PARETO, TABLE, MIXTURE = range(8)


@dataclass(frozen=True, slots=True)
class Dist:
    """A distribution of times.

    CONSTANT a; EXPONENTIAL mean a; UNIFORM a..b; LOGNORMAL mu a, sigma b (of ln ns); WEIBULL scale a,
    shape b; PARETO minimum a, shape b, maximum c (inf = unbounded); TABLE quantile function as
    (u, ns) points with linear interpolation; MIXTURE of `parts` with cumulative shares in `points`.
    """

    kind: int = CONSTANT
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0
    points: tuple[tuple[float, float], ...] = ()
    parts: tuple["Dist", ...] = ()
    mean_ns: float = 0.0


ZERO = Dist()


def draw(d: Dist, u: float) -> int:
    """The time that belongs to the uniform number u in (0, 1), as an integer of ns, 0 or more.

    EXPONENTIAL, WEIBULL and PARETO count from above (a small u is a long time), for the logarithm of a
    small u is exact; so their tails reach as far as 53 bits can. What is beyond the clock is FOREVER.
    """
    kind = d.kind
    if kind == CONSTANT:
        return int(d.a)
    if kind == EXPONENTIAL:
        return int(-d.a * math.log(u) + 0.5)
    try:
        x = _drawn(d, u)
    except OverflowError:
        return FOREVER
    return int(x + 0.5) if x < FOREVER else FOREVER


def _drawn(d: Dist, u: float) -> float:
    kind = d.kind
    if kind == EXPONENTIAL:
        return -d.a * math.log(u)
    if kind == CONSTANT:
        return d.a
    if kind == TABLE:
        return _table(d.points, u)
    if kind == UNIFORM:
        return d.a + (d.b - d.a) * u
    if kind == LOGNORMAL:
        return math.exp(d.a + d.b * normal_quantile(u))
    if kind == WEIBULL:
        return d.a * math.pow(-math.log(u), 1.0 / d.b)
    if kind == PARETO:
        tail = 0.0 if math.isinf(d.c) else math.pow(d.a / d.c, d.b)
        return d.a * math.pow(tail + u * (1.0 - tail), -1.0 / d.b)
    i = min(bisect_right(d.points, (u, math.inf)), len(d.parts) - 1)
    below, share = d.points[i - 1][0] if i else 0.0, d.points[i][0]
    return _drawn(d.parts[i], min(max((u - below) / (share - below), 1e-17), 1.0 - 1e-16))


def quantile(d: Dist, p: float) -> float:
    """The time in ns that a share p in (0, 1) of all draws stays below: it rises with p for every kind."""
    if d.kind in (EXPONENTIAL, WEIBULL, PARETO):
        return _drawn(d, 1.0 - p)
    if d.kind != MIXTURE:
        return _drawn(d, p)
    ends = [quantile(part, p) for part in d.parts]
    shares = [d.points[0][0], *(b - a for (a, _), (b, _) in pairwise(d.points))]
    return _bisect(
        lambda x: sum(s * _below(q, x) for s, q in zip(shares, d.parts, strict=True)) < p,
        min(ends),
        max(ends),
    )


def _below(d: Dist, x: float) -> float:
    """The share of draws below x ns."""
    return _bisect(lambda p: quantile(d, p) < x, 0.0, 1.0)


def _bisect(too_low: Callable[[float], bool], low: float, high: float) -> float:
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return high


def _table(points: tuple[tuple[float, float], ...], u: float) -> float:
    i = bisect_right(points, (u, math.inf))
    if i == 0:
        return points[0][1]
    if i == len(points):
        return points[-1][1]
    (u0, x0), (u1, x1) = points[i - 1], points[i]
    return x0 + (x1 - x0) * (u - u0) / (u1 - u0)


def normal_quantile(p: float) -> float:
    """Inverse of the standard normal distribution: M. J. Wichura, Algorithm AS 241 (PPND16): The
    percentage points of the normal distribution, Applied Statistics 37 (1988) 477-484."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _ratio(_A, _B, r)
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    x = _ratio(_C, _D, r - 1.6) if r <= 5.0 else _ratio(_E, _F, r - 5.0)
    return -x if q < 0 else x


def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], r: float) -> float:
    a = b = 0.0
    for i in range(len(top) - 1, -1, -1):
        a = a * r + top[i]
        b = b * r + bottom[i]
    return a / b


_A = (
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
)  # fmt: skip
_B = (
    1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
    21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
)  # fmt: skip
_C = (
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
)  # fmt: skip
_D = (
    1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
    0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
)  # fmt: skip
_E = (
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
    0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
_F = (
    1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
)  # fmt: skip


# Constructors: means and other times in ns. ValueError if there is no such distribution. ----------------


def _within(what: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        msg = f"{what} of {value:g} is out of reach: {low:g} to {high:g} is possible"
        raise ValueError(msg)
    return value


def constant(ns: float) -> Dist:
    """Always the same."""
    return Dist(CONSTANT, float(ns), mean_ns=float(ns))


def exponential(mean: float) -> Dist:
    """Memoryless."""
    return Dist(EXPONENTIAL, float(mean), mean_ns=float(mean))


def uniform(low: float, high: float) -> Dist:
    """Between two times."""
    return Dist(UNIFORM, float(low), float(high), mean_ns=(low + high) / 2)


def lognormal_cv(mean: float, cv: float) -> Dist:
    """By mean and coefficient of variation."""
    cv = _within("lognormal: a cv", cv, 1e-6, 1e3)
    sigma = math.sqrt(math.log1p(cv * cv))
    return Dist(LOGNORMAL, math.log(mean) - sigma * sigma / 2, sigma, mean_ns=float(mean))


def lognormal_median(median: float, p99: float) -> Dist:
    """By median and 99th percentile."""
    _within("lognormal: a p99 / median", p99 / median, 1.0, 1e6)
    sigma = math.log(p99 / median) / normal_quantile(0.99)
    mean = median * math.exp(sigma * sigma / 2)
    return Dist(LOGNORMAL, math.log(median), sigma, mean_ns=mean)


def lognormal_p99(mean: float, p99: float) -> Dist:
    """By mean and 99th percentile: the smaller sigma of the two that fit. ValueError if none fits."""
    z = normal_quantile(0.99)
    rest = z * z - 2 * math.log(p99 / mean)
    if p99 <= mean or rest < 0:
        msg = (
            f"no lognormal has its p99 {p99 / mean:.3g} times its mean: between 1 and 14.97 times is possible"
        )
        raise ValueError(msg)
    sigma = z - math.sqrt(rest)
    return Dist(LOGNORMAL, math.log(mean) - sigma * sigma / 2, sigma, mean_ns=float(mean))


def weibull(mean: float, shape: float) -> Dist:
    """By mean and shape."""
    shape = _within("weibull: a shape", shape, 0.05, 1e6)
    return Dist(WEIBULL, mean / math.gamma(1 + 1 / shape), shape, mean_ns=float(mean))


def pareto(mean: float, alpha: float, maximum: float = math.inf) -> Dist:
    """By mean and tail index, cut at a maximum (truncated, not clipped). Unbounded needs alpha > 1."""
    if math.isinf(maximum):
        alpha = _within("pareto: without a max an alpha", alpha, 1.001, 1e6)
        return Dist(PARETO, mean * (alpha - 1) / alpha, alpha, math.inf, mean_ns=float(mean))
    alpha = _within("pareto: an alpha", alpha, 1e-3, 1e6)
    if not _bounded_mean(mean * 1e-9, alpha, maximum) < mean < maximum:
        msg = f"pareto: no alpha of {alpha:g} has its mean at {mean / maximum:.3g} of its max"
        raise ValueError(msg)
    low = _bisect(lambda x: _bounded_mean(x, alpha, maximum) < mean, mean * 1e-9, float(mean))
    return Dist(PARETO, low, alpha, float(maximum), mean_ns=float(mean))


def _bounded_mean(low: float, alpha: float, high: float) -> float:
    span = math.log(low / high)
    if abs(alpha - 1.0) < 1e-12:
        return low * -span / -math.expm1(alpha * span)
    return low * alpha / (alpha - 1) * math.expm1((alpha - 1) * span) / math.expm1(alpha * span)


def gamma(mean: float, cv: float) -> Dist:
    """By mean and coefficient of variation, as a finely tabulated quantile function.

    Model: linear between the points: mean, cv and p99.9 are met to 0.1 %. An Erlang distribution of k
    stages is the one with cv = 1/sqrt(k).
    """
    cv = _within("gamma: a cv", cv, 1e-3, 5.0)
    from scipy.special import gammaincinv

    shape = 1.0 / (cv * cv)
    return _tabulate(lambda u: float(gammaincinv(shape, u)) / shape * mean, float(mean))


def hyperexponential(mean: float, cv: float) -> Dist:
    """Two exponentials with balanced means; cv >= 1."""
    cv = _within("hyperexponential: a cv", cv, 1.0, 1e3)
    square = cv * cv
    p = (1 + math.sqrt((square - 1) / (square + 1))) / 2
    return mixture(((p, exponential(mean / (2 * p))), (1 - p, exponential(mean / (2 * (1 - p))))))


def normal(mean: float, sd: float) -> Dist:
    """Normal, cut at 0 (mass below 0 sits at 0)."""
    z = mean / sd
    cut = mean * _phi(z) + sd * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return _tabulate(lambda u: max(0.0, mean + sd * normal_quantile(u)), cut)


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def mixture(parts: tuple[tuple[float, Dist], ...]) -> Dist:
    """One of several distributions by shares (normalised; those with no share are left out)."""
    parts = tuple((share, part) for share, part in parts if share > 0)
    total = sum(share for share, _ in parts)
    if not parts:
        msg = "mixture: the shares add up to 0"
        raise ValueError(msg)
    mean = sum(share * part.mean_ns for share, part in parts) / total
    points = [(sum_ / total, 0.0) for sum_ in accumulate(share for share, _ in parts)]
    points[-1] = (1.0, 0.0)
    return Dist(MIXTURE, points=tuple(points), parts=tuple(part for _, part in parts), mean_ns=mean)


def table(points: tuple[tuple[float, float], ...]) -> Dist:
    """A quantile function by points (share, ns), linear between them."""
    mean = sum((u1 - u0) * (x0 + x1) / 2 for (u0, x0), (u1, x1) in pairwise(points))
    mean += points[0][0] * points[0][1] + (1 - points[-1][0]) * points[-1][1]
    return Dist(TABLE, points=points, mean_ns=mean)


def _tabulate(function: Callable[[float], float], mean: float) -> Dist:
    """Quantile function at 2,000 even points and finer ones in both tails."""
    grid = {i / 2000 for i in range(1, 2000)}
    for k in range(1, 200):
        tail = 10 ** (-3 - k * 6 / 200)
        grid |= {tail, 1 - tail}
    return Dist(TABLE, points=tuple((u, function(u)) for u in sorted(grid)), mean_ns=mean)
