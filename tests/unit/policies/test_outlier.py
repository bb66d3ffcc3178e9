"""Host ejection to the comparison sign: Envoy's rules, and its own tests restated."""

import pytest

from sim.policies import outlier, outlier_catalog
from sim.policies.outlier_params import CONNECT_FAILED, CONNECTED, TIMED_OUT
from sim.policies.outlier_subject import SUBJECTS
from sim.words import FOREVER, NS


class Play:
    """One record of Envoy's ejector, with the hosts by number."""

    def __init__(self, hosts, library="envoy-outlier-detection", **settings):
        self.p = outlier_catalog.params_from(library, settings)
        self.e = outlier.new(self.p, 7, hosts)
        self.moves = []

    def report(self, host, code, n=1, t=0.0):
        for _ in range(n):
            outlier.report(self.e, self.p, round(t * NS), host, code)
        return self.out

    def sweep(self, t):
        outlier.sweep(self.e, self.p, round(t * NS))
        return self.out

    @property
    def out(self):
        self.moves += outlier.moves(self.e)
        return [h for h in range(self.e.hosts) if outlier.ejected(self.e, h)]

    @property
    def causes(self):
        self.moves += outlier.moves(self.e)
        return [outlier.CAUSES[cause] for _, cause, _, _ in self.moves]

    def interval(self, ends, rates, n=100):
        """So many good answers of n of each host, then the sweep."""
        for host, good in enumerate(rates):
            self.report(host, 200, good, ends - 1)
            self.report(host, 500, n - good, ends - 1)
        return self.sweep(ends)


ALONE = {"enforcing_consecutive_5xx": 0, "max_ejection_percent": 100}
"""Only success rates eject."""


# Runs of failures (BasicFlow5xxViaHttpCodes, BasicFlowGatewayFailure, BasicFlowLocalOriginFailure)


def test_the_fifth_server_error_in_a_row_ejects_at_once():
    play = Play(2, max_ejection_percent=100)
    assert play.report(0, 500, 4) == []
    assert play.report(0, 500) == [0]
    assert play.causes == ["consecutive 5xx"]


@pytest.mark.parametrize(
    ("code", "resets"), [(200, True), (404, True), (499, True), (500, False), (599, False)]
)
def test_any_code_below_500_resets_the_run(code, resets):
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 4)
    play.report(0, code)
    assert play.report(0, 500, 4 if resets else 0) == ([] if resets else [0])


def test_only_a_sweep_returns_a_host_and_the_time_is_inclusive():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 5)
    assert play.sweep(29.999999999) == [0]
    assert play.report(0, 200, 100, t=40) == [0]
    assert play.sweep(30) == []
    assert play.causes == ["consecutive 5xx", "ejection over"]


def test_a_return_zeroes_the_runs():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 5)
    play.report(0, 500, 4)
    play.sweep(30)
    assert play.report(0, 500, 4, t=30) == []
    assert play.report(0, 500, t=30) == [0]


def test_results_of_an_ejected_host_eject_nobody_anew():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 50)
    assert play.e.multipliers == [1]
    assert play.causes == ["consecutive 5xx"]


def test_a_detection_that_is_not_enforced_starts_the_run_again():
    play = Play(1, max_ejection_percent=100, enforcing_consecutive_5xx=0)
    assert play.report(0, 500, 7) == []
    assert play.e.runs == [2]


@pytest.mark.parametrize(
    ("code", "gateway"), [(501, False), (502, True), (503, True), (504, True), (505, False)]
)
def test_502_to_504_are_gateway_failures(code, gateway):
    play = Play(1, max_ejection_percent=100, consecutive_5xx=100, enforcing_consecutive_gateway_failure=100)
    assert play.report(0, code, 5) == ([0] if gateway else [])
    assert play.causes == (["consecutive gateway failures"] if gateway else [])


