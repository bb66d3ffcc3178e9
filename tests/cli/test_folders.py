"""Where results go, and that nothing is replaced by what it is not."""

import json
from copy import copy

import pytest

from sim import api
from sim.api import open_run
from sim.cli.folders import place as place_for
from tests.cli.shell import TEXT, call


def run(capsys, *args):
    code, _, err = call(capsys, "run", *args, "--no-figures")
    assert code == 0
    return err


def folders(place):
    return sorted(p.name for p in (place / "results" / "tiny").iterdir())


def test_the_plain_run_has_the_plain_name_and_replaces_itself(place, capsys):
    for _ in range(2):
        run(capsys, "tiny.yaml")
    assert folders(place) == ["run-seed1"]


def test_a_run_with_other_settings_has_a_folder_of_its_own(place, capsys):
    run(capsys, "tiny.yaml")
    for _ in range(2):
        run(capsys, "tiny.yaml", "--set", "warmup=1s")
    plain, other = folders(place)
    assert (plain, other[:10]) == ("run-seed1", "run-seed1-")
    manifest = json.loads((place / "results" / "tiny" / other / "manifest.json").read_text())
    assert manifest["overrides"] == ["warmup=1s"]


def test_a_comparison_of_something_else_has_a_folder_of_its_own(place, capsys):
    args = ("compare", "tiny.yaml", "--seeds", "1,2", "--no-figures")
    for more in ((), ("--variant", "none"), ("--vary", "services.db.slots=2,3"), ("--measure", "p90(web)")):
        assert call(capsys, *args, *more)[0] == 0
    assert len(folders(place)) == 4
    assert "compare-1,2" in folders(place)


def test_results_of_another_text_of_the_scenario_are_kept_beside(place, capsys):
    run(capsys, "tiny.yaml")
    before = (place / "results" / "tiny" / "run-seed1" / "calls.csv").read_bytes()
    (place / "other.yaml").write_text(TEXT.replace("30/s", "31/s"))
    said = run(capsys, "other.yaml")
    plain, kept = folders(place)
    assert f"kept: results/tiny/{kept}" in said
    assert (place / "results" / "tiny" / kept / "calls.csv").read_bytes() == before
    assert (place / "results" / "tiny" / plain / "calls.csv").read_bytes() != before
    for file in ("tiny.yaml", "other.yaml", "tiny.yaml"):
        run(capsys, file)
    assert len(folders(place)) == 3  # the latest, and each text once


def test_what_was_ended_early_replaces_nothing_that_is_complete(place, capsys):
    whole = api.run("tiny.yaml")

    part = copy(whole)
    part.manifest = whole.manifest | {"interrupted": True}
    where = place_for(None, "tiny", "run-seed1")
    assert where.save(part).name == "run-seed1"
    assert where.save(whole).name == "run-seed1"
    assert where.save(part).name == "run-seed1-partial"
    assert folders(place) == ["run-seed1", "run-seed1-partial"]
    assert not open_run(place / "results" / "tiny" / "run-seed1").interrupted


def test_a_folder_that_is_named_is_replaced(place, capsys):
    run(capsys, "tiny.yaml", "-o", "out")
    run(capsys, "tiny.yaml", "-o", "out", "--set", "warmup=1s")
    assert sorted(p.name for p in place.iterdir()) == ["out", "tiny.yaml"]


@pytest.mark.parametrize("output", ["file", "file/out", "full", "/proc/nowhere/out"])
@pytest.mark.parametrize("args", [["run"], ["compare", "--seeds", "1,2"]])
def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(
    place, capsys, monkeypatch, output, args
):
    from sim import engines

    (place / "file").write_text("")
    (place / "full").mkdir()
    (place / "full" / "mine.txt").write_text("")
    monkeypatch.setattr(engines, "run", None)
    code, out, err = call(capsys, *args, "tiny.yaml", "-o", output)
    assert (code, out) == (5, "")
    assert err.startswith(f"{output}: ")


def test_looking_whether_a_folder_can_be_written_leaves_nothing(place):
    place_for("a/b/c", "tiny", "run-seed1")
    place_for(None, "tiny", "run-seed1")
    assert [p.name for p in place.iterdir()] == ["tiny.yaml"]
