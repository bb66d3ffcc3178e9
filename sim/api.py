"""The public face: load a scenario, run it, compare its variants, open what was stored."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

from sim import engines, units
from sim.errors import StoreError, UsageError
from sim.experiment import compare as comparing
from sim.experiment import execute as executing
from sim.experiment import expect, provenance, summary
from sim.experiment import vary as varying
from sim.measures.evaluate import check_name
from sim.policies import plugins
from sim.results import Comparison, Run
from sim.scenario import Loaded, load_file, load_text
from sim.scenario.expect import parse_line
from sim.scenario.variants import Override
from sim.store import load_run
from sim.store.tables import from_csv
from sim.topology.build import build

SHOWN = (
    "N", "S", "F", "error", "timeout", "broken", "limited", "bulkhead", "shed", "unreachable", "B", "R", "p50",
    "p99", "success_share", "goodput", "false_trips", "refused_good", "failing_bystanders", "lost_requests",
    "recovery_time",
)  # fmt: skip
"""What a comparison measures, beside rank_by and the lines of expect."""


class ScenarioFile:
    """A loaded scenario file: what `run` and `compare` take."""

    def __init__(self, path: str, overrides: tuple[str, ...], plugin_files: tuple[str, ...]) -> None:
        self.overrides = overrides
        self.plugin_files = plugin_files
        self.plugins = plugins.gather(plugin_files)
        self.loaded: Loaded = load_file(path, overrides=overrides, known_breakers=self.plugins)
        self.base_dir = str(Path() if path == "-" else Path(path).parent)

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.loaded.name

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants."""
        return self.loaded.variant_names

    def manifest(self, **facts: Any) -> dict[str, Any]:
        """The manifest of results made from it."""
        return provenance.manifest(
            scenario=self.name,
            file=self.loaded.file,
            overrides=list(self.overrides),
            plugins=sorted(self.plugins),
            **facts,
        )

    def __repr__(self) -> str:
        return f"<scenario {self.name} with variants {', '.join(self.variants) or 'none'}>"


Given = ScenarioFile | str | Path
"""A loaded scenario, or the path of its file."""


def load(
    path: str | Path, *, set: str | Iterable[str] = (), plugin: str | Path | Iterable[str | Path] = ()
) -> ScenarioFile:
    """Load a scenario file (`-`: stdin).

    `set` are overrides `path=value`, such as `services.db.slots=8` or `variants.mine.edges.web -> db.retry=3`;
    `plugin` are Python files with breakers of your own. Raises InvalidScenario with every problem of the file.
    """
    overrides = (set,) if isinstance(set, str) else tuple(set)
    files = (plugin,) if isinstance(plugin, str | Path) else tuple(plugin)
    return ScenarioFile(str(path), overrides, tuple(str(p) for p in files))


def _loaded(scenario: Given) -> ScenarioFile:
    return scenario if isinstance(scenario, ScenarioFile) else load(scenario)


def run(
    scenario: Given,
    seed: int | None = None,
    variant: str | None = None,
    *,
    trace: int = 0,
    trace_from: str = "0s",
    engine: str = "auto",
    progress: engines.Progress | None = None,
) -> Run:
    """Run one variant once: `variant` None is the file as it stands, `seed` None the file's own.

    `trace=n` keeps the walks of n requests, the first that begin at `trace_from` (such as `60s`) or later.
    Where `progress` raises KeyboardInterrupt, the run ends, and is what it was up to there. `engine` is simpy,
    compiled or auto: the results are the same. Raises UsageError for an unknown variant, NotCovered if the
    engine named cannot run the scenario.
    """
    scenario = _loaded(scenario)
    model = scenario.loaded.scenario(variant)
    seed = model.seed if seed is None else seed
    topology = build(model)
    engine, _ = engines.choose(topology, engine, trace=trace)
    go = partial(engines.run, seed=seed, engine=engine, plugins=scenario.plugins, progress=progress)
    began = time.perf_counter()
    record = go(topology, trace=trace, trace_from_ns=_instant(trace_from))
    took = time.perf_counter() - began
    twin = None
    if model.faults and not record.interrupted and summary.needs_twin(record, topology):
        twin = go(build(model.model_copy(update={"faults": ()})))
    text = scenario.loaded.resolved(variant)
    manifest = scenario.manifest(
        variant=variant,
        seed=seed,
        digest=provenance.digest(text),
        engine=engine,
        events=record.events,
        wall_s=took,
        interrupted=record.interrupted or (twin is not None and twin.interrupted),
        end_ns=record.end_ns,
    )
    found = summary.summarise(record, topology, model, twin)
    return Run(record, topology, model, manifest, found, text, twin)


def _instant(text: str) -> int:
    try:
        return units.duration_ns(text)
    except ValueError as error:
        msg = f"--trace-from {text}: {error}"
        raise UsageError(msg) from error