def test_another_server_error_resets_the_gateway_run_and_not_the_other():
    play = Play(1, max_ejection_percent=100, consecutive_5xx=9, enforcing_consecutive_gateway_failure=100)
    play.report(0, 503, 4)
    play.report(0, 500)
    assert play.report(0, 503, 3) == []
    assert play.e.runs == [8]
    assert play.report(0, 503) == [0]
    assert play.causes == ["consecutive 5xx"]


def test_gateway_failures_are_not_enforced_by_default():
    assert Play(1, max_ejection_percent=100, consecutive_5xx=0).report(0, 503, 50) == []


def test_without_the_split_a_timeout_is_a_504_and_a_failed_connection_a_503():
    for code in (TIMED_OUT, CONNECT_FAILED):
        play = Play(
            1, max_ejection_percent=100, consecutive_5xx=100, enforcing_consecutive_gateway_failure=100
        )
        assert play.report(0, code, 5) == [0]


def test_without_the_split_a_connection_alone_is_nothing():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 4)
    play.report(0, CONNECTED)
    assert play.report(0, 500) == [0]


def test_with_the_split_local_failures_have_a_run_of_their_own():
    play = Play(1, max_ejection_percent=100, split_external_local_origin_errors=True)
    play.report(0, TIMED_OUT, 4)
    assert play.report(0, 200) == [], "an answer says nothing of the connection"
    assert play.e.local_runs == [4]
    assert play.report(0, CONNECT_FAILED) == [0]
    assert play.causes == ["consecutive local-origin failures"]


def test_with_the_split_a_connection_resets_the_local_run_only():
    play = Play(1, max_ejection_percent=100, split_external_local_origin_errors=True)
    play.report(0, 500, 4)
    play.report(0, TIMED_OUT, 4)
    play.report(0, CONNECTED)
    assert (play.e.local_runs, play.e.runs) == ([0], [4])


def test_with_the_split_a_whole_request_reports_its_connection_and_its_answer():
    play = Play(1, max_ejection_percent=100, split_external_local_origin_errors=True)
    play.report(0, TIMED_OUT, 4)
    outlier.settle(play.e, play.p, 0, 0, 500)
    assert (play.e.local_runs, play.e.runs) == ([0], [1])


# How many may go (MaxEjectionPercentage, MaxEjectionPercentageSingleHost, EjectTimeBackoff...)


@pytest.mark.parametrize(
    ("hosts", "percent", "gone"),
    [
        (1, 10, 0),
        (9, 10, 0),
        (10, 10, 1),
        (19, 10, 1),
        (20, 10, 2),
        (3, 33, 0),
        (3, 34, 1),
        (2, 50, 1),
        (4, 100, 4),
    ],
)
def test_the_share_with_the_new_one_must_stay_within_the_limit(hosts, percent, gone):
    play = Play(hosts, max_ejection_percent=percent)
    for host in range(hosts):
        play.report(host, 500, 5)
    assert len(play.out) == gone


def test_always_eject_one_host_lets_the_first_one_go_whatever_the_limit():
    play = Play(3, max_ejection_percent=0, always_eject_one_host=True)
    assert play.report(1, 500, 5) == [1]
    assert play.report(2, 500, 5) == [1]


def test_a_place_that_is_free_again_can_be_taken():
    play = Play(2, max_ejection_percent=50)
    play.report(0, 500, 5)
    play.report(1, 500, 5)
    assert play.sweep(30) == []
    assert play.report(1, 500, 5, t=30) == [1]


# Success rates (BasicFlowSuccessRateExternalOrigin: {50, 100, 100, 100, 100} -> mean 90, stdev 20, threshold 52)


def test_the_worked_example_of_the_success_rate():
    play = Play(5, **ALONE)
    assert play.interval(10, [50, 100, 100, 100, 100]) == [0]
    assert play.causes == ["success rate"]
    assert play.moves[0][2:] == (100, 50)


