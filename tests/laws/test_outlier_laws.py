"""Laws of host ejection over any settings and any history."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.policies import outlier, outlier_catalog
from sim.policies import outlier_params as o
from sim.words import FOREVER

share = st.sampled_from([0, 1, 30, 50, 99, 100])
percent = st.sampled_from([0, 10, 25, 33, 34, 50, 100])
volume = st.sampled_from([0, 1, 3, 10])
envoy = st.fixed_dictionaries(
    {
        "consecutive_5xx": st.integers(0, 4),
        "enforcing_consecutive_5xx": share,
        "consecutive_gateway_failure": st.integers(0, 3),
        "enforcing_consecutive_gateway_failure": share,
        "enforcing_success_rate": share,
        "success_rate_minimum_hosts": st.integers(0, 4),
        "success_rate_request_volume": volume,
        "success_rate_stdev_factor": st.sampled_from([0, 500, 1900]),
        "enforcing_failure_percentage": share,
        "failure_percentage_minimum_hosts": st.integers(0, 4),
        "failure_percentage_request_volume": volume,
        "failure_percentage_threshold": share,
        "split_external_local_origin_errors": st.booleans(),
        "always_eject_one_host": st.booleans(),
        "max_ejection_percent": percent,
        "max_ejection_time": st.sampled_from(["30s", "65s", "300s"]),
        "max_ejection_time_jitter": st.sampled_from(["0s", "7s"]),
    }
)
grpc = st.fixed_dictionaries(
    {"maxEjectionPercent": percent, "maxEjectionTime": st.sampled_from(["0s", "65s", "300s"])},
    optional={
        "successRateEjection": st.fixed_dictionaries(
            {"minimumHosts": st.integers(0, 4), "requestVolume": volume, "enforcementPercentage": share}
        ),
        "failurePercentageEjection": st.fixed_dictionaries(
            {"minimumHosts": st.integers(0, 4), "requestVolume": volume, "threshold": share}
        ),
    },
)
params = st.one_of(
    envoy.map(lambda s: outlier_catalog.params_from("envoy-outlier-detection", s)),
    grpc.map(lambda s: outlier_catalog.params_from("grpc-outlier-detection", s)),
)
HOSTS = 5


@dataclass(frozen=True)
class Report:
    host: int
    code: int
    times: int


@dataclass(frozen=True)
class Sweep:
    """The next interval is over."""


@dataclass(frozen=True)
class Swap:
    """This host leaves, or joins again."""

    host: int


host = st.integers(0, HOSTS - 1)
code = st.sampled_from([200, 404, 500, 503, o.CONNECTED, o.CONNECT_FAILED, o.TIMED_OUT, o.UNREPORTED])
histories = st.lists(
    st.one_of(
        st.builds(Report, host, code, st.integers(1, 12)),
        st.builds(Report, host, st.just(500), st.integers(1, 12)),
        st.builds(Sweep),
        st.builds(Swap, st.integers(0, 1)),
    ),
    max_size=60,
)
many = settings(max_examples=300, deadline=None)


def play(p, history, after=lambda e, moves: None):
    """The record after a history; sweeps come at whole intervals. `after` each step, with what moved in it."""
    e, now = outlier.new(p, 11, HOSTS), 0
    for step in history:
        if isinstance(step, Report):
            for _ in range(step.times):
                outlier.settle(e, p, now + 1, step.host, step.code)
                after(e, outlier.moves(e))
        elif isinstance(step, Sweep):
            now += p.interval_ns
            outlier.sweep(e, p, now)
        elif e.presents[step.host]:
            outlier.leave(e, step.host)
        else:
            outlier.join(e, step.host)
        after(e, outlier.moves(e))
    return e, now


def state(e):
    return {name: getattr(e, name) for name in e.__slots__}


def lasting(e):
    """What a sweep may change, but for the counters of the completed interval."""
    return {k: repr(v) for k, v in state(e).items() if not k.startswith("judged")}


@many
@given(params, histories)
def test_no_more_hosts_are_out_than_the_limit_lets_go(p, history):
    seen = {"out": 0}

    def look(e, moves):
        if e.out_n > seen["out"]:
            before = 100 * (e.out_n - 1) / e.present_n < p.max_percent
            including = 100 * e.out_n / e.present_n <= p.max_percent
            allowed = before if p.limit == o.LIMIT_BEFORE else including
            assert allowed or (p.always_one and e.out_n == 1)
        seen.update(out=e.out_n)

    play(p, history, look)


@many
@given(params, histories)
def test_the_sums_are_those_of_the_hosts_and_nobody_is_out_who_is_not_there(p, history):
    def look(e, moves):
        assert e.out_n == sum(e.outs)
        assert e.raised == sum(e.multipliers)
        assert e.present_n == sum(e.presents)
        assert e.counted == sum(e.totals)
        assert all(present or not out for present, out in zip(e.presents, e.outs, strict=True))
        assert all(k >= out for k, out in zip(e.multipliers, e.outs, strict=True))

    play(p, history, look)


@many
@given(params, histories)
def test_every_ejected_host_returns_when_sweeps_go_on(p, history):
    e, now = play(p, history)
    longest = p.max_ns + p.jitter_ns
    for k in range(1, (longest // p.interval_ns) + 3):
        outlier.sweep(e, p, now + k * p.interval_ns)
        outlier.moves(e)
    assert e.outs == [0] * HOSTS


@many
@given(params, histories)
def test_the_same_history_leaves_the_same_state(p, history):
    assert state(play(p, history)[0]) == state(play(p, history)[0])


@many
@given(params, histories)
def test_a_sweep_that_is_not_due_changes_nothing(p, history):
    e, now = play(p, history)
    if outlier.due(e, p, now) == FOREVER:
        before = lasting(e)
        outlier.sweep(e, p, now + p.interval_ns)
        assert lasting(e) == before


@many
@given(params, histories)
def test_sweeps_come_to_an_end(p, history):
    e, now = play(p, history)
    for _ in range(sum(e.multipliers) + 100):
        now = min(outlier.due(e, p, now), FOREVER)
        if now == FOREVER:
            break
        outlier.sweep(e, p, now)
        outlier.moves(e)
    assert now == FOREVER


@many
@given(params, histories)
def test_every_move_is_told_once(p, history):
    out = [0] * HOSTS

    def look(e, moves):
        for who, cause, n, failures in moves:
            returns = cause in (o.BY_TIME, o.BY_LEAVING)
            assert out[who] == returns
            out[who] = not returns
            assert 0 <= failures <= n
        assert out == e.outs

    play(p, history, look)
