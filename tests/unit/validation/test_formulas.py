"""The formulas give the numbers that are printed elsewhere, to their last digit."""

import math

import pytest

from sim.validation.formulas import (
    bimodal,
    breakers,
    metastability,
    networks,
    overload,
    queues,
    resiliency,
    retry_policies,
)
from sim.validation.targets.retries import PRINTED

LN10, LN20, LN50 = map(math.log, (10, 20, 50))
KNOWN = [
    (queues.mm1_sojourn(0.9), 10),
    (queues.mm1_quantile(0.8, 0.99), 23.026),
    (queues.erlang_c(2, 1.5), 0.642857),
    (queues.mmc_wait(2, 1.5), 1.28571),
    (queues.erlang_c(4, 3.2), 0.596432),
    (queues.mmc_wait(4, 3.2), 0.745541),
    (queues.erlang_c(50, 45), 0.363864),
    (queues.mmc_wait(50, 45), 0.0727729),
    *zip(queues.mmck(1, 5, 0.9), (0.126023, 2.79029), strict=True),
    *zip(queues.mmck(10, 15, 15), (0.341780, 1.33890), strict=True),
    *zip(queues.mmck(10, 20, 30), (0.666667, 1.95), strict=True),
    (queues.erlang_b(5, 4), 0.199067),
    (queues.erlang_b(100, 100), 0.0757005),
    (queues.erlang_b(1000, 5095), 0.803777),
    (queues.pollaczek_khinchine(0.8, 0), 2),
    (queues.pollaczek_khinchine(0.8, math.e - 1), 5.43656),
    (queues.pollaczek_khinchine(0.9, 4), 22.5),
    (queues.processor_sharing(0.8), 5),
    *zip(queues.erlang_a(1, 1.2, 0.5), (0.366204, 0.732408), strict=True),
    *zip(queues.erlang_a(10, 9, 0.5), (0.0670117, 0.134023), strict=True),
    (queues.fixed_patience(1, 0.8, 2)[0], 0.187832),
    *zip(queues.fixed_patience(1, 1.2, 3), (0.269303, 1.80980), strict=True),
    *zip(queues.fixed_patience(10, 12, 0.5), (0.199554, 0.283307), strict=True),
    (queues.client_timeout(0.8, 3), 0.451188),
    (networks.jackson_sojourn(3, (10, 5, 4, 8), (1, 1, 0.6, 1.5)), 1.344156),
    (networks.tandem_quantile(0.5, 3, 0.5), 5.3481),
    (networks.tandem_quantile(0.8, 3, 0.99), 42.0297),
    (networks.feedback_sojourn(0.6, 0.3), 10),
    (networks.fork_join_two(0.9), 13.875),
    (networks.fork_join_many(0.8, 8), 11.03),
    (networks.meets_slow(100, 0.01), 0.633968),
    (networks.meets_slow(2000, 1e-4), 0.181277),
    (networks.slowest_mean(100), 5.18738),
    (networks.slowest_quantile(100, 0.99), 9.20537),
    (networks.closed_throughput(10, 9, 1), 0.832037),
    (networks.closed_response(20, 9, 1), 11.0123),
    (networks.hedge_extra(LN10), 0.10),
    (networks.hedge_mean(LN20), 0.975),
    (networks.hedge_quantile(LN50, 0.99), 4.2586),
    (breakers.trip_mean(0.2, 3), 155),
    (breakers.trip_mean(0.9, 5), 6.93509),
    (breakers.tripped_by(100, 0.1, 2), 0.598489),
    (breakers.tripped_by(100, 0.5, 5), 0.810110),
    (breakers.window_trip_mean(0.3, 10, 5, 10), 34.8016),
    (breakers.window_trip_mean(0.5, 10, 5, 5), 11.4303),
    (breakers.window_trip_mean(0.4, 12, 8, 12), 79.2991),
    (breakers.retry_chain(1.0, 3, 3).load, 64),
    (breakers.retry_chain(1.0, 2, 5).load, 243),
    *zip(breakers.retry_chain(0.9, 3, 3), (9.98821, 0.00117902), strict=True),
    *zip(breakers.one_breaker(0.3, 3, 10, 1, 10), (0.189189, 0.0810811, 0.729730, 0.0729730), strict=True),
    *zip(breakers.one_breaker(0.5, 5, 5, 2, 10), (0.126866, 0.126866, 0.746269, 0.149254), strict=True),
    *zip(breakers.one_breaker(0.5, 5, 30, 3, 10), (0.0153473, 0.0153473, 0.969305, 0.0323102), strict=True),
    (metastability.threshold(300, 2), 150),
    (metastability.attempts_after(280, 300, 2), 560),
    (1 - bimodal.refused(1000, 1000, 0.1, 0.05, 100), 0.196223),
    (bimodal.completed(1000, 1000, 0.1, 0.05, 100), 0.186412),
    (bimodal.completed(100, 100, 0.1, 0.05, 18.1), 0.87808),
    (bimodal.completed(100, 100, 0.1, 0.05, 50), 0.36384),
    *zip(resiliency.until_answered(resiliency.PLAIN, 0.5)[:2], (1159.53, 865.00), strict=True),
    *zip(resiliency.until_answered(resiliency.retries(10), 0.7)[:2], (979.36, 559.56), strict=True),
    *zip(resiliency.until_answered(resiliency.breaker(10), 0.9)[:2], (733.90, 524.34), strict=True),
    *zip(resiliency.until_answered(resiliency.breaker(20), 0.5)[2:], (782.95, 631.93, 31.597), strict=True),
    *zip(resiliency.until_answered(resiliency.breaker(20), 1.0)[2:], (163.57, 47.92, 2.396), strict=True),
    (bimodal.first_refusal(1000, 1000, 0.1, 0.05), 18.1),
    *zip(overload.throttle(300, 100, 2), (200, 100), strict=True),
    *zip(overload.throttle(80, 100, 2), (80, 80), strict=True),
    (overload.admitted(1000, 750, 2), 0.5),
    (overload.admitted(1000, 750, 3) ** 3, 0.0926745),
    (overload.admitted(1500, 750, 4) ** 4, 0.0127754),
    (overload.admitted(750, 750, 2) ** 2, 0.381966),
    (overload.shed_at_the_door(1500, 750, 3), 0.166667),
    (overload.probing(42, 0.05, 30) / 2, 0.03494),
    (overload.probing(42, 0.05, 10) / 2, 0.10448),
    (overload.probing(10, 0.25, 10) / 2, 0.12195),
    (overload.probing(42, 0.25, 10) / 8, 0.12805),
]  # fmt: skip


