"""What an override breaks is told at the override, as it was written."""

import pickle

import pytest

from sim.errors import InvalidScenario
from sim.scenario.load import load_text
from sim.scenario.variants import Override

TEXT = """schema: 1
name: tiny
duration: 10s
sources:
  users: {rate: 30/s, call: web}
services:
  web: {slots: 4, steps: [work: 2ms, call: db]}
  db: {slots: 2, steps: [work: 10ms]}
faults:
  - {fail: {service: db}, at: 4s, for: 3s}
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: consecutive}}}
"""


def told(*overrides):
    with pytest.raises(InvalidScenario) as caught:
        load_text(TEXT, "tiny.yaml", overrides=overrides)
    return caught.value.problems


def caret(problem):
    """What stands at the caret."""
    first, shown, mark = str(problem).splitlines()
    assert first.startswith("--set: ")
    return shown[mark.index("^") :]


@pytest.mark.parametrize(
    ("override", "at"),
    [
        ("services.db.slots=-1", "-1"),
        ("services.db.slotz=8", "slotz=8"),
        ("services.db=8", "8"),
        ("sources.users={rate: 4, call: web}", "4, call: web}"),
        ("sources.users.call=wab", "wab"),
        ("bad.path=1", "bad.path=1"),
        ("edges.web -> dc.retry=2", "web -> dc.retry=2"),
        ('edges."web -> db"={deadline: 5}', "5}"),
        ("variants.mine.services.db.slots=-1", "-1"),
        ("name=null", "name=null"),
        ("duration=2s", "2s"),
        ("services.db={slots: 1,\n  steps: [work: 4]}", "4]}"),
    ],
)
def test_a_mistake_of_an_override_has_its_caret_in_the_override(override, at):
    (problem,) = told("seed=3", override)
    assert caret(problem) == at


def test_what_an_override_breaks_elsewhere_says_both_places():
    problems = told("services.db=null", "seed=3")
    assert {caret(p) for p in problems} == {"null"}
    assert any("no endpoint is called 'db'" in str(p) and "(tiny.yaml:7)" in str(p) for p in problems)


def test_each_override_answers_for_its_own_mistake():
    problems = told("services.db.slots=3", "duration=2s", "sources.users.call=wab")
    assert {caret(p) for p in problems} == {"2s", "wab"}


def test_a_mistake_of_the_file_stays_in_the_file_whatever_is_overridden():
    with pytest.raises(InvalidScenario) as caught:
        load_text(TEXT.replace("slots: 2", "slotz: 2"), "tiny.yaml", overrides=["seed=3", "duration=2s"])
    assert {p.message.split(":")[0]: (p.file, p.line) for p in caught.value.problems} == {
        "unknown key 'slotz'; did you mean slots?": ("tiny.yaml", 8),
        "faults[0].at": ("--set", 0),
    }


def test_an_override_names_the_option_that_it_came_by():
    (problem,) = told(Override("bad.path=1", "--vary"))
    assert str(problem).startswith("--vary: unknown key 'bad'")
    assert "    --vary bad.path=1\n" in str(problem)


def test_problems_come_whole_out_of_another_process():
    with pytest.raises(InvalidScenario) as caught:
        load_text(TEXT, "tiny.yaml", overrides=["services.db.slots=-1", "duration=2s"])
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems
    assert str(again) == str(caught.value)
