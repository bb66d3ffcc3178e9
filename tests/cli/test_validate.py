"""`cascadelab validate`: the table, the page, exit codes."""

import json

import pytest

from sim.validation.acceptance import Equal, Within
from sim.validation.target import Check, Curve, Effort, Expected, Panel, Target
from sim.validation.targets import TARGETS
from tests.cli.shell import call

PANEL = Panel("Attempts at the leaf", "failure share", "attempts")


def target(name, rule, value, failure=1.0, seconds=2, quick=True):
    """One check: three layers of retries above a leaf."""
    runs = Effort(3, (f"duration={seconds}s",))
    curve = Curve(PANEL, "theory", lambda x: value, steps=True)
    check = Check(
        "retries", "retry-chain.yaml", failure, (Expected("amplification(leaf)", curve, rule),), runs,
        runs if quick else None, (f"services.leaf.error_rate={failure}",), "three",
    )  # fmt: skip
    return Target(name, "Retries in three layers.", "arithmetic", (check,))


@pytest.fixture(autouse=True)
def targets(monkeypatch):
    """Four small ones instead of all."""
    small = (
        target("right", Equal(), 64.0),
        target("wrong", Equal(), 63.0),
        target("noisy", Within(0.001), 9.988, failure=0.9, seconds=1),
        target("slow", Equal(), 64.0, quick=False),
    )
    for name in list(TARGETS):
        monkeypatch.delitem(TARGETS, name)
    for one in small:
        monkeypatch.setitem(TARGETS, one.name, one)


def validate(capsys, *args):
    return call(capsys, "validate", "--engine", "simpy", "--jobs", "1", *args)


def test_a_name_that_does_not_exist_suggests_the_nearest(capsys, place):
    code, out, err = validate(capsys, "--only", "rigth")
    assert code == 2
    assert "did you mean right?" in err
    assert not out


def test_a_check_that_is_met_passes(capsys, place):
    code, out, err = validate(capsys, "--only", "right", "-o", "out")
    assert code == 0
    assert out.splitlines()[-1] == "1 passed, 0 failed"
    assert "results: out" in err


def test_the_table_names_target_source_and_what_was_compared(capsys, place):
    out = validate(capsys, "--only", "right")[1]
    title, source, head, row, *_ = out.splitlines()
    assert title == "right: Retries in three layers."
    assert source.strip() == "source: arithmetic"
    assert head.split() == ["check", "observable", "expected", "simulated", "resolution", "verdict"]
    assert row.split() == ["retries", "amplification(leaf)", "64", "64", "-", "pass"]


def test_a_check_that_is_not_met_is_run_again_and_fails(capsys, place):
    code, out, _ = validate(capsys, "--only", "wrong", "--only", "right")
    assert code == 4
    assert "FAIL (second round)" in out
    assert out.splitlines()[-1] == "1 passed, 1 failed"


def test_a_run_that_is_too_short_to_tell_is_not_resolved_and_fails(capsys, place):
    code, out, _ = validate(capsys, "--only", "noisy")
    assert code == 4
    assert "not resolved (second round)" in out
    assert out.splitlines()[-1] == "0 passed, 1 failed"


def test_json_says_everything(capsys, place):
    code, out, _ = validate(capsys, "--only", "wrong", "--json")
    data = json.loads(out)
    (check,) = data["targets"][0]["checks"]
    assert (code, data["passed"], data["failed"]) == (4, 0, 1)
    assert check["engine"] == "simpy"
    assert len(check["seeds"]) == 4 * len(check["first_round"]["seeds"]) == 12
    assert not set(check["seeds"]) & set(check["first_round"]["seeds"])
    assert check["observables"][0] | {"half_width": 0.0} == {
        "observable": "amplification(leaf)", "x": 1.0, "expected": 63.0, "published": None, "simulated": 64.0,
        "half_width": 0.0, "resolution": 0.0, "at_most": 0.0, "rule": "equal", "verdict": "FAIL",
    }  # fmt: skip


def test_the_folder_holds_the_page_its_figures_and_the_data(capsys, place):
    validate(capsys, "--only", "right", "-o", "out")
    out = place / "out"
    names = sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())
    assert names == ["README.md", "figures/right.png", "manifest.json", "validation.json", "validation.txt"]
    assert "**1 passed, 0 failed**" in (out / "README.md").read_text()
    assert (out / "validation.txt").read_text().endswith("1 passed, 0 failed\n")


def test_quick_leaves_out_what_is_not_and_says_so_if_nothing_is_left(capsys, place):
    assert validate(capsys, "--only", "right", "--only", "slow", "--quick")[1].endswith(
        "1 passed, 0 failed\n"
    )
    code, _, err = validate(capsys, "--only", "slow", "--quick")
    assert code == 2
    assert "no check of slow is quick" in err


def test_processes_and_engines_change_nothing(capsys, place):
    pytest.importorskip("numba")
    once = validate(capsys, "--only", "noisy")[1]
    assert call(capsys, "validate", "--engine", "simpy", "--jobs", "2", "--only", "noisy")[1] == once
    assert call(capsys, "validate", "--engine", "compiled", "--jobs", "1", "--only", "noisy")[1] == once
