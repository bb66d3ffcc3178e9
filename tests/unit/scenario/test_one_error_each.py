"""One mistake is one error, with its place and what to write."""

import pytest

from sim.errors import InvalidScenario
from sim.scenario import load_text

FILE = """\
name: small
duration: 10s
sources: {{users: {{rate: {rate}, {calls}}}}}
services: {{web: {{steps: [{{call: {callee}}}]}}, db: {{endpoints: {{a: {{steps: []}}, b: {{steps: []}}}}}}}}
edges: {{web -> db: {{timeout: 1s}}}}
watch: [web -> db]
faults: [{{cut: {{edge: web -> db}}, at: 2s, for: 2s}}]
rank_by: p99(web -> db)
expect: ["success_share(web -> db) > 10%"]
"""


def text(rate="10/s", calls="call: web", callee="db.a"):
    return FILE.format(rate=rate, calls=calls, callee=callee)


def the_error(given):
    with pytest.raises(InvalidScenario) as caught:
        load_text(given, "f.yaml")
    (problem,) = caught.value.problems
    assert problem.line
    assert problem.col
    return str(problem)


def test_the_file_is_fine_without_a_mistake():
    assert load_text(text(), "f.yaml").warnings == []


@pytest.mark.parametrize("callee", ["dbx", "dbx.a", "db.c", "db"])
def test_an_unknown_callee_is_one_error(callee):
    """Not one more for each place that names the edge it would have made."""
    assert repr(callee) in the_error(text(callee=callee))


def test_an_unknown_callee_of_a_source_is_one_error():
    given = text(calls="call: wep").replace("web -> db: {timeout: 1s}", "users -> web: {timeout: 1s}")
    assert "did you mean web?" in the_error(given)


def test_a_wrong_edge_is_still_an_error_where_all_callees_are_known():
    assert "no edge is called 'db -> web'" in the_error(
        text().replace("watch: [web", "watch: [db -> web, web")
    )


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ("{web: 70%, db.a: 40%}", ["add up to 110%", "{web: 70, db.a: 40}"]),
        ("{web: 30%, db.a: 30%}", ["add up to 60%"]),
        ("{web: 0%, db.a: 0%}", ["add up to 0%"]),
        ("{web: 50%, db.a: 1}", ["web has a percentage, db.a a plain number"]),
    ],
)
def test_percentages_of_a_mix_are_of_one_whole(mix, words):
    found = the_error(text(calls=f"mix: {mix}"))
    assert "sources.users.mix" in found
    assert all(word in found for word in words)


@pytest.mark.parametrize("mix", ["{web: 70%, db.a: 30%}", "{web: 33.33%, db.a: 66.66%}", "{web: 7, db.a: 4}"])
def test_a_mix_that_is_whole_or_of_plain_weights_holds(mix):
    assert load_text(text(calls=f"mix: {mix}"), "f.yaml").scenario().sources["users"].mix


@pytest.mark.parametrize(
    "rate",
    [
        "0/s", "[[0s, 0/s], [5s, 0/s]]", "{ramp: {from: 0/s, to: 0/s, over: 2s}}",
        "{step: {from: 0/s, to: 0/s, at: 2s}}", "{spike: {base: 0/s, peak: 0/s, at: 1s, for: 1s}}",
        "{sine: {mean: 0/s, amplitude: 0/s, period: 5s}}", "{step: {from: 0/s, to: 5/s, at: 10s}}",
    ],
)  # fmt: skip
def test_a_source_that_never_sends_is_an_error(rate):
    found = the_error(text(rate))
    assert "sources.users.rate" in found
    assert "0/s" in found


@pytest.mark.parametrize(
    "rate",
    [
        "[[0s, 0/s], [5s, 1/s]]", "{ramp: {from: 0/s, to: 2/s, over: 2s}}",
        "{step: {from: 0/s, to: 5/s, at: 2s}}", "{spike: {base: 0/s, peak: 3/s, at: 1s, for: 1s}}",
    ],
)  # fmt: skip
def test_a_source_that_sends_later_holds(rate):
    assert load_text(text(rate), "f.yaml")
    assert load_text(text(rate).replace("duration: 10s", "requests: 5"), "f.yaml")
