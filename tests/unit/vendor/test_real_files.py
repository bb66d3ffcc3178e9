"""Settings of real repositories."""

import re
from pathlib import Path

import pytest

from sim.scenario.load import load_text
from sim.vendor import detect, source, trial
from sim.vendor.kinds import Wishes
from tests.shared import data
from tests.unit.vendor import table
from tests.unit.vendor.files import there_and_back

SHARE = re.compile(r"[\d.]+ %")
KINDS = {
    "envoy-bootstrap-istio.json": "envoy",
    "istio-all-fields.yaml": "istio",
    "istio-ewolff-outlier.yaml": "istio",
    "resilience4j-demo.application.yml": "resilience4j",
    "resilience4j-test.application.yaml": "resilience4j",
}


@pytest.fixture
def real():
    return data("policy")


def test_every_file_is_named_here(real):
    assert {file.name for file in real.iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_real_file_becomes_a_scenario_that_holds(name, real):
    read = source.read(str(real / name))
    kind = detect.kind_of(read)
    assert kind.name == KINDS[name]
    found = kind.policies(read, Wishes())
    loaded = load_text(trial.text(found, name), name)
    assert loaded.variant_names == ("without", "as-imported")
    assert len(loaded.scenario(None).edges) == len(found)


@pytest.mark.parametrize("name", KINDS)
def test_a_real_file_goes_out_and_comes_back_the_same(name, real):
    first, second = there_and_back((real / name).read_text(encoding="utf-8"), KINDS[name])
    assert first == second


def test_the_table_of_them_is_what_is_committed(real):
    """But for the successes, which are the engine's."""
    committed = (Path(__file__).parents[3] / "results" / "import" / "policies.txt").read_text(
        encoding="utf-8"
    )
    made = "\n".join([*table.lines(), ""])
    assert SHARE.sub("%", made) == SHARE.sub("%", committed)
    assert len(SHARE.findall(made)) == 2 * len(KINDS)
