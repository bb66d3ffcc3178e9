"""The public face: load a scenario, run it, compare its variants, open what was stored."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sim import engines
from sim.errors import StoreError, UsageError
from sim.experiment import compare as comparing
from sim.experiment import execute as executing
from sim.experiment import expect, provenance, summary
from sim.experiment import vary as varying
from sim.measures.evaluate import check_name
from sim.policies import plugins
from sim.results import Comparison, Run
from sim.scenario import Loaded, load_file
from sim.scenario.expect import parse_line
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
    engine: str = "auto",
    progress: engines.Progress | None = None,
) -> Run:
    """Run one variant once: `variant` None is the file as it stands, `seed` None the file's own.

    `trace=n` keeps the walks of the first n requests. Where `progress` raises KeyboardInterrupt, the run
    ends, and is what it was up to there. `engine` is simpy, compiled or auto: the results are the same.
    Raises UsageError for an unknown variant, NotCovered if the engine named cannot run the scenario.
    """
    scenario = _loaded(scenario)
    model = scenario.loaded.scenario(variant)
    seed = model.seed if seed is None else seed
    topology = build(model)
    engine, _ = engines.choose(topology, engine, trace=trace)
    began = time.perf_counter()
    record = engines.run(
        topology, seed, engine=engine, trace=trace, plugins=scenario.plugins, progress=progress
    )
    took = time.perf_counter() - began
    twin = None
    if model.faults and not record.interrupted and summary.needs_twin(record, topology):
        calm = build(model.model_copy(update={"faults": ()}))
        twin = engines.run(calm, seed, engine=engine, plugins=scenario.plugins, progress=progress)
    text = scenario.loaded.resolved(variant)
    manifest = provenance.manifest(
        scenario=model.name,
        variant=variant,
        seed=seed,
        digest=provenance.digest(text),
        overrides=list(scenario.overrides),
        plugins=sorted(scenario.plugins),
        engine=engine,
        events=record.events,
        wall_s=took,
        interrupted=record.interrupted or (twin is not None and twin.interrupted),
        end_ns=record.end_ns,
    )
    found = summary.summarise(record, topology, model, twin)
    return Run(record, topology, model, manifest, found, text, twin)


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
    file's own value, are not judged. `engine` is simpy, compiled or auto, for every run. KeyboardInterrupt keeps the complete
    seeds. Raises UsageError for an unknown variant or measure.
    """
    scenario, seeds = _loaded(scenario), _seeds(seeds)
    loaded = scenario.loaded
    chosen = (variants,) if isinstance(variants, str) else tuple(variants or loaded.variant_names)
    models = [loaded.scenario(v) for v in chosen or (None,)]
    path, values = varying.parse(vary) if vary else ("", ("",))
    own = [str(check_name(m)) for m in measures]
    lines = [parse_line(text, loaded.variant_names) for text in models[0].expect]
    wanted = dict.fromkeys((*SHOWN, models[0].rank_by, *(str(line.measure) for line in lines), *own))
    table = comparing.Table(chosen or ("",), values, seeds, tuple(wanted))
    began = time.perf_counter()
    rows = executing.execute(_tasks(scenario, table, path, engine), jobs, executor, done)
    interrupted = _gather(table, rows)
    manifest = provenance.manifest(
        format=1,
        kind="comparison",
        scenario=loaded.name,
        variants=list(table.variants),
        seeds=list(table.seeds),
        rank_by=models[0].rank_by,
        measures=own,
        vary=path,
        values=list(values),
        digest=provenance.digest(loaded.text),
        overrides=list(scenario.overrides),
        plugins=sorted(scenario.plugins),
        engine=engine,
        interrupted=interrupted,
        wall_s=time.perf_counter() - began,
        expect=[] if vary else list(models[0].expect),
    )
    verdicts = [] if vary else _judge(table, lines)
    return Comparison(table, loaded.name, models[0].rank_by, path, verdicts, manifest)


def _tasks(scenario: ScenarioFile, table: comparing.Table, path: str, engine: str) -> list[executing.Task]:
    """The first seed of every variant, then the next: an interrupt leaves seeds that all variants have."""
    return [
        executing.Task(
            scenario.loaded.text, scenario.loaded.file, scenario.base_dir,
            (*scenario.overrides, *((f"{path}={value}",) if path else ())),
            scenario.plugin_files, variant or None, value, seed, table.measures, engine,
        )
        for seed in table.seeds
        for variant in table.variants
        for value in table.values
    ]  # fmt: skip


def _gather(table: comparing.Table, rows: Iterable[executing.Row]) -> bool:
    """Fill the table; True if interrupted: then it holds what is complete. Without any row it is no table."""
    interrupted = False
    try:
        for row in rows:
            table.rows.append(row)
    except KeyboardInterrupt:
        if not table.rows:
            raise
        interrupted = True
        table.keep_complete()
    table.sort()
    return interrupted


def _seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    if isinstance(seeds, int | str) or not (chosen := tuple(seeds)):
        msg = f"seeds are several, such as range(1, 11) or [1, 2, 5], not {seeds!r}"
        raise UsageError(msg)
    return chosen


def _judge(table: comparing.Table, lines: list[Any]) -> list[expect.Verdict]:
    out = []
    for line in lines:
        for variant in table.variants:
            if line.variant in ("", variant):
                found = list(table.column(variant, str(line.measure), value=table.values[0]).values())
                out.append(expect.judge(line, variant, found))
    return out


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
    fixed = ("variant", "value", "seed", "day")
    rows = [
        executing.Row(
            r["variant"],
            r["value"],
            int(r["seed"]),
            r["day"],
            {k: float(v) for k, v in r.items() if k not in fixed},
        )
        for r in from_csv(text)
    ]
    measures = tuple(rows[0].values) if rows else ()
    table = comparing.Table(
        tuple(manifest["variants"]), tuple(manifest["values"]), tuple(manifest["seeds"]), measures, rows
    )
    lines = [parse_line(line, tuple(manifest["variants"])) for line in manifest["expect"]]
    return Comparison(
        table, manifest["scenario"], manifest["rank_by"], manifest["vary"], _judge(table, lines), manifest
    )
