"""What is paired: closed forms, where the true difference is known, and shipped scenarios."""

from pathlib import Path

from sim.validation.formulas import breakers, queues
from tests.estimators.pairs import Case

FOLDER = Path(__file__).parents[2] / "scenarios"
MG1 = """
schema: 1
name: pair-of-queues
duration: 2000s
warmup: 100s
bucket: 100s
drain: false
sources: {users: {rate: 0.5/s, call: server}}
services: {server: {slots: 1, steps: [work: {exponential: 1s}]}}
variants:
  one: {}
  two: {services: {server: {slots: 2}}}
  constant: {services: {server: {steps: [work: 1s]}}}
"""
BREAKER = """
schema: 1
name: pair-of-callers
duration: 2000s
warmup: 100s
bucket: 100s
drain: false
reject_time: 1us
sources: {users: {rate: 10/s, call: callee}}
services: {callee: {error_rate: 30%, steps: []}}
variants:
  none: {}
  breaker: {sources: {users: {policies: {breaker: {use: consecutive, trip: {failures: 3}, open_for: 10s, probe: single, decide: {successes: 1}}}}}}
"""
LOST = breakers.one_breaker(0.3, 3, 10, 1, 10).success - 0.7
"""Share of calls that a breaker before a callee that answers 70 % of them costs."""
KNOWN = (
    Case(
        "one server and two, at 0.5 erlang", MG1, ("one", "two"), ("R", "wait(server)", "queue_length(server)"),
        (
            queues.mmc_wait(2, 0.5) - 1.0,
            queues.mmc_wait(2, 0.5) - 1.0,
            0.5 * (queues.mmc_wait(2, 0.5) - 1.0),
        ),
    ),
    Case(
        "exponential and constant work", MG1, ("one", "constant"), ("R", "wait(server)", "goodput"),
        (-0.5, -0.5, 0.0),
    ),
    Case(
        "no breaker and a breaker, p = 0.3", BREAKER, ("none", "breaker"), ("success_share", "goodput"),
        (LOST, 10 * LOST),
    ),
)  # fmt: skip
"""Second minus first is known."""
OVERALL = ("success_share", "N", "F", "R", "p50", "p99", "goodput", "trips_per_s")


def shipped(file: str, first: str, second: str) -> Case:
    """Two variants of a scenario that ships."""
    return Case(f"{file}: {first}, {second}", (FOLDER / f"{file}.yaml").read_text(), (first, second), OVERALL)


SHIPPED = (
    shipped("slow-database", "none", "consecutive"),
    shipped("slow-database", "consecutive", "count-window"),
    shipped("retry-storm", "none", "budget"),
)
