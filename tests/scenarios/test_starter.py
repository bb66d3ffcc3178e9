"""What a first-time user sees who runs what `cascadelab new` writes."""

import pytest

from sim import compare, load, run
from sim.scenario.starter import starter


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    file = tmp_path_factory.mktemp("new") / "first.yaml"
    file.write_text(starter("first"))
    return load(file)


def test_the_starter_shows_an_avalanche_that_climbs(scenario):
    """From the database by its dependant to the page that never asks it."""
    found = run(scenario).summary["avalanche"]["failing"]
    assert [f["endpoint"] for f in found if f["bystander"]] == ["web.about"]
    after = {f["endpoint"]: f["after_s"] for f in found}
    assert after["db.query"] <= after["web.home"] < after["web.about"]


def test_the_breaker_of_the_starter_stops_the_avalanche(scenario):
    done = run(scenario, variant="breaker")
    assert done.measure("failing_bystanders") == 0
    assert done.measure("success_share(web.about) during fault") > 0.95
    assert done.measure("B") >= 1


def test_every_endpoint_of_the_starter_is_called(scenario):
    done = run(scenario)
    assert all(done.measure(f"N({e.name}) before fault") > 200 for e in done.topology.endpoints)


def test_every_expectation_of_the_starter_holds(scenario):
    assert {v.verdict for v in compare(scenario, [1, 2]).verdicts} == {"met"}
