"""Random settings and histories for the libraries, by Hypothesis, and the comparison with ours.

Instants are drawn at the edges: an earlier step's instant plus a length that matters to the breaker (its
open time, its window), exactly, or one clock's resolution before or after.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sim.policies.subjects import Subject, subject_of
from sim.words import NS

TICK_NS = NS // 64
"""Exact in ns, in microseconds and in binary fractions of a second."""
FINE_NS = NS // 512
"""The finest step of ns that is exact in binary fractions of a second."""
MICRO_NS = 1000
HELD = 8
"""So many calls at once, at most: below fluxgate's default semaphore of half-open, which makes others wait."""
FAR_NS = (3600 * NS, 30 * 24 * 3600 * NS)

Timed = tuple[int, dict[str, Any]]
"""(instant in ns, step)"""


@dataclass(frozen=True)
class Case:
    """Settings of one breaker, and what a history for it is drawn from."""

    config: dict[str, Any]
    lengths_ns: tuple[int, ...]
    """Its open times and windows."""
    resolution_ns: int
    exact: bool = False
    far_ns: tuple[int, ...] = FAR_NS
    """Long silences."""


@dataclass
class Tally:
    """What histories came to, to show that they were worth the while."""

    histories: int = 0
    steps: int = 0
    seen: Counter = field(default_factory=Counter)
    """By (admitted or None, state before, state after)."""

    def told(self) -> str:
        """In a line."""
        moves = [("closed", "open"), ("open", "half_open"), ("half_open", "closed"), ("half_open", "open")]
        counts = ", ".join(f"{a} to {b} {self.moves(a, b):,}" for a, b in moves)
        refused = sum(n for (admitted, _, _), n in self.seen.items() if admitted is False)
        return f"{self.histories:,} histories, {self.steps:,} steps agree; {counts}; refused {refused:,}"

    def moves(self, before: str, after: str) -> int:
        """Steps that moved it so."""
        return sum(n for (_, a, b), n in self.seen.items() if (a, b) == (before, after))


def seconds(low: int, high: int, scale: int = 1) -> st.SearchStrategy[float]:
    """Seconds on the grid of ticks."""
    return st.integers(low, high).map(lambda ticks: ticks * scale * TICK_NS / NS)


WAITS = st.one_of(seconds(1, 8), seconds(1, 64), seconds(1, 60, 64))


def ns(value: float) -> int:
    """Seconds as ns."""
    return round(value * NS)


def run_case(names: dict[str, Any], wait: str, resolutions: Sequence[tuple[int, bool]]) -> Any:
    """Cases of a breaker whose one length is the setting `wait`."""
    return st.tuples(st.fixed_dictionaries(names), st.sampled_from(resolutions)).map(
        lambda drawn: Case(drawn[0], (ns(drawn[0][wait]),), *drawn[1])
    )


COUNTS = st.integers(1, 4)
CALENDAR = ((MICRO_NS, False),)
SECONDS = ((FINE_NS, False), (1, True))


