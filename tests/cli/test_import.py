"""`import`, `export` and `explain --import` as from a shell."""

import json

import pytest

from sim.scenario.load import load_file
from tests.cli.shell import call, shell

SETTINGS = """\
resilience4j:
  circuitbreaker: {instances: {db: {slidingWindowSize: 10, minimumNumberOfCalls: 5, waitDurationInOpenState: 1s}}}
  timelimiter: {instances: {db: {timeoutDuration: 500ms}}}
"""
RULE = """\
kind: DestinationRule
spec: {host: db, trafficPolicy: {outlierDetection: {maxEjectionPercent: 50}}}
"""


@pytest.fixture
def settings(place):
    (place / "application.yml").write_text(SETTINGS)
    (place / "rule.yaml").write_text(RULE)
    return place


def test_settings_become_a_comparison_in_two_commands(settings, capsys):
    code, out, err = call(capsys, "import", "application.yml", "-o", "trial.yaml")
    assert (code, out) == (0, "")
    assert "compare trial.yaml" in err
    code, out, err = call(capsys, "compare", "trial.yaml", "--seeds", "1..2", "--no-figures", "-o", "out")
    assert code == 0
    assert "as-imported" in out
    assert "without" in out


def test_stdout_and_file_hold_the_same_bytes_with_every_mark(settings, capsys):
    _, out, _ = call(capsys, "import", "application.yml")
    call(capsys, "import", "application.yml", "-o", "trial.yaml")
    assert out == (settings / "trial.yaml").read_text()
    assert "slidingWindowSize: 10 " in out
    assert "# given, line 2" in out
    assert "# library default" in out
    assert "# order: CircuitBreaker -> TimeLimiter (the library's aspect orders)" in out


def test_the_trial_passes_check_without_a_word(settings, capsys):
    for file in ("application.yml", "rule.yaml"):
        call(capsys, "import", file, "-o", f"{file}.trial.yaml")
        code, _, err = call(capsys, "check", f"{file}.trial.yaml")
        assert (code, err) == (0, "")


def test_policies_go_into_a_scenario_of_ones_own_and_its_text_stays(settings, capsys):
    before = (settings / "tiny.yaml").read_text()
    code, _, _ = call(
        capsys, "import", "application.yml", "--into", "tiny.yaml", "--at", "web->db", "-o", "new.yaml"
    )
    assert code == 0
    after = (settings / "new.yaml").read_text()
    assert [line for line in after.splitlines() if line in before.splitlines()] == before.splitlines()
    loaded = load_file("new.yaml")
    assert loaded.variant_names == ("none", "breaker", "imported")
    stack = loaded.scenario("imported").edges["web -> db"].stack
    assert [next(iter(single.model_fields_set)) for single in stack] == ["breaker", "timeout"]
    assert loaded.scenario("none").edges == {}


def test_the_variant_comes_last_and_comments_stay_with_what_they_are_about(settings, capsys):
    text = (settings / "tiny.yaml").read_text()
    before, after = text[: text.index("expect:")], text[text.index("expect:") :]
    more = f"{before}  # of the last variant\n\n# what is expected\n{after}"
    (settings / "more.yaml").write_text(more)
    _, out, _ = call(capsys, "import", "application.yml", "--into", "more.yaml", "--at", "web -> db")
    assert "# of the last variant\n  imported:\n" in out
    assert "\n\n# what is expected\nexpect:\n" in out
    (settings / "last.yaml").write_text(before)
    _, out, _ = call(capsys, "import", "application.yml", "--into", "last.yaml", "--at", "web -> db")
    (settings / "new.yaml").write_text(out)
    assert load_file("new.yaml").variant_names == ("none", "breaker", "imported")


def test_into_finds_what_a_scenario_names_beside_the_scenario(settings, capsys):
    folder = settings / "elsewhere"
    folder.mkdir()
    (folder / "rates.csv").write_text("time_s,rate_per_s\n0,10\n5,20\n")
    (folder / "shop.yaml").write_text(
        "schema: 1\nname: shop\nduration: 10s\n"
        "sources: {users: {rate: {replay: rates.csv}, call: web}}\n"
        "services: {web: {steps: [call: db]}, db: {steps: [work: 1ms]}}\n"
    )
    code, out, err = call(
        capsys, "import", "application.yml", "--into", "elsewhere/shop.yaml", "--at", "web -> db"
    )
    assert (code, "imported:" in out) == (0, True), err


