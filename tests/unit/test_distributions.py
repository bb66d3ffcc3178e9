"""Distributions against scipy's: quantiles, means, tails; and what no distribution can be is refused."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from sim import distributions as d
from sim.words import FOREVER

MS = 1e6
Z99 = stats.norm.ppf(0.99)


def lognormal(mean, cv):
    sigma = math.sqrt(math.log1p(cv * cv))
    return stats.lognorm(sigma, scale=mean * math.exp(-sigma * sigma / 2))


CASES = {
    "constant": (d.constant(5 * MS), None),
    "exponential": (d.exponential(5 * MS), stats.expon(scale=5 * MS)),
    "uniform": (d.uniform(1 * MS, 9 * MS), stats.uniform(1 * MS, 8 * MS)),
    "lognormal": (d.lognormal_cv(5 * MS, 1.2), lognormal(5 * MS, 1.2)),
    "weibull": (d.weibull(5 * MS, 0.7), stats.weibull_min(0.7, scale=5 * MS / math.gamma(1 + 1 / 0.7))),
    "pareto": (d.pareto(5 * MS, 2.5), stats.pareto(2.5, scale=3 * MS)),
}
MORE = {
    "pareto with a max": d.pareto(5 * MS, 1.0, 1000 * MS),
    "heavy pareto with a max": d.pareto(5 * MS, 0.6, 100 * MS),
    "gamma": d.gamma(5 * MS, 2.0),
    "erlang": d.gamma(5 * MS, 3**-0.5),
    "normal": d.normal(5 * MS, 1 * MS),
    "normal cut at 0": d.normal(2 * MS, 3 * MS),
    "hyperexponential": d.hyperexponential(5 * MS, 3.0),
    "mixture": d.mixture(((0.9, d.constant(2 * MS)), (0.1, d.exponential(50 * MS)))),
    "quantiles": d.table(((0.0, 1 * MS), (0.5, 3 * MS), (1.0, 20 * MS))),
    "quantiles without ends": d.table(((0.1, 1 * MS), (0.9, 3 * MS))),
}
ALL = {name: case[0] for name, case in CASES.items()} | MORE


def moments(dist):
    """Mean and cv by integration of the draw over u, finer towards both ends."""
    edges = [0.0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-2, 0.1, 0.5]
    edges += [1 - e for e in reversed(edges[:-1])]
    first = second = 0.0
    for low, high in itertools.pairwise(edges):
        n = 4000
        for i in range(n):
            x = d._drawn(dist, low + (high - low) * (i + 0.5) / n)
            first += x * (high - low) / n
            second += x * x * (high - low) / n
    return first, math.sqrt(max(0.0, second - first * first)) / first


@pytest.mark.parametrize("name", [n for n, (_, exact) in CASES.items() if exact is not None])
@pytest.mark.parametrize("p", [1e-9, 0.001, 0.5, 0.9, 0.99, 0.999, 1 - 1e-9])
def test_quantiles_are_exact(name, p):
    """Closed forms agree with scipy's."""
    dist, exact = CASES[name]
    assert d.quantile(dist, p) == pytest.approx(exact.ppf(p), rel=1e-7)


@pytest.mark.parametrize("name", ALL)
def test_the_stated_mean_is_the_mean_of_the_draws(name):
    """`mean_ns` is what plans and offered loads are made of."""
    assert moments(ALL[name])[0] == pytest.approx(ALL[name].mean_ns, rel=1e-3)


@pytest.mark.parametrize("cv", [0.1, 0.5, 3**-0.5, 1.0, 2.0, 3.0, 5.0])
def test_a_tabulated_gamma_keeps_mean_spread_and_tail(cv):
    """Mean and cv within 0.1 %, p99.9 within 0.2 %."""
    dist = d.gamma(5 * MS, cv)
    mean, spread = moments(dist)
    assert mean == pytest.approx(5 * MS, rel=1e-3)
    assert spread == pytest.approx(cv, rel=1e-3)
    exact = stats.gamma.ppf(0.999, cv**-2, scale=5 * MS * cv**2)
    assert d.quantile(dist, 0.999) == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("cv", [1.0, 2.0, 10.0])
