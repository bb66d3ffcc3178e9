"""The face for notebooks: load, run, compare, open_run; frames, figures, HTML."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim import compare, load, open_run, run
from sim.api import open_comparison
from sim.errors import InvalidScenario, StoreError, UsageError
from sim.record.types import INSIDE_NS, UP_NS
from sim.views.frames import FRAMES
from sim.words import OUTCOMES

SCENARIO = """
name: shop
duration: 12s
sources: {users: {rate: 30/s, call: web}}
services:
  web: {slots: 8, queue: 10, steps: [{work: 1ms}, {call: db}]}
  db: {slots: 2, steps: [{work: {exponential: 20ms}}]}
edges: {web -> db: {timeout: 500ms}}
faults: [{slow: {service: db, times: 20}, at: 4s, for: 4s}]
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 1s}}}}
rank_by: success_share during fault
expect: ["breaker: p99(users) < 1h", "none: trips == 0"]
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    place = tmp_path_factory.mktemp("api") / "shop.yaml"
    place.write_text(SCENARIO)
    return load(place)


@pytest.fixture(scope="module")
def one(shop):
    return run(shop, seed=1, variant="breaker", trace=3)


@pytest.fixture(scope="module")
def both(shop):
    return compare(shop, seeds=[1, 2, 3])


def test_the_face():
    assert {"load", "run", "compare", "open_run", "open_comparison"} <= set(dir(sim))
    assert isinstance(sim.__version__, str)
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        _ = sim.simulate


def test_load(shop, tmp_path):
    assert (shop.name, shop.variants) == ("shop", ("none", "breaker"))
    assert "shop" in repr(shop)
    (tmp_path / "s.yaml").write_text(SCENARIO)
    changed = load(tmp_path / "s.yaml", set=["services.db.slots=7"])
    assert changed.loaded.scenario().services["db"].slots == 7
    with pytest.raises(InvalidScenario, match="slots"):
        load(tmp_path / "s.yaml", set=["services.db.slots=none"])
    with pytest.raises(InvalidScenario, match="nowhere"):
        load(tmp_path / "nowhere.yaml")


def test_run(shop, one):
    assert one.title == "shop / breaker, seed 1"
    assert one.manifest["seed"] == 1
    assert one.measure("N") == one.summary["whole"]["N"] > 300
    assert one.measure("trips(web -> db)") >= 1
    assert run(shop).manifest["seed"] == 1
    assert run(shop, seed=2, variant="breaker").measure("R") != one.measure("R")
    with pytest.raises(UsageError, match="no variant is called 'braker'; did you mean"):
        run(shop, variant="braker")
    with pytest.raises(ValueError, match="no engine is called 'fast'"):
        run(shop, engine="fast")
    with pytest.raises(UsageError, match="did you mean trips"):
        one.measure("trip")
    with pytest.raises(UsageError, match="'user' names nothing in this run; did you mean users"):
        one.measure("p99(user)")


