"""`sim.distributions.draw` over records: the same formulas, a mixture's parts by number."""

import math
from typing import Any

from numba.extending import register_jitable

from sim import distributions
from sim.distributions import (
    CONSTANT,
    EXPONENTIAL,
    LOGNORMAL,
    MIXTURE,
    PARETO,
    TABLE,
    UNIFORM,
    normal_quantile,
)
from sim.engines.compiled.memory import compiled, dist_of, reals
from sim.words import FOREVER

register_jitable(normal_quantile)
register_jitable(distributions._ratio)


@compiled
def draw(w: Any, number: int, u: float) -> int:
    """The time that belongs to u, ns."""
    d = dist_of(w, number)
    if d.kind == CONSTANT:
        return int(d.a)
    if d.kind == EXPONENTIAL:
        return int(-d.a * math.log(u) + 0.5)
    while d.kind == MIXTURE:
        points = reals(d.points_at, 2 * d.points_n)
        i = min(below(points, d.points_n, u), d.parts_n - 1)
        start, share = points[2 * i - 2] if i else 0.0, points[2 * i]
        u = min(max((u - start) / (share - start), 1e-17), 1.0 - 1e-16)
        d = dist_of(w, d.parts + i)
    x = drawn(d, u)
    return int(x + 0.5) if x < FOREVER else FOREVER


@compiled
def drawn(d: Any, u: float) -> float:
    """Every kind but a mixture, ns."""
    kind = d.kind
    if kind == EXPONENTIAL:
        return -d.a * math.log(u)
    if kind == CONSTANT:
        return d.a
    if kind == TABLE:
        return table(d, u)
    if kind == UNIFORM:
        return d.a + (d.b - d.a) * u
    if kind == LOGNORMAL:
        return math.exp(d.a + d.b * normal_quantile(u))
    if kind == PARETO:
        tail = 0.0 if math.isinf(d.c) else math.pow(d.a / d.c, d.b)
        return d.a * math.pow(tail + u * (1.0 - tail), -1.0 / d.b)
    return d.a * math.pow(-math.log(u), 1.0 / d.b)


@compiled
def below(points: Any, n: int, u: float) -> int:
    """How many points (share, value) have a share of at most u."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if points[2 * middle] <= u:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def table(d: Any, u: float) -> float:
    """A quantile function by points."""
    n = d.points_n
    points = reals(d.points_at, 2 * n)
    i = below(points, n, u)
    if i == 0:
        return points[1]
    if i == n:
        return points[2 * n - 1]
    u0, x0, u1, x1 = points[2 * i - 2], points[2 * i - 1], points[2 * i], points[2 * i + 1]
    return x0 + (x1 - x0) * (u - u0) / (u1 - u0)