def test_into_takes_the_place_of_what_an_edge_has_and_makes_variants_where_there_are_none(settings, capsys):
    text = (settings / "tiny.yaml").read_text()
    text = text[: text.index("variants:")] + "edges:\n  web -> db: {timeout: 1s, network: 1ms}\n"
    (settings / "plain.yaml").write_text(text)
    code, out, err = call(
        capsys, "import", "application.yml", "--into", "plain.yaml", "--at", "web -> db = db"
    )
    assert (code, err) == (0, "")
    (settings / "new.yaml").write_text(out)
    loaded = load_file("new.yaml")
    assert loaded.variant_names == ("as-it-was", "imported")
    edge = loaded.scenario("imported").edges["web -> db"]
    assert (edge.timeout, len(edge.stack), edge.network is None) == (None, 2, False)
    assert loaded.scenario("as-it-was").edges["web -> db"].timeout.after == 10**9


@pytest.mark.parametrize(
    ("below", "names"),
    [
        (
            "  slow:\n    services: {db: {slots: 1}}\n\n# what is asked\nexpect: []\n",
            ("base", "slow", "imported"),
        ),
        ("  # none\n", ("base", "imported")),
        ("  slow: {services: {db: {slots: 1},\n    web: {slots: 7}}}", ("base", "slow", "imported")),
    ],
)
def test_into_leaves_the_first_variant_the_one_that_others_are_compared_with(below, names, settings, capsys):
    text = (settings / "tiny.yaml").read_text()
    (settings / "own.yaml").write_text(text[: text.index("variants:")] + "variants:\n  base: {}\n" + below)
    code, out, err = call(capsys, "import", "application.yml", "--into", "own.yaml", "--at", "web -> db")
    assert (code, err) == (0, "")
    (settings / "new.yaml").write_text(out)
    assert load_file("new.yaml").variant_names == names
    assert below.strip() in out or below.split("#")[0].strip() in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("application.yml --into tiny.yaml", 2, "go together"),
        ("application.yml --at 'web -> db'", 2, "go together"),
        ("application.yml --into tiny.yaml --at 'web -> db=bd'", 2, "the file has no 'bd'; there are db"),
        ("application.yml --into tiny.yaml --at 'web -> cache'", 2, "--at: no edge is called 'web -> cache'"),
        ("application.yml --into nowhere.yaml --at 'web -> db'", 3, "nowhere.yaml: cannot be read"),
        ("application.yml --as istio", 3, "nothing in this file is of istio"),
        ("application.yml --only x", 3, "no instance is called 'x'"),
        ("nowhere.yml", 3, "nowhere.yml: cannot be read"),
        (".", 3, "a directory, not a settings file"),
        ("tiny.yaml", 3, "this is a scenario already"),
        ("application.yml -o tiny.yaml", 2, "nothing was written: give another name, or remove it first"),
        ("application.yml -o no/where.yaml", 5, "cannot be written"),
    ],
)
def test_what_cannot_be_is_told(words, code, told, settings, capsys):
    import shlex

    ended, out, err = call(capsys, "import", *shlex.split(words))
    assert (ended, out) == (code, "")
    assert told in err


def test_a_variant_that_is_called_imported_already_is_told(settings, capsys):
    call(capsys, "import", "application.yml", "--into", "tiny.yaml", "--at", "web -> db", "-o", "new.yaml")
    code, _, err = call(capsys, "import", "application.yml", "--into", "new.yaml", "--at", "web -> db")
    assert code == 3
    assert "a variant is called 'imported' already" in err
    assert "rename it, and its lines in `expect:`; or remove it" in err


def test_variants_in_one_line_are_not_taken_apart(settings, capsys):
    text = (settings / "tiny.yaml").read_text()
    start, end = text.index("variants:"), text.index("expect:")
    (settings / "flow.yaml").write_text(text[:start] + "variants: {none: {}}\n")
    code, _, err = call(capsys, "import", "application.yml", "--into", "flow.yaml", "--at", "web -> db")
    assert code == 3
    assert "write each in a line of its own" in err
    assert end > start


