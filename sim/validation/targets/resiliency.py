"""`icsa20-breaker`: one client, a server that fails after every tenth request; plain, with retries, with a breaker."""

from collections.abc import Iterator
from functools import cache, partial

from sim.validation.acceptance import Within
from sim.validation.formulas import resiliency as r
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target

TIME, COUNTS = Within(0.02), Within(0.03)
RUNS = 2_000
MORE_RUNS = {0.5: 2_500, 0.7: 2_500, 0.9: 4_000, 1.0: 14_000}
"""Where refusals and trips are counted: the fewer there are, the more they differ from run to run."""
POLICIES = {
    "plain": r.PLAIN,
    **{f"retries, back-off at most {most} s": r.retries(most) for most in (10, 20, 40)},
    **{f"breaker, open {most} s": r.breaker(most) for most in (10, 20, 40)},
}
ERLANG = {
    ("plain", 0.5): (1161.6, 866.1),
    ("retries, back-off at most 10 s", 0.5): (1305.3, 624.3),
    ("retries, back-off at most 40 s", 0.5): (1490.0, 581.4),
    ("breaker, open 20 s", 0.5): (1361.4, 572.4),
}
"""What the published models give, (time, contention), whose time-outs have Erlang laws of 100 stages."""
COUNTED = "breaker, open 20 s"
OUTER = "client -> connection"
OBSERVABLES = {
    "time": ("S / goodput", TIME, Panel("Time of 100 answers", "availability of the server", "time [s]")),
    "contention": (
        f"tries.R({OUTER}) / tries.success_share({OUTER})", TIME,
        Panel("Waiting for the server, per answer", "availability of the server", "time [s]"),
    ),
    "calls": ("N", COUNTS, Panel("Calls, refused ones included", "availability of the server", "calls")),
    "refused": ("broken", COUNTS, Panel("Refused by the breaker", "availability of the server", "calls")),
    "trips": ("B", COUNTS, Panel("Trips, re-openings included", "availability of the server", "trips")),
}  # fmt: skip
"""Total -> (observable, rule, panel)."""


SHOWN = {"time": "time [s]", "contention": "waiting / S [s]"}


@cache
def _totals(name: str, availability: float) -> r.Totals:
    return r.until_answered(POLICIES[name], availability)


def _of(availability: float, total: str, name: str) -> float:
    found: float = getattr(_totals(name, availability), total)
    return found / r.ANSWERS if total == "contention" else found


def _curve(total: str, name: str) -> Curve:
    return Curve(OBSERVABLES[total][2], name, partial(_of, total=total, name=name))


CURVES = {
    (total, name): _curve(total, name)
    for name in POLICIES
    for total in OBSERVABLES
    if total in ("time", "contention") or name == COUNTED
}


def _settings(name: str, availability: float) -> tuple[str, ...]:
    repair = (1 / availability - 1) * r.LIFE * r.WORK
    fault = f"faults.0.for={{exponential: {repair:.9f}s}}" if repair else "faults=[]"
    kind, _, most = name.partition(", ")
    seconds = most.split(" ")[-2] if most else ""
    edge = f"variants.{VARIANTS[kind]}.edges.{OUTER}"
    if kind == "retries":
        return fault, f"{edge}.retry.backoff.exponential.cap={seconds}s"
    return (fault, f"{edge}.breaker.open_for={seconds}s") if most else (fault,)


VARIANTS = {"plain": "plain", "retries": "retry", "breaker": "breaker"}


def _checks() -> Iterator[Check]:
    for name in POLICIES:
        for availability in (0.5, 0.7, 0.9, 1.0):
            if availability > 0.5 and name.startswith("retries") and "10 s" not in name:
                continue
            expected = []
            for total, (observable, rule, _) in OBSERVABLES.items():
                curve = CURVES.get((total, name))
                if curve is not None:
                    printed = _printed(total, name, availability)
                    expected.append(Expected(observable, curve, rule, printed, SHOWN.get(total, "")))
            runs = Effort(MORE_RUNS[availability] if name == COUNTED else RUNS)
            quick = Effort(600) if (name, availability) == ("plain", 1.0) else None
            yield Check(
                f"{name}, availability {availability:g}", "resiliency-patterns.yaml", availability,
                tuple(expected), runs, quick, _settings(name, availability),
                VARIANTS[name.partition(",")[0]],
            )  # fmt: skip


def _printed(total: str, name: str, availability: float) -> str:
    """The figure of the published model beside that for fixed times."""
    time, contention = ERLANG.get((name, availability), (0.0, 0.0))
    value = {"time": time, "contention": contention / r.ANSWERS}.get(total, 0.0)
    return f"published model {value:.5g}" if value else ""


ICSA20_BREAKER = Target(
    "icsa20-breaker",
    "The price of retries and of a breaker in time, and what they save in waiting, until one client has 100 answers.",
    "Mendonça, Aderaldo, Cámara and Garlan, Model-Based Analysis of Microservice Resiliency Patterns, ICSA 2020; "
    "their models with fixed times, as a Markov chain",
    tuple(_checks()),
    (
        "At availability 0.5 the order in time is that of the paper: breaker open 40 s, open 20 s, retries with at most "
        "10 s, breaker open 10 s, plain. Plain waits longest, and the longer a breaker is open the less.",
        "At full availability the breaker trips all the same, 2.4 times in 100 answers: one answer in seven is slower "
        "than the timeout.",
        "Model: who finds the server down asks again every 20 ms, so a connection is found up to 20 ms late.",
    ),
)
