"""`cascadelab compare`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli import common

if TYPE_CHECKING:
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
    expectation. Every variant meets the same requests, service times and faults.
    """
    from sim import api
    from sim.experiment.vary import parse
    from sim.experiment.vary import seeds as parse_seeds
    from sim.topology.build import build
    from sim.topology.plan import plan

    loaded = api.load(scenario, set=overrides, plugin=plugin_files)
    common.tell_warnings(loaded)
    chosen = parse_seeds(seeds)
    base = loaded.loaded.scenario(variants[0] if variants else None)
    values = len(parse(vary)[1]) if vary else 1
    days = 2 if base.faults else 1
    runs = len(chosen) * max(1, len(variants or loaded.variants)) * values * days
    topology = build(base)
    common.tell_engine(topology, engine)
    planned = plan(topology)
    common.warn_if_long(planned, runs)
    jobs = jobs or common.processes(planned.seconds * runs)
    finished = [0]
    with common.progress_bar(f"{loaded.name}: {runs} runs", runs, "runs") as show:

        def done(n: int) -> None:
            finished[0] += n
            show(finished[0])

        result = api.compare(
            loaded, chosen, variants, vary=vary, measures=measures, jobs=jobs, engine=engine, done=done
        )
    name = f"compare-{seeds.replace('..', '-')}"
    folder = common.results_folder(loaded.name, name) if output is None else Path(output)
    _tell(result, folder, runs=runs, finished=finished[0], as_json=as_json)
    if figures:
        result.save_figures(folder)
    ctx.exit(130 if result.manifest["interrupted"] else 0 if result.met else 4)


def _tell(result: "Comparison", folder: Path, *, runs: int, finished: int, as_json: bool) -> None:
    """Tables to stdout, then to the folder: a full disk must not cost what was computed."""
    from sim.store.run import to_json
    from sim.views.tables import comparison_data, comparison_text

    if as_json:
        click.echo(to_json(comparison_data(result)), nl=False)
    else:
        click.echo(comparison_text(result))
    result.save(folder, figures=False)
    common.say(f"results: {folder}   ({finished} runs in {result.manifest['wall_s']:.1f} s)")
    if result.manifest["interrupted"]:
        told = ", ".join(map(str, result.table.seeds))
        kept = len(result.table.rows)
        common.say(f"interrupted after {finished} of {runs} runs; the tables hold {kept}: seeds {told}")
