"""Spellings of a rate -> piecewise-linear points (ns, per second)."""

import csv
import math

from sim.errors import InvalidScenario, Problem
from sim.scenario.model import Rate, Scenario

PIECES = 24
"""Straight pieces per period of a sine."""

Points = tuple[tuple[int, float], ...]


def points(rate: Rate, scenario: Scenario) -> Points:
    """The rate as points; a step is two points at one time; the last value holds for ever."""
    if rate.constant is not None:
        return ((0, rate.constant),)
    if rate.points is not None:
        return rate.points if rate.points[0][0] == 0 else ((0, rate.points[0][1]), *rate.points)
    if rate.ramp is not None:
        r = rate.ramp
        return ((0, r.from_), (r.after, r.from_), (r.after + r.over, r.to))
    if rate.step is not None:
        return ((0, rate.step.from_), (rate.step.at, rate.step.from_), (rate.step.at, rate.step.to))
    if rate.spike is not None:
        s = rate.spike
        end = s.at + s.for_
        return ((0, s.base), (s.at, s.base), (s.at, s.peak), (end, s.peak), (end, s.base))
    if rate.sine is not None:
        sine = rate.sine
        periods = math.ceil((scenario.duration or 10 * sine.period) / sine.period) + 1
        return tuple(
            (i * sine.period // PIECES, sine.mean + sine.amplitude * math.sin(2 * math.pi * i / PIECES))
            for i in range(periods * PIECES + 1)
        )
    assert rate.replay is not None
    return _replay(scenario, rate.replay)


def _replay(scenario: Scenario, name: str) -> Points:
    path = scenario.base_dir / name
    out: list[tuple[int, float]] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                out.append((round(float(row["time_s"]) * 1e9), float(row["rate_per_s"])))
    except (KeyError, ValueError, TypeError, OSError) as error:
        problem = Problem(
            f"a rate file has columns time_s,rate_per_s with numbers: {error}", str(path), len(out) + 2, 1
        )
        raise InvalidScenario([problem]) from error
    if (
        not out
        or out != sorted(out, key=lambda p: p[0])
        or any(r < 0 or not math.isfinite(r) for _, r in out)
    ):
        raise InvalidScenario([Problem("times rise and rates are 0 or more", str(path), 1, 1)])
    return tuple(out) if out[0][0] == 0 else ((0, out[0][1]), *out)
