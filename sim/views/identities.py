"""The article's four equations, both sides of each as measured: only the first is an identity.

(1) S + F = N, (2) F = B, (3) R = S / S + F, (4) B = F / N. Where an equation cannot hold as printed, what
may have been meant stands beside it.
"""

import math
from collections.abc import Iterator
from typing import Any

COLUMNS = ("target", "equation", "left", "right", "equal")
ALL = "all requests"


def _sides(run: Any, where: str) -> Iterator[tuple[str, float, float]]:
    n, s, f, b, r = (run.measure(f"{name}{where}") for name in "NSFBR")
    tries, failed = (run.measure(f"tries.{name}{where}") for name in "NF")
    yield "(1) S + F = N", s + f, n
    yield "(2) F = B", f, b
    yield "(3) R [s] = S / S + F, as printed", r, (s / s if s else math.nan) + f
    yield "(3) R [s] = S / (S + F), as meant", r, s / n if n else math.nan
    yield "(4) B = F / N", b, f / n if n else math.nan
    if where:  # beside a breaker: a trip is per try
        share = failed / tries if tries else math.nan
        yield "(4) B / N = F / N, as shares of tries", b / tries if tries else math.nan, share


def rows(run: Any) -> list[tuple[str, str, float, float, bool]]:
    """(target, equation, left, right, equal) for all requests and for every edge."""
    targets = [("", ALL), *((f"({e.name})", e.name) for e in run.topology.edges)]
    return [
        (name, equation, left, right, math.isclose(left, right, rel_tol=1e-9))
        for where, name in targets
        for equation, left, right in _sides(run, where)
    ]
