"""The located tree holds what YAML 1.2 says, as ruamel's own loader reads it; places are of the text."""

from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sim.errors import InvalidScenario
from sim.scenario.source import parse

TEXTS = [
    "a: 1\nb: 0x1F\nc: 0o17\nd: 1_000\ne: -3\nf: +4",
    "a: 1.5\nb: 1e3\nc: .inf\nd: -.inf\ne: 1.",
    "a: true\nb: False\nc: yes\nd: off\ne: null\nf: ~\ng:",
    "a: '1'\nb: \"true\"\nc: 'null'\nd: |\n  1\ne: >\n  2\n  3",
    "a: !!str 5\nb: !!int '7'\nc: ! 5",
    "a: 12:30\nb: 1h30m\nc: 017\nd: 50/s",
    "a: &x {k: 1, l: 2}\nb: *x\nc: [*x, *x]",
    "a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3, m: 4}",
    "a: &x {k: 1}\nc: &y {k: 2, l: 5}\nb: {m: 4, <<: [*x, *y]}",
    "a: []\nb: {}\nc: [{d: [1, [2]]}]",
    "? a\n: b\n",
    "%YAML 1.2\n---\na: 1\n...\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_values_are_those_of_yaml(text):
    assert parse(text, "f.yaml").data == YAML(typ="safe", pure=True).load(StringIO(text))


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[3] / "scenarios").glob("*.yaml")), ids=lambda f: f.stem
)
def test_shipped_scenarios_are_read_and_placed_as_by_the_round_trip_loader(file):
    """Its positions of keys and values are those of ruamel's comments, for every key of the top."""
    text = file.read_text(encoding="utf-8")
    tree, root = parse(text, "f.yaml"), YAML(typ="rt", pure=True).load(StringIO(text))
    assert tree.data == YAML(typ="safe", pure=True).load(StringIO(text))
    for key, (line, col, value_line, value_col) in root.lc.data.items():
        assert (tree.keys[key,].line, tree.keys[key,].col) == (line + 1, col + 1)
        assert (tree.values[key,].line, tree.values[key,].col) == (value_line + 1, value_col + 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: *b", "f.yaml:1:4: not YAML: found undefined alias 'b'"),
        ("a: {b: 1, b: 2}", 'f.yaml:1:11: duplicate key "b"'),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: not YAML: but found another document"),
        ("a: !mine 3", "f.yaml:1:4: the tag '!mine' means nothing"),
        ("a: !mine {b: 3}", "f.yaml:1:4: the tag '!mine' means nothing"),
        ("3: a", "f.yaml:1:1: the key '3' is not text"),
    ],
)
def test_what_a_scenario_cannot_say_has_a_place(text, words):
    with pytest.raises(InvalidScenario) as caught:
        parse(text, "f.yaml")
    assert str(caught.value.problems[0]).startswith(words)
