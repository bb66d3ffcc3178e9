"""The avalanche in words and in figures: both say the same, and no more exactly than the buckets know."""

import re

import pytest

from sim import load, run
from sim.measures import avalanche
from sim.views import palette
from sim.views.tables import lag, run_text

SCENARIO = """
name: two
duration: 40s
sources:
  many: {rate: 60/s, mix: {web.needs: 50%, web.free: 50%}}
  rare: {rate: 1/s, call: web.rare}
services:
  web:
    slots: 4
    queue: 10
    endpoints: {needs: {steps: [{call: db}]}, free: {steps: [{work: 1ms}]}, rare: {steps: [{work: 1ms}]}}
  db: {slots: 20, steps: [{work: 10ms}]}
edges: {web -> db: {timeout: 500ms}}
faults: [{hang: {service: db}, at: 15s, for: 10s}]
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    file = tmp_path_factory.mktemp("two") / "s.yaml"
    file.write_text(SCENARIO)
    return run(load(file), seed=1)


@pytest.mark.parametrize(
    ("seconds", "bucket_s", "text"),
    [(0, 1, "< 1 s"), (0.7, 1, "< 1 s"), (3, 1, "3 to 4 s"), (0, 0.5, "< 0.5 s"), (10, 2, "10 to 12 s")],
)
def test_a_lag_is_told_to_the_bucket(seconds, bucket_s, text):
    assert lag(seconds, bucket_s) == text


def test_who_has_too_few_calls_is_told_apart_from_who_fails(two):
    text = run_text(two)
    assert re.search(r"failing bystanders web.free \(after (< 1|\d+ to \d+) s\)", text)
    assert re.search(r"too few calls to be called failing:\n  web.rare \(\d of \d+ succeeded\)", text)


def test_the_graph_paints_red_whom_the_text_calls_failing(two):
    """In the panel of the late fault."""
    from matplotlib.colors import to_hex

    panel = two.plot("graph").axes[2]
    reds = {
        tuple(points.get_offsets()[0])
        for points in panel.collections
        if len(points.get_facecolor()) and to_hex(points.get_facecolor()[0]).upper() == palette.FAILING
    }
    named = {text.get_text().split()[0] for text in panel.texts if tuple(text.xy) in reds}
    failing = avalanche.failing(two.record, two.topology, two.scenario.healthy_share, two.twin)
    assert named == {two.topology.endpoints[v.endpoint].name.removesuffix(".main") for v in failing}
    assert named == {"web.needs", "web.free", "db"}


def test_the_spread_labels_each_lag_as_the_text_does(two):
    labels = "\n".join(text.get_text() for text in two.plot("spread").axes[0].texts)
    for f in two.summary["avalanche"]["failing"]:
        told = lag(f["after_s"], 1.0)
        assert f"{f['endpoint']}: {told}" in labels
        assert f"{f['endpoint']} (after {told}" in run_text(two)
