"""What is told of an entry: complete, true to its parameters, and readable in a terminal."""

import json
from typing import Literal, get_args, get_origin

import pytest

from sim.policies import catalog
from sim.policies.catalog.values import VALUES
from sim.scenario import breakers as schema
from sim.views.breaker_text import entry_data, entry_text, part_text
from sim.views.breaker_words import diagram
from sim.views.timeline_text import strip


def told(name, **given):
    return entry_text(entry_data(name, given))


def drawn(name, **given):
    return "\n".join(diagram(catalog.params_from({"use": name, "params": given})))


@pytest.mark.parametrize("name", catalog.ENTRIES)
def test_every_entry_names_its_version_settings_parts_and_traps(name):
    entry, text = catalog.ENTRIES[name], told(name)
    plain = " ".join(text.split())
    assert entry.about in plain
    assert entry.version in plain
    assert entry.source in plain
    assert all(trap in plain for trap in entry.traps)
    assert all(f"  {option.name} " in text for option in entry.options)
    parts = catalog.parts_of(name, dict(entry.example))
    assert all(f"  {part}: " in text for part, value in parts.items() if value is not None)
    assert "In an outage" in text


@pytest.mark.parametrize("name", catalog.ENTRIES)
def test_every_entry_as_data_is_json_and_its_fates_are_all_its_calls(name):
    found = json.loads(json.dumps(entry_data(name)))
    line = found["timeline"]
    fates = (line["good"], line["wasted"], line["refused_good"], line["refused_bad"])
    assert sum(fates) == line["calls"] == 4000
    assert len(line["strip"]) == 80
    assert set(line["strip"]) <= set(".x#?")


@pytest.mark.parametrize("name", [n for n in catalog.ENTRIES if n != "none"])
def test_a_diagram_has_three_states_and_both_ways_out_of_half_open(name):
    text = drawn(name, **dict(catalog.ENTRIES[name].example))
    lines = text.splitlines()
    assert [line.split()[0] for line in lines if line[:1].isalpha()] == ["CLOSED", "OPEN", "HALF-OPEN"]
    assert "|-> CLOSED" in text
    assert "'-> OPEN" in text
    assert max(map(len, lines)) <= 96


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("resilience4j", {}, "failures >= 50 % of at least 100 results"),
        ("resilience4j", {}, "judged on any result"),
        ("resilience4j", {}, "admits 10 probes in all"),
        ("resilience4j", {}, "failures >= 50 % of the first 10 results"),
        ("resilience4j", {"slidingWindowType": "TIME_BASED"}, "the last 100 s in 100 slices"),
        ("resilience4j", {"maxWaitDurationInHalfOpenState": "3s"}, "or after 3 s in half-open"),
        ("hystrix", {}, "of at least 20 results, cut to whole percents"),
        ("hystrix", {}, "judged each time a slice of 500 ms is full"),
        ("sentinel", {"grade": 1}, "failures > 50 % of at least 5 results"),
        ("gobreaker", {}, "6 failures in a row"),
        ("gobreaker", {}, "after that time, not yet at its last instant"),
        ("pybreaker", {}, "with the first request when that time is over"),
        ("pybreaker", {"success_threshold": 3}, "3 successes"),
        ("opossum", {}, "by timer, without a call"),
        ("failsafe", {"failureThreshold": [3, 5]}, "failures >= 3"),
        ("failsafe", {"failureThreshold": [3, 5]}, "admits 5 probes at a time"),
        ("linkerd", {}, "1 s, times 2 with each opening"),
        ("finagle", {}, "average of successes < 80 % of at least 5 results"),
        ("circuitbreaker", {}, "begins the open time anew, a success closes it"),
        ("fluxgate", {}, "10 % of the calls, growing to 100 % in 60 s"),
        (
            "fluxgate",
            {"tripper": "MinRequests(9) & AvgLatency(0.5)"},
            "mean latency >= 500 ms of at least 9 results",
        ),
    ],
)
def test_conditions_are_told_as_they_are_judged(name, given, words):
    assert words in " ".join(drawn(name, **given).replace("|", " ").split())


def test_a_setting_that_was_given_stands_beside_its_default():
    text = told("pybreaker", fail_max=2)
    assert "(default 5)" in text
    assert "2 failures in a row" in text
    assert "wasted   2 failing calls" in text


def test_an_example_stands_until_it_is_overruled():
    assert "failures > 50 %" in told("sentinel", timeWindow=5)
    assert "slow results >= 100 %" in told("sentinel", grade=0, count=100)


def test_the_numbers_show_who_cannot_trip_at_a_low_rate():
    assert "At 3 calls/s per copy it cannot trip" in told("polly-v8")
    assert "cannot trip" not in " ".join(entry_data("pybreaker")["seen"])
    assert "At 3 calls/s per copy it needs 23 s and 69 failed calls" in told("resilience4j")


def test_a_probe_that_hangs_is_a_trap_unless_half_open_ends_by_itself():
    assert any("hangs" in trap for trap in entry_data("resilience4j")["seen"])
    limited = entry_data("resilience4j", {"maxWaitDurationInHalfOpenState": "3s"})
    assert not any("hangs" in trap for trap in limited["seen"])
    assert not any("hangs" in trap for trap in entry_data("polly-v7-consecutive")["seen"])


def test_the_strip_shows_waste_openings_and_probes_where_they_are():
    from sim.policies.timeline import timeline

    assert strip(timeline("none")) == "." * 10 + "x" * 20 + "." * 50
    found = strip(timeline("circuitbreaker"))
    assert found == "." * 10 + "x" + "#" * 29 + "?" + "." * 39


# Parts ---------------------------------------------------------------------------------------------


def test_every_part_has_its_values_told():
    assert VALUES.keys() == catalog.PARTS.keys()
    for name, values in VALUES.items():
        text = part_text(name)
        assert all(value in text for value in values)
        assert all(sentence.endswith((".", "reasons.")) for sentence in values.values())


def words_of(annotation):
    """Literal words of a field's type, wherever they stand."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return set().union(*(words_of(inner) for inner in get_args(annotation)))


@pytest.mark.parametrize("part", sorted(VALUES.keys() - {"failures", "ignored_outcomes"}))
def test_no_word_of_the_schema_is_left_untold(part):
    """Of the part itself and of the mappings in it. Reasons of failure are topics of their own."""
    models = {
        "window": schema.Window,
        "trip": schema.Trip,
        "open_for": schema.OpenFor,
        "half_open_for": schema.HalfOpenFor,
    }
    fields = [schema.Breaker.model_fields[part], *getattr(models.get(part), "model_fields", {}).values()]
    known = set().union(*(words_of(field.annotation) for field in fields)) - {None}
    text = part_text(part)
    assert {word for word in known if str(word) not in text} == set()
