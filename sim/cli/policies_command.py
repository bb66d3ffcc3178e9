"""`cascadelab policies`."""

import click

from sim.cli import common


@click.command("policies")
@common.plugin_option
@common.json_option
def command(plugin_files: tuple[str, ...], as_json: bool) -> None:
    """List breakers by name, the parts of a breaker, and the other policies of a call."""
    import json

    from sim.policies import catalog, outlier_catalog, plugins

    found = sorted(plugins.gather(plugin_files))
    if as_json:
        rows = {
            n: {"about": e.about, "version": e.version, "traps": e.traps, "parts": catalog.parts_of(n)}
            for n, e in catalog.ENTRIES.items()
        }
        ejectors = {
            n: {
                "about": e.about,
                "version": e.version,
                "traps": e.traps,
                "settings": [o.name for o in e.options],
            }
            for n, e in outlier_catalog.ENTRIES.items()
        }
        told = {"breakers": rows, "parts": catalog.PARTS, "host_ejection": ejectors, "plugins": found}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo("Breakers (breaker: NAME, or breaker: {use: NAME, part: value}):")
    for name, entry in catalog.ENTRIES.items():
        about = entry.about.split(". ")[0].rstrip(".")
        click.echo(f"  {name:<20} {about}.{f' [{entry.version}]' if entry.version else ''}")
    for name in found:
        click.echo(f"  {name:<20} (plugin)")
    click.echo("\nHost ejection (outlier: NAME, or outlier: {use: NAME, params: {setting: value}}):")
    for name, ejector in outlier_catalog.ENTRIES.items():
        click.echo(f"  {name:<24} {ejector.about.split('. ')[0].rstrip('.')}. [{ejector.version}]")
    click.echo("\nParts of a breaker:")
    for name, about in catalog.PARTS.items():
        click.echo(f"  {name:<20} {about}")
    click.echo(
        "\nOther policies: fallback, deadline, retry, hedge, throttle, rate_limit, bulkhead, outlier, timeout."
    )
    click.echo("`cascadelab explain NAME` says more about each.")
