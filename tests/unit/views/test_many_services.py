"""Of many services the page names the few that matter and counts the others; tables keep all of them."""

import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sim import load, run
from sim.measures import avalanche
from sim.measures.graph import touched
from sim.scenario.generate import Options, text
from sim.scenario.graph import Wish
from sim.topology.build import build
from sim.topology.plan import plan
from sim.views.figures import FIGURES, style
from sim.views.plan_text import plan_text
from sim.views.shortened import FEW, MANY
from sim.views.tables import run_text

SERVICES = 120
FAULT = "faults:\n  - {stop: {service: s4-12}, at: 8s, for: 8s}\n"
"""At the service that most others call, by the end of the file that is generated."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    wish = Wish(services=SERVICES, rate_per_s=60)
    written = text(Options(wish, duration_ns=24 * 10**9, timeout_ns=3 * 10**9, breaker="consecutive"))
    most_called = re.search(r"Largest fan-in \d+ \(([^)]+)\)", written).group(1)
    file = tmp_path_factory.mktemp("many") / "s.yaml"
    file.write_text(written + FAULT.replace("s4-12", most_called))
    return load(file)


@pytest.fixture(scope="module")
def ran(scenario):
    return run(scenario, seed=1, engine="simpy")


def numbers(line):
    """N, S and F of a row of the ledger."""
    return [int(x.replace(",", "")) for x in re.findall(r"  ([\d,]+)(?=  )", line)[:3]]


def test_the_rows_of_a_shortened_ledger_add_up_to_all_edges(ran):
    edges = ran.summary["edges"]
    assert len(edges) > MANY
    lines = run_text(ran).splitlines()
    others = next(i for i, line in enumerate(lines) if re.match(rf"{len(edges) - FEW} others", line))
    named = lines[others - FEW : others]
    assert all(" -> " in line for line in named)
    totals = [sum(column) for column in zip(*map(numbers, [*named, lines[others]]), strict=True)]
    assert totals == [sum(edge[k] for edge in edges.values()) for k in "NSF"]


def test_no_edge_that_is_left_out_fails_more_than_one_that_is_named(ran):
    edges = ran.summary["edges"]
    named = {name for name in edges if re.search(rf"^{name} ", run_text(ran), re.MULTILINE)}
    assert len(named) == FEW
    least = min(edges[name]["F"] for name in named)
    assert least > 0
    assert all(edges[name]["F"] <= least for name in edges.keys() - named)


def test_a_page_of_words_is_enough(scenario, ran):
    planned = plan(build(scenario.loaded.scenario()))
    for page in (run_text(ran), plan_text(planned, "many", ())):
        assert len(page.splitlines()) < 60
    shown = plan_text(planned, "many", ())
    assert f"{SERVICES - FEW} others of {SERVICES}" in shown
    rates = [float(x) for x in re.findall(r"(?: -> \S+|together) +([\d.]+)$", shown, re.MULTILINE)]
    assert len(rates) == FEW + 1
    assert sum(rates) == pytest.approx(sum(rate for _, rate in planned.edges), abs=0.01 * len(rates))


def test_the_graph_draws_what_the_fault_touches_and_what_fails_and_counts_all(ran):
    figure = ran.plot("graph")
    found = avalanche.verdicts(ran.record, ran.topology, ran.scenario.healthy_share, ran.twin)
    failed = {v.endpoint for v in found if v.spells}
    for axes in figure.axes:
        named = {label.get_text().split()[0] for label in axes.texts}
        wanted = {
            ran.topology.endpoints[e].name.removesuffix(".main") for e in touched(ran.topology) | failed
        }
        assert len(named) == 30
        assert wanted <= named or (len(wanted) > 30 and named <= wanted)
        counts = re.search(rf"all {SERVICES}: (.*)$", axes.get_title(loc="left")).group(1)
        assert sum(map(int, re.findall(r"\d+", counts))) == SERVICES


def test_no_panel_is_empty(ran):
    """Latency over time is kept of watched edges only, and none is by itself among so many."""
    figure = ran.plot("latency")
    assert "no edge is watched" in figure._suptitle.get_text()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["users"]


def test_watched_edges_have_their_panels(scenario):
    edge = max(plan(build(scenario.loaded.scenario())).edges, key=lambda e: e[1])[0]
    watching = load(scenario.loaded.file, set=[f"watch=['{edge}']", "duration=2s", "faults=[]"])
    titles = [axes.get_title(loc="left") for axes in run(watching, seed=1).plot("latency").axes]
    assert [title.split(" (")[0] for title in titles] == ["users", edge]


def boxes(figure, texts):
    with style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return [text.get_window_extent(canvas.get_renderer()) for text in texts]


def test_names_in_the_spread_do_not_stand_on_each_other(ran):
    figure = ran.plot("spread")
    found = boxes(figure, figure.axes[0].texts)
    assert len(found) > 2
    assert not [1 for i, a in enumerate(found) for b in found[:i] if a.overlaps(b)]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_many_services_is_no_larger_than_a_desk(ran, name):
    width, height = ran.plot(name).get_size_inches()
    assert width < 25
    assert height < 25
