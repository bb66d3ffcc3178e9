"""Replayed rates: a CSV file as points, and a model that carries them itself."""

import csv
import math
from pathlib import Path

from sim.errors import InvalidScenario, Problem
from sim.scenario.model import Scenario
from sim.scenario.sources import Rate, Source

Points = tuple[tuple[int, float], ...]
"""(ns, per second), times rise."""


def read_rates(path: Path) -> Points:
    """The points of a file with columns time_s, rate_per_s. Raises InvalidScenario."""
    out: list[tuple[int, float]] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                out.append((round(float(row["time_s"]) * 1e9), float(row["rate_per_s"])))
    except (KeyError, ValueError, TypeError, OverflowError, OSError) as error:
        problem = Problem(
            f"a rate file has columns time_s,rate_per_s with numbers: {error}", str(path), len(out) + 2, 1
        )
        raise InvalidScenario([problem]) from error
    rising = out == sorted(out, key=lambda p: p[0]) and all(t >= 0 for t, _ in out)
    if not out or not rising or any(r < 0 or not math.isfinite(r) for _, r in out):
        raise InvalidScenario([Problem("times rise and rates are 0 or more", str(path), 1, 1)])
    return tuple(out)


def self_contained(model: Scenario) -> Scenario:
    """The model with the points of every replayed file in its place: it needs no file beside it."""
    sources = {name: _carried(source, model.base_dir) for name, source in model.sources.items()}
    return model.model_copy(update={"sources": sources})


def _carried(source: Source, base_dir: Path) -> Source:
    if source.rate is None or source.rate.replay is None:
        return source
    points = read_rates(base_dir / source.rate.replay)
    return source.model_copy(update={"rate": Rate.model_construct({"points"}, points=points)})
