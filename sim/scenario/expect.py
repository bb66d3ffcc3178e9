"""Lines of `expect:` and names of measures: `[variant:] measure[(target)] [window] op value [window]`."""

import math
import re
from dataclasses import dataclass, field

from sim import units

MEASURES: frozenset[str] = frozenset(
    [
        "N",
        "S",
        "F",
        "B",
        "R",
        "p50",
        "p90",
        "p99",
        "p999",
        "success_share",
        "failure_share",
        "goodput",
        "offered",
        "degraded",
        "fallback",
        "retries",
        "retries_denied",
        "hedges",
        "unused",
        "refused_good",
        "started",
        "in_flight",
        "cache_hit_share",
        "trips",
        "reopenings",
        "trips_per_s",
        "trips_per_try",
        "open_share",
        "false_trips",
        "amplification",
        "amplification_ratio",
        "excess_loss",
        "attempts",
        "wasted_work",
        "utilisation",
        "busy_slots",
        "queue_length",
        "wait",
        "sojourn",
        "shed",
        "failing_bystanders",
        "failing_bystander_services",
        "failing_dependants",
        "failing_endpoints",
        "lost_requests",
        "lost_bystander_requests",
        "spread_time",
        "spread_distance",
        "metastable",
        "recovery_time",
        "error",
        "timeout",
        "broken",
        "limited",
        "bulkhead",
        "unreachable",
        "expired",
        "cancelled",
    ]
)
"""Names that a line may use; the formulas are in sim.measures."""

OF_THE_RUN: frozenset[str] = frozenset(
    [
        "failing_bystanders",
        "failing_bystander_services",
        "failing_dependants",
        "failing_endpoints",
        "lost_requests",
        "lost_bystander_requests",
        "spread_time",
        "spread_distance",
        "recovery_time",
        "metastable",
    ]
)
"""Of these, the measures of the run as a whole: they take neither target nor window."""

WINDOWS = ("during fault", "before fault", "after fault", "whole")
_OP = re.compile(r"(<=|>=|==|<|(?<!-)>)")
"""The `>` of an arrow compares nothing."""
_MEASURE = re.compile(
    r"(?P<name>[A-Za-z_0-9.]+)\s*(?:\((?P<target>(?:[^()]|\([^()]*\))*)\))?\s*(?P<window>.*)"
)
"""A target may hold brackets of its own: `gateway(db)`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: of whom, and when."""

    name: str
    target: str = ""
    """"" = the whole."""
    window: str = ""
    """"" = the whole run without its warm-up; else one of WINDOWS or `10s..30s`."""
    tries: bool = False
    """On the ledger of tries instead of calls (`tries.N`)."""

    def __str__(self) -> str:
        name = f"tries.{self.name}" if self.tries else self.name
        text = f"{name}({self.target})" if self.target else name
        return f"{text} {self.window}".strip()


@dataclass(frozen=True, slots=True)
class Line:
    """One expectation."""

    text: str
    variant: str
    """"" = every variant."""
    measure: Measure
    op: str
    value: float

    def holds(self, x: float) -> bool:
        """Does x lie on the right side?"""
        return {
            "<": x < self.value,
            "<=": x <= self.value,
            ">": x > self.value,
            ">=": x >= self.value,
            "==": x == self.value,
        }[self.op]


@dataclass(frozen=True, slots=True)
class Targets:
    """Names that a target may be."""

    sources: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    endpoints: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)

    def every(self) -> set[str]:
        """All of them."""
        return self.sources | self.services | self.endpoints | self.edges


def parse_measure(text: str) -> Measure:
    """`tries.p99(users) during fault`. ValueError says what is wrong."""
    match = _MEASURE.fullmatch(" ".join(text.split()))
    if not match:
        msg = (
            f"{text!r} is not a measure; write measure, measure(target), with a window behind it if you like"
        )
        raise ValueError(msg)
    name = match["name"]
    tries = name.startswith("tries.")
    name = name.removeprefix("tries.")
    window = match["window"].strip()
    if window and window not in WINDOWS:
        parse_window(window)
    target = " -> ".join(part.strip() for part in (match["target"] or "").split("->"))
    return Measure(name, target, window, tries)


def parse_window(text: str) -> tuple[int, int]:
    """`10s..30s` in ns."""
    first, dots, last = text.partition("..")
    if not dots:
        msg = f"{text!r} is not a window; write {', '.join(WINDOWS)} or 10s..30s"
        raise ValueError(msg)
    begin, end = units.duration_ns(first), units.duration_ns(last)
    if begin >= end:
        msg = f"the window {text} ends before it begins"
        raise ValueError(msg)
    return begin, end


def parse_value(text: str) -> float:
    """A number, a share, a duration (in seconds) or a rate."""
    text = text.strip()
    for parse in (units.share, units.rate_per_s):
        if text.endswith(("%", "/s", "/m", "/h", "rps")):
            try:
                return parse(text)
            except ValueError:
                continue
    try:
        value = float(text)
    except ValueError:
        return units.duration_ns(text) / 1e9
    if not math.isfinite(value):
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    return value


def parse_line(text: str, variants: tuple[str, ...]) -> Line:
    """One line of `expect:`. ValueError says what is wrong."""
    body, variant = text, ""
    head, colon, rest = text.partition(":")
    if colon and not _OP.search(head):
        variant, body = head.strip(), rest
        if variant not in variants:
            msg = f"no variant is called {variant!r} (there are: {', '.join(variants) or 'none'})"
            raise ValueError(msg)
    parts = _OP.split(body, maxsplit=1)
    if len(parts) != 3:
        msg = f"{text!r} compares nothing; write [variant:] measure[(target)] [window] < value"
        raise ValueError(msg)
    left, op, right = parts
    window = next((w for w in WINDOWS if right.strip().endswith(w)), "")
    if not window:
        last = right.strip().split()[-1:] or [""]
        window = last[0] if ".." in last[0] else ""
    value = right.strip().removesuffix(window).strip() if window else right.strip()
    measure = parse_measure(f"{left.strip()} {window}".strip())
    return Line(text, variant, measure, op, parse_value(value))


def mistakes_of_measure(text: str, targets: Targets) -> list[str]:
    """What is wrong with a measure."""
    from difflib import get_close_matches

    try:
        measure = parse_measure(text)
    except ValueError as error:
        return [str(error)]
    out = []
    if measure.name not in MEASURES:
        near = get_close_matches(measure.name, MEASURES, 1)
        out.append(f"no measure is called {measure.name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    if measure.name in OF_THE_RUN and (measure.target or measure.window):
        out.append(f"{measure.name} is of the run as a whole: it takes neither target nor window")
    elif measure.target and measure.target not in targets.every():
        near = get_close_matches(measure.target, targets.every(), 1)
        out.append(
            f"{measure.target!r} names nothing here" + (f"; did you mean {near[0]!r}?" if near else "")
        )
    return out


def mistakes(line: str, variants: tuple[str, ...], targets: Targets) -> list[str]:
    """What is wrong with a line of `expect:`."""
    try:
        parsed = parse_line(line, variants)
    except ValueError as error:
        return [str(error)]
    return mistakes_of_measure(str(parsed.measure), targets)
