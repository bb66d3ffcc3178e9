"""`cascadelab run`."""

import click

from sim.cli import common


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
@click.option("--engine", type=click.Choice(["simpy", "auto"]), default="auto", help="Which engine runs it.")
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
    from pathlib import Path

    from sim import api
    from sim.experiment.expect import judge
    from sim.scenario.expect import parse_line
    from sim.store.run import to_json
    from sim.topology.build import build
    from sim.topology.plan import plan
    from sim.views.tables import run_text

    loaded = api.load(scenario, set=overrides, plugin=plugin_files)
    common.tell_warnings(loaded)
    topology = build(loaded.loaded.scenario(variant))
    planned = plan(topology)
    common.warn_if_long(planned, 1)
    # A run that ends at a number of requests may end at any time: its bar has no end.
    total = topology.duration_ns / 1e9 if loaded.loaded.scenario(variant).duration else None
    with common.progress_bar(loaded.name, total, "simulated s") as show:
        result = api.run(
            loaded, seed, variant, trace=trace, engine=engine, progress=lambda now, events: show(now / 1e9)
        )
    lines = [parse_line(text, loaded.variants) for text in result.scenario.expect]
    verdicts = [
        judge(line, variant or "", [result.measure(str(line.measure))])
        for line in lines
        if line.variant in ("", variant or "")
    ]
    folder = (
        Path(output)
        if output
        else common.results_folder(loaded.name, f"{variant or 'run'}-seed{result.manifest['seed']}")
    )
    if as_json:
        shown = {**result.summary, "expect": [{"line": v.line.text, "verdict": v.verdict} for v in verdicts]}
        click.echo(to_json(shown), nl=False)
    else:
        click.echo(run_text(result))
        for verdict in verdicts:
            click.echo(str(verdict))
    # The ledger is out before anything is written: a full disk must not cost what was computed.
    result.save(folder, figures=False)
    common.say(f"results: {folder}")
    if figures:
        result.save_figures(folder)
    if trace:
        common.say(f"walks of the first {trace:,} requests: {folder / 'walks.jsonl'}")
    if not all(v.met for v in verdicts):
        ctx.exit(4)
