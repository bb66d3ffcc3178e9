"""The grammar of `expect:` and `rank_by:`."""

import pytest

from sim.scenario import expect

LINES = [
    ("success_share during fault < 50%", "", "success_share", "", "during fault", "<", 0.5),
    (
        "none: success_share(users) during fault >= 90%",
        "none",
        "success_share",
        "users",
        "during fault",
        ">=",
        0.9,
    ),
    ("trips(web -> db) >= 1", "", "trips", "web -> db", "", ">=", 1.0),
    ("trips(web->db) == 0", "", "trips", "web -> db", "", "==", 0.0),
    ("p99(users) 10s..30s <= 250ms", "", "p99", "users", "10s..30s", "<=", 0.25),
    ("p99 < 250ms after fault", "", "p99", "", "after fault", "<", 0.25),
    ("goodput > 3/m whole", "", "goodput", "", "whole", ">", 0.05),
    ("S == 6", "", "S", "", "", "==", 6.0),
]


@pytest.mark.parametrize(("text", "variant", "name", "target", "window", "op", "value"), LINES)
def test_lines(text: str, variant: str, name: str, target: str, window: str, op: str, value: float) -> None:
    line = expect.parse_line(text, ("none",))
    measure = line.measure
    assert (line.variant, measure.name, measure.target, measure.window) == (variant, name, target, window)
    assert (line.op, line.value) == (op, value)
    assert expect.parse_measure(str(measure)) == measure


def test_ledger_of_tries() -> None:
    assert expect.parse_measure("tries.N(a -> b)") == expect.Measure("N", "a -> b", "", True)


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [("<", 1, 0, 0), ("<=", 1, 1, 0), (">", 0, 0, 1), (">=", 0, 1, 1), ("==", 0, 1, 0)],
)
def test_sides(op: str, below: int, at: int, above: int) -> None:
    line = expect.parse_line(f"N {op} 2", ())
    assert [line.holds(x) for x in (1, 2, 3)] == [bool(below), bool(at), bool(above)]


@pytest.mark.parametrize(
    "text", ["", "nothing", "N >", "N > > 3", "N (a > 3", "N sometimes > 3", "N 30s..10s > 3", "N > nan"]
)
def test_what_is_no_line(text: str) -> None:
    assert expect.mistakes(text, (), expect.Targets())
