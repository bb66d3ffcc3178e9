"""The door of the engines: who runs what, and who says no."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim import engines
from sim.scenario import load_text
from sim.topology.build import build

ROOT = Path(__file__).parents[2]
TINY = """
schema: 1
name: tiny
duration: 20s
sources: {users: {rate: 50/s, call: db}}
services: {db: {slots: 2, steps: [work: 5ms]}}
"""


@pytest.fixture
def long():
    return replace(build(load_text(TINY).scenario()), duration_ns=10**15)


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="no engine is called 'fast'; there are simpy, compiled, auto"):
        engines.run(build(load_text(TINY).scenario()), 1, engine="fast")


def test_auto_takes_simpy_for_a_short_run():
    assert engines.choose(build(load_text(TINY).scenario())) == ("simpy", engines.SHORT)


def test_auto_takes_the_compiled_engine_for_a_long_run(long):
    pytest.importorskip("numba")
    assert engines.choose(long)[0] == "compiled"


def test_auto_takes_simpy_without_numba_and_says_so(long, monkeypatch):
    monkeypatch.setattr(engines, "there", lambda: False)
    chosen, why = engines.choose(long)
    assert chosen == "simpy"
    assert "pip install '.[fast]'" in engines.announcement(chosen, why)


def test_auto_says_what_the_compiled_engine_does_not_cover(long):
    chosen, why = engines.choose(long, trace=3)
    assert (chosen, "walks of requests" in why) == ("simpy", True)


def test_an_engine_that_is_named_never_falls_back(long):
    with pytest.raises(engines.NotCovered, match="walks of requests"):
        engines.choose(long, "compiled", trace=1)


def test_what_is_not_covered_is_named_with_its_place_and_exits_with_3(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sim",
        "run",
        str(ROOT / "scenarios" / "slow-database.yaml"),
        "--trace",
        "2",
    ]
    done = subprocess.run([*command, "--engine", "compiled"], cwd=tmp_path, capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert done.returncode == 3
    assert "the compiled engine cannot run this" in done.stderr


def test_the_engine_that_is_named_runs_and_says_the_same():
    pytest.importorskip("numba")
    from sim import api, load

    loaded = load(ROOT / "scenarios" / "article-listing.yaml")
    found = [api.run(loaded, engine=engine) for engine in ("simpy", "compiled")]
    assert [run.manifest["engine"] for run in found] == ["simpy", "compiled"]
    assert str(found[0].summary) == str(found[1].summary)
