"""Hostile and mistaken files: each gets its own error with its place, never a traceback or a hang."""

import time
from pathlib import Path

import pytest

from sim.errors import InvalidScenario, Problem
from sim.scenario import load_file, load_text
from sim.scenario.source import MAX_BYTES, parse

GOOD = """\
schema: 1
name: good
duration: 120s
sources:
  users: {rate: 50/s, call: web.home, policies: {timeout: 2s}}
services:
  web:
    slots: 16
    endpoints:
      home:
        steps:
          - work: {exponential: 5ms}
          - call: db
          - parallel: [[{call: db, optional: true}], {work: 2ms}]
            first: 1
  db: {replicas: 2, slots: 4, steps: [{work: {lognormal: {mean: 5ms, p99: 30ms}}}]}
edges:
  web -> db: {network: 1ms, timeout: 500ms, retry: {attempts: 3}, breaker: consecutive}
faults:
  - slow: {service: db, times: 10}
    at: 30s
    for: 30s
variants:
  none: {edges: {web -> db: {breaker: none}}}
  same: {}
expect:
  - "none: success_share during fault < 50%"
  - "trips(web -> db) >= 1"
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join('*' + chr(97 + i) for _ in range(10))}]\n" for i in range(8)
)


def problems(text: str) -> list[Problem]:
    with pytest.raises(InvalidScenario) as caught:
        load_text(text, "f.yaml")
    assert caught.value.exit_code == 3
    return caught.value.problems


def put(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_the_good_file_is_good() -> None:
    loaded = load_text(GOOD, "f.yaml")
    assert loaded.variant_names == ("none", "same")
    assert loaded.warnings == []


TEXTS = [
    ("", "the file is empty"),
    (" \n", "the file is empty"),
    ("# only a comment\n", "a scenario is a mapping"),
    ("hello\n", "a scenario is a mapping"),
    ("- a\n- b\n", "a scenario is a mapping"),
    ("a: [1, 2\nb: {", "not YAML"),
    (GOOD[:200], "not YAML"),
    (BOMB, "alias bomb"),
    ("a: &a {b: *a}\n", "f.yaml:1:11: not YAML: found endless alias, inside what it names: 'a'"),
    ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ("a: " + "[\n" * 5000, "nested too deeply"),
    ("a: " + "{a: " * 5000 + "}" * 5000, "nested too deeply"),
    ("- " * 5000 + "x", "nested too deeply"),
    ("\n".join(" " * i + "a:" for i in range(5000)), "nested too deeply"),
    (put("duration: 120s", "duration: 120s\nduration: 10s"), 'duplicate key "duration"'),
    (put("  db: {", "  web: {steps: []}\n  db: {"), 'duplicate key "web"'),
    (put("  web:", "\tweb:"), "spaces, not tabs"),
    (GOOD + "---\na: 1\n", "another document"),
    (GOOD + "\x00", "is not allowed in YAML"),
    (GOOD + "about: !!python/object:os.system x\n", "the tag"),
    (GOOD + "12: 3\n", "is not text"),
    (GOOD + "? [a, b]\n: 3\n", "is not text"),
    (put("slots: 16", "slots: " + "9" * 5000), "not YAML"),
    ("name: a\nduration: 1s\nsources: 3\nservices: []\n", "3 is not a mapping"),
    (GOOD[: GOOD.index("variants:")] + "variants: 3\n", "variants is a mapping"),
    (GOOD[: GOOD.index("expect:")] + "expect: 3\n", "3 is not a list"),
]


@pytest.mark.parametrize(("text", "words"), TEXTS, ids=range(len(TEXTS)))
def test_hostile_text(text: str, words: str) -> None:
    begin = time.perf_counter()
    found = problems(text)
    assert words in str(found[0])
    assert time.perf_counter() - begin < 60


MISTAKES = [
    ("slots: 16", "slts: 16", "8:5", "unknown key 'slts'; did you mean slots?"),
    ("duration: 120s", "duraton: 120s", "3:1", "did you mean duration?"),
    ("breaker: consecutive", "braker: consecutive", "18:67", "did you mean breaker?"),
    ("          - call: db", "          - cal: db", "13:13", "did you mean call?"),
    ("rate: 50/s", "rate: {rmp: {from: 1/s}}", "5:18", "did you mean ramp?"),
    ("timeout: 2s", "timeout: -2s", "5:59", "negative"),
    ("timeout: 2s", "timeout: 2", "5:59", "2 of what? write 2s or 2ms"),
    ("timeout: 500ms", "timeout: {after: 500}", "18:46", "500 of what?"),
    ("rate: 50/s", "rate: 50", "5:17", "50 per what?"),
    ("rate: 50/s", "rate: -5/s", "5:17", "negative"),
    ("rate: 50/s", "rate: .nan/s", "5:17", "not a rate"),
    ("times: 10", "times: .nan", "20:32", "nan is not a number"),
    ("times: 10", "times: .inf", "20:32", "inf is not a number"),
    ("times: 10", "times: 0", "20:32", "must be above 0"),
    ("duration: 120s", "duration: .nan", "3:11", "not a duration"),
    ("replicas: 2", "replicas: 0", "16:18", "must be at least 1, not 0"),
    ("replicas: 2", "replicas: two", "16:18", "'two' is not a whole number"),
    ("slots: 16", "slots: true", "8:12", "True is not a whole number"),
    ("slots: 16", "slots: 16.5", "8:12", "16.5 is not a whole number"),
    ("db, optional", "db, probability: 1.2, optional", "14:49", "1.2 is not between 0 and 1"),
    ("db, optional", "db, probability: 120%, optional", "14:49", "120% is not between 0 and 1"),
    ("{exponential: 5ms}", "{exponentil: 5ms}", "12:19", "did you mean exponential?"),
    ("{exponential: 5ms}", "{exponential: -5ms}", "12:19", "negative"),
    ("{exponential: 5ms}", "5", "12:19", "5 of what?"),
    ("p99: 30ms", "p98: 30ms", "16:46", "lognormal: write {lognormal:"),
    ("p99: 30ms", "p99: 30s", "16:46", "no lognormal has its p99"),
    ("first: 1", "first: 9", "14:13", "there are only 2 branches"),
    ("name: good", "name: 12", "2:7", "12 is not text"),
    ("name: good", "name: a b", "2:7", "is not a name"),
    ("  db: {", "  x:\n  db: {", "16:3", "nothing is not a mapping"),
    ("breaker: consecutive", "breaker: consecutve", "18:76", "did you mean consecutive?"),
    ("breaker: consecutive", "breaker: {use: consecutve}", "18:82", "did you mean consecutive?"),
    ("breaker: consecutive", "breaker: {trip: {failure_ratio: 50%}}", "18:99", "a ratio needs a window"),
    (
        "breaker: consecutive",
        "breaker: {window: {count: 5}, trip: {failure_ratio: 50%, minimum: 9}}",
        "18:133",
        "cannot trip",
    ),
    ("breaker: consecutive", "breaker: {leave_open: timr}", "18:89", "did you mean timer?"),
    (
        "breaker: consecutive",
        "breaker: {copies: shard}",
        "18:85",
        "not one of replica, shared; did you mean shared?",
    ),
    ("breaker: consecutive", "breaker: {place: {}}", "18:84", "place is library"),
    ("breaker: consecutive", "stack: [{timeout: 1s}]", "18:3", "`stack` stands alone"),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), MISTAKES, ids=[m[1][:40] for m in MISTAKES])
def test_mistakes_have_a_place(old: str, new: str, place: str, words: str) -> None:
    (found,) = problems(put(old, new))
    assert words in str(found)
    if "stands alone" not in words:
        assert str(found).startswith(f"f.yaml:{place}: ")
    line = put(old, new).splitlines()[found.line - 1]
    assert found.source == line
    assert str(found).splitlines()[-1].index("^") == found.col - 1 + 4


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = (
        put("slots: 16", "slts: 16")
        .replace("times: 10", "times: 0")
        .replace("timeout: 500ms", "timeout: 500")
    )
    text = text.replace("replicas: 2", "replicas: 0")
    found = problems(text)
    assert [p.line for p in found] == [8, 16, 18, 20]


def test_what_is_missing_is_told_beside_what_is_wrong() -> None:
    words = [p.message for p in problems("duration: 1\n")]
    assert len(words) == 4
    assert all(f"`{key}` is missing" in words for key in ("name", "sources", "services"))


def test_names_are_checked_although_keys_are_wrong() -> None:
    text = (
        put("slots: 16", "slts: 16")
        .replace("timeout: 500ms", "timeout: 500")
        .replace("service: db,", "service: dc,")
    )
    found = problems(text.replace("trips(", "tripz("))
    assert [p.line for p in found] == [8, 18, 20, 28]
    assert "no service is called 'dc'" in str(found[2])


def test_what_is_wrong_makes_nothing_else_wrong() -> None:
    """A service that cannot be read is still a name; its callers are not told otherwise."""
    for old, new in (("replicas: 2", "replicas: x"), ("steps: [{work: {log", "stps: [{work: {log")):
        assert all("no endpoint" not in p.message for p in problems(put(old, new)))


def test_a_mistake_of_a_variant_is_told_once_at_its_own_place() -> None:
    found = problems(
        put("  same: {}", "  same: {services: {db: {replicas: 0}}}\n  odd: 3\n  typo: {servces: {}}")
    )
    assert [(p.line, p.col) for p in found] == [(25, 36), (26, 8), (27, 10)]


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidScenario, match="a directory"):
        load_file(str(tmp_path))
    with pytest.raises(InvalidScenario, match="No such file"):
        load_file(str(tmp_path / "not-there.yaml"))
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(GOOD.encode().replace(b"name: good", b"name: g\xf6\xf6d"))
    with pytest.raises(InvalidScenario, match=r"latin\.yaml:2:8: byte 0xf6 is not UTF-8"):
        load_file(str(latin))
    big = tmp_path / "big.yaml"
    with big.open("wb") as out:
        out.truncate(50_000_000)
    begin = time.perf_counter()
    with pytest.raises(InvalidScenario, match="50 MB is no scenario file; at most 5 MB"):
        load_file(str(big))
    assert time.perf_counter() - begin < 30
    assert MAX_BYTES == 5_000_000


def test_brackets_inside_text_are_not_depth() -> None:
    assert load_text(put("name: good", "name: good\nabout: '" + "[" * 300 + "'"), "f.yaml")


@pytest.mark.parametrize("verb", ["stop", "freeze"])
def test_what_is_of_whole_replicas_takes_no_endpoint(verb):
    text = put("  - slow: {service: db, times: 10}", f"  - {verb}: {{endpoint: web.home}}")
    assert any("stop and freeze are of whole replicas" in p.message for p in problems(text))


def test_a_large_file_without_aliases_is_no_alias_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many values it has: each is written at its own place."""
    monkeypatch.setattr("sim.scenario.source.MAX_NODES", 100)
    many = "".join(f"{name}: 1\n" for name in ("a" * n for n in range(1, 400)))
    tree = parse(many, "f.yaml")
    assert len(tree.data) == 399
    short = parse("a: [" + "1," * 3000 + "1]", "f.yaml")
    assert len(short.data["a"]) == 3001
