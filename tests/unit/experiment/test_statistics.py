"""The statistics of a comparison, against scipy and numbers worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.errors import UsageError
from sim.experiment import vary
from sim.experiment.compare import Interval, Table, holm, interval, paired, rank, sentence, sign_test
from sim.experiment.execute import Row
from sim.experiment.expect import CANNOT_TELL, MET, NOT_MET, judge
from sim.scenario.expect import parse_line
from sim.views.tables import show_interval


def table(**columns):
    """A table with one measure `S`, a column of values per variant."""
    seeds = tuple(range(1, 1 + len(next(iter(columns.values())))))
    out = Table(tuple(columns), ("",), seeds, ("S",))
    out.rows = [
        Row(variant, "", seed, "fault", {"S": value})
        for variant, values in columns.items()
        for seed, value in zip(seeds, values, strict=True)
    ]
    return out


def test_the_interval_is_the_t_interval_of_scipy():
    xs = [3.0, 5.0, 4.0, 8.0, 1.0]
    found = interval(xs)
    low, high = stats.t.interval(0.95, len(xs) - 1, loc=4.2, scale=stats.sem(xs))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.n == 5


def test_one_seed_has_a_value_and_no_interval():
    found = interval([0.3])
    assert found.mean == 0.3
    assert math.isnan(found.half)


def test_no_data_is_no_number():
    assert interval([math.nan, math.nan]).n == 0
    assert math.isnan(interval([]).mean)


def test_equal_values_have_no_spread_even_where_their_mean_rounds():
    assert interval([0.1] * 3) == Interval(0.1, 0.0, 3)
    assert interval([0.3 - 0.2, 0.5 - 0.4, 0.1]).half == 0.0


def test_the_p_value_is_that_of_the_paired_t_test():
    a, b = [5.0, 7.0, 6.0, 9.0], [4.0, 7.5, 3.0, 5.0]
    found = paired(zip(a, b, strict=True))
    assert found.p_value == pytest.approx(float(stats.ttest_rel(a, b).pvalue))
    assert (found.above, found.below) == (3, 1)


def test_a_difference_of_nothing_at_all_tells_nothing():
    assert paired([(1.0, 1.0)] * 8).p_value == 1.0


def test_the_same_difference_in_every_seed_has_the_chance_of_its_signs():
    assert paired([(1.25, 1.0)] * 6).p_value == 2.0**-5


def test_holm_steps_down():
    # By hand: 0.01 * 4, 0.02 * 3, 0.03 * 2, and the last no smaller than the one before it.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([math.nan, 0.04]) == pytest.approx([1.0, 0.08])
    assert holm([0.9, 0.9]) == [1.0, 1.0]


def test_the_ranking_says_which_it_cannot_tell_apart():
    t = table(
        none=[10.0, 11.0, 10.5, 10.2, 10.9, 10.4],
        a=[90.0, 91.0, 92.0, 90.5, 91.5, 90.2],
        b=[90.1, 90.8, 92.1, 90.6, 91.3, 90.3],
    )
    order, pairs = rank(t, "S", 1)
    assert order[-1] == "none"
    text = sentence(order, pairs, "S")
    assert "a ~ b  >  none" in text or "b ~ a  >  none" in text
    assert "cannot tell" in text


def test_a_measure_that_should_be_low_ranks_low_values_first():
    order, _ = rank(table(slow=[9.0, 9.1, 9.2], fast=[1.0, 1.1, 1.05]), "S", -1)
    assert order == ["fast", "slow"]


def test_what_always_recovers_is_better_than_what_never_does():
    t = table(never=[math.inf] * 20, always=[5.0 + i / 10 for i in range(20)])
    order, pairs = rank(t, "S", -1)
    assert order == ["always", "never"]
    assert pairs[0].told_apart
    assert pairs[0].p_holm == pytest.approx(2.0**-19)
    assert (pairs[0].difference.above, pairs[0].difference.below) == (0, 20)
    assert "always  >  never" in sentence(order, pairs, "S")


def test_two_good_seeds_do_not_outweigh_eighteen_that_never_recover():
    t = table(none=[10.0 + i % 3 for i in range(20)], brk=[1.0, 1.1, *[math.inf] * 18])
    order, pairs = rank(t, "S", -1)
    assert order == ["none", "brk"]
    assert (pairs[0].difference.above, pairs[0].difference.below) == (2, 18)
    assert pairs[0].told_apart


def test_a_difference_with_an_infinite_side_has_no_mean_and_says_in_how_many():
    found = paired([(math.inf, 1.0), (1.0, 2.0), (math.inf, math.inf), (2.0, math.nan)])
    assert math.isnan(found.interval.mean)
    assert (found.interval.n, found.interval.infinite) == (3, 2)
    assert show_interval(found.interval, "s") == "infinite in 2 of 3"
    assert show_interval(interval([math.inf, 1.0]), "s") == "never in 1 of 2"
    assert show_interval(interval([math.inf, math.inf]), "s") == "never"


def test_what_is_infinite_on_both_sides_is_a_tie():
    found = paired([(math.inf, math.inf)] * 9)
    assert (found.above, found.below, found.p_value) == (0, 0, 1.0)


@pytest.mark.parametrize(("above", "below"), [(0, 0), (3, 3), (0, 6), (18, 2), (5, 9)])
def test_the_sign_test_is_that_of_scipy(above, below):
    expected = stats.binomtest(above, above + below).pvalue if above + below else 1.0
    assert sign_test(above, below) == pytest.approx(expected)


def test_a_test_against_the_order_that_is_printed_tells_nothing_apart():
    """`rare` is never worse but in two seeds, where it never recovers: its mean is the larger one."""
    t = table(rare=[*[1.0] * 18, math.inf, math.inf], slow=[9.0] * 20)
    order, pairs = rank(t, "S", -1)
    assert order == ["slow", "rare"]
    assert pairs[0].p_holm < 0.05
    assert not pairs[0].told_apart


@given(
    st.lists(
        st.tuples(*[st.sampled_from([1.0, 2.0, 2.5, 7.0, math.inf, math.nan])] * 3), min_size=2, max_size=30
    ),
    st.sampled_from([-1, 1]),
)
def test_no_ranking_contradicts_its_own_test(rows, better):
    order, pairs = rank(table(**dict(zip("abc", zip(*rows, strict=True), strict=True))), "S", better)
    for p in pairs:
        assert order.index(p.better) < order.index(p.worse)
        if p.told_apart:
            assert better * p.difference.direction > 0
        if p.told_apart and p.difference.interval.infinite:
            assert better * (p.difference.above - p.difference.below) > 0


def test_pairs_are_compared_by_seed_whatever_the_order_of_rows():
    t = table(a=[1.0, 2.0, 3.0], b=[0.5, 1.5, 2.5])
    t.rows.reverse()
    assert t.difference("a", "b", "S").interval == Interval(0.5, 0.0, 3)
    t.sort()
    assert [(r.variant, r.seed) for r in t.rows] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("b", 1),
        ("b", 2),
        ("b", 3),
    ]


def test_a_seed_that_is_missing_on_one_side_is_in_no_pair():
    t = table(a=[1.0, 2.0, 3.0], b=[0.0, 1.0, 2.0])
    t.rows = [r for r in t.rows if (r.variant, r.seed) != ("b", 2)]
    assert t.difference("a", "b", "S").interval.n == 2


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.95], MET),
        ([0.85], NOT_MET),
        ([0.95, 0.96, 0.94], MET),
        ([0.5, 0.51, 0.49], NOT_MET),
        ([0.80, 0.99, 0.95], CANNOT_TELL),
        ([0.95, 0.95, 0.95], MET),
        ([math.nan], CANNOT_TELL),
        ([], CANNOT_TELL),
        ([0.95, 0.95, math.nan], CANNOT_TELL),
    ],
)
def test_an_expectation_is_met_only_if_the_whole_interval_is_on_its_side(values, verdict):
    found = judge(parse_line("success_share > 90%", ()), "", values)
    assert found.verdict == verdict
    assert found.met is (verdict == MET)
    assert verdict in str(found)


@pytest.mark.parametrize(
    ("line", "values", "verdict"),
    [
        ("recovery_time > 100s", [math.inf, math.inf], MET),
        ("recovery_time > 100s", [math.inf, 3.0], CANNOT_TELL),
        ("recovery_time < 100s", [math.inf, 3.0], CANNOT_TELL),
        ("recovery_time < 100s", [math.inf, math.inf], NOT_MET),
    ],
)
def test_what_never_recovers_in_some_seeds_only_cannot_be_told(line, values, verdict):
    assert judge(parse_line(line, ()), "", values).verdict == verdict


def test_an_exact_count_holds_in_every_seed_or_not_at_all():
    line = parse_line("N == 100", ())
    assert judge(line, "", [100.0, 100.0]).verdict == MET
    assert judge(line, "", [100.0, 101.0, 99.0]).verdict == CANNOT_TELL
    assert judge(line, "", [50.0, 51.0, 50.5]).verdict == NOT_MET


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("services.db.slots=4..12:4", ("4", "8", "12")),
        ("sources.users.rate=50/s..100/s:25/s", ("50/s", "75/s", "100/s")),
        ("network=0.1ms..0.3ms:0.1ms", ("0.1ms", "0.2ms", "0.3ms")),
        ("x=1..10:4", ("1", "5", "9")),
        ("edges.web -> db.breaker=none, consecutive", ("none", "consecutive")),
    ],
)
def test_values_of_a_parameter_keep_their_unit_and_are_exact(text, values):
    assert vary.parse(text)[1] == values


@pytest.mark.parametrize("text", ["x", "x=", "x=1..2", "x=1..2:0", "x=2..1:1", "x=1s..2ms:1s", "x=0..1e9:1"])
def test_values_that_make_no_range_are_refused(text):
    with pytest.raises(UsageError, match="--vary"):
        vary.parse(text)


def test_seeds_are_ranges_and_lists():
    assert vary.seeds("1..4") == (1, 2, 3, 4)
    assert vary.seeds("1,2,5") == (1, 2, 5)
    assert vary.seeds("7") == (7,)


@pytest.mark.parametrize("text", ["", "4..1", "1,1", "a", "-3", "1..x"])
def test_seeds_that_are_none_are_refused(text):
    with pytest.raises(UsageError, match="--seeds"):
        vary.seeds(text)
