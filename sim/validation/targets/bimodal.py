"""`sre-bimodal`: one call in twenty hangs until its deadline, and its thread with it."""

from collections.abc import Iterator
from functools import partial

from sim.validation.acceptance import About, Within
from sim.validation.formulas import bimodal
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets.common import REPLICATIONS

WORK, HANGING = 0.1, 0.05
PER_THREAD = 1.0
"""Calls per second and thread."""
CAP = 0.03
FLUID = 0.015
"""How near the first refusal lies to that of the fluid limit."""
RARE = 0.001
"""Refusals beyond this share are looked at."""
SETTLED = 40
"""Deadlines of warm-up: threads that hung together are free together, and that rings on for long."""

_COMPLETED = Panel("Answered", "deadline [s]", "S / N")
_REFUSED = Panel("Refused: no thread is free", "deadline [s]", "share of calls")
_BEGIN = Panel("From healthy to the first refusal", "share of calls that hang", "time [s]")


def _of(what: str, deadline: float, threads: int) -> float:
    found: float = getattr(bimodal, what)(threads, PER_THREAD * threads, WORK, HANGING, deadline)
    return found


def _first(hanging: float) -> float:
    return bimodal.first_refusal(1000, PER_THREAD * 1000, WORK, hanging)


def _curve(what: str, panel: Panel, threads: int) -> Curve:
    return Curve(panel, f"{threads} threads", partial(_of, what, threads=threads))


ANSWERED = {threads: _curve("completed", _COMPLETED, threads) for threads in (100, 1000)}
REFUSED = {threads: _curve("refused", _REFUSED, threads) for threads in (100, 1000)}


def _effort(deadline: float) -> Effort:
    warmup = SETTLED * deadline
    # Where refusals are few they come in clusters.
    measured = 40_000 if 10.0 < deadline < 25.0 else max(2 * warmup, 2_000)
    settings = (f"duration={warmup + measured:g}s", f"warmup={warmup:g}s", f"bucket={warmup:g}s")
    return Effort(REPLICATIONS, settings)


def _hanging() -> Iterator[Check]:
    for threads, deadline, printed in (
        (100, 10.0, ""), (100, 18.1, ""), (100, 20.0, ""), (100, 30.0, ""), (100, 50.0, ""),
        (100, 100.0, ""), (1000, 100.0, "80.4 % errors"),
    ):  # fmt: skip
        expected = [Expected("S / N", ANSWERED[threads], Within(CAP))]
        if REFUSED[threads].formula(deadline) > RARE:
            expected.insert(0, Expected("shed / N", REFUSED[threads], Within(CAP), printed))
        runs = _effort(deadline)
        yield Check(
            f"{threads} threads, deadline {deadline:g} s", "bimodal.yaml", deadline, tuple(expected), runs,
            runs if deadline == 30.0 else None,
            (f"services.backend.slots={threads}", f"sources.users.rate={PER_THREAD * threads:g}/s",
             f"sources.users.policies.deadline={deadline:g}s"),
            "hang",
        )  # fmt: skip


def _fail_fast() -> Check:
    fails = Curve(_COMPLETED, "100 threads, failing at once", lambda deadline: 1.0 - HANGING)
    runs = Effort(REPLICATIONS, ("duration=2000s", "warmup=100s", "bucket=100s"))
    return Check(
        "100 threads, failing at once", "bimodal.yaml", 100.0, (Expected("S / N", fails, Within(CAP)),), runs, runs,
        (), "fail-fast",
    )  # fmt: skip


def _begin() -> Iterator[Check]:
    curve = Curve(_BEGIN, "1000 threads, fluid limit", _first)
    for share in (0.025, HANGING, 0.1):
        yield Check(
            f"1000 threads, first refusal, {share:g} hang", "bimodal.yaml", share,
            (Expected("spread_time", curve, About(FLUID)),), Effort(10 * REPLICATIONS), None,
            (f"variants.begin.faults.0.hang.share={share}",), "begin",
        )  # fmt: skip


SRE_BIMODAL = Target(
    "sre-bimodal",
    "One call in twenty hangs until its deadline and keeps its thread; calls that find no thread are refused.",
    "Beyer et al. (eds.), Site Reliability Engineering, O'Reilly 2016, ch. 22; refusals by Erlang's loss formula",
    (*_hanging(), _fail_fast(), *_begin()),
    (
        "The book calls 19.6 % of the calls served. That is what is admitted; a twentieth of it hangs, and 18.6 % "
        "are answered. If the same calls failed at once, 95 % would be answered.",
        "Of a deadline of 10 s nobody notices anything but the hanging calls; of 100 s, four in five are refused.",
    ),
)
