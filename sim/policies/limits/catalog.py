"""The catalogue of limiters and budgets: rows by the policy block whose `use:` names them."""

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
]  # fmt: skip

BLOCKS: dict[str, dict[str, Limit]] = {
    "throttle": THROTTLES,
    "concurrency": CONCURRENCY,
    "rate_limit": RATE_LIMITS,
    "bulkhead": BULKHEADS,
    "budget": BUDGETS,
}
"""Rows by the policy block whose `use:` names them."""
