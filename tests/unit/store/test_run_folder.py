"""Run folders: what is written is read back; what is damaged is said."""

import dataclasses
import json

import numpy as np
import pytest

from sim import load, open_run, run
from sim.errors import StoreError
from sim.store import load_run
from sim.store.run import TABLES, to_json

SCENARIO = """
name: stored
duration: 12s
sources: {users: {rate: 30/s, call: web, clients: 2}}
services:
  web: {slots: 8, queue: 10, steps: [{call: db, cache: items}, {call: ads, optional: true}]}
  db: {replicas: 2, slots: 2, steps: [{work: {exponential: 20ms}}]}
  ads: {steps: [{work: 5ms}], error_rate: 5%}
caches: {items: {keys: 20, ttl: 500ms}}
edges:
  web -> db: {timeout: 200ms, retry: 2, breaker: {use: consecutive, key: replica, open_for: 1s}}
watch: [users -> web]
faults: [{stop: {service: db}, at: 3s, for: 2s}]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run in memory and its folder."""
    place = tmp_path_factory.mktemp("stored")
    (place / "stored.yaml").write_text(SCENARIO)
    one = run(load(place / "stored.yaml"), seed=4, trace=5)
    return one, one.save(place / "run", figures=False)


@pytest.fixture
def folder(done, tmp_path):
    """A copy that a test may damage."""
    import shutil

    return shutil.copytree(done[1], tmp_path / "run")


def same(a, b):
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(
            all(np.array_equal(x, y) for x, y in zip(a[k], b[k], strict=True)) for k in a
        )
    return a == b


def test_every_field_of_the_record_comes_back(done):
    one, place = done
    stored = load_run(place)
    for field in dataclasses.fields(one.record):
        assert same(getattr(one.record, field.name), getattr(stored.record, field.name)), field.name
    assert one.record.transitions and one.record.copies and one.record.faults and one.record.walks
    assert stored.topology == one.topology
    assert stored.manifest["seed"] == 4


@pytest.mark.parametrize(
    "measure",
    [
        "N",
        "p99(users) during fault",
        "trips",
        "recovery_time",
        "failing_endpoints",
        "wait(db)",
        "lost_requests",
        "excess_loss(db)",
        "amplification_ratio(db)",
    ],
)
def test_a_stored_run_measures_as_it_did(done, measure):
    one, place = done
    assert open_run(place).measure(measure) == pytest.approx(one.measure(measure), nan_ok=True)


def test_the_twin_that_gave_the_baseline_is_stored_with_it(done):
    """The time before the fault holds fewer than 200 calls: the healthy share is that of the twin."""
    one, place = done
    assert one.twin is not None
    again = open_run(place)
    assert np.array_equal(again.twin.counts, one.twin.counts)
    assert again.twin.faults == []
    assert again.save(place.with_name("again"), figures=False)
    assert (place.with_name("again") / "twin.csv").read_text() == (place / "twin.csv").read_text()


def test_the_same_run_gives_the_same_bytes_in_all_but_the_manifest(done, tmp_path):
    one, place = done
    (tmp_path / "stored.yaml").write_text(SCENARIO)
    again = run(load(tmp_path / "stored.yaml"), seed=4, trace=5).save(tmp_path / "again", figures=False)
    names = sorted(p.name for p in place.iterdir())
    assert names == sorted(p.name for p in again.iterdir())
    differ = {n for n in names if (place / n).read_bytes() != (again / n).read_bytes()}
    assert differ <= {"manifest.json"}
    assert set(TABLES) | {"scenario.yaml", "summary.json", "manifest.json", "walks.jsonl"} <= set(names)


def test_the_stored_scenario_runs_to_the_same_record(done, tmp_path):
    """scenario.yaml has every default written out."""
    one, place = done
    again = run(load(place / "scenario.yaml"), seed=4, trace=5)
    assert to_json(again.summary) == to_json(one.summary)
    assert np.array_equal(again.record.counts, one.record.counts)


def test_a_replayed_rate_is_stored_with_its_run(tmp_path):
    """The folder is enough: the CSV file may be elsewhere by now."""
    (tmp_path / "rates.csv").write_text("time_s,rate_per_s\n1,10\n3,20.5\n3,40\n")
    (tmp_path / "s.yaml").write_text(SCENARIO.replace("rate: 30/s", "rate: {replay: rates.csv}"))
    one = run(load(tmp_path / "s.yaml"), seed=1)
    place = one.save(tmp_path / "run", figures=False)
    (tmp_path / "rates.csv").unlink()
    assert open_run(place).topology.sources == one.topology.sources
    again = run(load(place / "scenario.yaml"), seed=1)
    assert np.array_equal(again.record.counts, one.record.counts)


EVERY_FILE = [*TABLES, "scenario.yaml", "summary.json", "twin.csv", "walks.jsonl"]


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_file_that_was_cut_short(folder, name):
    text = (folder / name).read_text()
    (folder / name).write_text(text[: len(text) // 2])
    with pytest.raises(StoreError, match=rf"{name}: is not as it was written"):
        load_run(folder)


@pytest.mark.parametrize("name", [*EVERY_FILE, "manifest.json"])
def test_a_file_that_is_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(StoreError, match=rf"{name}: (is missing|No such file)"):
        load_run(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no JSON"),
        (b"[]", "not a run folder"),
        (b"{}", "written in format None; this version reads 1"),
        (b'{"format": 99}', "written in format 99"),
        (b'{"kind": "comparison"}', "it holds a comparison"),
        (b"\xff\xfe", "not a run folder"),
    ],
)
def test_a_manifest_that_is_none(folder, content, words):
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=words):
        load_run(folder)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("calls.csv", "users -> web.main", "users -> elsewhere"),
        ("calls.csv", "calls,", "cries,"),
        ("breakers.csv", "closed", "ajar"),
        ("faults.csv", "fault_id", "id"),
        ("replicas.csv", "db[0],0", "db[0],99000000000000"),
        ("scenario.yaml", "name:", "nome:"),
        ("summary.json", '"run"', '"walk"'),
        ("endpoints.csv", "0,", "x,"),
    ],
)
def test_files_that_do_not_fit_together(folder, name, old, new):
    """Without digests, as in a folder that was put together by hand."""
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    with pytest.raises(StoreError, match="do not fit together"):
        load_run(folder)


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_what_is_no_folder(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a run folder: manifest.json"):
        load_run(tmp_path / place)
