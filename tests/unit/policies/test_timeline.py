"""A breaker in an outage: the laws of every timeline, and what the libraries' own settings come to."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.policies import catalog
from sim.policies.options import OptionError
from sim.policies.timeline import (
    FATES,
    GOOD,
    REFUSED_BAD,
    REFUSED_GOOD,
    STANDARD,
    WASTED,
    Outage,
    numbers,
    opening_at_rate,
    opening_at_share,
    timeline,
)
from sim.words import CLOSED, FORCED_OPEN, HALF_OPEN, NS, OPEN

MS = NS // 1000
names = st.sampled_from(sorted(catalog.ENTRIES))


@st.composite
def outages(draw):
    """Any outage of some seconds; latencies longer than the gap between calls included."""
    begins = draw(st.integers(0, 15)) * NS // 2
    ends = begins + draw(st.integers(0, 30)) * NS // 2
    return Outage(
        rate_per_s=draw(st.sampled_from([0.5, 3.0, 20.0, 50.0])),
        latency_ns=draw(st.integers(0, 300)) * MS,
        begins_ns=begins,
        ends_ns=ends,
        until_ns=ends + draw(st.integers(0, 80)) * NS,
        share=draw(st.sampled_from([0.2, 0.6, 1.0])),
        key=draw(st.integers(1, 9)),
    )


def example(name):
    return dict(catalog.ENTRIES[name].example)


@given(names, outages())
@settings(max_examples=150, deadline=None)
def test_every_call_has_one_fate_and_it_is_that_of_its_instant(name, outage):
    line = timeline(name, example(name), outage)
    calls = math.ceil(outage.until_ns / round(NS / outage.rate_per_s))
    assert len(line.at_ns) == len(line.fates) == calls
    assert sum(line.count(fate) for fate in range(len(FATES))) == calls
    for number, (now, fate) in enumerate(zip(line.at_ns, line.fates, strict=True)):
        assert (fate in (WASTED, REFUSED_BAD)) == outage.fails(number, now)


@given(names, outages())
@settings(max_examples=150, deadline=None)
def test_states_follow_each_other_without_a_gap(name, outage):
    line = timeline(name, example(name), outage)
    assert line.spans[0].start_ns == 0
    assert line.spans[-1].end_ns == outage.until_ns
    for one, two in zip(line.spans, line.spans[1:], strict=False):
        assert one.start_ns <= one.end_ns == two.start_ns
        assert one.state != two.state


@given(names, outages())
@settings(max_examples=150, deadline=None)
def test_open_refuses_and_closed_admits(name, outage):
    """Inside a span, that is; at its ends the order of events of one instant decides."""
    line = timeline(name, example(name), outage)
    for span in line.spans:
        inside = {
            fate
            for now, fate in zip(line.at_ns, line.fates, strict=True)
            if span.start_ns < now < span.end_ns
        }
        if span.state == OPEN:
            assert inside <= {REFUSED_GOOD, REFUSED_BAD}
        if span.state == CLOSED:
            assert inside <= {GOOD, WASTED}
    sent = {line.at_ns[number] for number in line.probes}
    half_open = [(span.start_ns, span.end_ns) for span in line.spans if span.state == HALF_OPEN]
    assert all(any(a <= now <= b for a, b in half_open) for now in sent)


@given(names, outages())
@settings(max_examples=40, deadline=None)
def test_the_same_outage_gives_the_same_timeline(name, outage):
    assert timeline(name, example(name), outage) == timeline(name, example(name), outage)


@given(names, outages())
@settings(max_examples=60, deadline=None)
def test_until_open_is_the_beginning_of_the_whole(name, outage):
    whole = timeline(name, example(name), outage)
    first = timeline(name, example(name), outage, until_open=True)
    assert first.fates == whole.fates[: len(first.fates)]
    if whole.spans[0].end_ns < outage.until_ns - NS / outage.rate_per_s:
        assert first.opened_ns == whole.opened_ns or first.spans[1:2] == []


@pytest.mark.parametrize("name", sorted(catalog.ENTRIES))
def test_all_but_the_baseline_open_in_the_standard_outage_and_are_closed_at_its_end(name):
    line = timeline(name, example(name))
    assert (line.opened_ns is None) == (name == "none")
    assert (line.closed_ns is None) == (name == "none")
    assert line.spans[-1].state == CLOSED
    if name != "none":
        assert STANDARD.begins_ns < line.opened_ns < STANDARD.ends_ns < line.closed_ns
        assert line.opened_ns < line.at_ns[line.probes[0]] == line.probed_ns <= line.closed_ns


def test_without_a_breaker_everything_is_sent():
    found = numbers(timeline("none"))
    assert (found["good"], found["wasted"], found["refused_good"], found["refused_bad"]) == (3000, 1000, 0, 0)


@pytest.mark.parametrize(
    ("name", "wasted", "opened", "closed"),
    [
        ("failsafe", 1, 0.02, 40.04),  # one failure opens it; 60 s
        ("polly-v7-consecutive", 2, 0.04, 40.06),
        ("circuitbreaker", 5, 0.10, 10.12),  # 30 s, inclusive
        ("purgatory", 5, 0.10, 10.14),  # 30 s, strict: one call later
        ("gobreaker", 6, 0.12, 40.16),  # above 5; 60 s, strict
        ("resilience4j", 50, 1.00, 41.22),  # 50 % of 100; 10 probes, one after the other
    ],
)
def test_what_the_defaults_come_to_by_hand(name, wasted, opened, closed):
    found = numbers(timeline(name))
    assert (found["wasted"], found["opened_after_s"], found["closed_after_s"]) == (wasted, opened, closed)


def test_a_count_of_failures_opens_after_so_many_at_any_rate():
    assert [opening_at_rate("pybreaker", {}, rate)[1] for rate in (50.0, 3.0, 1.0)] == [5, 5, 5]


def test_a_window_of_time_never_opens_below_its_rate():
    """Polly 8: 100 calls in 30 s. 3.5 calls a second are enough, 3 are not."""
    assert math.isfinite(opening_at_rate("polly-v8", {}, 3.5)[0])
    assert opening_at_rate("polly-v8", {}, 3.0) == (math.inf, 900)


def test_a_ratio_opens_at_its_share_and_not_well_below():
    assert opening_at_share("resilience4j", {}, 0.3) == math.inf
    assert math.isfinite(opening_at_share("resilience4j", {"failureRateThreshold": 25}, 0.3))


def test_settings_are_the_librarys_own():
    assert timeline("pybreaker", {"fail_max": 2}).count(WASTED) == 2
    with pytest.raises(OptionError, match="fail_max"):
        timeline("pybreaker", {"fail_maks": 2})


def test_what_is_forced_open_refuses_everything():
    line = timeline("hystrix", {"circuitBreaker.forceOpen": True})
    assert {span.state for span in line.spans} == {FORCED_OPEN}
    assert line.count(REFUSED_GOOD) + line.count(REFUSED_BAD) == len(line.fates)
    assert line.trips == 0
