"""`cascadelab compare`."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from sim.cli import common, folders

if TYPE_CHECKING:
    from pathlib import Path

    from sim.api import ScenarioFile
    from sim.experiment.execute import Task
    from sim.results import Comparison


@click.command("compare")
@common.scenario_argument
@click.option("--seeds", default="1..10", show_default=True, metavar="A..B", help="1..20 or 1,2,5.")
@click.option("--variant", "variants", multiple=True, help="Only these variants (repeat it).")
@click.option(
    "--vary", metavar="PATH=A..B:STEP", help="One parameter over values: a curve for every variant."
)
@click.option(
    "--measure",
    "measures",
    multiple=True,
    metavar="MEASURE",
    help='A measure to show beside the usual ones, such as "p99(web) during fault" (repeat it).',
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes; default: one per core, or one if the comparison is short.  [the tables are the same]",
)
@common.engine_option
@common.set_option
@common.plugin_option
@common.json_option
@common.output_option
@common.figures_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    seeds: str,
    variants: tuple[str, ...],
    vary: str | None,
    measures: tuple[str, ...],
    jobs: int | None,
    engine: str,
    overrides: tuple[str, ...],
    plugin_files: tuple[str, ...],
    as_json: bool,
    output: str | None,
    figures: bool,
) -> None:
    """Compare the variants of SCENARIO over seeds, paired by seed, with the good day beside the fault.

    Prints means with 95 % intervals, a ranking that says when it cannot tell, and the verdict on every
    expectation. Every variant meets the same requests, service times and faults. Tables and figures go to
    results/NAME/compare-SEEDS; a comparison of something else (--set, --vary, --variant, ...) to a folder of
    its own beside it.
    """
    from sim.experiment.execute import FailedRun
    from sim.experiment.vary import seeds as parse_seeds

    loaded = common.load(scenario, overrides, plugin_files)
    chosen = parse_seeds(seeds)
    different = (overrides, plugin_files, vary, variants, measures)
    place = folders.place(output, loaded.name, f"compare-{seeds.replace('..', '-')}", *different)
    count = _Count(loaded, len(chosen), variants, vary)
    try:
        result = _compare(
            loaded, chosen, count, jobs, variants=variants, vary=vary, measures=measures, engine=engine
        )
    except FailedRun as error:
        error.add_note("this run alone: " + _alone(error.task, scenario, measures))
        if error.partial is not None:
            _tell(error.partial, place, count, as_json=as_json)
        raise
    folder = _tell(result, place, count, as_json=as_json)
    if figures:
        result.save_figures(folder)
    ctx.exit(130 if result.manifest["interrupted"] else 0 if result.met else 4)


class _Count:
    """How many runs there are, what they take, and how many are done."""

    def __init__(
        self, loaded: "ScenarioFile", seeds: int, variants: tuple[str, ...], vary: str | None
    ) -> None:
        from sim.experiment.vary import parse
        from sim.topology.build import build
        from sim.topology.plan import plan

        base = loaded.loaded.scenario(variants[0] if variants else None)
        values = len(parse(vary)[1]) if vary else 1
        days = 2 if base.faults else 1
        self.runs = seeds * max(1, len(variants or loaded.variants)) * values * days
        self.topology = build(base)
        self.plan = plan(self.topology)
        self.done = 0


def _compare(
    loaded: "ScenarioFile", seeds: tuple[int, ...], count: _Count, jobs: int | None, **options: Any
) -> "Comparison":
    """Compare, with a word before if it takes long, and progress meanwhile."""
    from sim import api

    engine = common.take_engine(count.topology, options["engine"])
    common.warn_if_long(count.plan, count.runs, engine)
    jobs = jobs or common.processes(count.plan.seconds[engine] * count.runs)
    with common.progress_bar(f"{loaded.name}: {count.runs} runs", count.runs, "runs") as show:

        def done(n: int) -> None:
            count.done += n
            show(count.done)

        return api.compare(loaded, seeds, jobs=jobs, done=done, **options)


def _tell(result: "Comparison", place: folders.Place, count: _Count, *, as_json: bool) -> "Path":
    """Tables to stdout, then to the folder, which is handed back: one that cannot be written costs nothing of the
    other."""
    from sim.store.run import to_json
    from sim.views.tables import comparison_data, comparison_text

    try:
        if as_json:
            click.echo(to_json(comparison_data(result)), nl=False)
        else:
            click.echo(comparison_text(result))
    finally:
        folder = place.save(result)
        common.say(f"results: {folder}   ({count.done} runs in {result.manifest['wall_s']:.1f} s)")
    what = "interrupted" if result.manifest["interrupted"] else "ended by a run that failed"
    if count.done < count.runs:
        told = ", ".join(map(str, result.table.seeds))
        kept = len(result.table.rows)
        common.say(f"{what} after {count.done} of {count.runs} runs; the tables hold {kept}: seeds {told}")
    return folder


def _alone(task: "Task", scenario: str, measures: tuple[str, ...]) -> str:
    """The command that repeats one run of a comparison, and its good day."""
    words = ["cascadelab", "compare", scenario, "--seeds", str(task.seed), "--jobs", "1"]
    if task.variant:
        words += ["--variant", task.variant]
    settings = [o.text for o in task.overrides]
    for option, given in (("--set", settings), ("--plugin", task.plugin_files), ("--measure", measures)):
        words += [word for one in given for word in (option, one)]
    return shlex.join(words)
