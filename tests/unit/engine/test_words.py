"""Every word of a scenario file does something: switching it moves a named measure in a stated direction.

The table is `words/*.yaml`. A row has a `word` (Model.field, or Model.field=value for one of a few
values), a scenario (`base` of its file with `given` merged over it), what is switched (`change`, merged over
that), a `measure`, and whether it `goes` up or down. Both runs have the same seed.
"""

import json
import math
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from sim import engines
from sim.measures import evaluate
from sim.scenario import load_text
from sim.scenario import model as _whole_model  # noqa: F401 - defines every Part
from sim.scenario.fields import Part
from sim.scenario.variants import merge
from sim.topology.build import build

WORDS = Path(__file__).parent / "words"
MARGIN = 0.05
"""A word that works moves its measure by more than this share of the larger value."""
SEED = 3

EXEMPT = {
    "Scenario.schema": "says how to read the file",
    "Scenario.name": "a name",
    "Scenario.about": "a comment",
    "Scenario.seed": "luck has no direction; tests/laws compares seeds",
    "Scenario.watch": "says what is kept, not what happens; tests/unit/measures reads it",
    "Scenario.services": "a container: its words have rows of their own",
    "Scenario.caches": "a container: its words have rows of their own",
    "Scenario.variants": "says what is compared; tests/unit/scenario",
    "Scenario.rank_by": "says how to judge; tests/unit/experiment",
    "Scenario.expect": "says how to judge; tests/unit/scenario",
    "Scenario.base_dir": "no word: where the file lies",
    "Service.endpoints": "a container: its words have rows of their own",
    "Fault.name": "a name",
    "Breaker.clear": "a closed breaker always starts empty: differs after a manual move only",
    "Breaker.clear=transition": "see Breaker.clear; tests/unit/policies/test_breaker.py",
    "Breaker.clear=close": "see Breaker.clear; tests/unit/policies/test_breaker.py",
    "Breaker.leave_open=read": "nobody reads a state in a run; tests/unit/policies/test_breaker_open_time.py",
}


class EveryNth:
    """A user's breaker: refuses every n-th call."""

    state = "closed"

    def __init__(self, n):
        self.n = n
        self.asked = 0

    def admit(self, now):
        self.asked += 1
        return None if self.asked % self.n == 0 else self.asked

    def settle(self, now, ticket, outcome):
        """It learns nothing."""


PLUGINS = {"every-nth": EveryNth}


def table():
    for file in sorted(WORDS.glob("*.yaml")):
        data = YAML(typ="safe", pure=True).load(file)
        for row in data["words"]:
            yield {**row, "given": merge(data["base"], row.get("given", {}))}


ROWS = list(table())


@cache
def simulated(text):
    """(record, topology) of a scenario, which JSON spells as YAML."""
    scenario = load_text(text, known_breakers=PLUGINS, base_dir=WORDS).scenario()
    topology = build(scenario)
    return engines.run(topology, SEED, plugins=PLUGINS), topology, scenario.healthy_share


def measured(scenario, measure):
    record, topology, healthy_share = simulated(json.dumps(scenario))
    return evaluate(measure, record, topology, healthy_share=healthy_share)


def moves(before, after, goes):
    """Does the measure go where it should, by more than the margin?"""
    if math.isnan(before) or math.isnan(after) or math.isinf(before):
        return False
    step = after - before if goes == "up" else before - after
    return step > MARGIN * max(abs(before), abs(after))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["word"])
def test_switching_a_word_moves_its_measure(row):
    before = measured(row["given"], row["measure"])
    after = measured(merge(row["given"], row["change"]), row["measure"])
    assert moves(before, after, row["goes"]), f"{row['measure']}: {before:.6g} -> {after:.6g}"


@pytest.mark.parametrize("goes", ["up", "down"])
@pytest.mark.parametrize("value", [0.0, 0.5, 1e9, math.nan])
def test_a_word_without_effect_would_fail_its_row(value, goes):
    assert not moves(value, value, goes)


def parts(cls=Part):
    for sub in cls.__subclasses__():
        yield sub
        yield from parts(sub)


def literals(annotation):
    """Words of a field that has a few of them; those in a tuple are reasons, which have rows as measures."""
    if getattr(annotation, "__origin__", None) is tuple:
        return
    if str(annotation).startswith("typing.Literal"):
        yield from (v for v in get_args(annotation) if isinstance(v, str))
    else:
        for inner in get_args(annotation):
            yield from literals(inner)


def every_word():
    """Model.field of every model of sim/scenario, and Model.field=value where there are a few values."""
    for part in parts():
        for name, field in part.model_fields.items():
            if name in part.__annotations__:
                word = f"{part.__name__}.{field.alias or name}"
                yield word
                yield from (f"{word}={value}" for value in literals(field.annotation))


def test_every_word_has_a_row():
    """A new word must get one. A field with a few values is covered by the rows of all of them."""
    rows = {row["word"] for row in ROWS} | {row["word"].split("=")[0] for row in ROWS}
    assert sorted(set(every_word()) - rows - EXEMPT.keys()) == []


def test_no_row_is_about_a_word_that_is_gone():
    words = set(every_word())
    assert sorted({row["word"] for row in ROWS} - words) == []
    assert sorted(EXEMPT.keys() - words) == []


def test_no_word_has_two_rows():
    assert len({row["word"] for row in ROWS}) == len(ROWS)
