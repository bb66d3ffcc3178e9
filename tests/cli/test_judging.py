"""What `run` says of expectations, of overload and of walks."""

import json

import pytest

from tests.cli.shell import TEXT, call

LINES = """  - "p99(users) < 1h"
  - "none: trips(web -> db) == 0"
"""


@pytest.fixture
def judged(place):
    (place / "tiny.yaml").write_text(TEXT + LINES)
    return ("run", "tiny.yaml", "--no-figures", "-o", "out")


def test_expectations_of_other_variants_are_told_as_not_judged(judged, capsys):
    code, out, err = call(capsys, *judged)
    assert code == 0
    assert "not judged   breaker: trips(web -> db) >= 1" in out
    assert "2 expectations of breaker, none not judged (run them by --variant, or by compare)" in err
    assert "1 expectation of none not judged" in call(capsys, *judged, "--variant", "breaker")[2]


def test_json_holds_what_was_found_beside_what_was_wanted(judged, capsys):
    found = json.loads(call(capsys, *judged, "--json", "--variant", "breaker")[1])
    trips, p99 = found["expect"]
    assert (trips["measure"], trips["op"], trips["wanted"]) == ("trips(web -> db)", ">=", 1.0)
    assert trips["found"] >= 1
    assert trips["verdict"] == "met"
    assert p99["found"] == pytest.approx(found["sources"]["users"]["p99"])
    assert found["not_judged"] == ["none: trips(web -> db) == 0"]


def test_a_comparison_tells_expectations_in_the_same_words(judged, capsys):
    args = ("compare", "tiny.yaml", "--seeds", "1,2", "--no-figures", "-o", "out", "--json")
    expected = json.loads(call(capsys, *args)[1])["expect"]
    assert {"variant", "line", "verdict", "measure", "op", "wanted", "found"} == expected[0].keys()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "db is offered 250% of what its slots can do: its queue of 20 fills, and the rest is shed"),
        (["services.db.queue=0"], "250% of what its slots can do: the rest is shed"),
        (["services.db.queue=null"], "250% of what its slots can do: its queue only grows"),
        (["services.db.cores=1"], "500% of what its cores can do: its queue of 20 fills"),
        (
            ["services.db={cores: 2, steps: [work: 10ms]}"],
            "250% of what its cores can do: what is inside only",
        ),
    ],
)
def test_overload_is_told_once_with_what_becomes_of_it(place, capsys, settings, words):
    more = [word for one in ("sources.users.rate=500/s", *settings) for word in ("--set", one)]
    code, _, err = call(capsys, "check", "tiny.yaml", *more)
    assert code == 0
    assert err.count("warning: ") == err.count("db is offered") == 1
    assert words in err
    told = json.loads(call(capsys, "check", "tiny.yaml", *more, "--json")[1])["warnings"]
    assert len(told) == 1
    assert words in told[0]


def walks(capsys, *args):
    code, _, err = call(capsys, "run", "tiny.yaml", "--no-figures", "-o", "out", *args)
    assert code == 0, err
    with open("out/walks.jsonl") as file:
        return [json.loads(line) for line in file]


def test_walks_begin_where_the_user_says(place, capsys):
    every = walks(capsys, "--trace", "1000")
    later = walks(capsys, "--trace", "3", "--trace-from", "4s")
    begun = [line for line in every if line["event"] == "call begins" and line["step"].startswith("users")]
    wanted = [line["request"] for line in begun if line["t_ns"] >= 4 * 10**9][:3]
    assert wanted[0] > 50
    assert later == [line for line in every if line["request"] in wanted]


def test_walks_name_replicas_within_their_service(place, capsys):
    lines = walks(capsys, "--trace", "200", "--set", "services.db.replicas=2")
    there = {line["replica"] for line in lines if "replica" in line}
    assert there == {"web[0]", "db[0]", "db[1]"}


def test_an_instant_without_a_unit_is_a_matter_of_usage(place, capsys):
    code, _, err = call(capsys, "run", "tiny.yaml", "--trace", "1", "--trace-from", "4")
    assert code == 2
    assert "--trace-from 4: " in err


def test_a_value_that_does_not_fit_is_told_before_anything_runs(place, capsys, monkeypatch):
    from sim import engines

    monkeypatch.setattr(engines, "run", None)
    code, _, err = call(capsys, "compare", "tiny.yaml", "--vary", "services.db.slots=2..0.5:1", "--jobs", "2")
    assert code == 2
    for jobs in ("1", "2"):
        code, _, err = call(capsys, "compare", "tiny.yaml", "--vary", "bad.path=1,2", "--jobs", jobs)
        assert code == 3
        assert err.startswith("--vary: unknown key 'bad'")
        assert "\n    --vary bad.path=1\n" in err
