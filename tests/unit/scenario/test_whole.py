"""What only the whole file shows: names, circles, deadlines, breakers that cannot trip, overload."""

import pytest

from sim.errors import InvalidScenario
from sim.scenario import load_text

BASE = """\
name: whole
duration: 100s
sources: {users: {rate: 50/s, call: a, network: 1ms}}
services:
  a: {slots: 10, steps: [{work: 1ms}, {call: b, cache: c}, {call: b}]}
  b: {replicas: 2, slots: 2, steps: [{work: 5ms}]}
caches: {c: {keys: 10}}
edges:
  a -> b: {timeout: 500ms, breaker: consecutive}
faults:
  - {slow: {service: b, times: 2}, at: 10s, for: 10s}
expect: ["success_share(users) during fault > 50%"]
"""

ERRORS = [
    ("{call: b}]", "{call: a}]", "this call never ends: a.main -> a.main"),
    ("[{work: 5ms}]", "[{work: 5ms}, {call: a}]", "never ends: a.main -> b.main -> a.main"),
    ("[{work: 5ms}]", "[{call: b, probability: 60%, repeat: 2}]", "one more or more on average"),
    ("{call: b}]", "{call: bb}]", "no endpoint is called 'bb'; did you mean b?"),
    ("call: a,", "call: aa,", "no endpoint is called 'aa'; did you mean a?"),
    ("cache: c}", "cache: cc}", "no cache is called 'cc'; did you mean c?"),
    ("a -> b:", "a -> bb:", "no edge is called 'a -> bb'; did you mean a -> b?"),
    ("a -> b:", "b -> a:", "no edge is called 'b -> a'"),
    ("{service: b, times: 2}", "{service: bb, times: 2}", "no service is called 'bb'"),
    ("{service: b, times: 2}", "{endpoint: b.man, times: 2}", "did you mean b.main?"),
    ("{service: b, times: 2}", '{replica: "b[2]", times: 2}', "b has replicas 0 to 1"),
    ("{service: b, times: 2}", "{replica: b, times: 2}", "is not a replica; write"),
    ("slow: {service: b, times: 2}", "stop: {endpoint: b.main}", "whole replicas, with all their endpoints"),
    ("slow: {service: b, times: 2}", "freeze: {service: a, endpoint: b}", "write service or replica"),
    ("slow: {service: b, times: 2}", "stop: {}", "a fault needs a target: service or replica"),
    ("slow: {service: b, times: 2}", "fail: {}", "a target: service, endpoint or replica"),
    ("slow: {service: b, times: 2}", "cut: {edge: users -> b}", "no edge is called 'users -> b'"),
    ("slow: {service: b, times: 2}", "surge: {source: user, times: 2}", "did you mean users?"),
    ("slow: {service: b, times: 2}", "flush: {cache: d}", "no cache is called 'd'"),
    ("at: 10s", "at: 100s", "begins after the run has ended"),
    (
        "timeout: 500ms",
        "timeout: 500ms, deadline: 100ms",
        "timeout of 500ms is longer than the deadline of 100ms",
    ),
    ("network: 1ms", "policies: {deadline: 100ms}", "timeout of 500ms is longer than the deadline of 100ms"),
    ("success_share(users)", "succes_share(users)", "did you mean success_share?"),
    ("success_share(users)", "success_share(usrs)", "'usrs' names nothing here; did you mean 'users'?"),
    ("success_share(users)", "failing_bystanders(users)", "it takes neither target nor window"),
    ("during fault", "during falt", "'during falt' is not a window"),
    ("> 50%", "", "compares nothing"),
    ("> 50%", "> much", "not a duration"),
    ('"success', '"none: success', "no variant is called 'none'"),
    ("duration: 100s\n", "", "a scenario needs an end"),
    ("edges:", "rank_by: nothing_here\nedges:", "no measure is called 'nothing_here'"),
    ("edges:", "watch: [a -> c]\nedges:", "no edge is called 'a -> c'"),
    ("rate: 50/s", "rate: {replay: none.csv}", "none.csv is not there"),
]


