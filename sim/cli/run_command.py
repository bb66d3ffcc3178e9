"""`cascadelab run`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli import common

if TYPE_CHECKING:
    from sim.experiment.expect import Verdict
    from sim.results import Run


@click.command("run")
@common.scenario_argument
@click.option("--variant", help="Variant of the file; default: the file as it stands.")
@click.option("--seed", type=click.IntRange(min=0), help="Default: the file's own seed.")
@click.option(
    "--trace",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Keep the walks of the first N requests, step by step, in walks.jsonl.",
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
    variant: str | None,
    seed: int | None,
    trace: int,
    engine: str,
    overrides: tuple[str, ...],
    plugin_files: tuple[str, ...],
    as_json: bool,
    output: str | None,
    figures: bool,
) -> None:
    """Run one variant of SCENARIO (a file, or - for stdin) once.

    Prints the ledger and writes a run folder with tables, breaker log and figures. The exit code is 4
    if an expectation of the file is not met.
    """
    from sim import api
    from sim.topology.build import build
    from sim.topology.plan import plan

    loaded = api.load(scenario, set=overrides, plugin=plugin_files)
    common.tell_warnings(loaded)
    topology = build(loaded.loaded.scenario(variant))
    common.tell_engine(topology, engine, trace)
    planned = plan(topology)
    common.warn_if_long(planned, 1)
    beyond = common.endless_watch(topology, planned)
    # A run that ends at a number of requests may end at any time: its bar has no end.
    total = topology.duration_ns / 1e9 if loaded.loaded.scenario(variant).duration else None
    with (
        common.progress_bar(loaded.name, total, "simulated s") as show,
        common.patient_interrupt() as look,
    ):

        def progress(now: int, events: int) -> None:
            show(now / 1e9)
            beyond(events)
            look()

        result = api.run(loaded, seed, variant, trace=trace, engine=engine, progress=progress)
    verdicts = [] if result.interrupted else _verdicts(result, loaded.variants, variant or "")
    _print(result, verdicts, as_json=as_json)
    name = f"{variant or 'run'}-seed{result.manifest['seed']}"
    folder = common.results_folder(loaded.name, name) if output is None else Path(output)
    # The ledger is out before anything is written: a full disk must not cost what was computed.
    result.save(folder, figures=False)
    common.say(f"results: {folder}")
    if trace:
        common.say(f"walks of the first {trace:,} requests: {folder / 'walks.jsonl'}")
    if result.interrupted:
        common.say(
            f"interrupted at {result.record.end_ns / 1e9:.6g} s: this is the run up to there, not judged"
        )
    if figures:
        result.save_figures(folder)
    ctx.exit(130 if result.interrupted else 0 if all(v.met for v in verdicts) else 4)


def _verdicts(result: "Run", variants: tuple[str, ...], variant: str) -> "list[Verdict]":
    from sim.experiment.expect import judge
    from sim.scenario.expect import parse_line

    lines = [parse_line(text, variants) for text in result.scenario.expect]
    return [
        judge(line, variant, [result.measure(str(line.measure))])
        for line in lines
        if line.variant in ("", variant)
    ]


def _print(result: "Run", verdicts: "list[Verdict]", *, as_json: bool) -> None:
    from sim.store.run import to_json
    from sim.views.tables import run_text

    if as_json:
        judged = [{"line": v.line.text, "verdict": v.verdict} for v in verdicts]
        click.echo(to_json({**result.summary, "expect": judged}), nl=False)
        return
    click.echo(run_text(result))
    for verdict in verdicts:
        click.echo(str(verdict))
