"""`estimators`: intervals that hold the truth as often as they say, warm-up, quantiles of histograms."""

import math
from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import HISTOGRAM, Covers, Within
from sim.validation.formulas import breakers, queues, transient
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target

NOMINAL = 0.95
SEEDS = 5
"""Of one experiment: the fewest that anybody should compare with."""
EXPERIMENTS = 2500
COVERAGE = 0.02 / NOMINAL
"""The share of intervals that hold the truth lies within 93 and 97 %."""
SHORT = ("duration=2000s", "warmup=100s", "bucket=100s")


def _covered(x: float) -> float:
    return NOMINAL


def _coverage() -> Iterator[Check]:
    panel = Panel(
        f"95 % intervals over {SEEDS} seeds that hold the truth", "utilisation, failure share", "share"
    )
    curve = Curve(panel, "nominal", _covered, steps=True)
    rho = 0.5
    wait = queues.mmc_wait(1, rho)
    queue = {
        "R": queues.mm1_sojourn(rho), "wait(server)": wait, "p50": queues.mm1_quantile(rho, 0.5),
        "queue_length(server)": rho * wait, "utilisation(server)": rho, "goodput": rho,
    }  # fmt: skip
    trip = breakers.one_breaker(0.3, 3, 10.0, 1, 10.0)
    broken = {
        "success_share": trip.success, "failure_share": 1 - trip.success, "broken / N": trip.refused,
        "trips_per_s": trip.trips_per_s,
    }  # fmt: skip
    for name, scenario, x, truths, settings in (
        ("M/M/1 at 0.5", "mm1.yaml", rho, queue, ()),
        ("a breaker, p = 0.3", "partial-failure-breaker.yaml", 0.3, broken, ("services.callee.error_rate=30%",)),
        ("M/M/1 at 0.3", "mm1.yaml", 0.3, {"R": queues.mm1_sojourn(0.3)}, ("sources.users.rate=0.3/s",)),
    ):  # fmt: skip
        expected = tuple(Expected(o, curve, Covers(truth, SEEDS, COVERAGE)) for o, truth in truths.items())
        runs = Effort(SEEDS * EXPERIMENTS, SHORT)
        yield Check(f"intervals: {name}", scenario, x, expected, runs, None, settings)


SPAN = 100.0
"""Seconds that are measured after the warm-up."""


def _queue(warmup: float, rate: float) -> float:
    return transient.mean_queue(rate, warmup, warmup + SPAN)


def _settled(warmup: float, rate: float) -> float:
    return rate * queues.mmc_wait(1, rate)


def _warmup() -> Iterator[Check]:
    panel = Panel("M/M/1 from empty: mean queue", f"warm-up [s], then {SPAN:g} s that count", "waiting")
    rate = 0.8
    exact = Curve(panel, "on its way", partial(_queue, rate=rate))
    settled = Curve(panel, "in the long run", partial(_settled, rate=rate))
    for warmup in (0, 50, 100, 200, 500):
        expected = [Expected("queue_length(server)", exact, Within(0.05))]
        if warmup == 500:
            expected.append(Expected("queue_length(server)", settled, Within(0.05)))
        runs = Effort(8000, (f"duration={warmup + SPAN:g}s", f"warmup={warmup}s", "bucket=50s"))
        yield Check(
            f"warm-up of {warmup} s", "mm1.yaml", warmup, tuple(expected), runs, None,
            (f"sources.users.rate={rate}/s",),
        )  # fmt: skip


def _exponential(share: float) -> float:
    return -math.log1p(-share)


def _quantiles() -> Iterator[Check]:
    panel = Panel("Quantiles of exponential times from the histogram", "share below", "time [mean]")
    curve = Curve(panel, "-ln(1 - q)", _exponential)
    settings = ("sources.users.policies.hedge=null",)
    for name, share, seconds in (
        ("p50", 0.5, 2_000),
        ("p90", 0.9, 2_000),
        ("p99", 0.99, 5_000),
        ("p999", 0.999, 20_000),
    ):
        yield Check(
            f"histogram: {name}", "hedge.yaml", share, (Expected(name, curve, Within(0.01, HISTOGRAM)),),
            Effort(20, (f"duration={seconds}s",)), Effort(20, (f"duration={seconds}s",)) if share < 0.99 else None, settings,
        )  # fmt: skip


ESTIMATORS = Target(
    "estimators",
    "The statistics themselves: how often 95 % intervals hold the truth, what warm-up does, quantiles of histograms.",
    "Student 1908; transient M/M/1: Ledermann and Reuter 1954; quantiles of the exponential law",
    (*_coverage(), *_warmup(), *_quantiles()),
    (
        "Without warm-up a run of 100 s sees a quarter too short a queue at a utilisation of 0.8: exactly as theory "
        "says of a queue that starts empty.",
    ),
)
