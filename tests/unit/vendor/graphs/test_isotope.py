"""isotope service graphs, as its services run them."""

import pytest

from sim.scenario import load_text
from tests.unit.vendor.graphs.importing import imported, played, refused, scenario

FAILING = "- {name: bad, errorRate: 1}\n- {name: good}\n- {name: top, isEntrypoint: true, script: %s}\n"


def test_a_failing_call_aborts_the_script(tmp_path):
    run = played("services:\n" + FAILING % "[{call: bad}, {call: good}]", tmp_path)
    assert run.measure("attempts(bad)") == run.measure("N(users)") > 0
    assert run.measure("attempts(good)") == 0
    assert run.measure("S(users)") == 0


def test_calls_of_a_list_within_the_script_are_made_together(tmp_path):
    run = played("services:\n" + FAILING % "[[{call: bad}, {call: good}]]", tmp_path)
    assert run.measure("attempts(good)") == run.measure("attempts(bad)") == run.measure("N(users)") > 0
    assert run.measure("S(users)") == 0


def test_the_error_rate_is_decided_before_the_script(tmp_path):
    text = "services:\n- {name: top, isEntrypoint: true, errorRate: 30%, script: [{call: below}]}\n- {name: below}\n"
    run = played(text, tmp_path, "duration=300s")
    assert run.measure("error(users)") / run.measure("N(users)") == pytest.approx(0.3, abs=0.1)
    assert run.measure("attempts(below)") == run.measure("S(users)")
    assert run.measure("S(top -> below)") == run.measure("S(users)")


def test_a_sleep_takes_its_time_and_no_core(tmp_path):
    text = "services:\n- {name: top, isEntrypoint: true, script: [sleep: 100ms]}\n"
    run = played(text, tmp_path, "sources.users.rate=200/s", "duration=20s")
    assert run.measure("p50(users)") == pytest.approx(0.105, abs=0.006)
    assert run.measure("success_share") == 1


def test_the_probability_of_a_call_is_a_percentage_and_zero_is_always(tmp_path):
    calls = "[{call: {service: a, probability: 25}}, {call: {service: b, probability: 0, size: 1 KB}}]"
    text = f"services:\n- {{name: a}}\n- {{name: b}}\n- {{name: top, isEntrypoint: true, script: {calls}}}\n"
    steps = scenario(text).services["top"].endpoints["main"].steps
    assert [step.probability for step in steps] == [1, 0.25, 1]


def test_defaults_hold_for_services_that_do_not_say_otherwise():
    model = scenario(
        "defaults: {numReplicas: 3, errorRate: 0.5, script: [call: a]}\n"
        "services:\n- {name: a, script: [], numReplicas: 2}\n- {name: b, isEntrypoint: true, errorRate: 0}\n"
    )
    a, b = model.services["a"], model.services["b"]
    assert (a.replicas, b.replicas) == (2, 3)
    assert (a.endpoints["main"].error_rate, b.endpoints["main"].error_rate) == (0.5, 0)
    assert [step.call for step in b.endpoints["main"].steps] == [None, "a"]
    assert [step.call for step in a.endpoints["main"].steps] == [None]


def test_users_call_every_entry_point():
    text = "services:\n- {name: a, isEntrypoint: true}\n- {name: b, isEntrypoint: true}\n- {name: c}\n"
    assert set(scenario(text).sources["users"].mix) == {"a", "b"}


def test_without_an_entry_point_users_call_those_that_nobody_calls_and_that_is_marked():
    text = "services:\n- {name: a}\n- {name: b, script: [call: a]}\n"
    assert scenario(text).sources["users"].call == "b"
    assert "users: # assumed: no service is an entry point" in imported(text).text


def test_what_a_scenario_has_nothing_for_is_named_with_its_lines():
    text = "defaults:\n  requestSize: 1 KB\n  numRbacPolicies: 3\nservices:\n- name: a\n  isEntrypoint: true\n  type: grpc\n"
    head = imported(text).text.split("schema: 1")[0]
    assert "requestSize: networks have delays, not payloads: line 2" in head
    assert "numRbacPolicies: line 3" in head
    assert "type: http or grpc: line 7" in head


