"""A comparison depends on its grid alone: not on processes, executors or order."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sim
from sim.errors import StoreError, UsageError
from sim.experiment import execute

TEXT = """
schema: 1
name: tiny
duration: 12s
sources:
  users: {rate: 40/s, call: web, policies: {timeout: 1s}}
services:
  web: {slots: 4, queue: 20, steps: [work: {exponential: 2ms}, call: db]}
  db: {slots: 2, queue: 20, steps: [work: {exponential: 10ms}]}
edges:
  web -> db: {timeout: 200ms}
faults:
  - fail: {service: db}
    at: 5s
    for: 3s
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 1s}}}}
expect:
  - "breaker: trips(web -> db) >= 1"
  - "none: success_share during fault < 10%"
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "tiny.yaml"
    path.write_text(TEXT)
    return sim.load(path)


def tables(comparison):
    return {k: v for k, v in comparison.files().items() if k != "manifest.json"}


def test_tables_are_the_same_bytes_with_one_process_and_with_two(tiny):
    one = sim.compare(tiny, (1, 2, 3), jobs=1)
    assert tables(sim.compare(tiny, (1, 2, 3), jobs=2)) == tables(one)


def test_any_executor_will_do(tiny):
    with ThreadPoolExecutor(2) as pool:
        found = sim.compare(tiny, (1, 2), executor=pool)
    assert tables(found) == tables(sim.compare(tiny, (1, 2)))


def test_every_variant_runs_on_both_days_and_meets_the_same_requests(tiny):
    found = sim.compare(tiny, (1, 2))
    assert {(r.variant, r.seed, r.day) for r in found.table.rows} == {
        (v, s, d) for v in ("none", "breaker") for s in (1, 2) for d in ("fault", "good")
    }
    assert found.table.column("none", "N") == found.table.column("breaker", "N")
    assert found.table.mean("breaker", "B", "good").mean == 0
    assert found.table.mean("none", "success_share", "good").mean == 1.0
    assert found.met


def test_a_single_run_measures_what_the_comparison_measures(tiny):
    row = next(r for r in sim.compare(tiny, (5,)).table.rows if (r.variant, r.day) == ("breaker", "fault"))
    run = sim.run(tiny, 5, "breaker")
    for measure in ("N", "S", "B", "p99"):
        assert run.measure(measure) == row.values[measure]


def test_a_run_with_too_short_a_past_takes_its_baseline_from_its_twin(tiny):
    run = sim.run(tiny, 5)
    assert run.twin is None or run.twin.faults == []
    short = sim.run(sim.load(tiny.loaded.file, set=["faults=[{fail: {service: db}, at: 2s}]"]), 5)
    assert short.twin is not None
    assert short.measure("failing_dependants") == 2


def test_every_difference_to_the_first_variant_is_in_a_table(tiny):
    lines = sim.compare(tiny, (1, 2, 3)).files()["differences.csv"].splitlines()
    assert lines[0].startswith("variant,against,value,day,measure,mean")
    assert any(line.startswith("breaker,none,,good,N,0") for line in lines)


def test_a_parameter_that_varies_gives_a_table_for_each_value(tiny):
    found = sim.compare(tiny, (1, 2), ["none"], vary="services.db.slots=1..3:1")
    assert found.verdicts == []  # expectations speak of the file's own value
    assert found.table.values == ("1", "2", "3")
    waits = [found.table.mean("none", "p99", "good", v).mean for v in found.table.values]
    assert waits[0] > waits[2]


def test_an_interrupt_keeps_the_runs_that_are_complete(tiny):
    def stop_after_four(n, seen=[0]):  # noqa: B006 - the memory is meant
        seen[0] += n
        if seen[0] >= 4:
            signal.raise_signal(signal.SIGINT)

    found = sim.compare(tiny, tuple(range(1, 13)), done=stop_after_four)
    assert found.manifest["interrupted"]
    assert 0 < len(found.table.rows) < 48
    assert found.table.seeds == (1,)
    assert found.table.difference("breaker", "none", "S").interval.n == 1
    assert "rows.csv" in found.files()


COMPARES = """
import sys, sim

def done(n):
    print(n, flush=True)

if __name__ == "__main__":
    long = sim.load(sys.argv[1], set=["duration=60s"])
    found = sim.compare(long, range(1, 1001), jobs=2, done=done)
    print("interrupted", found.manifest["interrupted"], len(found.table.rows), flush=True)
"""


def test_a_real_interrupt_of_two_processes_keeps_every_run_that_is_complete(tiny, tmp_path):
    (tmp_path / "compares.py").write_text(COMPARES)
    command = [sys.executable, "compares.py", tiny.loaded.file]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        # Two variants of the first seed make it complete; what follows is under way.
        told = [process.stdout.readline() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        *more, last = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    assert [line.strip() for line in told] == ["2"] * 4
    word, interrupted, rows = last.split()
    assert (word, interrupted) == ("interrupted", "True")
    assert 4 <= int(rows) <= 2 * (4 + len(more) + 1)


def test_a_worker_builds_a_topology_once(tiny, monkeypatch):
    built = []
    build = execute.build
    monkeypatch.setattr(execute, "build", lambda model: built.append(model.name) or build(model))
    execute._prepare.cache_clear()
    sim.compare(tiny, (1, 2, 3))
    assert len(built) == 2 * 2  # two variants, with the fault and without


def test_a_stored_comparison_opens_with_the_same_tables_and_verdicts(tiny, tmp_path):
    found = sim.compare(tiny, (1, 2, 3))
    again = sim.open_comparison(found.save(tmp_path / "c", figures=False))
    assert tables(again) == tables(found)
    assert again.ranking() == found.ranking()


def test_a_stored_run_opens_with_the_same_measures(tiny, tmp_path):
    run = sim.run(tiny, 3, "breaker")
    again = sim.open_run(run.save(tmp_path / "r", figures=False))
    for measure in ("N", "S", "F", "B", "R", "p50", "success_share during fault", "broken(web -> db)"):
        assert again.measure(measure) == run.measure(measure), measure


def test_what_is_not_there_is_an_error_with_words(tiny, tmp_path):
    with pytest.raises(StoreError):
        sim.open_comparison(tmp_path)
    with pytest.raises(StoreError):
        sim.open_run(tmp_path)
    with pytest.raises(UsageError, match="breaker"):
        sim.compare(tiny, (1,), ["breakr"])
