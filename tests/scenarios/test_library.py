"""Every shipped scenario does what it says: and only because of its fault, and only because of its policies."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import sim
from sim.experiment.expect import CANNOT_TELL, Verdict, judge
from sim.scenario.expect import Line, parse_line

ENGINE = "compiled" if find_spec("numba") else "simpy"
"""The fast one, where it is there; that both give one record is tested elsewhere."""
FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))
SEEDS = (1, 2, 3, 4)
MORE_SEEDS = tuple(range(1, 13))
"""For a line that the first seeds cannot tell."""
SCHEMA = "# yaml-language-server: $schema=../sim/scenario/schema.json"

PROTECTIONS = ("fallback", "hedge", "breaker", "throttle", "rate_limit", "bulkhead", "outlier")
"""What is taken away to see whether a scenario is about its policies. Timeouts and retries stay: they are
part of the trouble more often than of the cure; of a retry only its budget goes."""

WARNED = {
    "small-clients": ("its window of 10s holds 5 results", "a copy sees 40 results"),
    "cache-flush": ("can do with all caches empty: its queue only grows",),
}
"""Warnings that are the point of a scenario; every other file is free of them."""


CONTAINERS = ("sources", "services", "endpoints", "edges", "caches", "variants")
"""Whose keys are names that the file chose: a variant may well be called `breaker`."""


def read(file: Path) -> dict[str, Any]:
    """The file as plain data."""
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(file)
    return data


def table() -> dict[str, str]:
    """The scenario table: name -> first sentence of `about`."""
    return {file.stem: " ".join(read(file)["about"].split()).split(". ")[0].rstrip(".") for file in FILES}


def without_faults(data: Any) -> Any:
    """The same file, and nothing goes wrong in it, in no variant."""
    if isinstance(data, dict):
        return {k: [] if k == "faults" else without_faults(v) for k, v in data.items()}
    return data


def without_policies(data: Any, *, names: bool = False) -> Any:
    """The same file, and nothing protects anybody, in no variant. `names`: its keys are names of things."""
    if isinstance(data, list):
        kept = [without_policies(item) for item in data]
        return [new for new, old in zip(kept, data, strict=True) if new != {} or old == {}]
    if not isinstance(data, dict):
        return data
    gone = (
        set() if names else {*PROTECTIONS, *(["budget"] if "attempts" in data or "backoff" in data else [])}
    )
    return {k: without_policies(v, names=k in CONTAINERS) for k, v in data.items() if k not in gone}


def write(data: Any, folder: Path, beside: Path) -> Path:
    """A changed file where its neighbours (replayed rates, say) are still found."""
    folder.mkdir(exist_ok=True)
    for other in beside.parent.glob("*.csv"):
        (folder / other.name).symlink_to(other)
    path = folder / beside.name
    with path.open("w") as out:
        YAML(typ="safe", pure=True).dump(data, out)
    return path


class Found:
    """Values of measures in a scenario's runs; a run is made when it is asked for, once."""

    def __init__(self, path: Path) -> None:
        self.file = sim.load(path)
        self.run: Callable[[str | None, int], sim.results.Run] = cache(
            lambda variant, seed: sim.run(self.file, seed=seed, variant=variant, engine=ENGINE)
        )

    def lines(self) -> list[tuple[Line, str | None]]:
        """Every line of `expect:` with every variant that it is about."""
        model = self.file.loaded.scenario(None)
        variants = self.file.variants or (None,)
        lines = [parse_line(text, self.file.variants) for text in model.expect]
        return [(line, v) for line in lines for v in variants if line.variant in ("", v)]

    def verdict(
        self, line: Line, variant: str | None, seeds: tuple[int, ...], otherwise: tuple[int, ...] = ()
    ) -> Verdict:
        """Is it met? If these seeds cannot tell, the others are asked."""
        values = [self.run(variant, seed).measure(str(line.measure)) for seed in seeds]
        found = judge(line, variant or "", values)
        if found.verdict == CANNOT_TELL and otherwise:
            return self.verdict(line, variant, otherwise)
        return found

    def some_line_fails(self) -> bool:
        """With the first seed alone: enough to tell a claim from one that holds anyhow."""
        return any(not self.verdict(line, variant, SEEDS[:1]).met for line, variant in self.lines())


def named(files: list[Path]) -> list[Any]:
    return [pytest.param(file, id=file.stem) for file in files]


with_a_fault = named([f for f in FILES if without_faults(read(f)) != read(f)])
with_a_policy = named([f for f in FILES if without_policies(read(f)) != read(f)])


def test_there_is_a_library():
    assert len(FILES) >= 19
    assert len(with_a_fault) >= 19 and len(with_a_policy) >= 19


@pytest.mark.parametrize("file", named(FILES))
def test_a_scenario_says_what_it_shows(file):
    lines = file.read_text().splitlines()
    comment = [line for line in lines[1:] if line.startswith("#")]
    assert lines[0] == SCHEMA
    assert len(comment) >= 3 and all(line.startswith("#") for line in lines[1:4])
    data = read(file)
    assert data["name"] == file.stem
    assert table()[file.stem]


@pytest.mark.parametrize("file", named(FILES))
def test_a_scenario_warns_of_nothing_but_what_it_is_about(file):
    loaded = sim.load(file).loaded
    warnings = [w.message for w in loaded.warnings]
    expected = WARNED.get(file.stem, ())
    assert len(warnings) == len(expected), warnings
    for text, part in zip(warnings, expected, strict=True):
        assert part in text


@pytest.mark.parametrize("file", named(FILES))
def test_a_scenario_keeps_its_word(file):
    found = Found(file)
    verdicts = [found.verdict(line, variant, SEEDS, otherwise=MORE_SEEDS) for line, variant in found.lines()]
    assert verdicts, "a scenario without expectations shows nothing"
    assert not [str(v) for v in verdicts if not v.met]


@pytest.mark.parametrize("file", with_a_fault)
def test_without_its_faults_a_scenario_breaks_its_word(file, tmp_path):
    assert Found(write(without_faults(read(file)), tmp_path / "calm", file)).some_line_fails()


@pytest.mark.parametrize("file", with_a_policy)
def test_without_its_policies_a_scenario_breaks_its_word(file, tmp_path):
    assert Found(write(without_policies(read(file)), tmp_path / "bare", file)).some_line_fails()


def test_readme_has_a_line_for_every_scenario():
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    missing = [file.name for file in FILES if f"(scenarios/{file.name})" not in readme]
    assert not missing
