"""Spellings of a rate -> piecewise-linear points (ns, per second)."""

import math

from sim.scenario.model import Rate, Scenario
from sim.scenario.replay import Points, read_rates

PIECES = 24
"""Straight pieces per period of a sine."""


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
    read = read_rates(scenario.base_dir / rate.replay)
    return read if read[0][0] == 0 else ((0, read[0][1]), *read)