@st.composite
def trippers(draw: Any, most: int) -> str:
    """An expression of one to four conditions."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["min", "rate", "rate", "streak", "slow", "mean", "closed", "half"]))
        ratio = draw(st.sampled_from(["0.25", "0.3", "0.5", "0.6", "1.0"]))
        part = {
            "min": f"MinRequests({draw(st.integers(1, most))})",
            "rate": f"FailureRate({ratio})",
            "streak": f"FailureStreak({draw(COUNTS)})",
            "slow": f"SlowRate({ratio}, threshold=0.5)",
            "mean": f"AvgLatency({draw(seconds(1, 64))})",
            "closed": "Closed()",
            "half": "HalfOpened()",
        }[kind]
        parts.append(part)
    text = parts[0]
    for part in parts[1:]:
        text = f"({text}) {draw(st.sampled_from('&&|'))} {part}"
    return text


@st.composite
def fluxgate_cases(draw: Any) -> Case:
    """Windows, trippers, waits without jitter; everybody is admitted in half-open."""
    size = draw(st.integers(1, 8))
    timed = draw(st.booleans())
    tripper = draw(
        trippers(6 if timed else size).filter(
            lambda text: not ("Closed()" in text and "HalfOpened()" in text)
        )
    )
    wait, factor = draw(WAITS), draw(st.sampled_from(["1.5", "2.0", "3.0"]))
    most = wait * draw(st.integers(1, 20))
    retry = draw(
        st.sampled_from([f"Cooldown({wait})", f"Backoff({wait}, {factor}, {most})", "Always()", "Never()"])
    )
    config = {
        "window": f"{'Time' if timed else 'Count'}Window({size})",
        "tripper": tripper,
        "retry": retry,
        "permit": "All()",
    }
    lengths = [ns(wait), ns(min(wait * float(factor), most)), ns(min(wait * float(factor) ** 2, most))]
    lengths += [NS, size * NS] if timed else [NS // 2]
    # A mean of latencies is a sum of floats: exact on the grid only.
    fine = "AvgLatency" in tripper or draw(st.booleans())
    return Case(config, tuple(lengths), *SECONDS[0 if fine else 1])


CASES: dict[str, st.SearchStrategy[Case]] = {
    "pybreaker": run_case(
        {"fail_max": COUNTS, "reset_timeout": WAITS | st.just(0), "success_threshold": st.integers(1, 3)},
        "reset_timeout",
        CALENDAR,
    ),
    "aiobreaker": run_case(
        {"fail_max": COUNTS, "timeout_duration": WAITS | st.just(0)}, "timeout_duration", CALENDAR
    ),
    "circuitbreaker": run_case(
        {"failure_threshold": COUNTS, "recovery_timeout": WAITS | st.just(0)}, "recovery_timeout", SECONDS
    ),
    "purgatory": run_case({"threshold": COUNTS, "ttl": WAITS | st.just(0)}, "ttl", SECONDS),
    "fluxgate": fluxgate_cases(),
}


WHEN = ("same", "same", "soon", "edge", "edge", "grid", "far")
SEVERAL = ("call", "call", "look", "begin", "begin", "begin", "end", "end", "end", "admin")
ALONE = ("call", "call", "call", "call", "look", "admin")
OUTS = ("fail", "fail", "fail", "fail", "ok", "ok")
LASTS_NS = (0, 0, 0, TICK_NS, NS // 2, NS)
DRAWN = st.tuples(
    st.sampled_from(WHEN),
    st.integers(1, 32),  # how many ticks, seconds, or steps back
    st.integers(0, 7),  # which length, which held call
    st.sampled_from((0, 0, -1, 1)),  # beside the edge
    st.integers(0, 59),  # what is done
    st.integers(0, 59),  # how it ends
)
DRAWS = st.one_of(*(st.lists(DRAWN, min_size=n, max_size=2 * n) for n in (4, 20, 40)))
"""What a history is made of; `history` gives it a meaning."""


def instant(case: Case, past: list[int], when: str, many: int, which: int, beside: int) -> int:
    """When the next step is, given when the steps so far were."""
    now, offset = past[-1], beside * case.resolution_ns
    if when == "soon":
        return now + many * TICK_NS
    if when == "far":
        return now + case.far_ns[which % len(case.far_ns)]
    if when == "grid":
        return max(now, (now // NS + many % 9 + 1) * NS + offset)
    if when == "edge":
        anchor = past[-min(len(past), many % 8 + 1)]
        return max(now, anchor + case.lengths_ns[which % len(case.lengths_ns)] + offset)
    return now


def history(
    case: Case, draws: list[Any], outcomes: Sequence[str], operations: Sequence[str], *, alone: bool = False
) -> list[Timed]:
    """Steps in time: calls, overlapping ones (unless `alone`), looks; manual operations in one of four."""
    kinds = ALONE if alone else SEVERAL
    outs = (*OUTS, *outcomes)
    ops = operations if draws[0][5] % 4 == 0 else ()
    past, held, steps = [0], [], []
    for number, (when, many, which, beside, what, how) in enumerate(draws):
        now = instant(case, past, when, many, which, beside)
        kind, out = kinds[what % len(kinds)], outs[how % len(outs)]
        if (
            (kind == "begin" and len(held) == HELD)
            or (kind == "end" and not held)
            or (kind == "admin" and not ops)
        ):
            kind = "call"
        step: dict[str, Any] = {"do": kind}
        if kind == "begin":
            step["id"] = f"c{number}"
            held.append(step["id"])
        elif kind == "end":
            step |= {"id": held.pop(which % len(held)), "out": out}
        elif kind == "admin":
            step["op"] = ops[how % len(ops)]
        elif kind == "call":
            step["out"] = out
            lasts = LASTS_NS[which % len(LASTS_NS)] if alone else 0
            if lasts:
                step["dur"] = lasts / NS
        steps.append((now, step))
        past.append(now + ns(step.get("dur", 0)))
    return steps


def agree(real: Any, library: str, case: Case, steps: list[Timed], tally: Tally) -> None:
    """Play a history on both; AssertionError with all steps so far at the first difference."""
    ours = subject_of(library, case.config)
    tally.histories += 1
    refused: set[str] = set()
    state, shown = "closed", []
    for now_ns, step in steps:
        if step["do"] == "end" and step["id"] in refused:
            continue
        expected, got = one_step(real, ours, now_ns, step)
        shown.append({"t": now_ns / NS, **step, **expected})
        assert got == expected, told(library, case, shown, got)
        if step["do"] == "begin" and not expected["adm"]:
            refused.add(step["id"])
        tally.steps += 1
        tally.seen[expected.get("adm"), state, expected["state"]] += 1
        state = expected["state"]


def one_step(real: Any, ours: Subject, now_ns: int, step: dict[str, Any]) -> tuple[dict, dict]:
    """What the library and ours show after the step."""
    expected = real.step(now_ns, step)
    got = ours.step(now_ns, {**step, "state": "?"})
    return expected, got


def told(library: str, case: Case, shown: list[dict[str, Any]], got: dict[str, Any]) -> str:
    """The history as a vector of a vectors file."""
    lines = [f"{library} with {case.config}: the last step is what the library does; ours shows {got}"]
    for step in shown:
        inner = ", ".join(f"{k}: {str(v).lower() if isinstance(v, bool) else v}" for k, v in step.items())
        lines.append(f"  - {{{inner}}}")
    return "\n".join(lines)