def test_a_hyperexponential_has_its_cv(cv):
    """Balanced means."""
    assert moments(d.hyperexponential(5 * MS, cv))[1] == pytest.approx(cv, rel=5e-3)


def test_lognormals_meet_the_numbers_that_name_them():
    """Each of the three spellings."""
    by_median = d.lognormal_median(4 * MS, 20 * MS)
    assert d.quantile(by_median, 0.5) == pytest.approx(4 * MS)
    assert d.quantile(by_median, 0.99) == pytest.approx(20 * MS)
    by_p99 = d.lognormal_p99(5 * MS, 30 * MS)
    assert d.quantile(by_p99, 0.99) == pytest.approx(30 * MS)
    assert moments(by_p99)[0] == pytest.approx(5 * MS, rel=1e-3)


def test_a_pareto_is_cut_at_its_max():
    """No draw is beyond it; the mean is kept."""
    dist = d.pareto(5 * MS, 1.1, 80 * MS)
    assert d.draw(dist, 1e-300) == 80 * MS
    area = quad(lambda u: d._drawn(dist, u), 0, 1)[0]
    assert area == pytest.approx(5 * MS, rel=1e-6)


def test_the_normal_quantile_is_scipys():
    """Three branches of AS 241, both signs."""
    for p in [1e-300, 1e-20, 1e-9, 0.01, 0.07, 0.08, 0.3, 0.5, 0.7, 0.93, 0.999, 1 - 1e-12]:
        assert d.normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-13, abs=1e-15)


def test_a_mixture_takes_each_part_by_its_share():
    """The same part may stand twice."""
    same = d.constant(1)
    dist = d.mixture(((1, same), (0, d.constant(9)), (2, d.constant(5)), (1, same)))
    assert [d.draw(dist, u) for u in (0.01, 0.24, 0.26, 0.74, 0.76, 0.99)] == [1, 1, 5, 5, 1, 1]
    assert dist.mean_ns == 3
    p = 0.95
    exact = -50 * MS * math.log((1 - p) / 0.1)
    assert d.quantile(MORE["mixture"], p) == pytest.approx(exact, rel=1e-6)


@given(st.sampled_from(sorted(ALL)), st.floats(1e-12, 1 - 1e-12), st.floats(1e-12, 1 - 1e-12))
def test_quantiles_rise(name, p, q):
    """For every kind."""
    low, high = sorted((p, q))
    assert d.quantile(ALL[name], low) <= d.quantile(ALL[name], high) * (1 + 1e-12)


@given(st.sampled_from(sorted(ALL)), st.floats(2**-54, 1 - 2**-53))
def test_draws_are_instants_of_the_clock(name, u):
    """Integers of ns, never negative, at the ends of (0, 1) too."""
    x = d.draw(ALL[name], u)
    assert type(x) is int
    assert 0 <= x <= FOREVER


def test_what_is_beyond_the_clock_is_for_ever():
    """A tail that no clock counts."""
    assert d.draw(d.lognormal_cv(1e18, 1e3), 1 - 1e-16) == FOREVER


@pytest.mark.parametrize(
    "make",
    [
        lambda: d.lognormal_median(5 * MS, 4 * MS),
        lambda: d.lognormal_p99(5 * MS, 500 * MS),
        lambda: d.lognormal_p99(5 * MS, 4 * MS),
        lambda: d.lognormal_cv(5 * MS, 1e200),
        lambda: d.weibull(5 * MS, 1e-3),
        lambda: d.pareto(5 * MS, 1.0),
        lambda: d.pareto(5 * MS, 0.01, 1e10),
        lambda: d.pareto(5 * MS, 2.0, 4 * MS),
        lambda: d.gamma(5 * MS, 1e9),
        lambda: d.hyperexponential(5 * MS, 0.5),
        lambda: d.hyperexponential(5 * MS, 1e200),
        lambda: d.mixture(()),
        lambda: d.mixture(((0.0, d.ZERO),)),
    ],
)
def test_what_no_distribution_can_be_is_refused(make):
    """A sentence, not an overflow."""
    with pytest.raises(ValueError, match=r"^(lognormal|weibull|pareto|gamma|hyperexponential|mixture|no )"):
        make()
