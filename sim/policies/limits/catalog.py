"""The catalogue of limiters and budgets: rows by the policy block whose `use:` names them."""

from collections.abc import Iterator

from sim.policies.limits.entry import Limit, params
from sim.policies.limits.rows_budgets import BUDGETS
from sim.policies.limits.rows_bulkheads import BULKHEADS, RATE_LIMITS
from sim.policies.limits.rows_concurrency import CONCURRENCY
from sim.policies.limits.rows_throttles import THROTTLES

__all__ = [
    "BLOCKS",
    "BUDGETS",
    "BULKHEADS",
    "CONCURRENCY",
    "RATE_LIMITS",
    "THROTTLES",
    "Limit",
    "params",
    "topics"
]  # fmt: skip

BLOCKS: dict[str, dict[str, Limit]] = {
    "throttle": THROTTLES,
    "concurrency": CONCURRENCY,
    "rate_limit": RATE_LIMITS,
    "bulkhead": BULKHEADS,
    "budget": BUDGETS,
}
"""Rows by the policy block whose `use:` names them."""


def topics() -> Iterator[tuple[str, str]]:
    """(name, text) of every row, for those who ask."""
    for block, rows in BLOCKS.items():
        for name, row in rows.items():
            lines = [f"{name} ({block}; {row.version}, {row.source})", "", row.about]
            lines += [f"  * {trap}" for trap in row.traps]
            lines += ["", "Settings:", *(f"  {o.name}: {o.default}  ({o.about})" for o in row.options)]
            yield name, "\n".join(lines)
