"""No text of a figure is cut at its edge, or runs into the title."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from sim import compare, load, run
from sim.views.figures import FIGURES, style

NAME = "a-shop-whose-name-is-as-long-as-somebody-wrote-it-who-thought-of-no-figure"
EDGES = 9
SCENARIO = f"""
name: {NAME}
duration: 12s
warmup: 2s
sources: {{the-users-of-the-shop: {{rate: 40/s, call: front}}}}
services:
  front:
    slots: 4
    queue: 40
    steps: [{", ".join(f"{{call: backend-number-{i}}}" for i in range(EDGES))}]
{
    "".join(
        f'''  backend-number-{i}: {{slots: 2, steps: [{{work: 2ms}}]}}
'''
        for i in range(EDGES)
    )
}
edges: {{front -> backend-number-1: {{timeout: 300ms}}}}
faults: [{{hang: {{service: backend-number-1}}, at: 4s, for: 4s}}]
variants:
  none: {{}}
  breaker: {{edges: {{front -> backend-number-1: {{breaker: {{use: consecutive, open_for: 1s}}}}}}}}
rank_by: success_share(the-users-of-the-shop -> front) during fault
expect:
  - "none: degraded(front -> backend-number-1) during fault >= 0"
  - "breaker: degraded(front -> backend-number-1) during fault >= 0"
"""
TWO = """
name: two
duration: 12s
warmup: 2s
sources: {users: {rate: 40/s, call: web}}
services: {web: {slots: 4, steps: [{call: db}]}, db: {steps: [{work: 2ms}]}}
edges: {web -> db: {timeout: 300ms}}
faults: [{hang: {service: db}, at: 4s, for: 4s}]
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 1s}}}}
"""


@pytest.fixture(scope="module", params=[SCENARIO, TWO], ids=["many edges and long names", "two services"])
def scenario(request, tmp_path_factory):
    file = tmp_path_factory.mktemp("cut") / "s.yaml"
    file.write_text(request.param)
    return load(file)


@pytest.fixture(scope="module")
def ran(scenario):
    return run(scenario, seed=1, variant="breaker")


def assert_nothing_is_cut(figure):
    with style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    renderer = canvas.get_renderer()
    page = figure.bbox
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert texts
    for text in texts:
        box = text.get_window_extent(renderer)
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1
        ticks = any(text in (*a.get_xticklabels(), *a.get_yticklabels()) for a in figure.axes)
        assert inside or ticks, f"{text.get_text()!r} is cut"  # a tick beyond the axis is not drawn
    heading = figure._suptitle.get_window_extent(renderer)
    for ax in figure.axes:
        for text in (ax.title, ax._left_title, *ax.texts):
            if text.get_text():
                assert not heading.overlaps(text.get_window_extent(renderer)), text.get_text()


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_of_a_run_is_cut(ran, name):
    assert_nothing_is_cut(ran.plot(name))


def test_no_text_of_a_figure_of_a_comparison_is_cut(scenario):
    assert_nothing_is_cut(compare(scenario, [1, 2]).plot("comparison"))
    slots = "services.front.slots=2,4" if scenario.name == NAME else "services.web.slots=2,4"
    assert_nothing_is_cut(compare(scenario, [1], vary=slots).plot("curve"))
