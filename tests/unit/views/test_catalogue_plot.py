"""The figure of the whole catalogue: every entry, its strip, and its numbers."""

import pytest
from matplotlib.text import Text

from sim.errors import UsageError
from sim.policies import catalog
from sim.policies.timeline import STANDARD, WASTED, numbers, timeline
from sim.views import catalogue_plot
from sim.views.figures import style
from sim.words import NS


@pytest.fixture(scope="module")
def figure():
    with style():
        return catalogue_plot.draw()


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_every_entry_has_a_row_with_its_name(figure):
    labels = [label.get_text().removesuffix(" *") for label in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == sorted(catalog.ENTRIES)
    assert labels[-1] == "none"


def test_rows_are_in_the_order_in_which_they_are_well_again():
    closed = [row.line.closed_ns for row in catalogue_plot.rows()][:-1]
    assert closed == sorted(closed)


def test_every_row_tells_what_it_wasted_and_refused(figure):
    shown = texts(figure)
    for row in catalogue_plot.rows():
        found = numbers(row.line)
        assert f"{found['wasted']:,}" in shown
        assert f"{found['refused_good']:,}" in shown


def test_probes_are_marked_where_half_open_ends(figure):
    axes = figure.axes[0]
    marks = {
        (line.get_ydata()[0], line.get_marker()) for line in axes.get_lines() if line.get_marker() in "Xo"
    }
    for y, row in enumerate(catalogue_plot.rows()):
        assert ((y, "o") in marks) == (row.line.closed_ns is not None)
        assert ((y, "X") in marks) == (row.line.trips > 1)


def test_the_outage_is_shaded_and_who_never_opened_says_so(figure):
    lines = {
        x for line in figure.axes[0].get_lines() for x in line.get_xdata() if len(set(line.get_xdata())) == 1
    }
    assert {STANDARD.begins_ns / NS, STANDARD.ends_ns / NS} <= lines
    assert texts(figure).count("never opened") == 1
    assert "every call fails" in texts(figure)


def test_the_caption_says_which_settings_were_used(figure):
    caption = " ".join(texts(figure))
    assert "Default settings" in caption
    assert "sentinel: grade 1" in caption


def test_refusing_differs_from_wasting_in_more_than_colour(figure):
    """Hatched while it protects, plain while it harms; a line when closed, marks for probes."""
    hatched = [bars for bars in figure.axes[0].collections if bars.get_hatch()]
    opened = [row for row in catalogue_plot.rows() if row.line.trips]
    assert len(hatched) >= len(opened)


def test_an_entry_that_does_not_trip_is_shown_as_such():
    """Sentinel's default judges slowness above 1 ms, which is everything: it is open before the outage."""
    with style():
        names = ["none", "pybreaker"]
        assert texts(catalogue_plot.draw(names)).count("never opened") == 1
    assert timeline("sentinel").opened_ns < STANDARD.begins_ns
    assert timeline("none").count(WASTED) == 1000


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_two_draws_are_the_same_bytes(tmp_path, ending):
    once = catalogue_plot.save(tmp_path / f"once.{ending}").read_bytes()
    assert once == catalogue_plot.save(tmp_path / "deeper" / f"again.{ending}").read_bytes()
    assert b"PNG" in once[:8] or b"</svg>" in once


def test_at_readme_size_it_is_about_900_pixels_wide(figure):
    assert 850 <= figure.get_figwidth() * 110 <= 950


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UsageError, match="png or .svg"):
        catalogue_plot.save(tmp_path / "catalogue.jpg")
