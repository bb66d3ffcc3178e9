"""gRPC's outlier detection (A50) where it differs from Envoy's: order, strictness, limit, decay."""

import pytest

from sim.policies import outlier, outlier_catalog
from sim.policies.outlier_subject import SUBJECTS
from sim.words import NS

RATE = {"successRateEjection": {}, "maxEjectionPercent": 100}
PERCENTAGE = {"failurePercentageEjection": {}, "maxEjectionPercent": 100}


class Play:
    """One record of gRPC's ejector."""

    def __init__(self, hosts, **settings):
        self.p = outlier_catalog.params_from("grpc-outlier-detection", settings)
        self.e = outlier.new(self.p, 7, hosts)

    def interval(self, ends, rates, n=100):
        """So many good calls of n of each host, then the sweep."""
        for host, good in enumerate(rates):
            for i in range(n):
                outlier.report(self.e, self.p, 0, host, 200 if i < good else 500)
        return self.sweep(ends)

    def sweep(self, t):
        outlier.sweep(self.e, self.p, round(t * NS))
        outlier.moves(self.e)
        return [h for h in range(self.e.hosts) if outlier.ejected(self.e, h)]


def test_nothing_runs_without_its_block():
    play = Play(5, maxEjectionPercent=100)
    assert play.interval(10, [0, 100, 100, 100, 100]) == []
    assert outlier_catalog.idle(play.p, 5)


def test_there_is_no_run_of_failures():
    play = Play(5, **RATE)
    for _ in range(90):
        outlier.report(play.e, play.p, 0, 0, 500)
    assert play.sweep(10) == []


def test_the_worked_example_of_the_success_rate():
    assert Play(5, **RATE).interval(10, [50, 100, 100, 100, 100]) == [0]


@pytest.mark.parametrize(("good", "gone"), [(16, []), (15, []), (14, [0])])
def test_a_failure_percentage_at_the_threshold_stays(good, gone):
    assert Play(5, **PERCENTAGE).interval(10, [good, 100, 100, 100, 100]) == gone


@pytest.mark.parametrize(("n", "gone"), [(49, []), (50, [0])])
def test_percentages_need_fifty_calls(n, gone):
    assert Play(5, **PERCENTAGE).interval(10, [0, n, n, n, n], n=n) == gone


def test_one_host_can_always_go_for_the_limit_is_compared_before():
    play = Play(5, failurePercentageEjection={}, maxEjectionPercent=10)
    assert play.interval(10, [0, 0, 100, 100, 100]) == [0]
    play = Play(5, failurePercentageEjection={}, maxEjectionPercent=20)
    assert play.interval(10, [0, 0, 100, 100, 100]) == [0]
    play = Play(5, failurePercentageEjection={}, maxEjectionPercent=21)
    assert play.interval(10, [0, 0, 0, 100, 100]) == [0, 1]
    play = Play(5, failurePercentageEjection={}, maxEjectionPercent=0)
    assert play.interval(10, [0, 0, 100, 100, 100]) == []


def test_the_return_is_strict():
    play = Play(5, **PERCENTAGE)
    assert play.interval(10, [0, 100, 100, 100, 100]) == [0]
    assert play.sweep(40) == [0]
    assert play.sweep(40.000000001) == []


def test_a_sweep_ejects_before_it_returns_anybody():
    """Host 0 is due to return in the sweep in which host 1 is judged: its place is still taken."""
    play = Play(5, failurePercentageEjection={}, maxEjectionPercent=20)
    play.interval(10, [0, 100, 100, 100, 100])
    assert play.interval(41, [100, 0, 100, 100, 100]) == []
    assert play.interval(42, [100, 0, 100, 100, 100]) == [1]


def test_the_multiplier_shrinks_at_the_first_sweep_that_finds_the_host_back():
    play = Play(5, **PERCENTAGE)
    play.interval(10, [0, 100, 100, 100, 100])
    play.sweep(41)
    assert play.e.multipliers[0] == 1
    play.sweep(42)
    assert play.e.multipliers[0] == 0


def test_the_ejection_time_is_capped_and_its_multiplier_is_not():
    play = Play(5, **PERCENTAGE, baseEjectionTime="10s", maxEjectionTime="25s")
    lengths, t = [], 10.0
    for _ in range(5):
        assert play.interval(t, [0, 100, 100, 100, 100]) == [0]
        lengths.append(play.e.length_ns[0] // NS)
        t += play.e.length_ns[0] / NS + 1
        assert play.sweep(t) == []
    assert lengths == [10, 20, 25, 25, 25]
    assert play.e.multipliers[0] == 5


def test_the_longest_ejection_is_at_least_the_base_one():
    play = Play(5, **PERCENTAGE, baseEjectionTime="30s", maxEjectionTime="1s")
    play.interval(10, [0, 100, 100, 100, 100])
    assert play.e.length_ns[0] == 30 * NS


def test_hosts_that_are_out_are_judged_with_the_others_and_go_anew():
    play = Play(5, **PERCENTAGE)
    play.interval(10, [0, 100, 100, 100, 100])
    assert play.interval(20, [0, 100, 100, 100, 100]) == [0]
    assert (play.e.multipliers[0], play.e.ejected_at[0], play.e.out_n) == (2, 20 * NS, 1)
    assert play.sweep(41) == [0]


def test_there_is_no_panic():
    play = Play(5, **PERCENTAGE)
    assert not any(outlier.panics(play.e, play.p, healthy) for healthy in range(6))


def test_a_status_that_is_not_ok_is_a_failure_whatever_it_is():
    subject = SUBJECTS["grpc-outlier-detection"]({"hosts": list("abcde"), **PERCENTAGE})
    for host in "abcde":
        for i in range(50):
            step = {"do": "report", "host": host}
            subject.step(
                0,
                {
                    **step,
                    **({"out": "ok"} if host != "a" else ({"code": 14} if i % 2 else {"out": "timeout"})),
                },
            )
    assert subject.step(10 * NS, {"do": "sweep"}) == {"ejected": ["a"]}
