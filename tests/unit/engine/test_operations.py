"""Breakers moved by hand at scheduled instants."""

import pytest

from sim import load, run
from sim.errors import InvalidScenario, UsageError

SCENARIO = """
schema: 1
name: by-hand
duration: 10s
sources: {{users: {{rate: 100/s, arrivals: deterministic, call: web}}}}
services:
  web: {{steps: [work: 1ms], error_rate: {errors}}}
edges:
  users -> web: {{breaker: {{use: consecutive, open_for: 1s}}}}
{operations}
"""


@pytest.fixture
def written(tmp_path):
    """Writes a scenario file and loads it."""

    def write(text, **options):
        file = tmp_path / "by-hand.yaml"
        file.write_text(text)
        return load(str(file), **options)

    return write


def played(written, *operations, errors="0%", extra=""):
    each = "\n".join(f"  - {{do: {do}, edge: users -> web, at: {at}}}" for do, at in operations)
    lines = f"operations:\n{each}" if each else ""
    return run(written(SCENARIO.format(operations=lines, errors=errors) + extra), seed=1)


def moves(result):
    frame = result.frame("breakers")
    return [(round(row.time_s, 3), row["to"], row.cause) for _, row in frame.iterrows()]


def test_forced_open_refuses_until_the_reset_and_is_no_trip(written):
    result = played(written, ("force_open", "2s"), ("reset", "5s"))
    assert result.measure("success_share 2s..5s") == 0.0
    assert result.measure("success_share 5s..10s") == 1.0
    assert result.measure("trips") == 0
    assert moves(result) == [(2.0, "forced_open", "forced"), (5.0, "closed", "forced")]


def test_open_goes_on_by_itself(written):
    result = played(written, ("open", "2s"))
    assert [to for _, to, _ in moves(result)] == ["open", "half_open", "closed"]
    assert result.measure("trips") == 0


def test_disabled_admits_what_it_would_have_refused(written):
    assert played(written, errors="100%").measure("trips") > 0
    assert played(written, ("disable", "0s"), errors="100%").measure("trips") == 0


def test_metrics_only_learns_and_never_trips(written):
    assert played(written, ("metrics_only", "0s"), errors="100%").measure("trips") == 0


def test_a_copy_that_comes_into_being_later_is_held_too(written):
    restart = "faults: [{stop: {service: web}, at: 1s, for: 1s}]\n"
    result = played(written, ("force_open", "0s"), extra=restart)
    assert result.measure("success_share") == 0.0


def test_an_operation_on_what_is_not_there_says_where(written):
    with pytest.raises(InvalidScenario, match=r":\d+:\d+: .*no edge is called"):
        written(
            SCENARIO.format(operations="operations: [{do: reset, edge: users -> db, at: 1s}]", errors="0%")
        )


def test_a_class_that_cannot_be_forced_says_so(written, tmp_path):
    plugin = tmp_path / "plain.py"
    plugin.write_text(
        "from sim.policies.plugins import breaker\n"
        "@breaker('plain')\nclass Plain:\n"
        "    def admit(self, now_ns): return 1\n"
        "    def settle(self, now_ns, ticket, outcome): pass\n"
    )
    text = SCENARIO.format(operations="operations: [{do: reset, edge: users -> web, at: 1s}]", errors="0%")
    text = text.replace("use: consecutive, open_for: 1s", "use: plain")
    with pytest.raises(UsageError, match=r"has no force\(now_ns, state\)"):
        run(written(text, plugin=[plugin]), seed=1)


def test_an_operation_on_an_edge_without_a_breaker_is_warned_of(written):
    text = SCENARIO.format(operations="operations: [{do: reset, edge: users -> web, at: 1s}]", errors="0%")
    loaded = written(text.replace("breaker: {use: consecutive, open_for: 1s}", "timeout: 1s")).loaded
    assert any("users -> web has no breaker to move" in str(w) for w in loaded.warnings)
