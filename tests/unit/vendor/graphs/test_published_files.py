"""Topologies as their projects publish them."""

from pathlib import Path

import pytest

from sim.scenario import load_text
from sim.topology.build import build
from tests.shared import data
from tests.unit.vendor.graphs.importing import imported

RESULTS = Path(__file__).parents[4] / "results" / "import"
FOLDERS = ("isotope", "mubench", "hydragen", "deploy")
FILES = {
    "isotope/canonical.yaml": (4, 5),
    "isotope/10-svc_100-end.yaml": (19, 18),
    "isotope/tree-111-services.yaml": (111, 110),
    "isotope/1000-svc_5000-end.yaml": (1000, 999),
    "mubench/workmodelA.json": (20, 19),
    "mubench/workmodel-parallel-5services.json": (5, 4),
    "mubench/workmodel-serial-5services.json": (5, 4),
    "hydragen/simple.json": (2, 1),
    "deploy/online-boutique.k8s.yaml": (11, 15),
    "deploy/opentelemetry-demo.compose.yaml": (19, 50),
    "deploy/deathstarbench-social.compose.yml": (27, 19),
}
"""Services, and pairs of them that call each other."""


@pytest.mark.parametrize("name", FILES)
def test_it_becomes_a_scenario_that_holds_and_warns_of_nothing(name):
    path = data(name)
    written = imported(path.read_text(), path.name)
    loaded = load_text(written.text)
    assert loaded.warnings == []
    topology = build(loaded.scenario())
    services, edges = FILES[name]
    assert len(topology.services) == services
    assert f"{services:,} services, {edges:,} calls between them" in written.words[0]


def test_the_table_of_results_is_of_what_is_imported_today():
    table = (RESULTS / "topologies.txt").read_text().splitlines()
    told = {row.split()[0]: row.split() for row in table if row.startswith(FOLDERS)}
    there = {f"{folder}/{file.name}" for folder in FOLDERS for file in data(folder).iterdir()}
    assert there == set(told) == set(FILES)
    for name, cells in told.items():
        text = imported(data(name).read_text(), data(name).name).text
        assert cells[4:6] == [f"{text.count(f'# {mark}'):,}" for mark in ("assumed", "unconfirmed")]


def test_the_shop_calls_as_its_own_addresses_say():
    model = load_text(imported(data("deploy/online-boutique.k8s.yaml").read_text()).text).scenario()
    called = {step.call for step in model.services["frontend"].endpoints["main"].steps if step.call}
    assert called == {
        f"{n}service"
        for n in ("productcatalog", "currency", "cart", "recommendation", "shipping", "checkout", "ad")
    }
    assert model.sources["loadgenerator"].call == "frontend"