def compare(
    scenario: Given,
    seeds: Iterable[int] = range(1, 11),
    variants: str | Iterable[str] | None = None,
    *,
    measures: Iterable[str] = (),
    vary: str | None = None,
    jobs: int = 1,
    engine: str = "auto",
    executor: Executor | None = None,
    done: Callable[[int], None] | None = None,
) -> Comparison:
    """Compare variants (default: all) over seeds, paired by seed, with the good-day twin of each run.

    `measures` are measured beside the usual ones, such as `p99(users) during fault`. `vary` is
    `path=a..b:step` or `path=a,b,c`: a curve over one parameter, and expectations, which speak of the
    file's own value, are not judged. `engine` is simpy, compiled or auto, for every run. KeyboardInterrupt
    keeps the complete seeds. Raises UsageError for an unknown variant or measure, InvalidScenario for a
    value that does not fit, FailedRun (whose `partial` is the comparison of the complete seeds) if a run
    fails.
    """
    scenario = _loaded(scenario)
    own = [str(check_name(m)) for m in measures]
    grid = _grid(scenario, vary)
    table = _empty_table(scenario, _seeds(seeds), variants, tuple(grid), own)
    began = time.perf_counter()
    ended = table.fill(executing.execute(_tasks(scenario, table, grid, engine), jobs, executor, done))
    taken = ", ".join(sorted({row.engine for row in table.rows}))
    held = max(provenance.peak_memory_bytes(), *(row.peak_memory_bytes for row in table.rows), 0)
    facts = {
        "measures": own,
        "engine": taken,
        "wall_s": time.perf_counter() - began,
        "peak_memory_bytes": held,
    }
    found = _comparison(scenario, table, varying.parse(vary)[0] if vary else "", ended, facts)
    if isinstance(ended, executing.FailedRun):
        ended.partial = found
        raise ended
    return found


def _empty_table(
    scenario: ScenarioFile,
    seeds: tuple[int, ...],
    variants: str | Iterable[str] | None,
    values: tuple[str, ...],
    own: list[str],
) -> comparing.Table:
    """What is to be filled: who runs, and what is measured. Raises UsageError for an unknown variant."""
    loaded = scenario.loaded
    chosen = (variants,) if isinstance(variants, str) else tuple(variants or loaded.variant_names)
    models = [loaded.scenario(v) for v in chosen or (None,)]
    first = models[0]
    expected = (str(parse_line(text, loaded.variant_names).measure) for text in first.expect)
    measures = dict.fromkeys((*SHOWN, first.rank_by, *expected, *own))
    return comparing.Table(chosen or ("",), values, seeds, tuple(measures))


def _comparison(
    scenario: ScenarioFile,
    table: comparing.Table,
    path: str,
    ended: BaseException | None,
    facts: dict[str, Any],
) -> Comparison:
    """The filled table with its verdicts and its manifest."""
    first = scenario.loaded.scenario(table.variants[0] or None)
    expected = [] if path else list(first.expect)
    manifest = scenario.manifest(
        format=1,
        kind="comparison",
        variants=list(table.variants),
        seeds=list(table.seeds),
        rank_by=first.rank_by,
        vary=path,
        values=list(table.values),
        digest=provenance.digest(scenario.loaded.text),
        interrupted=isinstance(ended, KeyboardInterrupt),
        failed=str(ended) if isinstance(ended, executing.FailedRun) else None,
        expect=expected,
        **facts,
    )
    verdicts = expect.judge_table(table, [parse_line(text, scenario.variants) for text in expected])
    return Comparison(table, scenario.name, first.rank_by, path, verdicts, manifest)


def _grid(scenario: ScenarioFile, vary: str | None) -> dict[str, tuple[Override, ...]]:
    """Each value of the varied parameter with its overrides; the scenario must hold with every one of them."""
    given = tuple(Override(text) for text in scenario.overrides)
    if not vary:
        return {"": given}
    path, values = varying.parse(vary)
    grid = {value: (*given, Override(f"{path}={value}", "--vary")) for value in values}
    for overrides in grid.values():
        load_text(
            scenario.loaded.text,
            scenario.loaded.file,
            overrides=overrides,
            known_breakers=scenario.plugins,
            base_dir=Path(scenario.base_dir),
        )
    return grid


def _tasks(
    scenario: ScenarioFile, table: comparing.Table, grid: dict[str, tuple[Override, ...]], engine: str
) -> list[executing.Task]:
    """The first seed of every variant, then the next: an interrupt leaves seeds that all variants have."""
    return [
        executing.Task(
            scenario.loaded.text, scenario.loaded.file, scenario.base_dir, overrides,
            scenario.plugin_files, variant or None, value, seed, table.measures, engine,
        )
        for seed in table.seeds
        for variant in table.variants
        for value, overrides in grid.items()
    ]  # fmt: skip


def _seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    if isinstance(seeds, int | str) or not (chosen := tuple(seeds)):
        msg = f"seeds are several, such as range(1, 11) or [1, 2, 5], not {seeds!r}"
        raise UsageError(msg)
    return chosen


def open_run(folder: str | Path) -> Run:
    """A stored run. Raises StoreError."""
    stored = load_run(folder)
    text = (Path(folder) / "scenario.yaml").read_text(encoding="utf-8")
    facts = stored.record, stored.topology, stored.scenario, stored.manifest, stored.summary
    return Run(*facts, text, stored.twin)


def open_comparison(folder: str | Path) -> Comparison:
    """A stored comparison. Raises StoreError."""
    import json

    folder = Path(folder)
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        text = (folder / "rows.csv").read_text()
    except (OSError, ValueError) as error:
        msg = f"{folder}: not a comparison folder: {error}"
        raise StoreError(msg) from error
    if manifest.get("kind") != "comparison":
        msg = f"{folder}: not a comparison folder"
        raise StoreError(msg)
    rows = [_row(line) for line in from_csv(text)]
    measures = tuple(rows[0].values) if rows else ()
    table = comparing.Table(
        tuple(manifest["variants"]), tuple(manifest["values"]), tuple(manifest["seeds"]), measures, rows
    )
    lines = [parse_line(line, tuple(manifest["variants"])) for line in manifest["expect"]]
    return Comparison(
        table,
        manifest["scenario"],
        manifest["rank_by"],
        manifest["vary"],
        expect.judge_table(table, lines),
        manifest,
    )


def _row(line: dict[str, str]) -> executing.Row:
    """A line of rows.csv."""
    variant, value, seed, day = (line.pop(key) for key in ("variant", "value", "seed", "day"))
    return executing.Row(variant, value, int(seed), day, {k: float(v) for k, v in line.items()})
