"""`cascadelab run`."""

from typing import TYPE_CHECKING, Any

import click

from sim.cli import common, folders

if TYPE_CHECKING:
    from pathlib import Path

    from sim.api import ScenarioFile
    from sim.experiment.expect import Verdict
    from sim.results import Run
    from sim.scenario.expect import Line


@click.command("run")
@common.scenario_argument
@click.option("--variant", help="Variant of the file; default: the file as it stands.")
@click.option("--seed", type=click.IntRange(min=0), help="Default: the file's own seed.")
@click.option(
    "--trace",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Keep the walks of N requests, step by step, in walks.jsonl.",
)
@click.option(
    "--trace-from",
    default="0s",
    show_default=True,
    metavar="TIME",
    help="They are the first that begin at this simulated time or later, such as 60s.",
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
    trace_from: str,
    engine: str,
    overrides: tuple[str, ...],
    plugin_files: tuple[str, ...],
    as_json: bool,
    output: str | None,
    figures: bool,
) -> None:
    """Run one variant of SCENARIO (a file, or - for stdin) once.

    Prints the ledger and writes a run folder with tables, breaker log and figures: results/NAME/VARIANT-seedN,
    or with other settings (--set, --plugin) a folder of its own beside it. The exit code is 4 if an
    expectation of the file is not met.
    """
    loaded = common.load(scenario, overrides, plugin_files)
    if seed is None:
        seed = loaded.loaded.scenario(variant).seed
    name = f"{variant or 'run'}-seed{seed}"
    place = folders.place(output, loaded.name, name, overrides, plugin_files)
    result = _run(loaded, variant, seed, trace=trace, trace_from=trace_from, engine=engine)
    verdicts, others = _judged(result, loaded.variants, variant or "")
    try:
        _print(result, verdicts, others, as_json=as_json)
    finally:
        # Who reads along may have gone, the terminal's disk be full: neither costs what was computed.
        folder = place.save(result)
        common.say(f"results: {folder}   ({_cost(result)})")
    _tell(result, folder, others, trace)
    if figures:
        result.save_figures(folder)
    ctx.exit(130 if result.interrupted else 0 if all(v.met for v in verdicts) else 4)


def _run(loaded: "ScenarioFile", variant: str | None, seed: int, **options: Any) -> "Run":
    """Run it, with a word before if it takes long, and progress meanwhile."""
    from sim import api
    from sim.topology.build import build
    from sim.topology.plan import plan

    scenario = loaded.loaded.scenario(variant)
    topology = build(scenario)
    options["engine"] = common.take_engine(topology, options["engine"], options["trace"])
    planned = plan(topology)
    common.warn_if_long(planned, 1, options["engine"])
    beyond = common.endless_watch(topology, planned)
    # A run that ends at a number of requests may end at any time: its bar has no end.
    total = topology.duration_ns / 1e9 if scenario.duration else None
    with (
        common.progress_bar(loaded.name, total, "simulated s") as show,
        common.patient_interrupt() as look,
    ):

        def progress(now: int, events: int) -> None:
            show(now / 1e9)
            beyond(events)
            look()

        return api.run(loaded, seed, variant, progress=progress, **options)


def _judged(result: "Run", variants: tuple[str, ...], variant: str) -> "tuple[list[Verdict], list[Line]]":
    """The verdicts on this variant's expectations, and the lines that a run of it cannot judge."""
    from sim.experiment.expect import judge
    from sim.scenario.expect import parse_line

    lines = [parse_line(text, variants) for text in result.scenario.expect]
    if result.interrupted:
        return [], lines
    own = [line for line in lines if line.variant in ("", variant)]
    verdicts = [judge(line, variant, [result.measure(str(line.measure))]) for line in own]
    return verdicts, [line for line in lines if line not in own]


def _print(result: "Run", verdicts: "list[Verdict]", others: "list[Line]", *, as_json: bool) -> None:
    from sim.store.run import to_json
    from sim.views.tables import run_text

    if as_json:
        judged = {"expect": [v.data() for v in verdicts], "not_judged": [line.text for line in others]}
        click.echo(to_json({**result.summary, **judged}), nl=False)
        return
    click.echo(run_text(result))
    for told in (*map(str, verdicts), *(f"{'not judged':<11}  {line.text}" for line in others)):
        click.echo(told)


def _tell(result: "Run", folder: "Path", others: "list[Line]", trace: int) -> None:
    """What the user would not see in the tables."""
    if trace:
        kept = len({line["request"] for line in result.record.walks})
        none = "no request began in time to leave its walk"
        common.say(f"walks of {_counted(kept, 'request')}: {folder / 'walks.jsonl'}" if kept else none)
    if result.interrupted:
        at = f"{result.record.end_ns / 1e9:.6g} s"
        common.say(f"interrupted at {at}: this is the run up to there, not judged")
    elif others:
        whose = ", ".join(dict.fromkeys(line.variant for line in others))
        common.say(
            f"{_counted(len(others), 'expectation')} of {whose} not judged (run them by --variant, or by compare)"
        )


def _cost(result: "Run") -> str:
    """What the run took."""
    from sim.topology.plan import show_bytes, show_seconds

    took, attempts = result.manifest["wall_s"], int(result.record.counts[1].sum())
    rate = f", {attempts / took:,.0f} attempts/s" if took > 1.0 else ""
    memory = show_bytes(result.manifest["peak_memory_bytes"])
    return f"{result.manifest['engine']} engine, {show_seconds(took)}{rate}, {memory} at most"


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
