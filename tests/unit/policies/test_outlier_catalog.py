"""The settings of Envoy, Istio and gRPC: defaults, translation, errors that name the setting."""

import pytest

from sim.policies import outlier_catalog as c
from sim.policies import outlier_params as o
from sim.policies.options import OptionError
from sim.words import NS


def istio(**settings):
    return c.params_from("istio", settings)


def test_envoy_defaults():
    p = c.params_from("envoy-outlier-detection")
    assert p == o.Params(percentage=0)
    assert (p.run_5xx, p.run_gateway, p.run_local) == (5, 5, 5)
    assert (p.interval_ns, p.base_ns, p.max_ns, p.jitter_ns) == (10 * NS, 30 * NS, 300 * NS, 0)
    assert (p.rate_hosts, p.rate_volume, p.rate_factor) == (5, 100, 1.9)
    assert (p.percentage_hosts, p.percentage_volume, p.percentage_threshold) == (5, 50, 85)
    assert (p.max_percent, p.always_one, p.panic_percent) == (10, 0, 50)
    enforced = dict(zip(o.CAUSES, p.enforced, strict=True))
    assert [cause for cause, share in enforced.items() if share == 100] == [
        "consecutive 5xx", "consecutive local-origin failures", "success rate", "local-origin success rate",
    ]  # fmt: skip


def test_the_longest_ejection_grows_with_a_long_base_unless_it_is_set():
    assert c.params_from("envoy-outlier-detection", {"base_ejection_time": "400s"}).max_ns == 400 * NS
    with pytest.raises(OptionError, match="shorter than base_ejection_time") as caught:
        c.params_from("envoy-outlier-detection", {"base_ejection_time": "400s", "max_ejection_time": "399s"})
    assert caught.value.name == "max_ejection_time"
    exactly = {"base_ejection_time": "400s", "max_ejection_time": "400s"}
    assert c.params_from("envoy-outlier-detection", exactly).max_ns == 400 * NS


def test_istio_switches_success_rates_and_panic_off():
    p = istio()
    assert (p.rate, p.percentage, p.panic_percent, p.max_percent, p.run_5xx) == (0, 0, 0, 10, 5)
    assert (p.enforced[o.BY_5XX], p.enforced[o.BY_GATEWAY]) == (100, 0)


@pytest.mark.parametrize(("errors", "enforced"), [(0, 0), (1, 100), (7, 100)])
def test_istio_enforces_a_run_that_is_set_above_zero(errors, enforced):
    p = istio(consecutive5xxErrors=errors, consecutiveGatewayErrors=errors)
    assert (p.run_5xx, p.run_gateway) == (errors, errors)
    assert (p.enforced[o.BY_5XX], p.enforced[o.BY_GATEWAY]) == (enforced, enforced)


def test_istio_passes_times_and_shares_on():
    p = istio(interval="5m", baseEjectionTime="15m", maxEjectionPercent=40, minHealthPercent="30%")
    assert (p.interval_ns, p.base_ns, p.max_percent, p.panic_percent) == (300 * NS, 900 * NS, 40, 30)
    assert p.max_ns == 900 * NS
    assert istio(maxEjectionPercent=0).max_percent == 10, "0 is unset"


@pytest.mark.parametrize(("given", "run"), [({}, 5), ({"consecutiveLocalOriginFailures": 0}, 5), ({"consecutiveLocalOriginFailures": 2}, 2)])  # fmt: skip
def test_istio_in_split_mode(given, run):
    p = istio(splitExternalLocalOriginErrors=True, **given)
    assert (p.split, p.run_local, p.enforced[o.BY_LOCAL], p.enforced[o.BY_LOCAL_RATE], p.rate) == (
        1,
        run,
        100,
        0,
        0,
    )


def test_panic_is_rounded_to_a_whole_percent_as_envoy_does():
    assert c.params_from("envoy-outlier-detection", {"healthy_panic_threshold": 49.5}).panic_percent == 50
    assert c.params_from("envoy-outlier-detection", {"healthy_panic_threshold": 49.4}).panic_percent == 49


