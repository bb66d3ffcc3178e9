"""`cascadelab check`."""

import click

from sim.cli import common


@click.command("check")
@common.scenario_argument
@common.set_option
@common.plugin_option
@click.option("--variant", help="Show the plan of this variant.")
@common.json_option
def command(
    scenario: str,
    overrides: tuple[str, ...],
    plugin_files: tuple[str, ...],
    variant: str | None,
    as_json: bool,
) -> None:
    """Validate SCENARIO without running it, and show what would run.

    Services with their utilisation at the offered load, edges with their call rate, an estimate of
    events, memory and time.
    """
    from dataclasses import asdict

    from sim import api
    from sim.store.run import to_json
    from sim.topology.build import build
    from sim.topology.plan import plan, plan_text

    loaded = api.load(scenario, set=overrides, plugin=plugin_files)
    common.tell_warnings(loaded)
    topology = build(loaded.loaded.scenario(variant))
    planned = plan(topology)
    if as_json:
        click.echo(to_json({"variants": list(loaded.variants), **asdict(planned)}), nl=False)
    else:
        click.echo(plan_text(planned, loaded.name, loaded.variants))
    for warning in planned.warnings:
        common.say(f"warning: {warning}")
