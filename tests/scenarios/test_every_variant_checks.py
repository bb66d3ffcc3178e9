"""`check` holds for every variant of every shipped scenario, and for every breaker of the catalogue by its name."""

import json
from pathlib import Path

import pytest

from sim import load
from sim.policies import catalog
from sim.scenario import load_text
from sim.topology.build import build
from sim.topology.plan import plan

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SMALL = """
name: small
duration: 10s
sources: {users: {rate: 50/s, call: web}}
services: {web: {steps: [{call: db}]}, db: {steps: [{work: 2ms}]}}
edges: {web -> db: {timeout: 1s, breaker: BREAKER}}
"""


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_variant_of_a_shipped_scenario_checks(file):
    """As `check --variant` does: the file holds, and what each variant offers can be said."""
    scenario = load(file)
    assert scenario.variants
    for variant in (None, *scenario.variants):
        assert plan(build(scenario.loaded.scenario(variant))).services


@pytest.mark.parametrize("name", catalog.names())
def test_a_small_scenario_checks_with_every_breaker_of_the_catalogue(name):
    breaker = json.dumps({"use": name, "params": dict(catalog.ENTRIES[name].example)})
    loaded = load_text(SMALL.replace("BREAKER", breaker), "small.yaml")
    assert plan(build(loaded.scenario())).services