def test_a_name_that_a_scenario_cannot_have_is_changed_and_that_is_said():
    written = imported(
        'services:\n- {name: "a.b -> c"}\n- {name: a-b-c}\n- {name: t, isEntrypoint: true, script: [call: "a.b -> c"]}\n'
    )
    assert "  a-b-c-2: # a.b -> c in the file\n" in written.text
    assert "- call: a-b-c-2\n" in written.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("default: {numReplicas: 2}\nservices: [{name: a}]", "shop.yaml:1:1: default: an isotope file has no key 'default'; did you mean defaults?"),
        ("services:\n- name: a\n  numReplica: 2", "3:3: services[0].numReplica: a service has no key 'numReplica'; did you mean numReplicas?"),
        ("services:\n- name: a\n  numReplicas: 0", "3:16: services[0].numReplicas: 0 is not between 1 and 100,000"),
        ("services:\n- name: a\n  errorRate: 1.5", "3:14: services[0].errorRate: 1.5 is not between 0 and 1"),
        ("services:\n- name: a\n  errorRate: 150%", "3:14: services[0].errorRate: 150% is not between 0 and 1"),
        ("services:\n- name: a\n  script:\n  - call: b", "4:11: no service is called 'b'"),
        ("services:\n- name: a\n  script:\n  - sleep: 10", "4:12: services[0].script[0].sleep: 10 is not text"),
        ("services:\n- name: a\n  script:\n  - sleep: 10 parsecs", "4:12: services[0].script[0].sleep: '10 parsecs' is not a duration"),
        ("services:\n- name: a\n  script:\n  - {wait: 1s}", "4:6: services[0].script[0].wait: a command of a script has no key 'wait'"),
        ("services:\n- name: a\n  script:\n  - [[{sleep: 1s}]]", "4:6: services[0].script[0][0]: isotope refuses a concurrent list within"),
        ("services:\n- name: a\n  script: [{call: {service: a, probability: 101}}]", "3:45: services[0].script[0].call.probability: 101 is not between 0 and 100"),
        ("services:\n- name: a\n- name: a", "3:9: services[1].name: two services are called 'a'"),
        ("services:\n- name: a\n  isEntrypoint: true\n  script: [call: b]\n- name: b\n  script: [call: a]", "6:18: these calls go in a circle and never end: a -> b -> a"),
        ("services:\n- {name: a, type: tcp}", "2:19: services[0].type: 'tcp' is not one of http, grpc"),
        ("services:\n- {name: a, responseSize: huge}", "2:27: services[0].responseSize: 'huge' is not a size"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_position(text, words):
    assert words in refused(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    told = refused("services:\n- {name: a, numReplicas: x}\n- {name: a}\n- {nam: b}")
    assert [line.split(":")[1] for line in told.splitlines() if line.startswith("shop.yaml")] == list("2344")


def test_a_mistake_in_the_defaults_is_told_once():
    told = refused("defaults: {script: [call: x]}\nservices:\n- {name: a}\n- {name: b}")
    assert told.count("no service is called 'x'") == 1


def test_a_long_chain_of_calls_is_read_in_time():
    n = 3000
    chain = "".join(f"- {{name: s{i}, script: [call: s{i + 1}]}}\n" for i in range(n))
    assert "s0 -> s1 -> s2 -> s3 -> ... -> s2999 -> s3000 -> s0" in refused(
        f"services:\n{chain}- {{name: s{n}, script: [call: s0]}}"
    )


def test_calls_with_a_chance_that_never_end_are_refused():
    call = "{call: {service: a, probability: 60}}"
    assert "these calls never end" in refused(
        f"services:\n- {{name: a, isEntrypoint: true, script: [[{call}, {call}]]}}"
    )


def test_without_anybody_to_call_first_it_says_how_to_name_one():
    call = "{call: {service: %s, probability: 40}}"
    text = f"services:\n- {{name: a, script: [{call % 'b'}]}}\n- {{name: b, script: [{call % 'a'}]}}"
    assert "none is left for users to call; write isEntrypoint: true at one" in refused(text)


def test_calls_with_a_chance_that_do_end_may_go_in_a_circle():
    call = "{call: {service: a, probability: 40}}"
    assert scenario(f"services:\n- {{name: a, isEntrypoint: true, script: [[{call}, {call}]]}}")


def test_what_it_suggests_to_begin_with_holds():
    text = imported("services:\n- {name: top, isEntrypoint: true, script: [call: a.b]}\n- {name: a.b}\n").text
    head, suggestion = text.split("# To begin with")
    wanted = suggestion.splitlines()[1:]
    loaded = load_text(head + "\n".join(line.removeprefix("# ") for line in wanted))
    assert loaded.variant_names == ("none", "breaker")
    assert len(loaded.scenario().faults) == 1
    assert loaded.warnings == []
