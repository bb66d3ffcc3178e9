"""What a validation reports beside its checks: what was not run, and which published claims are wrong."""

import pytest

from sim.validation import target
from sim.validation.acceptance import Judgement
from sim.validation.claims import CLAIMS
from sim.validation.run import Finding, Outcome, Validation
from sim.validation.targets import TARGETS
from sim.views.validation_page import validation_files
from sim.views.validation_plots import figure_png
from sim.views.validation_text import claims, closing, table_text, validation_data

CHECKS = {(t.name, c.name): c for t in TARGETS.values() for c in t.checks}
MANIFEST = {
    "date": "", "version": "", "engines": [], "python": "", "wall_s": 0, "command": "", "interrupted": False,
}  # fmt: skip


def outcome(name, check, means):
    """A check of which these means were found."""
    found = tuple(
        Finding(e, check.x, 1.0, Judgement(means[e.observable], 0.1, 0.1, "pass"))
        for e in check.expected
        if e.observable in means
    )
    return Outcome(TARGETS[name], check, check.full, "simpy", (1,), found)


def test_names_of_checks_are_their_own():
    assert len(CHECKS) == sum(len(t.checks) for t in TARGETS.values())


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: c.name)
def test_a_check_finds_its_files_in_the_checkout(check):
    assert check.needs_checkout == ""
    assert check.is_trial or target.scenario_file(check.scenario).exists()


def test_an_installed_package_says_what_it_cannot_run(monkeypatch, tmp_path):
    monkeypatch.setattr(target, "THEORY", tmp_path)
    chosen = [TARGETS[name] for name in ("retry-policies", "aws-jitter")]
    validation = Validation(chosen, quick=True)
    left_out = validation.left_out
    assert {t.name for t, _ in left_out} == {"retry-policies", "aws-jitter"}
    text = table_text([], left_out)
    assert "retry-policies: 1 check needs the checkout: tests/theory/retry_quirks.py" in text
    assert closing([], left_out).endswith(f"{len(left_out)} not run (they need the checkout)")
    assert "Not run: aws-jitter" in validation_files([], MANIFEST, left_out)["README.md"]
    assert len(validation_data([], left_out)["not_run"]) == 2


@pytest.mark.parametrize("name", TARGETS)
def test_a_figure_of_all_checks_can_be_drawn(name):
    found = [
        outcome(name, check, {e.observable: e.curve.formula(check.x) for e in check.expected})
        for check in TARGETS[name].checks
    ]
    assert figure_png(TARGETS[name], found).startswith(b"\x89PNG")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.says)
def test_a_claim_speaks_of_observables_that_there_are(claim):
    for name, check, observable in claim.of:
        assert observable in [e.observable for e in CHECKS[name, check].expected]


def test_a_claim_is_contradicted_by_our_number_and_only_if_it_was_run():
    plain, breaker = (
        outcome(
            "icsa20-breaker", CHECKS["icsa20-breaker", f"{policy}, availability 0.5"], {"S / goodput": time}
        )
        for policy, time in (("plain", 1000.0), ("breaker, open 10 s", 1082.0))
    )
    assert claims([plain]) == []
    ((source, says, here),) = claims([plain, breaker])
    assert "ICSA 2020" in source and "less than 5 %" in says and here == "+8.2 %"
    page = validation_files([plain, breaker], MANIFEST)["README.md"]
    assert "## Where a published claim is wrong" in page and "+8.2 %" in page
