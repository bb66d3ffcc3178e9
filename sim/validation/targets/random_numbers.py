"""`random-numbers`: the generator against published outputs, and a battery on streams keyed as engines key them."""

from collections.abc import Callable, Iterator, Mapping

from sim.validation import random_numbers as rn
from sim.validation.acceptance import Equal, Within
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target

REPLICATIONS = 100
CAPS = {"neighbours on one side": 0.005, "ones": 0.001, "birthday spacings": 0.1}
"""Widest interval, as a share of what is expected; `WIDEST` for the others."""
WIDEST = 0.15


def _constant(value: float) -> Callable[[float], float]:
    return lambda x: value


def _stream(name: str) -> Callable[[int], Mapping[str, float]]:
    return lambda seed: rn.battery(rn.STREAMS[name](seed))


def _expected(values: Mapping[str, float], panel: Panel) -> tuple[Expected, ...]:
    return tuple(
        Expected(
            name, Curve(panel, name, _constant(value), steps=True),
            Within(CAPS.get(name, WIDEST)),
        )
        for name, value in values.items()
    )  # fmt: skip


def _checks() -> Iterator[Check]:
    runs = Effort(REPLICATIONS)
    known = Curve(Panel("Published outputs", "", "of ten"), "SplitMix64", _constant(10.0), steps=True)
    yield Check(
        "known answers", "", 0, (Expected("published outputs", known, Equal()),), Effort(1), Effort(1),
        trial=rn.known_answers,
    )  # fmt: skip
    tests = Panel("Battery", "stream", "statistic", log_y=True)
    for x, name in enumerate(rn.STREAMS, 1):
        quick = runs if name in ("requests", "tries") else None
        yield Check(
            f"stream of {name}", "", x, _expected(rn.EXPECTED, tests), runs, quick, trial=_stream(name)
        )
    flips = Panel("Avalanche", "", "share of bits, chi2 per dof")
    yield Check("avalanche", "", 0, _expected(rn.FLIPS, flips), Effort(20), None, trial=rn.avalanche)


RANDOM_NUMBERS = Target(
    "random-numbers",
    "The generator and the streams that are cut from it: neighbouring requests, steps, tries, purposes and seeds.",
    "Steele, Lea and Flood 2014; Knuth, TAOCP 2, 3.3; Marsaglia and Tsang 2002; Webster and Tavares 1985",
    tuple(_checks()),
)
