"""Results: what a run and a comparison hand to a notebook or the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import compare as comparing
from sim.experiment import expect
from sim.measures import evaluate
from sim.measures.evaluate import definitions
from sim.record.types import Record
from sim.scenario.expect import parse_measure
from sim.scenario.model import Scenario
from sim.store import run_files, write_folder
from sim.store.run import to_json
from sim.store.tables import to_csv
from sim.topology.types import Topology

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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
        """Scenario, variant and seed; and where it was interrupted."""
        variant = self.manifest.get("variant")
        name = f"{self.scenario.name}{f' / {variant}' if variant else ''}, seed {self.manifest.get('seed')}"
        return f"{name}, interrupted at {self.record.end_ns / 1e9:.6g} s" if self.interrupted else name

    @property
    def interrupted(self) -> bool:
        """It is a part of a run: somebody ended it before its time."""
        return bool(self.manifest.get("interrupted"))

    def measure(self, text: str) -> float:
        """A measure such as `p99(users) during fault`; nan where there is no data."""
        share = self.scenario.healthy_share
        return evaluate(text, self.record, self.topology, healthy_share=share, twin=self.twin)

    def frame(self, name: str = "calls") -> "pd.DataFrame":
        """A tidy table; `sim.views.frames.FRAMES` lists them.

        `calls` and `tries` (the ledgers per step and second), `outcomes` (count and latency per outcome),
        `latency` (over time), `breakers` (every transition: why did it trip), `services`, `faults`,
        `spread`, `identities` (the article's equations, both sides of each), `walks`. Raises UsageError for an unknown name.
        """
        from sim.views.frames import frame

        return frame(self, name)

    def plot(self, name: str = "overview") -> "Figure":
        """A figure by name; `sim.views.figures.FIGURES` lists them."""
        from sim.views.figures import draw

        return draw(self, name)

    def plot_overview(self) -> "Figure":
        """Offered load and goodput, outcomes, latency, the fullest service and breakers on one page."""
        return self.plot("overview")

    def plot_outcomes(self) -> "Figure":
        """S and F by reason per second."""
        return self.plot("outcomes")

    def plot_latency(self) -> "Figure":
        """Latency p50, p90 and p99 over time."""
        return self.plot("latency")

    def plot_trips(self) -> "Figure":
        """Trip rate: B per second and B/N."""
        return self.plot("trips")

    def plot_states(self) -> "Figure":
        """Breaker states over time."""
        return self.plot("states")

    def plot_queues(self) -> "Figure":
        """Queue and busy slots per service."""
        return self.plot("queues")

    def plot_graph(self) -> "Figure":
        """The call graph coloured by health."""
        return self.plot("graph")

    def plot_spread(self) -> "Figure":
        """First failing time by distance from the fault."""
        return self.plot("spread")

    def save(self, folder: str | Path, *, figures: bool = True) -> Path:
        """Write the run folder: its tables appear whole or not at all, then each figure. Raises StoreError."""
        files = run_files(self.record, self.topology, self._yaml, self.summary, self.manifest, self.twin)
        write_folder(Path(folder), files)
        if figures:
            self.save_figures(folder)
        return Path(folder)

    def save_figures(self, folder: str | Path) -> list[Path]:
        """Draw into the figures of a run folder that is there. Raises StoreError."""
        from sim.views.figures import save_figures

        return save_figures(self, Path(folder) / "figures")

    def __repr__(self) -> str:
        return f"<run of {self.title}>"

    def __str__(self) -> str:
        """The ledger as `cascadelab run` prints it."""
        from sim.views.tables import run_text

        return run_text(self)

    def _repr_html_(self) -> str:
        from sim.views.html import run_html

        return run_html(self)


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
        """A table by name.

        `rows` (one per run), `summary` (means with half widths of the 95 % intervals, a row per variant,
        value and day), `differences` (each variant against the first, paired by seed, a row per measure),
        `ranking` (all pairs on the ranking measure, Holm-corrected). Raises UsageError for another name.
        """
        from sim.views.frames import comparison_frame

        return comparison_frame(self, name)

    def plot(self, name: str = "") -> "Figure":
        """`comparison` or `curve`; by default the curve where a parameter varies."""
        from sim.views.figures import draw_comparison

        return draw_comparison(self, name or ("curve" if self.path else "comparison"))

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
        """Write the comparison folder: tables whole or not at all, then each figure. Raises StoreError."""
        write_folder(Path(folder), self.files())
        if figures:
            self.save_figures(folder)
        return Path(folder)

    def save_figures(self, folder: str | Path) -> list[Path]:
        """Draw into the figures of a comparison folder that is there. Raises StoreError."""
        from sim.views.figures import save_comparison_figures

        return save_comparison_figures(self, Path(folder) / "figures")

    def __repr__(self) -> str:
        runs = f"{len(self.table.variants)} variants, {len(self.table.seeds)} seeds"
        return f"<comparison of {self.name}: {runs}{f', over {self.path}' if self.path else ''}>"

    def __str__(self) -> str:
        """The tables as `cascadelab compare` prints them."""
        from sim.views.tables import comparison_text

        return comparison_text(self)

    def _repr_html_(self) -> str:
        from sim.views.html import comparison_html

        return comparison_html(self)
