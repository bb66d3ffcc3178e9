"""The job of scenarios/ci: settings that fit pass it, a library's defaults do not."""

import shlex
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.shell import shell

CI = Path(__file__).parents[2] / "scenarios" / "ci"
SETTINGS = "src/main/resources/application.yml"
DEFAULTS = """\
resilience4j:
  circuitbreaker: {instances: {payments: {}}}
  timelimiter: {instances: {payments: {timeoutDuration: 2s}}}
"""


def commands():
    """The lines of the job that run cascadelab."""
    job = YAML(typ="safe", pure=True).load(CI / "breakers.yml")["jobs"]["breakers"]
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("cascadelab ")]


@pytest.fixture
def repository(tmp_path):
    """A repository with the settings and the scenario where the job looks for them."""
    (tmp_path / "src/main/resources").mkdir(parents=True)
    (tmp_path / "resilience").mkdir()
    shutil.copy(CI / "application.yml", tmp_path / SETTINGS)
    shutil.copy(CI / "shop.yaml", tmp_path / "resilience")
    return tmp_path


def job(repository):
    """The lines as a job's shell runs them, up to the first that fails: (exit code, what it wrote)."""
    for command in commands():
        done = shell(*command, cwd=repository)
        if done.returncode != 0:
            break
    return done.returncode, done.stdout + done.stderr


def test_settings_that_fit_pass(repository):
    code, written = job(repository)
    assert (code, written.count("  met  ")) == (0, 2)


def test_a_library_s_defaults_do_not_meet_what_is_expected(repository):
    (repository / SETTINGS).write_text(DEFAULTS)
    code, written = job(repository)
    assert code == 4
    assert "not met      imported: success_share(web.help) during fault > 80%" in written


def test_a_setting_that_the_library_does_not_have_is_told_with_its_position(repository):
    file = repository / SETTINGS
    file.write_text(file.read_text().replace("slidingWindowSize", "slidingWindowSise"))
    code, written = job(repository)
    assert code == 3
    assert "application.yml:6:9" in written