@pytest.mark.parametrize(("computed", "printed"), KNOWN)
def test_a_formula_gives_the_printed_number(computed, printed):
    digits = len(f"{printed}".replace(".", "").lstrip("0"))
    assert computed == pytest.approx(printed, rel=max(0.6 * 10.0 ** -(digits - 1), 5e-6))


def test_a_sum_over_the_states_and_the_closed_form_agree():
    """Without a limit on the queue, M/M/1/K is M/M/1; with endless patience M/M/c+M is M/M/c."""
    assert queues.mmck(1, 400, 0.8)[1] == pytest.approx(queues.mm1_sojourn(0.8))
    assert queues.fixed_patience(4, 3.2, 500.0)[1] == pytest.approx(queues.mmc_wait(4, 3.2))


def test_a_recovery_takes_as_long_as_measured_elsewhere():
    """At 130, 140 and 145 queries/s: within the ranges of an independent simulation, from the start of the run."""
    for rate, (low, high) in {130: (87, 102), 140: (131, 179), 145: (245, 328)}.items():
        assert low <= 40 + metastability.recovery(rate, 300, 2, 10, 1) <= high


def test_a_throttle_before_failures_by_chance_chokes_below_one_in_k():
    """What one window sends, the next one lets pass: the share reproduces itself."""
    for success in (0.1, 0.3, 0.49):
        requests = 600
        sent = overload.throttle_by_chance(success, 2, requests) * requests
        assert sent == pytest.approx(requests * (1 + 2 * success * sent) / (requests + 1))
    assert overload.throttle_by_chance(0.5, 2, 600) == 1


def test_calls_get_through_until_probes_take_every_thread():
    assert overload.worked_off(42, 2, 0.05, 30, 100) == 1
    assert overload.worked_off(42, 2, 0.25, 2, 100) == pytest.approx(0.137, abs=0.001)


@pytest.mark.parametrize("policy", ["none", "retries", "bucket", "breaker"])
def test_chains_of_retry_policies_give_what_the_published_program_gave(policy):
    """Means of twenty runs of it; one run differs by 0.005 and 0.01."""
    exact = {
        "none": lambda p: retry_policies.retried(p, 0),
        "retries": lambda p: retry_policies.retried(p, 3),
        "bucket": lambda p: retry_policies.bucket(p, 100),
        "breaker": lambda p: retry_policies.breaker(p, 100),
    }[policy]
    for failure, (success, load) in PRINTED[policy].items():
        found = exact(failure)
        assert found.success == pytest.approx(success, abs=0.003)
        assert found.load == pytest.approx(load, abs=0.007)
