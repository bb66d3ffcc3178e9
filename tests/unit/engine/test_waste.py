"""Work for nobody is wasted, whoever stopped waiting: a hedge, a parallel step, a cut on the way back."""

import pytest

import sim

HEAD = """
schema: 1
name: waste
duration: 100s
sources: {users: {rate: 1/s, arrivals: deterministic, call: STEP}}
services:
  web: {endpoints: {both: {steps: [{parallel: [[call: db], [call: db]], first: 1}]}, one: {steps: [call: db]}}}
  db: {slots: 100, steps: [work: 100ms]}
"""


@pytest.fixture
def found(tmp_path):
    """Share of the database's work that nobody used."""

    def wasted(step: str, rest: str = "") -> float:
        file = tmp_path / "waste.yaml"
        file.write_text(HEAD.replace("STEP", step) + rest)
        return sim.run(sim.load(file), seed=1).measure("wasted_work(db)")

    return wasted


def test_the_losing_copy_of_a_hedge_is_wasted(found):
    assert found("web.one") == 0
    assert found("web.one", "edges: {web -> db: {hedge: {after: 30ms}}}") == pytest.approx(0.5, abs=0.01)


def test_branches_that_nobody_needed_are_wasted(found):
    assert found("web.both") == pytest.approx(0.5, abs=0.01)


def test_an_answer_that_a_cut_swallows_or_refuses_is_wasted(found):
    for mode in ("black-hole", "refuse"):
        cut = f"faults: [{{cut: {{edge: web -> db, way: back, mode: {mode}}}, at: 0s, for: 200s}}]"
        assert found("web.one", "edges: {web -> db: {timeout: 1s}}\n" + cut) == 1
