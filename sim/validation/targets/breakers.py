"""`amplification`, `breaker-bernoulli`, `trip-time`: retries and breakers against independent failures."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import Equal, Proportion, Within
from sim.validation.formulas import breakers
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS, effort

BREAKER = "sources.users.policies.breaker"
LAYERS = {1: "one", 2: "two", 3: "three", 5: "five"}
"""Variants of the retry chain."""
COST = 0.02
TRIPS = 0.03
RARE = 0.1
"""Widest interval of a share of failures that retries have made rare."""


def _load(failure: float, retries: int, layers: int) -> float:
    return breakers.retry_chain(failure, retries, layers).load


def _failed(failure: float, retries: int, layers: int) -> float:
    return breakers.retry_chain(failure, retries, layers).failure


def _amplification() -> Iterator[Check]:
    loads = Panel("Attempts at the leaf per request", "failure share p of the leaf", "attempts", log_y=True)
    failures = Panel(
        "Requests that fail in spite of retries", "failure share p of the leaf", "F / N", log_y=True
    )
    for failure, retries, layers, seconds, printed in (
        (1.0, 3, 3, 2, "64"), (1.0, 2, 5, 2, "243"), (0.5, 3, 1, 500, ""), (0.5, 2, 2, 6_000, ""),
        (0.9, 3, 3, 8_000, ""), (0.9, 2, 5, 250, ""),
    ):  # fmt: skip
        label = f"{layers} layer{'s' if layers > 1 else ''} of {retries} retries"
        load = Curve(loads, label, partial(_load, retries=retries, layers=layers))
        failed = Curve(failures, label, partial(_failed, retries=retries, layers=layers))
        down = failure == 1.0
        expected = [Expected("amplification(leaf)", load, Equal() if down else Within(COST), printed)]
        if breakers.retry_chain(failure, retries, layers).failure > 1e-6:
            expected.append(Expected("F / N", failed, Equal() if down else Proportion(RARE)))
        runs = Effort(3 if down else REPLICATIONS, (f"duration={seconds}s",))
        yield Check(
            f"p = {failure:g}, {label}", "retry-chain.yaml", failure, tuple(expected), runs,
            runs if seconds <= 500 else None,
            (f"services.leaf.error_rate={failure}", f"policies.retry.attempts={retries + 1}"), LAYERS[layers],
        )  # fmt: skip


def _share(failure: float, of: str, settings: tuple[int, int, int]) -> float:
    streak, open_s, probes = settings
    found: float = getattr(breakers.one_breaker(failure, streak, open_s, probes, RATE), of)
    return found


RATE = 10.0
"""Calls per second."""


def _bernoulli() -> Iterator[Check]:
    observables = {
        "success": ("S / N", Panel("Answered well", "failure share p", "S / N", log_y=True)),
        "failure": (
            "error / N",
            Panel("Failed at the callee", "failure share p", "share of calls", log_y=True),
        ),
        "refused": ("broken / N", Panel("Refused by the open breaker", "failure share p", "share of calls")),
        "trips_per_s": ("trips_per_s", Panel("Trips, re-openings included", "failure share p", "per second")),
    }
    for failure, streak, open_s, probes, seconds, quick in (
        (0.1, 3, 10, 1, 600_000, False), (0.3, 3, 10, 1, 25_000, True), (0.5, 3, 10, 1, 100_000, False),
        (0.5, 5, 5, 2, 100_000, False), (0.5, 5, 30, 3, 600_000, False), (0.9, 5, 30, 1, 600_000, False),
    ):  # fmt: skip
        label = f"k = {streak}, T = {open_s} s, h = {probes}"
        shares = partial(_share, settings=(streak, open_s, probes))
        expected = tuple(
            Expected(text, Curve(panel, label, partial(shares, of=of)), Within(COST))
            for of, (text, panel) in observables.items()
        )
        yield Check(
            f"p = {failure:g}, {label}", "partial-failure-breaker.yaml", failure,
            expected, effort(seconds), effort(seconds) if quick else None,
            (f"services.callee.error_rate={failure}", f"{BREAKER}.trip.failures={streak}",
             f"{BREAKER}.open_for={open_s}s", f"{BREAKER}.decide.successes={probes}"),
        )  # fmt: skip


USERS = 1500
"""With a breaker each: so many trips in a run."""
WITHIN = 100
"""Calls within which so many have tripped."""


def _streak() -> Iterator[Check]:
    means = Panel("k failures in a row: mean calls until the trip", "failure share p", "calls", log_y=True)
    shares = Panel(f"The same: tripped within {WITHIN} calls", "failure share p", "share of breakers")
    for failure, streak, seconds in (
        (0.1, 2, 3_000), (0.1, 3, 25_000), (0.2, 3, 4_000), (0.5, 3, 1_000), (0.5, 5, 2_000), (0.3, 5, 15_000),
        (0.9, 5, 1_000),
    ):  # fmt: skip
        mean = Curve(means, f"k = {streak}", partial(breakers.trip_mean, streak=streak))
        soon = Curve(shares, f"k = {streak}", partial(_tripped_soon, streak=streak))
        expected = [Expected("N / B", mean, Within(TRIPS))]
        if breakers.tripped_by(WITHIN, failure, streak) < 0.999:
            expected.append(Expected(f"B 0s..{WITHIN}.5s / B", soon, Proportion(TRIPS)))
        # Where few trip so soon, it takes many to tell how few.
        runs = _until_all_tripped(seconds, 8 if breakers.tripped_by(WITHIN, failure, streak) < 0.1 else 1)
        yield Check(
            f"p = {failure:g}, k = {streak}", "trip-time.yaml", failure, tuple(expected), runs,
            runs if failure == 0.5 else None,
            (f"services.callee.error_rate={failure}", f"{BREAKER}.trip={{failures: {streak}}}"),
        )  # fmt: skip


def _tripped_soon(failure: float, streak: int) -> float:
    return breakers.tripped_by(WITHIN, failure, streak)


def _until_all_tripped(seconds: int, times: int = 1) -> Effort:
    return Effort(times * REPLICATIONS, (f"duration={seconds}s", f"sources.users.users={USERS}"))


def _window() -> Iterator[Check]:
    panel = Panel(
        "m failures of the last w: mean calls until the trip", "failure share p", "calls", log_y=True
    )
    for failure, size, failures, minimum, seconds in (
        (0.3, 10, 5, 10, 1_000), (0.5, 10, 5, 10, 500), (0.2, 10, 5, 10, 3_000), (0.4, 10, 6, 10, 1_000),
        (0.3, 5, 3, 5, 500), (0.1, 10, 3, 10, 2_000), (0.4, 12, 8, 12, 2_000),
        (0.3, 10, 5, 5, 1_000), (0.5, 10, 5, 5, 500), (0.2, 10, 5, 5, 3_000),
    ):  # fmt: skip
        label = f"m = {failures}, w = {size}, judged from {minimum}"
        mean = Curve(
            panel, label, partial(breakers.window_trip_mean, size=size, failures=failures, minimum=minimum), steps=True
        )  # fmt: skip
        yield Check(
            f"p = {failure:g}, {label}", "trip-time.yaml", failure, (Expected("N / B", mean, Within(TRIPS)),),
            _until_all_tripped(seconds), _until_all_tripped(seconds) if size == 5 or (failure, minimum) == (0.5, 5) else None,
            (f"services.callee.error_rate={failure}", f"{BREAKER}.window={{count: {size}}}",
             f"{BREAKER}.trip={{any: [{{failures: {failures}, minimum: {minimum}}}]}}"),
        )  # fmt: skip


AMPLIFICATION = Target(
    "amplification",
    "Retries in every layer: the load of the leaf, and the requests that fail in spite of them.",
    "Site Reliability Engineering (2016), ch. 22: 64; AWS Builders' Library: 243; partial failure by recursion",
    tuple(_amplification()),
)
BREAKER_BERNOULLI = Target(
    "breaker-bernoulli",
    "One breaker before a callee that fails at random: what is answered, failed, refused, and how often it trips.",
    "renewal-reward theorem",
    tuple(_bernoulli()),
    (
        "At p = 0.3 a breaker that opens at three failures in a row turns a callee that answers 70 % of its calls "
        "into one that answers 19 %.",
    ),
)
TRIP_TIME = Target(
    "trip-time",
    "How many calls until a breaker trips on a callee that fails at random.",
    "Feller 1968, XIII.7 (runs); Markov chain of the window",
    (*_streak(), *_window()),
)