def test_a_rate_at_the_threshold_stays():
    """With the factor 0 the threshold is the mean itself."""
    play = Play(5, **ALONE, success_rate_stdev_factor=0)
    assert play.interval(10, [80, 80, 80, 80, 80]) == []
    assert play.interval(20, [75, 85, 80, 80, 80]) == [0]


@pytest.mark.parametrize(("hosts", "gone"), [(4, []), (5, [0])])
def test_success_rates_need_five_hosts_with_enough_requests(hosts, gone):
    play = Play(6, **ALONE)
    assert play.interval(10, [0, 100, 100, 100, 100][:hosts]) == gone


@pytest.mark.parametrize(("n", "gone"), [(99, []), (100, [0])])
def test_success_rates_need_a_hundred_requests_of_each_host(n, gone):
    play = Play(5, **ALONE)
    assert play.interval(10, [0, n, n, n, n], n=n) == gone


def test_only_the_completed_interval_is_judged():
    play = Play(5, **ALONE)
    play.interval(10, [100] * 5)
    assert play.interval(20, [50, 100, 100, 100, 100]) == [0]
    play = Play(5, **ALONE)
    play.interval(10, [60] * 5)
    assert play.sweep(20) == [], "nothing came in the second interval"


def test_hosts_that_are_out_are_not_judged():
    play = Play(6, max_ejection_percent=100)
    play.report(5, 500, 5)
    assert play.interval(10, [50, 100, 100, 100, 100, 0]) == [0, 5]
    assert play.e.multipliers[5] == 1


def test_failure_percentages_eject_at_the_threshold():
    settings = {**ALONE, "enforcing_success_rate": 0, "enforcing_failure_percentage": 100}
    play = Play(5, **settings)
    assert play.interval(10, [16, 15, 14, 100, 100]) == [1, 2]
    assert play.causes == ["failure percentage"] * 2
    assert Play(5, **settings).interval(10, [0, 49, 49, 49, 49], n=49) == []
    assert Play(4, **settings).interval(10, [0, 50, 50, 50], n=50) == []
    assert Play(5, **settings).interval(10, [0, 50, 50, 50, 50], n=50) == [0]


def test_failure_percentages_are_not_enforced_by_default():
    assert Play(5, **ALONE, enforcing_success_rate=0).interval(10, [0, 100, 100, 100, 100]) == []


def test_with_the_split_local_success_rates_are_judged_by_themselves():
    play = Play(5, **ALONE, split_external_local_origin_errors=True, consecutive_local_origin_failure=0)
    for host in range(5):
        play.report(host, CONNECTED, 50 if host == 0 else 100)
        play.report(host, TIMED_OUT, 50 if host == 0 else 0)
    assert play.sweep(10) == [0]
    assert play.causes == ["local-origin success rate"]


# Ejection time (EjectionTimeBackoff, MaxEjectionTime: k grows only while k * base < max + base)


def test_the_ejection_time_grows_with_each_ejection():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 5)
    assert play.sweep(30) == []
    play.report(0, 500, 5, t=31)
    assert play.sweep(90.999) == [0]
    assert play.sweep(91) == []
    assert play.e.multipliers == [2]


