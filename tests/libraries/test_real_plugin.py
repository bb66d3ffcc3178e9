"""The library's own object as an edge's policy: the same run as with our entry, call by call."""

import time
from datetime import datetime
from pathlib import Path

import circuitbreaker
import purgatory.domain.model
import pybreaker
import pytest

from sim import load, run

FOLDER = Path(__file__).parents[2] / "scenarios" / "plugins"


@pytest.fixture(scope="module")
def scenario():
    return load(FOLDER / "real-breakers.yaml", plugin=FOLDER / "real_breakers.py")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("library", ["pybreaker", "circuitbreaker", "purgatory"])
def test_the_library_inside_gives_the_run_of_our_entry(scenario, library, seed):
    ours, real = (run(scenario, seed=seed, variant=name) for name in (library, f"real-{library}"))
    for measure in ("N", "S", "F", "S(web -> db)", "F(web -> db)", "broken(web -> db)", "B"):
        assert ours.measure(measure) == real.measure(measure), measure
    assert ours.measure("B") > 5
    assert ours.measure("broken(web -> db)") > 100
    for table in ("calls", "tries"):
        assert ours.frame(table).equals(real.frame(table)), table
    moves = [run.frame("breakers")[["time_s", "copy", "from", "to"]] for run in (ours, real)]
    assert moves[0].equals(moves[1])


def test_the_libraries_of_everybody_else_keep_the_real_time(scenario):
    assert pybreaker.datetime is datetime
    assert circuitbreaker.monotonic is time.monotonic
    assert purgatory.domain.model.time is time