@pytest.mark.parametrize(
    ("old", "new", "words"), ERRORS, ids=[f"{e[1][:30]}-{i}" for i, e in enumerate(ERRORS)]
)
def test_errors(old: str, new: str, words: str) -> None:
    assert old in BASE
    with pytest.raises(InvalidScenario) as caught:
        load_text(BASE.replace(old, new, 1), "f.yaml")
    assert words in str(caught.value)
    assert all(p.line and p.col for p in caught.value.problems)


FINE = [
    ("{call: b}]", "{call: a, probability: 50%}]"),
    ("[{work: 5ms}]", "[{call: b, probability: 40%, repeat: 2}]"),
    ("network: 1ms", "policies: {deadline: 100ms, timeout: 50ms}, network: 1ms"),
    ("timeout: 500ms", "timeout: 500ms, deadline: 600ms"),
    ('"success', '"tries.N(a -> b) 10s..20s > 3", "p99 < 250ms", "trips(a -> b) >= 0", "success'),
    ("service: b,", 'replica: "b[0..1]",'),
]


@pytest.mark.parametrize(("old", "new"), FINE[:2] + FINE[3:])
def test_what_is_fine_is_fine(old: str, new: str) -> None:
    assert old in BASE
    assert load_text(BASE.replace(old, new, 1), "f.yaml").warnings == []


WARNINGS = [
    ("rate: 50/s", "rate: 1000/s", "b is offered 125%"),
    (
        "breaker: consecutive",
        "breaker: {use: time-window, trip: {failure_ratio: 50%, minimum: 9000}}",
        "cannot trip",
    ),
    (
        "breaker: consecutive",
        "breaker: {window: {count: 9000}, trip: {failure_ratio: 50%, minimum: 9000}}",
        "in the whole run",
    ),
    ("edges:", "policies: {deadline: 100ms, timeout: 1s}\nedges:", "longer than the deadline of 100ms"),
]


@pytest.mark.parametrize(("old", "new", "words"), WARNINGS[:3])
def test_warnings(old: str, new: str, words: str) -> None:
    (warning,) = load_text(BASE.replace(old, new, 1), "f.yaml").warnings
    assert words in str(warning)
    assert warning.line


def test_a_breaker_per_copy_sees_only_its_share() -> None:
    """50 calls/s are enough for one caller, not for a hundred with a copy each."""
    text = BASE.replace("breaker: consecutive", "breaker: time-window")
    assert load_text(text, "f.yaml").warnings == []
    many = text.replace("a: {slots: 10", "a: {replicas: 100, slots: 10")
    assert "cannot trip" in str(load_text(many, "f.yaml").warnings[0])
    shared = many.replace("breaker: time-window", "breaker: {use: time-window, copies: shared}")
    assert load_text(shared, "f.yaml").warnings == []


def test_a_deadline_on_one_way_only_leaves_the_timeout_its_use() -> None:
    both = BASE.replace(
        "sources: {users: {rate: 50/s, call: a, network: 1ms}}",
        "sources: {users: {rate: 5/s, call: a, policies: {deadline: 100ms}}, robots: {rate: 5/s, call: a}}",
    )
    assert load_text(both, "f.yaml").warnings == []


def test_a_surge_of_a_closed_loop_is_refused() -> None:
    """It would change nothing: users have no rate."""
    surge = BASE.replace("slow: {service: b, times: 2}", "surge: {source: users, times: 2}")
    assert load_text(surge, "f.yaml").warnings == []
    with pytest.raises(InvalidScenario, match="closed loop"):
        load_text(surge.replace("rate: 50/s", "users: 5", 1), "f.yaml")


