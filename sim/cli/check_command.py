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

    from sim.store.run import to_json
    from sim.topology.build import build
    from sim.topology.plan import plan
    from sim.views.plan_text import plan_text

    loaded = common.load(scenario, overrides, plugin_files)
    topology = build(loaded.loaded.scenario(variant))
    planned = plan(topology)
    if as_json:
        warnings = [str(warning) for warning in loaded.loaded.warnings]
        told = {"variants": list(loaded.variants), **asdict(planned), "warnings": warnings}
        click.echo(to_json(told), nl=False)
    else:
        click.echo(plan_text(planned, loaded.name, loaded.variants))
