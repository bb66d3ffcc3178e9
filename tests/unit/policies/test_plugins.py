"""Users' breakers: found by file, refused clearly."""

import pytest

from sim.errors import PluginError, UsageError
from sim.policies import plugins

GOOD = """
from __future__ import annotations
from dataclasses import dataclass
from sim.policies.plugins import breaker

@breaker("mine")
@dataclass
class Mine:
    n: int = 3
    def admit(self, now_ns): return 1
    def settle(self, now_ns, ticket, outcome): pass
"""


def written(tmp_path, text, name="plugin.py"):
    path = tmp_path / name
    path.write_text(text)
    return path


def refused(tmp_path, text):
    with pytest.raises(PluginError) as caught:
        plugins.gather([written(tmp_path, text)])
    assert "plugin.py" in str(caught.value)
    return str(caught.value)


def test_a_marked_class_is_found_and_made_with_its_params(tmp_path):
    found = plugins.from_file(written(tmp_path, GOOD))
    assert list(found) == ["mine"]
    assert plugins.make("mine", found["mine"], {"n": 5}).n == 5


def test_a_function_may_be_the_factory(tmp_path):
    text = GOOD + '\n@breaker("other")\ndef other(n=1): return Mine(n)\n'
    found = plugins.gather([written(tmp_path, text)])
    assert set(found) == {"mine", "other"}


def test_two_files_of_one_name_are_two_plugins(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = [
        written(tmp_path / "a", GOOD),
        written(tmp_path / "b", GOOD.replace('"mine"', '"yours"')),
    ]
    assert set(plugins.gather(files)) == {"mine", "yours"}


def test_a_name_twice_is_refused_across_files_and_within_one(tmp_path):
    one, two = written(tmp_path, GOOD, "one.py"), written(tmp_path, GOOD, "two.py")
    with pytest.raises(PluginError, match=r"two\.py: a breaker called 'mine' is there already"):
        plugins.gather([one, two])
    assert "'mine' is there already" in refused(tmp_path, GOOD + '\n@breaker("mine")\nclass M(Mine): pass\n')


def test_a_name_of_the_catalogue_is_refused(tmp_path):
    text = GOOD.replace('"mine"', '"count-window"')
    assert "'count-window' is a breaker of the catalogue" in refused(tmp_path, text)


@pytest.mark.parametrize("bare", ["breaker(3)(Mine)", "breaker('')(Mine)", "@breaker\nclass B: pass"])
def test_a_name_must_be_a_text(tmp_path, bare):
    text = GOOD.replace('@breaker("mine")', "") + f"\n{bare}\n"
    assert "plugin.py" in refused(tmp_path, text)


def test_a_class_without_settle_is_refused(tmp_path):
    text = GOOD.replace("def settle", "def settled")
    assert "needs admit(now_ns) and settle(now_ns, ticket, outcome)" in refused(tmp_path, text)


@pytest.mark.parametrize("text", ["1 +", "import not_there_at_all", "raise SystemExit(3)", "1 / 0"])
def test_a_file_that_does_not_load_says_why(tmp_path, text):
    assert "plugin.py:1: the plugin does not load" in refused(tmp_path, text)


def test_a_file_without_a_mark_and_a_missing_file_are_refused(tmp_path):
    assert "marks no breaker" in refused(tmp_path, "x = 1\n")
    with pytest.raises(UsageError, match="not a Python file"):
        plugins.from_file(tmp_path / "missing.py")


def test_params_that_do_not_fit_are_told(tmp_path):
    found = plugins.from_file(written(tmp_path, GOOD))
    with pytest.raises(PluginError, match="breaker 'mine' cannot be made with params"):
        plugins.make("mine", found["mine"], {"m": 5})
    with pytest.raises(PluginError, match="breaker 'none' has no admit"):
        plugins.make("none", lambda: 3, {})


def test_an_installed_breaker_that_does_not_load_is_told(monkeypatch):
    import importlib.metadata

    point = importlib.metadata.EntryPoint("broken", "not_there_at_all:Thing", plugins.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    with pytest.raises(PluginError, match="entry point broken = not_there_at_all:Thing: the plugin does not"):
        plugins.gather([])


def test_two_packages_with_one_name_are_refused(monkeypatch):
    import importlib.metadata

    point = importlib.metadata.EntryPoint("b", "fractions:Fraction.from_float", plugins.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point, point])
    with pytest.raises(PluginError, match="'b' is there already"):
        plugins.installed()
