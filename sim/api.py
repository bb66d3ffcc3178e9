"""The public face: load a scenario, run it, compare its variants, open what was stored."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import engines
from sim.errors import StoreError
from sim.experiment import compare as comparing
from sim.experiment import execute as executing
from sim.experiment import expect, provenance, summary, vary
from sim.measures import evaluate
from sim.measures.evaluate import definitions
from sim.policies import plugins
from sim.record.types import Record
from sim.scenario import Loaded, load_file
from sim.scenario.expect import parse_line, parse_measure
from sim.scenario.model import Scenario
from sim.store import load_run, run_files, write_folder
from sim.store.run import to_json
from sim.store.tables import from_csv, to_csv
from sim.topology.build import build
from sim.topology.types import Topology

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

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


class Run:
    """One run: its record, and everything that can be asked of it."""

    def __init__(
        self,
        record: Record,
        topology: Topology,
        scenario: Scenario,
        manifest: dict[str, Any],
        summary: dict[str, Any],
        scenario_yaml: str = "",
        twin: Record | None = None,
    ) -> None:
        self.record = record
        self.topology = topology
        self.scenario = scenario
        self.manifest = manifest
        self.summary = summary
        self.twin = twin
        """The run without its faults, if the time before them was too short for a baseline."""
        self._yaml = scenario_yaml

    @property
    def title(self) -> str:
        """Scenario, variant and seed."""
        variant = self.manifest.get("variant")
        return f"{self.scenario.name}{f' / {variant}' if variant else ''}, seed {self.manifest.get('seed')}"

    def measure(self, text: str) -> float:
        """A measure such as `p99(users) during fault`; nan where there is no data."""
        share = self.scenario.healthy_share
        return evaluate(text, self.record, self.topology, healthy_share=share, twin=self.twin)

    def frame(self, name: str = "calls") -> "pd.DataFrame":
        """A tidy table: calls, tries, latency, breakers, endpoints, replicas, faults, spread."""
        from sim.views.frames import frame

        return frame(self, name)

    def plot(self, name: str = "overview") -> "Figure":
        """A figure by name; `sim.views.figures.FIGURES` lists them."""
        from sim.views.figures import draw

        return draw(self, name)

    def save(self, folder: str | Path, *, figures: bool = True) -> Path:
        """Write the run folder; it appears whole or not at all."""
        files = run_files(self.record, self.topology, self._yaml, self.summary, self.manifest)

        def draw(place: Path) -> None:
            if figures:
                from sim.views.figures import save_figures

                save_figures(self, place / "figures")

        write_folder(Path(folder), files, draw)
        return Path(folder)

    def _repr_html_(self) -> str:
        from sim.views.html import run_html

        return run_html(self)


def _plotter(name: str) -> Callable[[Run], "Figure"]:
    def plot(self: Run) -> "Figure":
        return self.plot(name)

    plot.__name__ = f"plot_{name}"
    plot.__doc__ = f"The figure `{name}`."
    return plot


for _name in ("overview", "trips", "outcomes", "latency", "states", "queues", "graph", "spread"):
    setattr(Run, f"plot_{_name}", _plotter(_name))


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


class Comparison:
    """Variants x seeds (x values of one parameter), with the good-day twin of each."""

    def __init__(
        self, table: comparing.Table, name: str, rank_by: str, path: str, verdicts: list[expect.Verdict],
        manifest: dict[str, Any],
    ) -> None:  # fmt: skip
        self.table = table
        self.name = name
        self.rank_by = rank_by
        self.path = path
        """Path of the varied parameter; "" if none."""
        self.verdicts = verdicts
        self.manifest = manifest

    @property
    def met(self) -> bool:
        """Every expectation is met."""
        return all(v.met for v in self.verdicts)

    def ranking(self, value: str = "") -> tuple[list[str], list[comparing.Pair]]:
        """(variants from best to worst, all pairs)."""
        better = definitions()[parse_measure(self.rank_by).name][2]
        return comparing.rank(self.table, self.rank_by, better, value)

    def frame(self, name: str = "rows") -> "pd.DataFrame":
        """`rows` (one per run) or `summary` (means with intervals)."""
        from sim.views.frames import comparison_frame

        return comparison_frame(self, name)

    def plot(self, name: str = "comparison") -> "Figure":
        """`comparison` or `curve`."""
        from sim.views.figures import draw_comparison

        return draw_comparison(self, name)

    def plot_comparison(self) -> "Figure":
        """The figure `comparison`."""
        return self.plot("comparison")

    def plot_curve(self) -> "Figure":
        """The figure `curve`: over the varied parameter."""
        return self.plot("curve")

    def files(self) -> dict[str, str]:
        """rows.csv, comparison.csv, differences.csv, the printed tables and the manifest."""
        from sim.views.tables import comparison_text, summary_rows

        t = self.table
        rows = ((r.variant, r.value, r.seed, r.day, *(r.values[m] for m in t.measures)) for r in t.rows)
        header, lines = summary_rows(self)
        return {
            "rows.csv": to_csv(("variant", "value", "seed", "day", *t.measures), rows),
            "comparison.csv": to_csv(header, lines),
            "differences.csv": to_csv(comparing.DIFFERENCES, comparing.difference_rows(t)),
            "comparison.txt": comparison_text(self) + "\n",
            "manifest.json": to_json(self.manifest),
        }

    def save(self, folder: str | Path, *, figures: bool = True) -> Path:
        """Write the comparison folder; it appears whole or not at all."""

        def draw(place: Path) -> None:
            if figures:
                from sim.views.figures import save_comparison_figures

                save_comparison_figures(self, place / "figures")

        write_folder(Path(folder), self.files(), draw)
        return Path(folder)

    def _repr_html_(self) -> str:
        from sim.views.html import comparison_html

        return comparison_html(self)


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
    text = (Path(folder) / "scenario.yaml").read_text()
    return Run(stored.record, stored.topology, stored.scenario, stored.manifest, stored.summary, text)


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
