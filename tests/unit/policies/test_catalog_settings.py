"""Settings under the libraries' own names: how they may be spelled, what is legal, what a mistake is told."""

import pytest

from sim.policies import catalog
from sim.policies.catalog.entry import settings
from sim.policies.options import OptionError

OPTIONS = [(row, o) for row, entry in catalog.ENTRIES.items() for o in entry.options if not o.elsewhere]
BOUNDS = [
    (row, o, bound, way)
    for row, o in OPTIONS
    for bound, way in ((o.low, -1), (o.high, +1))
    if bound is not None
]
NAMES = [f"{row} {o.name} {'>=' if way < 0 else '<='} {bound:g}" for row, o, bound, way in BOUNDS]


def written(option, value):
    """A number of the library's unit as the file may have it."""
    if option.kind == "duration":
        return f"{value * 1e9:.0f}ns"
    return int(value) if option.kind in ("count", "counts") else value


def beside(option, bound, way):
    """The next value that is out of range."""
    step = 1 if option.kind in ("count", "counts") else max(abs(bound) * 1e-6, 1e-6)
    return bound + way * step


@pytest.mark.parametrize(("row", "option", "bound", "way"), BOUNDS, ids=NAMES)
def test_the_bounds_of_a_setting_are_legal_and_one_step_beside_is_not(row, option, bound, way):
    entry = catalog.ENTRIES[row]
    settings(entry, {option.name: written(option, bound)}, row)
    outside = written(option, beside(option, bound, way))
    with pytest.raises(OptionError, match="must|negative|between|not a") as caught:
        settings(entry, {option.name: outside}, row)
    assert caught.value.name == option.name


@pytest.mark.parametrize("row", catalog.names())
def test_the_defaults_of_every_row_are_legal(row):
    entry = catalog.ENTRIES[row]
    defaults = {o.name: o.default for o in entry.options if not o.elsewhere}
    assert settings(entry, defaults, row) == settings(entry, {}, row)


def spellings(name):
    """A dotted camelCase name in kebab-case and snake_case."""
    kebab = "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-").replace(".-", ".")
    return {name, kebab, kebab.replace("-", "_")}


def nested(name, value):
    """`a.b.c` as nested mappings."""
    head, _, rest = name.partition(".")
    return {head: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("row", "option"), OPTIONS, ids=[f"{row} {o.name}" for row, o in OPTIONS])
def test_a_setting_may_be_written_in_kebab_snake_and_nested(row, option):
    entry = catalog.ENTRIES[row]
    expected = settings(entry, {option.name: option.default}, row)
    for spelling in spellings(option.name):
        assert settings(entry, {spelling: option.default}, row) == expected
        assert settings(entry, nested(spelling, option.default), row) == expected


def test_a_setting_in_another_spelling_is_heeded():
    own = catalog.params_from({"use": "resilience4j", "params": {"slidingWindowSize": 7}})
    assert own.size == 7
    for params in ({"sliding-window-size": 7}, {"sliding_window_size": 7}):
        assert catalog.params_from({"use": "resilience4j", "params": params}) == own
    deep = {"circuitBreaker": {"sleep-window-in-milliseconds": 9}}
    assert catalog.params_from({"use": "hystrix", "params": deep}).open_ns == 9_000_000


def test_a_setting_twice_in_two_spellings_is_refused():
    twice = {"slidingWindowSize": 7, "sliding-window-size": 8}
    with pytest.raises(OptionError, match="says again what slidingWindowSize says"):
        catalog.parts_of("resilience4j", twice)


@pytest.mark.parametrize(("row", "option"), OPTIONS, ids=[f"{row} {o.name}" for row, o in OPTIONS])
def test_a_misspelt_setting_is_told_the_nearest(row, option):
    misspelt = f"{option.name}x"
    with pytest.raises(OptionError, match="did you mean|it has|it is one of") as caught:
        catalog.parts_of(row, {misspelt: option.default})
    assert caught.value.unknown
    assert caught.value.name == misspelt


def test_the_nearest_setting_is_the_one_that_was_meant():
    with pytest.raises(OptionError, match="did you mean waitDurationInOpenState"):
        catalog.parts_of("resilience4j", {"waitDurationInOpnState": "5s"})


def test_a_setting_of_another_library_is_told_whose_it_is():
    with pytest.raises(OptionError, match="no setting 'BreakDuration': it is one of polly-v8"):
        catalog.parts_of("hystrix", {"BreakDuration": "5s"})


def test_the_first_mistake_knows_the_others():
    with pytest.raises(OptionError) as caught:
        catalog.parts_of("pybreaker", {"fail_max": 0, "reset-timeout": -1, "fail": 1})
    mistakes = (caught.value, *caught.value.others)
    assert [m.name for m in mistakes] == ["fail", "fail_max", "reset-timeout"]


@pytest.mark.parametrize(
    ("row", "params", "words"),
    [
        ("hystrix", {"metrics.rollingStats.timeInMilliseconds": 750}, "must be a multiple"),
        ("resilience4j", {"enableExponentialBackoff": True, "enableRandomizedWait": True}, "exclude each other"),
        ("sentinel", {"grade": 1, "count": 1.01}, "ratio of 0..1"),
        ("failsafe", {"failureThreshold": [4, 3]}, "must not lie above its capacity"),
        ("failsafe", {"failureRateThreshold": 50}, "needs failureExecutionThreshold"),
        ("gobreaker", {"ReadyToTrip": {"failure_ratio": 0.5}}, "min_requests"),
        ("fluxgate", {"tripper": "Closed() & HalfOpened()"}, "never holds"),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other_are_refused(row, params, words):
    with pytest.raises(ValueError, match=words):
        catalog.params_from({"use": row, "params": params})


def test_the_block_replaces_parts_of_its_row():
    block = {"use": "resilience4j", "params": {"slidingWindowSize": 20}, "expiry": "inclusive", "slow": None}
    p, own = catalog.params_from(block), catalog.params_from({"use": "resilience4j"})
    assert (p.size, p.strict, p.slow_ns) == (20, 0, own.slow_ns)
    assert (p.probes, p.late, p.clear) == (own.probes, own.late, own.clear)
