"""Figures are drawn from stored folders, every name draws, and the same folder gives the same bytes."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from sim import compare, load, open_run, run
from sim.api import open_comparison
from sim.errors import UsageError
from sim.views.figures import COMPARISON_FIGURES, FIGURES, save_comparison_figures, save_figures

ROOT = Path(__file__).parents[3]

SCENARIO = """
name: figures
duration: 20s
warmup: 2s
sources: {users: {rate: 20/s, mix: {web.needs: 50%, web.free: 50%}}}
services:
  web:
    slots: 4
    queue: 10
    endpoints: {needs: {steps: [{call: db}]}, free: {steps: [{work: 1ms}]}}
  db: {slots: 2, steps: [{work: {exponential: 20ms}}]}
edges: {users -> web: {timeout: 2s}, web -> db: {timeout: 1s}}
faults: [{hang: {service: db}, at: 5s, for: 8s, name: db hangs}]
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 2s}}}}
rank_by: success_share during fault
expect: ["breaker: success_share during fault > 40%"]
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Folders of a run with a breaker, of one without fault or breaker, of a comparison and of a curve."""
    top = tmp_path_factory.mktemp("figures")
    (top / "s.yaml").write_text(SCENARIO)
    shop = load(top / "s.yaml")
    run(shop, seed=1, variant="breaker").save(top / "run", figures=False)
    run(load(top / "s.yaml", set=["faults=[]", "warmup=0s"]), seed=1).save(top / "calm", figures=False)
    compare(shop, seeds=[1, 2, 3]).save(top / "comparison", figures=False)
    compare(shop, [1, 2], vary="services.web.slots=2,4").save(top / "curve", figures=False)
    return top


def content(paths):
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize("name", FIGURES)
def test_two_draws_of_a_stored_run_are_the_same_bytes(places, tmp_path, name):
    """Each from a run that was opened anew."""
    once = content(save_figures(open_run(places / "run"), tmp_path / "once", [name]))
    again = content(save_figures(open_run(places / "run"), tmp_path / "again", [name]))
    assert once.keys() == {f"{name}.png", f"{name}.svg"}
    assert once == again
    assert once[f"{name}.png"].startswith(b"\x89PNG")
    assert b"</svg>" in once[f"{name}.svg"]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_without_fault_or_breaker(places, name):
    figure = open_run(places / "calm").plot(name)
    assert figure.axes


@pytest.mark.parametrize(("place", "name"), [("comparison", "comparison"), ("curve", "curve")])
def test_two_draws_of_a_stored_comparison_are_the_same_bytes(places, tmp_path, place, name):
    once = content(save_comparison_figures(open_comparison(places / place), tmp_path / "once"))
    again = content(save_comparison_figures(open_comparison(places / place), tmp_path / "again"))
    assert once.keys() == {f"{name}.png", f"{name}.svg"}
    assert once == again


def test_a_live_run_and_its_stored_copy_give_the_same_figure(places, tmp_path):
    live = run(load(places / "s.yaml"), seed=1, variant="breaker")
    one = content(save_figures(live, tmp_path / "live", ["overview", "spread"]))
    assert one == content(save_figures(open_run(places / "run"), tmp_path / "stored", ["overview", "spread"]))


def texts(figure):
    from matplotlib.text import Text

    return " ".join(t.get_text() for t in figure.findobj(Text))


def lines_at(axes):
    """Places of vertical lines."""
    return {x for line in axes.get_lines() for x in line.get_xdata() if len(set(line.get_xdata())) == 1}


@pytest.mark.parametrize("name", ["overview", "outcomes", "latency", "trips", "states", "queues"])
def test_faults_and_their_ends_are_marked_in_every_time_plot(places, name):
    figure = open_run(places / "run").plot(name)
    over_time = [axes for axes in figure.axes if axes.get_xlim() == (0, 20)]
    assert over_time
    assert all({5.0, 13.0} <= lines_at(axes) for axes in over_time)
    assert "db hangs" in texts(figure)


def test_a_curve_has_its_values_in_order_and_no_band_leaves_what_can_be(places):
    """500ms lies left of 1s; a share stays between 0 and 100 %, whatever the interval of two seeds says."""
    scenario = load(places / "s.yaml")
    measures = ["success_share(web.free) during fault"]
    over = "edges.web -> db.timeout=500ms,1s,2s"
    figure = compare(scenario, [1, 2], ["breaker"], vary=over, measures=measures).plot()
    for axes in figure.axes:
        xs = axes.get_lines()[0].get_xdata()
        assert list(xs) == sorted(xs)
        if "%" in axes.get_title(loc="left"):
            assert axes.get_ylim()[0] >= -3
            assert axes.get_ylim()[1] <= 103
    assert [t.get_text() for t in figure.axes[-1].get_xticklabels()] == ["500ms", "1s", "2s"]
    assert "success_share(web.free) during fault [%]" in [axes.get_title(loc="left") for axes in figure.axes]


def test_titles_say_which_run_it_is(places):
    assert "figures / breaker, seed 1" in texts(open_run(places / "run").plot("overview"))
    assert "3 seeds" in texts(open_comparison(places / "comparison").plot())


def test_what_never_came_is_said(places):
    """Infinite values have no place on an axis."""
    found = open_comparison(places / "comparison")
    found.rank_by = "recovery_time"
    for row in found.table.rows:
        row.values["recovery_time"] = math.inf if row.seed > 1 and row.day == "fault" else 1.0
    assert texts(found.plot()).count("never in 2 of 3") == len(found.table.variants)


def test_a_measure_that_is_0_everywhere_has_no_panel(places):
    found = open_comparison(places / "comparison")

    def panels():
        return [axes.get_title(loc="left") for axes in found.plot().axes if axes.axison]

    before = panels()
    for row in found.table.rows:
        row.values["B"] = 0.0
    assert "B" in before
    assert panels() == [title for title in before if title != "B"]


def test_what_has_nothing_to_show_is_left_out_unless_it_is_named(places, tmp_path, monkeypatch):
    from sim.views import figures

    monkeypatch.setattr(figures, "_write", lambda figure, folder, name: [folder / name])
    monkeypatch.setattr(figures, "draw", lambda run, name: None)
    calm, broken = open_run(places / "calm"), open_run(places / "run")
    assert {p.name for p in save_figures(broken, tmp_path)} == set(FIGURES)
    assert {p.name for p in save_figures(calm, tmp_path)} == set(FIGURES) - {"trips", "states", "spread"}
    assert [p.name for p in save_figures(calm, tmp_path, ["trips"])] == ["trips"]


def test_unknown_names_are_told_the_known_ones(places):
    with pytest.raises(UsageError, match=r"no figure is called 'trip' \(there are: overview"):
        open_run(places / "run").plot("trip")
    with pytest.raises(UsageError, match=", ".join(COMPARISON_FIGURES)):
        open_comparison(places / "comparison").plot("trips")


def test_a_figure_needs_no_engine(places):
    """Views read stored runs: a folder from a colleague is enough."""
    code = (
        "import sys\nfrom sim import open_run\n"
        f"assert open_run({str(places / 'run')!r}).plot('outcomes').axes\n"
        "print([m for m in sys.modules if m == 'simpy' or m.startswith('sim.engines.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
