"""`queue-readme`: three printed shares of failed requests, and the rule that makes them."""

from collections.abc import Iterator

from sim.validation.acceptance import About, Equal
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS

PRINTED = (
    ("--simulate_spike --lifo", 0.1, True, True, 0.79, 0.02),
    ("--simulate_spike", 0.1, True, False, 9.91, 0.35),
    ("", 0.5, False, False, 86.74, 0.15),
)
"""(options, -r, spike, newest first, failed requests in per cent, how near ours must be)."""
RUNS = 10
OFFERED, CAPACITY = 500.0, 200.0
NEARLY = 0.01
"""A few of the answers are for those who sank in the queue before they came up again."""
_PANEL = Panel("Failed requests, as printed", "command, in the order of the table", "share", log_y=True)
_ORDER = Panel("Ours, in the overload of -r 0.5", "oldest first (0), newest first (1)", "S / N")


def _printed(number: float) -> float:
    return PRINTED[int(number) - 1][4] / 100.0


def _answered(newest_first: float) -> float:
    """All that the workers can do, or nothing: all work is then for those who left."""
    return CAPACITY / OFFERED if newest_first else 0.0


def _port() -> Iterator[Check]:
    curve = Curve(_PANEL, "README", _printed, steps=True)
    for number, (options, rate, spike, lifo, share, near) in enumerate(PRINTED, 1):
        expected = Expected("failed", curve, About(near / share), f"{share:g} %")
        settings = (f"rate={rate}", f"spike={_word(spike)}", f"lifo={_word(lifo)}")
        yield Check(
            f"-r {rate:g} {options}".rstrip(), "", number, (expected,), Effort(RUNS), None, settings,
            model="queue_readme.py",
        )  # fmt: skip


def _word(yes: bool) -> str:
    return "yes" if yes else "no"


def _ours() -> Iterator[Check]:
    curve = Curve(_ORDER, "what can be answered", _answered, steps=True)
    runs = Effort(REPLICATIONS)
    for newest_first, variant in enumerate(("oldest-first", "newest-first")):
        rule = About(NEARLY) if newest_first else Equal()
        yield Check(
            f"ours, {variant.replace('-', ' ')}", "queue-order.yaml", newest_first,
            (Expected("success_share", curve, rule),), runs, runs, (), variant,
        )  # fmt: skip


QUEUE_README = Target(
    "queue-readme",
    "Ten workers, a long queue, a spike of slow requests or a lasting overload; oldest or newest first.",
    "joemag1/queueingsimulator, README",
    (*_port(), *_ours()),
    (
        "The printed shares come out of a port of its model of ticks (tests/theory/queue_readme.py), a world of its own "
        "that tests nothing of cascadelab: a worker that is done looks into the queue at its next tick, and a new "
        "request that comes before that takes it, ahead of everybody who waits.",
        "The rule makes the numbers. Without that overtaking the port loses 99.5 % in place of 9.91 % (the queue never "
        "drains) and 99.9 % in place of 86.74 %; 0.79 % stays. Workers of cascadelab take the next at once, so nobody "
        "overtakes: under the same overload it answers nobody in time, and newest first nearly all that it can.",
    ),
)
