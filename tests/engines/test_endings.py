"""How a run of either engine ends that cannot go on, or is told to stop."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim import engines
from sim.engines import room
from sim.errors import SimulationError
from sim.scenario import load_text
from sim.topology.build import build

ROOT = Path(__file__).parents[2]
OVERLOAD = """
schema: 1
name: overload
duration: 10000s
sources: {users: {rate: 3000/s, call: web}}
services:
  web: {steps: [call: db]}
  db: {slots: 1, steps: [work: 5ms]}
"""


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_load_without_bound_ends_with_a_statement_of_what_grew(engine, monkeypatch):
    if engine == "compiled":
        pytest.importorskip("numba")
    left = iter([1 << 40] * 5)
    for module in ("sim.engines.simpy_engine.world", "sim.engines.compiled.run"):
        if engine == "compiled" or "simpy" in module:
            monkeypatch.setattr(f"{module}.left_bytes", lambda: next(left, 0))
    with pytest.raises(SimulationError) as caught:
        engines.run(build(load_text(OVERLOAD).scenario()), 1, engine=engine)
    first, second, third = str(caught.value).splitlines()
    assert first.startswith("memory is used up at ")
    assert "calls and tries are under way" in first
    assert second.strip().startswith(("db[0]: ", "web[0]: "))
    assert "in its queue" in second
    assert "bound the queues" in third


def limit(group, most, used, files):
    group.mkdir(exist_ok=True)
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon {used - files}\nfile {files}\ninactive_file {files}\n")


def test_memory_that_is_left_is_no_more_than_any_container_around_gives(tmp_path, monkeypatch):
    machine = room.left_bytes()
    assert machine > 0
    (tmp_path / "own").write_text("4:memory:/old\n0::/outer/inner\n")
    monkeypatch.setattr(room, "CGROUP", tmp_path)
    monkeypatch.setattr(room, "OWN_GROUP", tmp_path / "own")
    outer = tmp_path / "outer"
    limit(outer, 5000, 2000, 0)
    assert room.left_bytes() == 3000
    limit(outer / "inner", 4000, 2000, 0)
    assert room.left_bytes() == 2000
    limit(outer / "inner", "max", 2000, 0)
    assert room.left_bytes() == 3000
    limit(outer, "max", 2000, 0)
    assert room.left_bytes() > 5000


def test_what_files_keep_in_a_containers_memory_is_not_used_up(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "CGROUP", tmp_path)
    limit(tmp_path, 5000, 4900, 4000)
    assert room.left_bytes() == 4100


def test_an_interrupt_while_the_engine_is_compiled_ends_at_once(tmp_path):
    pytest.importorskip("numba")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", "run", str(ROOT / "scenarios" / "slow-database.yaml")]
    with subprocess.Popen(
        [*command, "--engine", "compiled"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
        # Tests that run in the background ignore Ctrl-C, and so would what they begin.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert "it is compiled first" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=10)
    assert (process.returncode, words.strip()) == (130, "interrupted")
    assert not list(tmp_path.rglob("*.nbc"))
