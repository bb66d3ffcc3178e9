"""Replays a conformance vector: step by step, up to the first difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.policies.subjects import Step, subject_of
from sim.words import NS

SEEN = ("adm", "state", "allow", "tokens", "limit", "ejected", "drop", "p", "wait")
"""Keys of a step that are expectations."""
ROUNDED = ("p",)
"""Numbers that vectors give rounded."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Replayed:
    """How one vector went."""

    id: str
    library: str
    passed: bool
    step: int = -1
    """Number of the first differing step, from 1; -1: none."""
    message: str = ""


def replay(vector: Mapping[str, Any]) -> Replayed:
    """Replay one vector of a vectors file. What is not supported has failed."""
    who = str(vector["id"]), str(vector["library"])
    number = 0
    try:
        subject = subject_of(vector["library"], vector.get("config") or {})
        for number, step in enumerate(vector["steps"], 1):
            for now_ns, one in unrolled(step):
                seen = subject.step(now_ns, one)
                message = difference(one, seen)
                if message:
                    return Replayed(*who, False, number, f"{_told(step)}: {message}")
    except (ValueError, KeyError, TypeError) as error:
        what = f"{type(error).__name__} {error}" if isinstance(error, KeyError | TypeError) else str(error)
        return Replayed(*who, False, number or -1, what)
    return Replayed(*who, True)


def unrolled(step: Step) -> Iterator[tuple[int, Step]]:
    """(instant in ns, step) of each repetition; the state counts after the last."""
    n = int(step.get("n", 1))
    for k in range(n):
        one = {key: value for key, value in step.items() if key not in ("n", "every")}
        if k < n - 1:
            for late in set(SEEN) - {"adm", "allow", "drop"}:
                one.pop(late, None)
        if k and "id" in step:
            one["id"] = f"{step['id']}.{k + 1}"
        yield round((step.get("t", 0) + k * step.get("every", 0)) * NS), one


def difference(step: Step, seen: Mapping[str, Any]) -> str:
    """What was expected and not seen, or nothing."""
    for key in SEEN:
        if key not in step:
            continue
        if key not in seen:
            return f"expected {key} {_plain(step[key])}, which this policy does not show"
        if not same(step[key], seen[key], rounded=key in ROUNDED):
            return f"expected {key} {_plain(step[key])}, got {_plain(seen[key])}"
    return ""


def same(expected: Any, got: Any, *, rounded: bool = False) -> bool:
    """Equal; a rounded number to the last digit that the vector gives."""
    if isinstance(expected, bool) or isinstance(got, bool) or isinstance(expected, str | list):
        return bool(expected == got)
    last_digit = 10.0 ** -len(repr(float(expected)).partition(".")[2])
    slack = 0.5 * last_digit if rounded else 0.0
    return bool(abs(float(got) - expected) <= max(slack, TOLERANCE * max(1.0, abs(expected))))


def _told(step: Step) -> str:
    return ", ".join(f"{k} {_plain(v)}" for k, v in step.items() if k not in SEEN)


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