WRONG = [
    ("envoy-outlier-detection", {"consecutive5xx": 3}, "consecutive5xx", "did you mean consecutive_5xx"),
    ("envoy-outlier-detection", {"interval": 10}, "interval", "of what"),
    ("envoy-outlier-detection", {"interval": "0s"}, "interval", "more than 0"),
    ("envoy-outlier-detection", {"max_ejection_percent": 101}, "max_ejection_percent", "0 to 100"),
    (
        "envoy-outlier-detection",
        {"max_ejection_percent": 12.5},
        "max_ejection_percent",
        "whole number of percent",
    ),
    ("envoy-outlier-detection", {"consecutive_5xx": -1}, "consecutive_5xx", "0 to"),
    ("envoy-outlier-detection", {"consecutive_5xx": 2.5}, "consecutive_5xx", "whole number"),
    (
        "envoy-outlier-detection",
        {"always_eject_one_host": 1},
        "always_eject_one_host",
        "neither true nor false",
    ),
    (
        "envoy-outlier-detection",
        {"consecutive_local_origin_failure": 3},
        "consecutive_local_origin_failure",
        "split",
    ),
    (
        "envoy-outlier-detection",
        {"successful_active_health_check_uneject_host": True},
        "successful_active_health_check_uneject_host",
        "health checks of the model",
    ),
    ("istio", {"consecutiveErrors": 5}, "consecutiveErrors", "consecutive5xxErrors"),
    (
        "istio",
        {"consecutiveLocalOriginFailures": 3},
        "consecutiveLocalOriginFailures",
        "splitExternalLocalOrigin",
    ),
    ("istio", {"baseEjectionTime": "0.5ms"}, "baseEjectionTime", "at least 1ms"),
    ("grpc-outlier-detection", {"successRateEjection": 5}, "successRateEjection", "not a mapping"),
    (
        "grpc-outlier-detection",
        {"successRateEjection": {"stdevFaktor": 5}},
        "successRateEjection.stdevFaktor",
        "did you mean stdevFactor",
    ),
    ("grpc-outlier-detection", {"childPolicy": []}, "childPolicy", "balancer"),
]


@pytest.mark.parametrize(("library", "given", "name", "message"), WRONG)
def test_a_wrong_setting_is_named(library, given, name, message):
    with pytest.raises(OptionError, match=message) as caught:
        c.params_from(library, given)
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("library", "given", "hosts", "why"),
    [
        ("envoy-outlier-detection", {}, 9, "one of 9 hosts is 11.1%"),
        ("envoy-outlier-detection", {}, 10, ""),
        ("envoy-outlier-detection", {"always_eject_one_host": True}, 2, ""),
        (
            "envoy-outlier-detection",
            {"enforcing_consecutive_5xx": 0, "max_ejection_percent": 100},
            4,
            "more than 4 hosts",
        ),
        ("istio", {"consecutive5xxErrors": 0}, 50, "none of its detectors"),
        ("grpc-outlier-detection", {}, 50, "none of its detectors"),
        ("grpc-outlier-detection", {"successRateEjection": {}}, 5, ""),
        (
            "grpc-outlier-detection",
            {"successRateEjection": {}, "maxEjectionPercent": 0},
            5,
            "0% of the hosts",
        ),
    ],
)
def test_an_ejector_that_can_eject_nobody_is_known(library, given, hosts, why):
    found = c.idle(c.params_from(library, given), hosts)
    assert found.startswith(why) or why in found
    assert bool(found) == bool(why)


@pytest.mark.parametrize("name", c.names())
def test_every_entry_says_what_it_is(name):
    entry = c.ENTRIES[name]
    assert entry.about and entry.version and entry.source and len(entry.traps) >= 3
    assert len({option.name for option in entry.options}) == len(entry.options)
