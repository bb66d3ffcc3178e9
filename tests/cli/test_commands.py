"""The command line as a user or a script meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import COMMANDS, cli
from tests.cli.shell import ROOT, TEXT, call, shell

HEAVY = {"numpy", "pandas", "matplotlib", "scipy", "pydantic", "ruamel", "rich", "simpy", "jinja2"}


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(args, tmp_path):
    code = (
        "import sys\nfrom sim.cli import cli\n"
        f"cli.main({args!r}, standalone_mode=False)\n"
        f"print('heavy:', sorted({HEAVY!r} & {{m.split('.')[0] for m in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "heavy: []" in done.stderr
    assert "cascadelab" in done.stdout or "laboratory" in done.stdout


def test_importing_sim_imports_nothing_heavy(tmp_path):
    code = f"import sys, sim; print(sorted({HEAVY!r} & {{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.startswith("[]"), done.stdout + done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_that_says_what_it_does(name):
    found = CliRunner().invoke(cli, [name, "--help"])
    assert found.exit_code == 0
    assert "Usage:" in found.output


def test_a_run_prints_its_ledger_and_leaves_a_folder(place, capsys):
    code, out, err = call(capsys, "run", "tiny.yaml", "--seed", "3", "--no-figures", "--variant", "breaker")
    assert code == 0
    assert "all requests" in out
    assert "met" in out
    folder = place / "results" / "tiny" / "breaker-seed3"
    assert (folder / "manifest.json").exists()
    assert "results/tiny/breaker-seed3" in err


def test_json_goes_to_stdout_and_words_do_not(place):
    done = shell("run", "-", "--json", "--no-figures", "-o", "out", cwd=place, input=TEXT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["whole"]["N"] > 0
    assert "\x1b" not in done.stderr
    assert (place / "out" / "summary.json").exists()


def test_a_comparison_ranks_its_variants_and_judges_expectations(place, capsys):
    code, out, err = call(capsys, "compare", "tiny.yaml", "--seeds", "1..3", "--no-figures")
    assert code == 0, err
    for word in ("none", "breaker", "good day", "expectations:", "met"):
        assert word in out
    assert (place / "results" / "tiny" / "compare-1-3" / "rows.csv").exists()


def test_a_comparison_as_json_is_json(place, capsys):
    code, out, _ = call(
        capsys, "compare", "tiny.yaml", "--seeds", "1,2", "--no-figures", "--json", "-o", "c", "--jobs", "2"
    )
    assert code == 0
    found = json.loads(out)
    assert found["seeds"] == [1, 2]
    assert sorted(found["ranking"]) == ["breaker", "none"]


def test_a_comparison_shows_measures_that_are_asked_for(place, capsys):
    asked = "attempts(db) during fault"
    args = ("compare", "tiny.yaml", "--seeds", "1,2", "--no-figures", "-o", "c")
    assert call(capsys, *args, "--measure", asked)[0] == 0
    assert asked in (place / "c" / "rows.csv").read_text().splitlines()[0]
    assert call(capsys, *args, "--measure", "attemps(db)")[0] in (2, 3)


def test_an_expectation_that_is_not_met_is_exit_code_4(place, capsys):
    (place / "tiny.yaml").write_text(TEXT.replace(">= 1", ">= 1000"))
    code, out, _ = call(capsys, "compare", "tiny.yaml", "--seeds", "1,2", "--no-figures", "-o", "c")
    assert code == 4
    assert "not met" in out
    assert (place / "c" / "rows.csv").exists()


def test_invalid_input_is_exit_code_3_and_says_where(place, capsys):
    (place / "tiny.yaml").write_text(TEXT.replace("slots: 2", "slotz: 2"))
    code, out, err = call(capsys, "check", "tiny.yaml")
    assert (code, out) == (3, "")
    assert "tiny.yaml:9:8: unknown key" in err
    assert "slots" in err


@pytest.mark.parametrize(
    "args",
    [
        ["rum"],
        ["run"],
        ["run", "tiny.yaml", "--sed", "1"],
        ["run", "tiny.yaml", "--variant", "breakr"],
        ["compare", "tiny.yaml", "--seeds", "x"],
        ["compare", "tiny.yaml", "--vary", "x=1..2"],
        ["compare", "tiny.yaml", "--jobs", "0"],
        ["explain", "consecutiv"],
        ["run", "tiny.yaml", "--plugin", "nothing.py"],
    ],
)
def test_wrong_usage_is_exit_code_2_with_words_on_stderr(place, capsys, args):
    code, out, err = call(capsys, *args)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err


def test_unknown_names_get_the_nearest_one(place, capsys):
    assert "run" in call(capsys, "rum")[2]
    assert "consecutive" in call(capsys, "explain", "consecutiv")[2]
    assert "breaker" in call(capsys, "run", "tiny.yaml", "--variant", "breakr")[2]


def test_a_run_that_may_never_end_says_so_once(place, capsys):
    """A fault that is there to the end: no check can know, and nothing is cut short without a word."""
    never = [
        "duration=null", "successes=300", "variants={}", "expect=[]",
        "faults=[{fail: {service: db, share: 99.9%}, at: 0s}]",
    ]  # fmt: skip
    args = [x for one in never for x in ("--set", one)]
    assert "at least 300 requests" in call(capsys, "check", "tiny.yaml", *args)[1]
    code, out, err = call(capsys, "run", "tiny.yaml", "--no-figures", "-o", "out", "--json", *args)
    assert code == 0
    assert json.loads(out)["whole"]["S"] == 300
    assert err.count("100 times the events that 300 successes should take") == 1


def test_a_folder_that_is_there_is_replaced(place, capsys):
    for _ in range(2):
        assert call(capsys, "run", "tiny.yaml", "--no-figures", "-o", "out")[0] == 0
    assert [p.name for p in place.iterdir() if p.name.startswith((".out", "out"))] == ["out"]


def test_the_same_seed_leaves_the_same_bytes(place, capsys):
    for name in ("a", "b"):
        call(capsys, "run", "tiny.yaml", "--no-figures", "-o", name, "--trace", "5")
    for file in (place / "a").rglob("*"):
        if file.is_file() and file.name != "manifest.json":
            assert file.read_bytes() == (place / "b" / file.relative_to(place / "a")).read_bytes(), file


def test_check_shows_the_plan_without_running(place, capsys, monkeypatch):
    from sim import engines

    monkeypatch.setattr(engines, "run", None)
    code, out, _ = call(capsys, "check", "tiny.yaml")
    assert code == 0
    assert "db" in out
    assert "%" in out
    assert json.loads(call(capsys, "check", "tiny.yaml", "--json")[1])["variants"] == ["none", "breaker"]


def test_set_overrides_a_value(place, capsys):
    _, out, _ = call(capsys, "run", "tiny.yaml", "--set", "sources.users.rate=5/s", "--json", "-o", "o")
    assert 20 < json.loads(out)["whole"]["N"] < 90


def test_new_writes_a_starter_that_holds_and_never_overwrites(place, capsys):
    assert call(capsys, "new", "mine.yaml")[0] == 0
    assert call(capsys, "check", "mine.yaml")[0] == 0
    assert call(capsys, "new", "mine.yaml")[0] == 2
    assert call(capsys, "new", "nowhere/mine.yaml")[0] == 5


def test_schema_is_json(capsys):
    assert "properties" in json.loads(call(capsys, "schema")[1])


def test_policies_list_breakers_parts_and_plugins(place, capsys):
    (place / "own.py").write_text(
        "from sim.policies.plugins import breaker\n\n\n"
        "@breaker('every-third')\nclass Third:\n"
        "    def admit(self, now_ns):\n        return 1\n\n"
        "    def settle(self, now_ns, ticket, outcome):\n        pass\n"
    )
    code, out, _ = call(capsys, "policies", "--plugin", "own.py")
    assert code == 0
    for word in ("consecutive", "slow-call", "window", "every-third"):
        assert word in out


@pytest.mark.parametrize(
    "name", ["consecutive", "window", "retry", "p99", "N", "broken", "slots", "bystander", "goodput", "trip"]
)
def test_explain_knows_breakers_parts_policies_measures_outcomes_fields_and_words(capsys, name):
    code, out, _ = call(capsys, "explain", name)
    assert code == 0
    assert name in out
    assert len(out.split()) > 5


def test_explain_without_a_name_lists_every_kind(capsys):
    code, out, _ = call(capsys, "explain")
    assert code == 0
    for word in ("slow-call", "leave_open", "rate_limit", "unreachable", "recovery_time", "bystander"):
        assert word in out


def test_explain_writes_as_a_file_would(capsys):
    """No nanoseconds, no Python; and how to ask for a measure."""
    assert "open_for: {fixed: 30s}" in call(capsys, "explain", "consecutive")[1]
    assert "p99(web)" in call(capsys, "explain", "p99")[1]
    assert "during fault" not in call(capsys, "explain", "recovery_time")[1]


def test_the_help_of_plot_names_every_figure(capsys):
    from sim.views.figures import COMPARISON_FIGURES, FIGURES

    out = call(capsys, "plot", "--help")[1]
    assert all(name in out for name in (*FIGURES, *COMPARISON_FIGURES))


def test_a_trace_says_where_it_is(place, capsys):
    _, _, words = call(capsys, "run", "tiny.yaml", "--no-figures", "--trace", "2", "-o", "traced")
    assert str(Path("traced") / "walks.jsonl") in words
    walks = Path("traced/walks.jsonl").read_text().splitlines()
    assert {json.loads(line)["request"] for line in walks} == {0, 1}


def test_plot_draws_again_from_a_folder(place, capsys):
    call(capsys, "run", "tiny.yaml", "--no-figures", "-o", "out")
    code, out, _ = call(capsys, "plot", "out", "trips")
    assert code == 0
    assert out.split()
    assert all(Path(line).stat().st_size > 0 for line in out.splitlines())
    assert call(capsys, "plot", "out", "nothing")[0] == 2
    assert call(capsys, "plot", "results")[0] == 3


def test_a_name_with_several_meanings_gets_them_all(capsys):
    out = call(capsys, "explain", "timeout")[1]
    assert "timeout (policy)" in out
    assert "timeout (outcome)" in out


def test_every_outcome_is_explained():
    from sim.cli.explain_command import OUTCOMES
    from sim.words import OUTCOMES as NAMES

    assert tuple(OUTCOMES) == NAMES
