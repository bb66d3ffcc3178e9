"""Mistakes in a breaker block: each at its own key, with what to write, and all of them at once."""

import pytest

from sim.errors import InvalidScenario
from sim.scenario import load_text

GOOD = """\
schema: 1
name: breakers
duration: 10s
sources: {{users: {{rate: 5/s, call: web}}}}
services: {{web: {{steps: [work: 1ms]}}}}
edges:
  users -> web:
    breaker: {{{block}}}
"""
LINE, COLUMN = 8, len("    breaker: {") + 1


def problems(block):
    with pytest.raises(InvalidScenario) as caught:
        load_text(GOOD.format(block=block), "f.yaml")
    return caught.value.problems


MISTAKES = [
    # Settings of a library
    ("use: resilience4j, params: {»slidingWindwSize: 9}", "did you mean slidingWindowSize?"),
    ("use: resilience4j, params: {»fail_max: 9}", "no setting 'fail_max': it is one of pybreaker, aiobreaker"),
    ("use: pybreaker, params: {»slidingWindowSize: 9}", "it is one of resilience4j"),
    ("use: pybreaker, params: {»volume: 9}", "it has fail_max, reset_timeout"),
    ("use: consecutive, params: {»volume: 9}", "it has none"),
    ("use: resilience4j, params: {sliding-window-size: »0}", "must be at least 1"),
    ("use: resilience4j, params: {failureRateThreshold: »101}", "must be more than 0 and at most 100"),
    ("use: resilience4j, params: {slidingWindowType: »COUNT}", "none of COUNT_BASED, TIME_BASED"),
    ("use: resilience4j, params: {waitDurationInOpenState: »soon}", "not a duration"),
    ("use: hystrix, params: {circuitBreaker: {requestVolumeThreshold: »-1}}", "must be at least 0"),
    ("use: hystrix, params: {circuitBreaker: {»requestVolumTreshold: 1}}", "did you mean"),
    ("use: hystrix, params: {circuitBreaker.forceOpen: »1}", "neither true nor false"),
    ("use: polly-v8, params: {MinimumThroughput: »1}", "must be at least 2"),
    ("use: polly-v8, params: {BreakDuration: »499ms}", "must be 500ms to 86400s"),
    ("use: polly-v8, params: {BreakDuration: »5}", "5 of what?"),
    ("use: gobreaker, params: {ready_to_trip: »{above: 5}}", "ReadyToTrip is `default`"),
    ("use: fluxgate, params: {tripper: »MinRequest(3)}", "is none of MinRequests"),
    ("use: sentinel, params: {count: 1, timeWindow: 9, statIntervalMs: »120001}", "must be 1 to 120000"),
    ("use: sentinel, params: »{count: 200}", "sentinel has no default for `timeWindow` (open time): write it"),
    ("use: sentinel, params: »{grade: 1, timeWindow: 9}", "no default for `count`"),
    ("use: sentinel, params: »{grade: 1, count: 2, timeWindow: 9}", "count is a ratio of 0..1 with grade 1"),
    ("use: pybreaker, params: {fail_max: »2.5}", "not a whole number"),
    ("use: resilience4j, params: »{enableExponentialBackoff: true, enableRandomizedWait: true}", "exclude each other"),
    # Parts
    ("»windw: consecutive", "did you mean window?"),
    ('window: {count: 9, »sice: 3}', "unknown key 'sice'"),
    ("window: »{}", "a window is `consecutive`"),
    ("window: »{count: 9, time: 3s}", "a window is `consecutive`"),
    ("window: {time: 9s, grid: »epok}", "did you mean epoch?"),
    ("window: »{count: 9, average: 3s}", "a moving average needs the `time`"),
    ("window: {time: 9s, average: »30}, trip: {any: [average_below: 50%]}", "30 of what?"),
    ("window: {time: 9s, average: »3s, by: results}, trip: {any: [average_below: 50%]}", "number of results"),
    ("trip: »{}", "a trip rule needs failures"),
    ("trip: {failures: »0}", "must be at least 1"),
    ("trip: {failures: 5, failure_ratio: »0%}", "must be above 0"),
    ("trip: {any: [»{}]}", "at least one condition"),
    ("trip: {any: [{»streek: 3}]}", "did you mean streak?"),
    ("trip: {failures: 5, percent: »round}", "did you mean rounded?"),
    ("open_for: »{fixed: 5s, list: [1s]}", "open_for is a duration"),
    ("open_for: {fixed: 5s, spread: »evenly}", "not one of added, both, equal"),
    ("expiry: »strickt", "did you mean strict?"),
    ("probe: »{quota: 3, concurrent: 3}", "probe is `single`"),
    ("probe: {quota: »0}", "must be at least 1"),
    ("decide: »{successes: 3, failure_ratio: 50%, after: 5}", "decide is `first`"),
    ("ignored: »gives", "did you mean gives-back?"),
    ("half_open_for: {longest: 5s, then: »half_open}", "not one of closed, open"),
    ("»»failures: [error], ignored_outcomes: [timeout, error]", "error: learned as failure or as nothing"),
    # Parts that contradict each other
    ("trip: {slow_ratio: »50%}, slow: 1s", "a ratio needs a window"),
    ("window: {count: 5}, trip: {failure_ratio: 50%, minimum: »6}", "never holds the minimum of 6"),
    ("window: {count: 5}, trip: {slow_ratio: »50%}", "needs `slow:`"),
    ("window: {count: 5, of: »asked}, trip: {failures: 3}", "`of` is for windows of time"),
    ("window: {count: 5}, trip: {failures: 3, on: »bucket}", "`on: bucket` needs a window of time"),
    ("window: {time: 5s}, trip: {any: »[{average_below: 50%}]}", "needs a window with an `average`"),
    ("probe: {quota: »2}, decide: {successes: 3}", "write quota: 3 or more"),
    ("probe: {quota: »3}, decide: {successes: 3, failures: 2}", "write quota: 4 or more"),
    ("probe: {quota: »4}, decide: {failure_ratio: 50%, after: 5}", "write quota: 5 or more"),
    ("probe: {quota: »4}, decide: trip-rule", "write probe: unbounded or single"),
    ("use: pybreaker, decide: »trip-rule", "decide is `first` or {successes: n}"),
    ("use: pybreaker, decide: {successes: 2, failures: »2}", "leave `failures` out"),
    ("late: started-state, while_open: »ignore", "write while_open: record"),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "words"), MISTAKES, ids=[m[0][:60] for m in MISTAKES])