def test_a_mistake_is_told_with_its_line_and_a_caret(settings, capsys):
    (settings / "application.yml").write_text(SETTINGS.replace("slidingWindowSize", "slidingWindowSise"))
    code, out, err = call(capsys, "import", "application.yml")
    assert (code, out) == (3, "")
    assert "application.yml:2:37: CircuitBreaker has no setting 'slidingWindowSise'" in err
    assert err.rstrip().endswith("^")


def test_a_file_comes_from_a_pipe(settings):
    done = shell("import", "-", cwd=settings, input=SETTINGS)
    assert done.returncode == 0
    assert "name: stdin" in done.stdout


def test_what_is_exported_is_imported_again_the_same(settings, capsys):
    call(capsys, "import", "application.yml", "-o", "first.yaml")
    code, _, _ = call(capsys, "export", "first.yaml", "--to", "resilience4j", "-o", "again.yml")
    assert code == 0
    call(capsys, "import", "again.yml", "-o", "second.yaml")
    assert load_file("first.yaml").scenario(None).edges == load_file("second.yaml").scenario(None).edges


def test_the_policies_of_a_variant_are_exported(settings, capsys):
    code, out, _ = call(
        capsys, "export", "tiny.yaml", "--to", "envoy", "--variant", "none", "--edge", "users -> web"
    )
    assert code == 0
    assert "timeout: 1s" in out
    code, out, err = call(capsys, "export", "tiny.yaml", "--to", "envoy", "--variant", "breaker")
    assert (code, out) == (3, "")
    assert "tiny.yaml:16:42: edges.web -> db.breaker: a proxy has no breaker with states" in err
    assert call(capsys, "export", "tiny.yaml", "--to", "envoy", "--variant", "braker")[0] == 2
    assert call(capsys, "export", "tiny.yaml", "--to", "nginx")[0] == 2


def test_a_file_is_explained_with_the_traps_of_its_numbers(settings, capsys):
    code, out, _ = call(capsys, "explain", "--import", "rule.yaml")
    assert code == 0
    assert "with fewer than 2 hosts it never ejects anybody" in out
    assert "Retries multiply: 3 tries here, and 27" in out
    code, out, _ = call(capsys, "explain", "--import", "rule.yaml", "--hosts", "1", "--json")
    (told,) = json.loads(out)
    assert any("It never ejects anybody: one of 1 hosts" in trap for trap in told["traps"])
    assert {
        "setting": "params.maxEjectionPercent",
        "value": 50,
        "mark": "given",
        "note": "",
        "line": 2,
    } in told["policies"][1]["values"]


def test_minimum_calls_are_set_against_the_traffic(settings, capsys):
    (settings / "application.yml").write_text(
        SETTINGS.replace("minimumNumberOfCalls: 5, ", "slidingWindowType: TIME_BASED, ")
    )
    code, out, _ = call(capsys, "explain", "--import", "application.yml", "--rate", "5/s")
    assert code == 0
    words = " ".join(out.split())
    assert "it does not open within five minutes at 5/s" in words
    assert "Below 10 calls/s" in words


def test_options_of_a_file_go_with_a_file(settings, capsys):
    assert call(capsys, "explain", "--hosts", "3")[0] == 2
    assert call(capsys, "explain", "hystrix", "--import", "rule.yaml")[0] == 2
    code, _, err = call(capsys, "explain", "--import", "tiny.yaml")
    assert code == 3
    assert "this is a scenario already" in err


def test_an_export_says_that_it_is_the_policies_only(settings, capsys):
    (settings / "application.yml").write_text(
        SETTINGS.replace("waitDur", "recordExceptions: [java.io.IOException], waitDur")
    )
    call(capsys, "import", "application.yml", "-o", "first.yaml")
    code, out, err = call(capsys, "export", "first.yaml", "--to", "resilience4j")
    assert code == 0
    assert err.startswith("warning: these are the policies only: exception classes are stand-ins")
    assert err.rstrip().endswith("merge them into your file, do not replace it")
    head = " ".join(line[2:] for line in out.splitlines() if line.startswith("# "))
    assert f"warning: {head}" == err.rstrip()


