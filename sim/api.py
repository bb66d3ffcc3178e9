"""The public face: load a scenario, run it, compare its variants, open what was stored."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sim import engines
from sim.errors import StoreError
from sim.experiment import compare as comparing
from sim.experiment import execute as executing
from sim.experiment import expect, provenance, summary, vary
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


def load(path: str | Path, *, set: Iterable[str] = (), plugin: Iterable[str | Path] = ()) -> ScenarioFile:
    """Load a scenario file (`-`: stdin). `set` are overrides `path=value`. Raises InvalidScenario."""
    return ScenarioFile(str(path), tuple(set), tuple(str(p) for p in plugin))


def run(
    scenario: ScenarioFile,
    seed: int | None = None,
    variant: str | None = None,
    *,
    trace: int = 0,
    engine: str = "auto",
    progress: engines.Progress | None = None,
) -> Run:
    """Run one variant once."""
    model = scenario.loaded.scenario(variant)
    seed = model.seed if seed is None else seed
    topology = build(model)
    began = time.perf_counter()
    record = engines.run(
        topology, seed, engine=engine, trace=trace, plugins=scenario.plugins, progress=progress
    )
    took = time.perf_counter() - began
    twin = None
    if model.faults and summary.needs_twin(record, topology):
        calm = build(model.model_copy(update={"faults": ()}))
        twin = engines.run(calm, seed, engine=engine, plugins=scenario.plugins)
    text = scenario.loaded.resolved(variant)
    manifest = provenance.manifest(
        scenario=model.name,
        variant=variant,
        seed=seed,
        digest=provenance.digest(text),
        overrides=list(scenario.overrides),
        plugins=sorted(scenario.plugins),
        engine="simpy",
        events=record.events,
        wall_s=took,
    )
    found = summary.summarise(record, topology, model, twin)
    return Run(record, topology, model, manifest, found, text, twin)


def compare(
    scenario: ScenarioFile,
    seeds: Sequence[int] = tuple(range(1, 11)),
    variants: Sequence[str] | None = None,
    *,
    vary_over: str | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    done: Callable[[int], None] | None = None,
) -> Comparison:
    """Compare variants over seeds, paired by seed. KeyboardInterrupt keeps the complete seeds."""
    loaded = scenario.loaded
    chosen = tuple(variants) if variants else loaded.variant_names
    models = [loaded.scenario(v) for v in chosen or (None,)]
    path, values = vary.parse(vary_over) if vary_over else ("", ("",))
    lines = [parse_line(text, loaded.variant_names) for text in models[0].expect]
    wanted = dict.fromkeys((*SHOWN, models[0].rank_by, *(str(line.measure) for line in lines)))
    table = comparing.Table(chosen or ("",), values, tuple(seeds), tuple(wanted))
    tasks = [
        executing.Task(
            loaded.text, loaded.file, scenario.base_dir,
            (*scenario.overrides, *((f"{path}={value}",) if path else ())),
            scenario.plugin_files, variant, value, tuple(seeds), tuple(wanted),
        )
        for variant in chosen or (None,)
        for value in values
    ]  # fmt: skip
    interrupted = False
    began = time.perf_counter()
    try:
        for row in executing.execute(tasks, jobs, executor, done):
            table.rows.append(row)
    except KeyboardInterrupt:
        interrupted = True
        if not table.rows:
            raise
        table.keep_complete()
    table.sort()
    manifest = provenance.manifest(
        format=1,
        kind="comparison",
        scenario=loaded.name,
        variants=list(table.variants),
        seeds=list(table.seeds),
        rank_by=models[0].rank_by,
        vary=path,
        values=list(values),
        digest=provenance.digest(loaded.text),
        overrides=list(scenario.overrides),
        plugins=sorted(scenario.plugins),
        engine="simpy",
        interrupted=interrupted,
        wall_s=time.perf_counter() - began,
        expect=list(models[0].expect),
    )
    return Comparison(table, loaded.name, models[0].rank_by, path, _judge(table, lines), manifest)


def _judge(table: comparing.Table, lines: list[Any]) -> list[expect.Verdict]:
    """Expectations are about the file as it stands: with --vary, about its first value."""
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