def test_a_mistake_is_told_at_its_own_key_with_what_to_write(marked, words):
    """The place is marked with »; a mistake of the whole block stands at its beginning."""
    (found,) = problems(marked.replace("»", ""))
    assert words in str(found)
    column = COLUMN - 1 if marked.startswith("»»") else COLUMN + marked.index("»")
    assert (found.file, found.line, found.col) == ("f.yaml", LINE, column)


def test_all_mistakes_of_a_block_are_told_at_once():
    found = problems(
        "use: resilience4j, params: {slidingWindwSize: 9, failure-rate-threshold: 0, fail_max: 3}"
    )
    assert len(found) == 3
    assert [p.col for p in found] == sorted(p.col for p in found)


def test_all_contradictions_are_told_at_once():
    found = problems("trip: {failure_ratio: 50%, on: bucket}, probe: {quota: 2}, decide: {successes: 3}")
    words = " ".join(str(p) for p in found)
    assert len(found) == 3
    assert all(part in words for part in ("a ratio needs", "`on: bucket` needs", "write quota: 3"))


def test_an_average_is_written_back_as_it_was_meant():
    trip = "trip: {any: [{average_below: 50%}]}"
    for average in ("average: 3s", "by: results, average: 30"):
        block = f"window: {{time: 9s, {average}}}, {trip}"
        text = load_text(GOOD.format(block=block), "f.yaml").resolved()
        again = load_text(text, "g.yaml").scenario()
        assert (
            again.edges["users -> web"].breaker
            == load_text(GOOD.format(block=block)).scenario().edges["users -> web"].breaker
        )