@pytest.mark.parametrize(("target", "comment"), [("envoy", True), ("istio", True), ("sentinel", False)])
def test_the_caution_is_a_comment_where_the_format_has_comments(target, comment, settings, capsys):
    policy = "bulkhead: 3"
    text = (settings / "tiny.yaml").read_text()
    text = text[: text.index("variants:")] + f"edges: {{web -> db: {{{policy}}}}}\n"
    (settings / "own.yaml").write_text(text)
    code, out, err = call(capsys, "export", "own.yaml", "--to", target)
    assert code == 0
    assert "named after services" in err
    assert out.startswith("# these are the policies only") == comment
    (settings / "out").write_text(out)
    assert call(capsys, "import", "out")[0] == 0


def test_a_line_of_expect_may_be_about_the_variant_before_it_is_there(settings, capsys):
    line = '  - "imported: success_share(web) during fault > 1%"\n'
    text = (settings / "tiny.yaml").read_text()
    (settings / "own.yaml").write_text(text.replace("expect:\n", f"expect:\n{line}"))
    words = ("import", "application.yml", "--into", "own.yaml", "--at", "web -> db", "-o", "new.yaml")
    code, _, err = call(capsys, *words)
    assert (code, err) == (0, "new.yaml is written; try: cascadelab compare new.yaml\n")
    assert line in (settings / "new.yaml").read_text()
    (settings / "own.yaml").write_text(text.replace("expect:\n", f"expect:\n{line}  - nonsense\n"))
    code, _, err = call(capsys, *words[:-1], "other.yaml")
    assert code == 3
    assert "nonsense" in err
    assert "no variant is called" not in err


SEVERAL = """\
resilience4j.timelimiter.instances: {db: {timeoutDuration: 500ms}, mail: {timeoutDuration: 300ms}}
"""


def test_of_several_the_one_called_as_the_callee_is_taken(settings, capsys):
    (settings / "several.yml").write_text(SEVERAL)
    code, out, err = call(capsys, "import", "several.yml", "--into", "tiny.yaml", "--at", "web -> db")
    assert (code, err) == (0, "web -> db: takes db, the one of 2 in the file that is called as the callee\n")
    (settings / "new.yaml").write_text(out)
    (layer,) = load_file("new.yaml").scenario("imported").edges["web -> db"].stack
    assert layer.timeout.after == 500_000_000


def test_which_of_several_is_asked_in_quotes_and_a_wrong_edge_is_told_first(settings, capsys):
    (settings / "several.yml").write_text(SEVERAL.replace("db:", "shop:"))
    code, _, err = call(capsys, "import", "several.yml", "--into", "tiny.yaml", "--at", "web -> db")
    assert code == 2
    assert "write --at 'web -> db=NAME', one of shop, mail" in err
    for at in ("web -> bd", "web -> bd=nothing"):
        code, _, err = call(capsys, "import", "several.yml", "--into", "tiny.yaml", "--at", at)
        assert code == 2
        assert "--at: no edge is called 'web -> bd'" in err


def test_a_profile_that_the_file_does_not_name_is_told_with_the_nearest(settings, capsys):
    more = "---\nspring.config.activate.on-profile: prod\nresilience4j.timelimiter.instances.db.timeoutDuration: 2s\n"
    (settings / "application.yml").write_text(SETTINGS + more)
    told = "warning: no document of this file is of the profile prd; did you mean prod?\n"
    for words in (("import", "application.yml"), ("explain", "--import", "application.yml")):
        code, _, err = call(capsys, *words, "--profile", "prd")
        assert (code, err) == (0, told)
        code, _, err = call(capsys, *words, "--profile", "prod")
        assert (code, err) == (0, "")


@pytest.mark.parametrize("command", ["check", "run", "compare"])
def test_a_file_of_another_tool_that_is_run_is_to_be_imported(command, settings, capsys):
    (settings / "two.yml").write_text(f"spring: {{}}\n---\n{SETTINGS}")
    for file, kind in (
        ("application.yml", "resilience4j"),
        ("two.yml", "resilience4j"),
        ("rule.yaml", "istio"),
    ):
        code, _, err = call(capsys, command, file)
        assert code == 3
        told = f"this is no scenario, but of {kind}: `cascadelab import {file}` makes one of it"
        assert err.rstrip().endswith(told)
    (settings / "wrong.yaml").write_text((settings / "tiny.yaml").read_text() + "nonsense: 1\n")
    for file in ("wrong.yaml", "nowhere.yaml"):
        code, _, err = call(capsys, command, file)
        assert code == 3
        assert "cascadelab import" not in err
