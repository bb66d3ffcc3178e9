"""What a page says of many: the few that matter most by name, the others counted; all are in the tables."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

MANY = 50
"""From so many rows on a table shows the few that matter."""
FEW = 20
"""Rows of a table that shows the few that matter."""
NAMED = 8
"""Names in one sentence."""


def first_by(items: Iterable[T], key: Callable[[T], Any], most: int = FEW) -> tuple[list[T], list[T]]:
    """(the first of these by a key, the others)."""
    ordered = sorted(items, key=key)
    return ordered[:most], ordered[most:]


def sentence(items: Sequence[T], worst: Callable[[T], float], say: Callable[[T], str]) -> str:
    """Those for whom `worst` is largest, in the order given, and how many others there are."""
    chosen, others = first_by(range(len(items)), lambda i: -worst(items[i]), NAMED)
    told = ", ".join(say(items[i]) for i in sorted(chosen))
    if not others:
        return told
    return f"{told} and {len(others):,} other{'s' if len(others) > 1 else ''} (summary.json)"


def sum_of(ledgers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One ledger of calls that are each in one of these: what adds up, and the mean latency."""
    ledgers = list(ledgers)
    out: dict[str, Any] = dict.fromkeys(("N", "S", "F"), 0.0)
    latency = 0.0
    reasons: dict[str, float] = {}
    for one in ledgers:
        for name in ("N", "S", "F"):
            out[name] += one[name]
        latency += one["N"] * one["R"] if one["N"] else 0.0
        for reason, n in one["F_by_reason"].items():
            reasons[reason] = reasons.get(reason, 0.0) + n
    n = out["N"]
    means = {"success_share": out["S"] / n, "R": latency / n} if n else {}
    # Quantiles do not add up, and the trips of a gateway would count once per caller.
    unknown = dict.fromkeys(("success_share", "R", "p50", "p99"), math.nan)
    trips = math.nan if any(one["B"] != 0 for one in ledgers) else 0.0
    return {**unknown, **out, **means, "B": trips, "F_by_reason": reasons}
