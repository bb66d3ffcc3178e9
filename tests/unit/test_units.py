"""Units: what is read is exact, what is written reads back, what has no unit is refused with a hint."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import units


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("250ms", 250_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1.5us", 1_500),
        ("0.1s", 100_000_000),
        ("1 d", 86_400_000_000_000),
        ("2m 3s", 123_000_000_000),
        ("7ns", 7),
        ("0s", 0),
        ("1e3ms", 1_000_000_000),
        ("10µs", 10_000),
        (".5s", 500_000_000),
    ],
)
def test_durations(text: str, ns: int) -> None:
    assert units.duration_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "rate"), [("120/s", 120.0), ("3/m", 0.05), ("36/h", 0.01), ("5rps", 5.0), ("0.1 / s", 0.1)]
)
def test_rates(text: str, rate: float) -> None:
    assert units.rate_per_s(text) == rate


@pytest.mark.parametrize(
    ("value", "share"), [("30%", 0.3), ("0.1%", 0.001), (0.3, 0.3), (1, 1.0), ("0.25", 0.25)]
)
def test_shares(value: object, share: float) -> None:
    assert units.share(value) == share


@pytest.mark.parametrize("value", [90, "90", 90.0, " 90 "])
def test_a_bare_number_is_refused_with_a_hint(value: object) -> None:
    with pytest.raises(ValueError, match="90 of what\\? write 90s or 90ms"):
        units.duration_ns(value)


@pytest.mark.parametrize(
    ("parse", "value", "words"),
    [
        (units.duration_ns, "-5s", "negative"),
        (units.duration_ns, -5, "negative"),
        (units.duration_ns, "5 parsecs", "not a duration"),
        (units.duration_ns, "5s!", "not a duration"),
        (units.duration_ns, float("nan"), "not a duration"),
        (units.duration_ns, True, "not a duration"),
        (units.duration_ns, None, "not a duration"),
        (units.duration_ns, "", "not a duration"),
        (units.duration_ns, "1e999999999s", "not a duration"),
        (units.duration_ns, "9" * 5000 + "s", "not a duration"),
        (units.duration_ns, "200000000h", "longer than the clock"),
        (units.rate_per_s, 50, "50 per what"),
        (units.rate_per_s, "-5/s", "negative"),
        (units.rate_per_s, "9" * 400 + "/s", "not a rate"),
        (units.rate_per_s, "nan/s", "not a rate"),
        (units.share, 1.2, "not between 0 and 1"),
        (units.share, "120%", "not between 0 and 1"),
        (units.share, -0.1, "not between 0 and 1"),
        (units.share, float("nan"), "not a share"),
        (units.share, "half", "not a share"),
    ],
)
def test_refusals_say_why(parse: object, value: object, words: str) -> None:
    assert callable(parse)
    with pytest.raises(ValueError, match=words) as caught:
        parse(value)
    assert len(str(caught.value)) < 200


@given(st.integers(min_value=0, max_value=2**62 - 1))
def test_a_written_duration_reads_back(ns: int) -> None:
    assert units.duration_ns(units.show_ns(ns)) == ns


@given(st.floats(min_value=0, max_value=1e300, allow_nan=False, allow_subnormal=False))
def test_a_written_rate_reads_back(rate: float) -> None:
    assert units.rate_per_s(units.show_rate(rate)) == pytest.approx(rate, rel=1e-12)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_written_share_reads_back(parts: int) -> None:
    assert units.share(units.show_share(parts / 10**9)) == parts / 10**9


@given(st.text(max_size=20))
def test_no_text_is_more_than_a_value_error(text: str) -> None:
    for parse in (units.duration_ns, units.rate_per_s, units.share):
        with contextlib.suppress(ValueError):
            assert parse(text) >= 0


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_compounds_add(h: int, m: int, s: int) -> None:
    assert units.duration_ns(f"{h}h{m}m{s}s") == ((h * 60 + m) * 60 + s) * 10**9


@given(st.floats(min_value=0, max_value=1))
def test_a_bare_share_is_read_with_every_digit(share: float) -> None:
    assert units.share(share) == share