COLUMNS = {
    "calls": ["step", "edge", "time_s", *OUTCOMES, "N", "S", "F"],
    "tries": ["step", "edge", "time_s", *OUTCOMES, "N", "S", "F"],
    "outcomes": ["ledger", "edge", "outcome", "n", "mean_s", "p50_s", "p90_s", "p99_s", "p999_s"],
    "latency": ["edge", "time_s", "p50_s", "p90_s", "p99_s"],
    "breakers": [
        "time_s", "breaker", "copy", "target", "from", "to", "cause", "n", "failures", "slow", "open_s",
    ],
    "services": ["service", "time_s", "queue", "busy_slots", "cores_at_work"],
    "faults": ["fault", "start_s", "end_s"],
    "spread": ["endpoint", "distance", "after_s", "bystander", "excess_loss"],
    "identities": ["target", "equation", "left", "right", "equal"],
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_frames_are_tidy(one, name):
    """One row per observation, named columns, a plain index, the same columns where there is nothing."""
    frame = one.frame(name)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == COLUMNS[name]
    assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert len(frame)


def test_every_frame_has_its_columns_here_and_walks_have_their_own(one):
    assert FRAMES.keys() == COLUMNS.keys() | {"walks"}
    walks = one.frame("walks")
    assert set(walks["request"]) == {0, 1, 2}
    assert {"request", "t_ns", "event", "step"} <= set(walks.columns)


def test_frames_agree_with_the_measures(one):
    calls = one.frame("calls")
    assert (calls["S"] + calls["F"] == calls["N"]).all()
    assert (calls[list(OUTCOMES)].sum(axis=1) == calls["N"]).all()
    edges = calls.groupby("edge")["N"].sum()
    assert edges["users -> web"] == one.measure("N(users)")
    assert edges["web -> db"] == one.measure("N(web -> db)")
    tries = one.frame("tries").groupby("edge")[["N", "broken"]].sum()
    assert tries.loc["web -> db", "N"] == one.measure("tries.N(web -> db)")
    assert tries.loc["web -> db", "broken"] == one.measure("tries.broken(web -> db)") > 0
    breakers = one.frame("breakers")
    assert (breakers["to"] == "open").sum() == one.measure("trips")
    assert one.frame("faults").to_dict("records") == [{"fault": "slow db", "start_s": 4.0, "end_s": 8.0}]
    services = one.frame("services").groupby("service")["queue"].mean()
    assert services["db"] == pytest.approx(one.measure("queue_length(db)"))
    with pytest.raises(UsageError, match="no frame is called 'call'"):
        one.frame("call")


PLOTS = ["overview", "trips", "outcomes", "latency", "states", "queues", "graph", "spread"]


@pytest.mark.parametrize("name", PLOTS)
def test_plot_methods_return_figures(one, name):
    figure = getattr(one, f"plot_{name}")()
    assert isinstance(figure, Figure)
    assert figure.axes
    assert type(one).__dict__[f"plot_{name}"].__doc__


def test_a_figure_shows_itself_where_pyplot_was_never_imported(one, both):
    assert one.plot_trips()._repr_png_().startswith(b"\x89PNG")
    assert both.plot()._repr_png_().startswith(b"\x89PNG")


def test_of_the_articles_equations_only_the_first_is_an_identity(one):
    frame = one.frame("identities")
    sides = frame.set_index(["target", "equation"])
    assert sides.loc[("all requests", "(2) F = B"), "left"] == one.measure("F")
    assert sides.loc[("web -> db", "(2) F = B"), "right"] == one.measure("B(web -> db)")
    printed = sides.loc[("web -> db", "(3) R [s] = S / S + F, as printed"), "right"]
    assert printed == 1 + one.measure("F(web -> db)")
    first = frame["equation"] == "(1) S + F = N"
    assert frame[first]["equal"].all()
    assert not frame[~first]["equal"].any()


def test_a_run_shows_itself_in_a_notebook(one):
    html = one._repr_html_()
    assert html.startswith("<div")
    assert "<svg" in html
    assert "all requests" in html
    assert "users -&gt; web" in html, "text is escaped"


def test_a_stored_run_is_a_run(one, tmp_path):
    place = one.save(tmp_path / "run", figures=False)
    again = open_run(place)
    assert again.title == one.title
    assert again.measure("p99(users) during fault") == one.measure("p99(users) during fault")
    for name in FRAMES:
        pd.testing.assert_frame_equal(again.frame(name), one.frame(name))
    assert again._repr_html_() == one._repr_html_()
    with pytest.raises(StoreError):
        open_run(tmp_path / "nowhere")


def test_the_spread_of_a_fault_from_the_start_takes_its_baseline_from_the_twin(shop, tmp_path):
    """There is no time before the fault: without its twin nobody could be failing."""
    (tmp_path / "s.yaml").write_text(
        SCENARIO.replace("{slow: {service: db, times: 20}, at: 4s", "{stop: {service: db}, at: 0s")
    )
    early = run(load(tmp_path / "s.yaml"), seed=1)
    assert early.measure("failing_endpoints") == 2
    for one in (early, open_run(early.save(tmp_path / "early", figures=False))):
        assert list(one.frame("spread")["endpoint"]) == ["db.main", "web.main"]
        assert one.measure("failing_endpoints") == 2


@pytest.mark.parametrize("duration", ["200s", "0.5s"])
def test_a_run_that_is_ended_from_progress_is_the_run_up_to_there(tmp_path, duration, monkeypatch):
    """Also while it drains. What was over by then is as in the whole run."""
    from sim.engines.simpy_engine import world

    monkeypatch.setattr(world, "PROGRESS_S", 0.0)
    monkeypatch.setattr(world, "SLICE", 7)
    path = tmp_path / "s.yaml"
    path.write_text(
        "schema: 1\nname: part\nduration: 200s\nsources: {a: {rate: 50/s, call: w}}\n"
        "services: {w: {slots: 1, steps: [{work: {exponential: 19ms}}]}}\n"
        "faults: [{slow: {service: w, times: 50}, at: 100ms}]\n"
    )
    seen = []

    def progress(now, events):
        seen.append(now)
        if now > 1_000_000_000:
            raise KeyboardInterrupt

    part = run(load(path, set=[f"duration={duration}"]), seed=3, progress=progress)
    assert part.interrupted
    assert "interrupted at" in part.title
    assert part.record.end_ns == seen[-1]
    assert part.record.in_flight[0, 0] > 0
    whole = run(load(path, set=[f"duration={duration}"]), seed=3)
    over = part.record.arrivals_end_ns // part.record.bucket_ns
    assert over == (duration == "200s")
    assert np.array_equal(part.record.counts[:, :, :over], whole.record.counts[:, :, :over])
    assert np.array_equal(part.record.visits[:, :over], whole.record.visits[:, :over])
    gauges = part.record.gauges[0].sum(axis=0)
    assert gauges[UP_NS] == part.record.arrivals_end_ns
    assert gauges[INSIDE_NS] <= part.record.arrivals_end_ns
    assert open_run(part.save(tmp_path / "part", figures=False)).interrupted


def test_saving_draws_the_figures(one, tmp_path):
    place = one.save(str(tmp_path / "run"))
    assert {p.stem for p in (place / "figures").iterdir()} == set(PLOTS)


def test_compare(both):
    rows = both.frame("rows")
    assert list(rows.columns[:4]) == ["variant", "value", "seed", "day"]
    assert len(rows) == 2 * 3 * 2
    assert set(rows["day"]) == {"fault", "good"}
    summary = both.frame("summary")
    assert len(summary) == 4
    faulty = rows[(rows["variant"] == "breaker") & (rows["day"] == "fault")]
    mean = summary[(summary["variant"] == "breaker") & (summary["day"] == "fault")]["p99"].item()
    assert mean == pytest.approx(faulty["p99"].mean())
    order, pairs = both.ranking()
    assert sorted(order) == ["breaker", "none"]
    assert len(pairs) == 1
    assert both.met
    assert [v.line.variant for v in both.verdicts] == ["breaker", "none"]
    with pytest.raises(UsageError, match="no frame is called"):
        both.frame("calls")


def test_what_is_easily_mistyped(shop, tmp_path):
    """A path, one text for a list: taken as meant. What has no meaning is said."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    assert run(tmp_path / "s.yaml", 1, "none").title == "shop / none, seed 1"
    assert load(tmp_path / "s.yaml", set="duration=9s").loaded.scenario().duration == 9 * 10**9
    assert compare(shop, [1], "none", measures=["R(db)"]).frame("rows")["R(db)"].notna().all()
    for seeds in (3, [], "1..3"):
        with pytest.raises(UsageError, match="seeds are several, such as range"):
            compare(shop, seeds)
    with pytest.raises(UsageError, match="did you mean goodput"):
        compare(shop, [1], measures=["goodputt"])


def test_a_breaker_of_ones_own_joins_by_override(shop, tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    (tmp_path / "mine.py").write_text(
        "from sim.policies.plugins import breaker\n"
        "@breaker('never')\n"
        "class Never:\n"
        "    def admit(self, now_ns): return None\n"
        "    def settle(self, now_ns, ticket, outcome): pass\n"
    )
    added = "variants.mine.edges.web -> db.breaker=never"
    scenario = load(tmp_path / "s.yaml", set=added, plugin=tmp_path / "mine.py")
    assert scenario.variants == ("none", "breaker", "mine")
    assert run(scenario, 1, "mine").measure("success_share") == 0


def test_results_tell_who_they_are_and_print_as_the_command_does(one, both):
    assert repr(one) == "<run of shop / breaker, seed 1>"
    assert "all requests" in str(one)
    assert repr(both) == "<comparison of shop: 2 variants, 3 seeds>"
    assert "on a good day" in str(both)


def test_latency_by_outcome(one):
    """Refusals take 10 us: they stand beside the rest, not in it."""
    frame = one.frame("outcomes").set_index(["ledger", "edge", "outcome"])
    calls = frame.loc["calls", "web -> db"]
    assert calls.loc["broken", "n"] == one.measure("broken(web -> db)") > 0
    assert calls.loc["broken", "mean_s"] == pytest.approx(10e-6)
    assert calls.loc["timeout", "p50_s"] == pytest.approx(0.5, rel=0.01)
    assert (calls["n"] * calls["mean_s"]).sum() / calls["n"].sum() == pytest.approx(
        one.measure("R(web -> db)")
    )


def test_differences_and_ranking_are_frames(both):
    differences = both.frame("differences").set_index(["day", "measure"])
    gain = differences.loc[("fault", "success_share during fault")]
    assert (gain["variant"], gain["against"], gain["n"]) == ("breaker", "none", 3)
    assert gain["low_95"] < gain["mean"] < gain["high_95"]
    pair = both.frame("ranking").iloc[0]
    assert {pair["better"], pair["worse"]} == {"breaker", "none"}
    assert pair["told_apart"] == (pair["p_holm"] < 0.05)
    assert abs(pair["mean"]) == pytest.approx(abs(gain["mean"]))


def test_a_comparison_row_is_what_a_run_measures(shop, both, one):
    rows = both.frame("rows").set_index(["variant", "seed", "day"])
    row = rows.loc[("breaker", 1, "fault")]
    for measure in ("N", "F", "B", "R", "p99", "success_share during fault", "recovery_time"):
        found, wanted = row[measure], one.measure(measure)
        assert found == wanted or (math.isnan(found) and math.isnan(wanted)), measure


def test_a_comparison_plots_shows_and_stores_itself(both, tmp_path):
    assert isinstance(both.plot_comparison(), Figure)
    html = both._repr_html_()
    assert "<svg" in html
    assert "breaker" in html
    place = both.save(tmp_path / "both", figures=False)
    again = open_comparison(place)
    pd.testing.assert_frame_equal(again.frame("rows"), both.frame("rows"), check_dtype=False)
    pd.testing.assert_frame_equal(again.frame("summary"), both.frame("summary"), check_dtype=False)
    assert again.files()["comparison.txt"] == both.files()["comparison.txt"]
    assert again.met == both.met
    with pytest.raises(StoreError, match="not a comparison folder"):
        open_comparison(tmp_path)


def test_a_curve(shop):
    """Mean and interval per value; the figure is the curve."""
    curve = compare(shop, [1], ["none"], vary="services.db.slots=1..3:1")
    assert curve.path == "services.db.slots"
    assert list(curve.frame("rows")["value"].unique()) == ["1", "2", "3"]
    shares = curve.frame("summary").query("day == 'fault'")["success_share"]
    assert np.all(np.diff(shares) > 0), "more slots, more successes"
    assert isinstance(curve.plot_curve(), Figure)
    assert "<svg" in curve._repr_html_()