SHARED = """\
name: shared
duration: 10s
sources: {users: {mix: {a: 1, c: 1}, rate: 5/s}}
services:
  a: {steps: [{call: b}]}
  b: {slots: 2, steps: [{work: 5ms}]}
  c: {steps: [{call: b}]}
edges:
  a -> b: {breaker: {use: consecutive, place: gateway}, timeout: 1s, bulkhead: 9}
  c -> b: {breaker: {use: consecutive, place: gateway}, timeout: 1s, bulkhead: 9}
"""


def test_callers_that_say_the_same_share_a_gateway() -> None:
    assert load_text(SHARED, "f.yaml").warnings == []
    retries = SHARED.replace("c -> b: {", "c -> b: {retry: 2, deadline: 2s, ")  # above the breaker: its own
    assert load_text(retries, "f.yaml").warnings == []
    library = SHARED.replace(
        "  c -> b: {breaker: {use: consecutive, place: gateway}", "  c -> b: {breaker: none"
    )
    assert load_text(library, "f.yaml").warnings == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("place: gateway", "place: {gateway: {slots: 3}}"),
        ("place: gateway", "place: {gateway: {queue: 3}}"),
        ("use: consecutive", "use: consecutive, open_for: 9s"),
        ("timeout: 1s", "timeout: 2s"),
        ("bulkhead: 9", "bulkhead: 8"),
        (", bulkhead: 9", ""),
    ],
)
@pytest.mark.parametrize("edge", ["a -> b", "c -> b"])
def test_callers_that_say_different_things_about_one_gateway_are_told(old: str, new: str, edge: str) -> None:
    """One of them would be lost without a word."""
    before, line, after = SHARED.partition(f"  {edge}: ")
    with pytest.raises(InvalidScenario) as caught:
        load_text(before + line + after.replace(old, new, 1), "f.yaml")
    (problem,) = caught.value.problems
    assert "a.main -> b and c.main -> b go through one gateway" in problem.message
    assert "services.b.policies" in problem.message
    assert problem.line == 10
    # Written once, at the callee, it holds for both.
    text = SHARED.partition("edges:")[0].replace(
        "b: {slots: 2,", f"b: {{policies: {line and after.splitlines()[0].replace(old, new, 1)}, slots: 2,"
    )
    assert load_text(text, "f.yaml").warnings == []


ENDS = """\
name: ends
successes: 10
sources: {users: {rate: 5/s, call: a}}
services:
  a: {steps: [{call: b}]}
  b: {steps: [{call: c}]}
  c: {error_rate: 100%, steps: [{work: 5ms}]}
  d: {steps: [{work: 5ms}]}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("{call: b}", "{parallel: [[{call: b}], [{call: d}]]}"),
        ("{call: b}", "{parallel: [[{call: b}], [{call: c}], [{call: d}]], first: 2}"),
        ("{call: b}", "{call: b, policies: {retry: 3}}"),
    ],
)
def test_a_number_of_successes_that_can_never_be_is_refused(old: str, new: str) -> None:
    with pytest.raises(InvalidScenario, match="every attempt fails") as caught:
        load_text(ENDS.replace(old, new, 1), "f.yaml")
    assert [p.line for p in caught.value.problems] == [2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("successes: 10", "successes: 10\nduration: 9s"),
        ("successes: 10", "requests: 10"),
        ("100%", "99%"),
        ("{call: b}", "{call: b, optional: true}"),
        ("{call: b}", "{call: b, wait: false}"),
        ("{call: c}", "{call: c, probability: 90%}"),
        ("{call: c}", "{call: c, policies: {fallback: true}}"),
        ("{call: b}", "{parallel: [[{call: b}], [{call: d}]], first: 1}"),
        ("call: a}", "mix: {a: 9, d: 1}}"),
        ("call: a}", "call: a, policies: {fallback: true}}"),
    ],
)
def test_a_number_of_successes_that_can_be_is_none_of_our_business(old: str, new: str) -> None:
    assert old in ENDS
    assert load_text(ENDS.replace(old, new, 1), "f.yaml").scenario()
