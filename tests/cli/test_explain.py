"""`cascadelab explain` as a user or a script meets it."""

import json

import pytest

from sim.cli import main


def call(capsys, *args):
    """(exit code, stdout, stderr) of a command, as from a shell."""
    with pytest.raises(SystemExit) as end:
        main(["explain", *args])
    out = capsys.readouterr()
    return end.value.code or 0, out.out, out.err


def test_a_breaker_is_shown_with_settings_states_timeline_and_traps(capsys):
    code, out, err = call(capsys, "resilience4j")
    assert (code, err) == (0, "")
    for words in (
        "resilience4j 2.4", "minimumNumberOfCalls", "window: {count: 100}", "HALF-OPEN", "##?..",
        "wasted   50 failing calls", "Traps:",
    ):  # fmt: skip
        assert words in out


def test_settings_can_be_given(capsys):
    code, out, _ = call(capsys, "pybreaker", "--set", "fail_max=3", "--set", "reset_timeout=5s")
    assert code == 0
    assert "3 failures in a row" in out
    assert "refused for 5 s" in out


def test_a_setting_that_is_a_list_is_written_as_one(capsys):
    assert "failures >= 3" in call(capsys, "failsafe", "--set", "failureThreshold=[3, 5]")[1]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("pybreaker", "--set", "fail_maks=3"), "fail_max"),
        (("pybreaker", "--set", "fail_max=0"), "at least 1"),
        (("pybreaker", "--set", "fail_max"), "NAME=VALUE"),
        (("window", "--set", "fail_max=3"), "is for breakers"),
        (("pybraeker",), "pybreaker"),
        (("--set", "fail_max=3"), "is for breakers"),
        (("--figure", "catalogue.jpg"), ".png or .svg"),
        (("pybreaker", "--figure", "catalogue.png"), "nothing else"),
    ],
)
def test_what_is_wrong_is_told_on_stderr(capsys, args, words):
    code, out, err = call(capsys, *args)
    assert (code, out) == (2, "")
    assert words in err


def test_json_is_a_list_of_what_has_that_name(capsys):
    (entry,) = json.loads(call(capsys, "hystrix", "--json")[1])
    assert entry["version"].startswith("Hystrix 1.5")
    assert entry["timeline"]["trips"] == 3
    policy, outcome, measure = json.loads(call(capsys, "timeout", "--json")[1])
    assert {policy["name"], outcome["name"], measure["name"]} == {"timeout"}
    assert "timeout (policy)" in policy["text"]


def test_the_names_as_json_are_those_that_can_be_explained(capsys):
    kinds = json.loads(call(capsys, "--json")[1])
    assert "hystrix" in kinds["Breakers"]
    assert "late" in kinds["Parts of a breaker"]


def test_a_part_lists_its_values(capsys):
    out = call(capsys, "late")[1]
    for value in ("current-state", "generation", "started-state", "same-state"):
        assert value in out


def test_the_figure_of_the_catalogue_goes_to_the_files_named(capsys, tmp_path):
    png, svg = tmp_path / "c.png", tmp_path / "c.svg"
    code, out, _ = call(capsys, "--figure", str(png), "--figure", str(svg))
    assert code == 0
    assert out.split() == [str(png), str(svg)]
    assert png.stat().st_size > 10_000
    assert svg.read_text().rstrip().endswith("</svg>")
