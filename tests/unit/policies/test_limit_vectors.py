"""Vectors of limiters, budgets and queue disciplines: ours passes each, and each can fail."""

from pathlib import Path

import pytest

from sim.policies.replay import replay
from sim.scenario.vectors import load_vectors

VECTORS = load_vectors(str(Path(__file__).parent / "limit-vectors.yaml"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_ours_passes(vector):
    result = replay(vector)
    assert result.passed, f"step {result.step}: {result.message}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_setting_that_the_library_has_not_fails_it(vector):
    result = replay({**vector, "config": {**vector.get("config", {}), "nonsense": 1}})
    assert not result.passed
    assert "nonsense" in result.message


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_step_of_another_kind_fails_it(vector):
    result = replay({**vector, "steps": [{"do": "report", "host": 0}]})
    assert not result.passed
    assert "knows no step" in result.message