def test_the_multiplier_grows_no_further_than_one_step_beyond_the_longest_ejection():
    play = Play(1, max_ejection_percent=100, base_ejection_time="10s", max_ejection_time="30s", interval="1s")
    t = 0.0
    seen = []
    for _ in range(6):
        play.report(0, 500, 5, t)
        seen.append((play.e.multipliers[0], play.e.length_ns[0] // NS))
        t += play.e.length_ns[0] / NS
        assert play.sweep(t) == []
    assert seen == [(1, 10), (2, 20), (3, 30), (4, 30), (4, 30), (4, 30)]


def test_the_multiplier_shrinks_from_one_interval_after_the_return():
    play = Play(1, max_ejection_percent=100)
    play.report(0, 500, 5)
    play.sweep(30)
    assert play.e.multipliers == [1]
    play.sweep(39.999999999)
    assert play.e.multipliers == [1]
    play.sweep(40)
    assert play.e.multipliers == [0]
    play.sweep(50)
    assert play.e.multipliers == [0]


def test_jitter_lengthens_an_ejection_beyond_the_cap_by_no_more_than_it_says():
    lengths = set()
    for key in range(200):
        p = outlier_catalog.params_from(
            "envoy-outlier-detection",
            {"max_ejection_percent": 100, "max_ejection_time": "30s", "max_ejection_time_jitter": "5s"},
        )
        e = outlier.new(p, key, 1)
        for _ in range(5):
            outlier.report(e, p, 0, 0, 500)
        lengths.add(e.length_ns[0])
    assert min(lengths) >= 30 * NS and max(lengths) <= 35 * NS
    assert len(lengths) == 200 and max(lengths) - min(lengths) > 4 * NS


def test_enforcement_is_luck_in_its_share():
    gone = 0
    for key in range(2000):
        p = outlier_catalog.params_from(
            "envoy-outlier-detection", {"max_ejection_percent": 100, "enforcing_consecutive_5xx": 30}
        )
        e = outlier.new(p, key, 1)
        for _ in range(5):
            outlier.report(e, p, 0, 0, 500)
        gone += e.out_n
    assert 540 < gone < 660


# Panic (LoadBalancerBase::isHostSetInPanic: healthy% < threshold; none while healthy% * 1.4 >= 100)


@pytest.mark.parametrize(
    ("threshold", "healthy", "panic"),
    [
        (50, 5, False),
        (50, 4, True),
        (0, 0, False),
        (100, 8, False),
        (100, 7, True),
        (72, 7, True),
        (70, 7, False),
    ],
)
def test_panic_is_below_the_threshold_and_never_while_nearly_all_are_healthy(threshold, healthy, panic):
    play = Play(10, healthy_panic_threshold=threshold)
    assert outlier.panics(play.e, play.p, healthy) is panic


# Sweeps, hosts that come and go


def test_no_sweep_is_due_while_it_would_change_nothing():
    play = Play(1, max_ejection_percent=100, enforcing_success_rate=0)
    assert outlier.due(play.e, play.p, 0) == FOREVER
    play.report(0, 500, 5, t=3)
    assert outlier.due(play.e, play.p, 3 * NS) == 10 * NS
    assert outlier.due(play.e, play.p, 10 * NS) == 20 * NS
    play.sweep(40)
    assert outlier.due(play.e, play.p, 40 * NS) == 50 * NS, "the multiplier is to shrink"
    play.sweep(50)
    assert outlier.due(play.e, play.p, 50 * NS) == FOREVER


def test_a_host_that_leaves_takes_its_place_among_the_ejected_along():
    play = Play(2, max_ejection_percent=50)
    play.report(0, 500, 5)
    outlier.leave(play.e, 0)
    assert (play.out, play.causes) == ([], ["consecutive 5xx", "host left"])
    outlier.join(play.e, 0)
    assert play.report(0, 500, 4) == []
    assert play.report(1, 500, 5) == [1]


def test_the_vector_subject_knows_whole_requests_and_answers():
    subject = SUBJECTS["istio-outlier-detection"](
        {"hosts": ["a", "b"], "maxEjectionPercent": 100, "consecutive5xxErrors": 2}
    )
    assert subject.step(0, {"do": "report", "host": "b", "out": "timeout"}) == {"ejected": []}
    assert subject.step(0, {"do": "report", "host": "b", "code": 500}) == {"ejected": ["b"]}
    assert subject.step(30 * NS, {"do": "look"}) == {"ejected": ["b"]}
    assert subject.step(30 * NS, {"do": "sweep"}) == {"ejected": []}
    for wrong in (
        {"do": "report", "host": "c", "code": 200},
        {"do": "call"},
        {"do": "report", "host": "a", "out": "bad"},
    ):
        with pytest.raises(ValueError, match="no"):
            subject.step(0, wrong)
