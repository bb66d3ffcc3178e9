"""`hotos21-threshold`: an outage that retries make eternal, above half of the capacity and not below."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import About, Equal, Within
from sim.validation.formulas import metastability
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS

CAPACITY, ATTEMPTS, OUTAGE, TIMEOUT = 300.0, 2, 10.0, 1.0
BELOW = (100, 120, 130, 140, 145)
ABOVE = (155, 160, 180, 200, 220, 240, 260, 280)
LATE = "600s..900s"
"""When the slowest recovery is over."""
SOON = "150s..900s"
"""With a breaker."""
SHARE = 0.01
"""Widest interval of attempts and goodput, as a share of what they must be."""
FLUID = 0.1
"""How near a mean recovery lies to that of the fluid limit; it is told in windows of 10 s."""

_ATTEMPTS = Panel("Attempts long after the outage", "offered load [1/s]", "attempts [1/s]")
_GOODPUT = Panel("Answered in time long after the outage", "offered load [1/s]", "goodput [1/s]")
_STUCK = Panel("Runs that never recover", "offered load [1/s]", "share of the runs")
_RECOVERY = Panel("Time to recover", "offered load [1/s]", "after the outage [s]")
_ALONE, _WITH = "without a breaker", "with a breaker"


def _stuck(rate: float) -> float:
    return float(rate > metastability.threshold(CAPACITY, ATTEMPTS))


def _of(function: str) -> partial[float]:
    return partial(getattr(metastability, function), capacity=CAPACITY, attempts=ATTEMPTS)


def _offered(rate: float) -> float:
    return rate


def _never(rate: float) -> float:
    return 0.0


RECOVERY = partial(_of("recovery"), outage=OUTAGE, timeout=TIMEOUT)


def _check(rate: int, variant: str, expected: tuple[Expected, ...], *, quick: bool) -> Check:
    # A recovery that takes long differs from run to run.
    runs = Effort(4 * REPLICATIONS if variant == "none" and 120 < rate < 150 else REPLICATIONS)
    name = f"{rate}/s, {_WITH if variant == 'breaker' else _ALONE}"
    return Check(
        name, "metastable.yaml", rate, expected, runs, runs if quick else None,
        (f"sources.users.rate={rate}/s",), variant,
    )  # fmt: skip


def _without() -> Iterator[Check]:
    stuck = Expected("metastable", Curve(_STUCK, _ALONE, _stuck, steps=True), Equal())
    attempts = Curve(_ATTEMPTS, _ALONE, _of("attempts_after"))
    goodput = Curve(_GOODPUT, _ALONE, _of("goodput_after"))
    recovery = Expected("recovery_time", Curve(_RECOVERY, "fluid limit", RECOVERY), About(FLUID))
    for rate in (*BELOW, *ABOVE):
        above = rate in ABOVE
        expected = (
            stuck,
            Expected(
                f"tries.offered {LATE}", attempts, About(SHARE),
                "560" if rate == 280 else "",
            ),
            Expected(f"goodput {LATE}", goodput, Equal() if above else Within(SHARE)),
            *(() if above else (recovery,)),
        )  # fmt: skip
        yield _check(rate, "none", expected, quick=rate in (100, 160))


def _with() -> Iterator[Check]:
    expected = (
        Expected("metastable", Curve(_STUCK, _WITH, _never, steps=True), Equal()),
        Expected(f"tries.offered {SOON}", Curve(_ATTEMPTS, _WITH, _offered), About(SHARE)),
        Expected(f"goodput {SOON}", Curve(_GOODPUT, _WITH, _offered), Within(SHARE)),
    )
    for rate in (*BELOW, *ABOVE):
        yield _check(rate, "breaker", expected, quick=rate == 280)


HOTOS21_THRESHOLD = Target(
    "hotos21-threshold",
    "An outage of 10 s under one retry: above half of the capacity it never ends, with a breaker it always does.",
    "Bronson, Aghayev, Charapko and Zhu, Metastable Failures in Distributed Systems, HotOS 2021, section 2.1",
    (*_without(), *_with()),
    (
        "The paper: stable below 150 queries/s, vulnerable from 150 to 300; at 280 the outage leaves 560 attempts "
        "per second and next to no answers. The breaker (20 timeouts in a row, open 5 s, one probe) is ours.",
        "Just below the threshold recovery takes long: its mean goes to infinity as 1 / (300 - 2 x load). The fluid "
        "limit says so to 10 %.",
    ),
)
