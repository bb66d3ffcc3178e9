"""`cascadelab export`."""

from pathlib import Path

import click

from sim.cli import common


@click.command("export")
@common.scenario_argument
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Choice(["resilience4j", "envoy", "istio", "polly", "sentinel"]),
    help="Whose settings to write.",
)
@click.option(
    "--edge",
    "edges",
    multiple=True,
    metavar="'A -> B'",
    help="Only the policies of this edge (repeat it); default: of all calls between services.",
)
@click.option(
    "--variant",
    metavar="NAME",
    help="The variant whose policies are written; default: the file as it stands.",
)
@common.set_option
@common.plugin_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="A file that is not there yet; default: stdout."
)
def command(
    scenario: str, target: str, edges: tuple[str, ...], variant: str | None, overrides: tuple[str, ...],
    plugin_files: tuple[str, ...], output: str | None,
) -> None:  # fmt: skip
    """Write the policies of a SCENARIO as settings of a library or mesh, which `cascadelab import` reads back.

    No policy is left out: what cannot be said there is refused with the reason, and exit code 3. But it is the
    policies only, in the words of the scenario: exception classes stand for outcomes, and whatever else a file of
    yours says (TLS, subsets, metrics, ...) a scenario does not know. Merge it into your file; it cannot take its place.
    """
    from sim.scenario import source
    from sim.scenario.variants import with_variant
    from sim.vendor import export
    from sim.vendor.export.calls import calls

    loaded = common.load(scenario, overrides, plugin_files).loaded
    model = loaded.scenario(variant)
    tree = with_variant(source.parse(loaded.text, loaded.file), variant)
    found = calls(model, tree, frozenset(), edges)
    written = export.text(target, found, tree)
    common.say(f"warning: {export.caution(target)}")
    if output is None:
        click.echo(written, nl=False)
        return
    common.write_new(Path(output), written)
    common.say(f"{output} is written")
