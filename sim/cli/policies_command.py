"""`cascadelab policies`."""

import click

from sim.cli import common

BLOCKS = {
    "outlier": "Host ejection",
    "throttle": "Throttles",
    "concurrency": "Concurrency limits",
    "rate_limit": "Rate limiters",
    "bulkhead": "Bulkheads",
    "budget": "Retry budgets",
}


@click.command("policies")
@common.plugin_option
@common.json_option
def command(plugin_files: tuple[str, ...], as_json: bool) -> None:
    """List breakers by name, the parts of a breaker, and the other policies of a call."""
    import json

    from sim.policies import catalog, named, plugins

    found = sorted(plugins.gather(plugin_files))
    if as_json:
        rows = {
            n: {"about": e.about, "version": e.version, "traps": e.traps, "parts": catalog.parts_of(n)}
            for n, e in catalog.ENTRIES.items()
        }
        by_name = {
            block: {
                n: {
                    "about": e.about,
                    "version": e.version,
                    "traps": e.traps,
                    "settings": [o.name for o in e.options],
                }
                for n, e in entries.items()
            }
            for block, entries in named.BLOCKS.items()
        }
        told = {"breakers": rows, "parts": catalog.PARTS, **by_name, "plugins": found}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo("Breakers (breaker: NAME, or breaker: {use: NAME, part: value}):")
    for name, entry in catalog.ENTRIES.items():
        about = entry.about.split(". ")[0].rstrip(".")
        click.echo(f"  {name:<20} {about}.{f' [{entry.version}]' if entry.version else ''}")
    for name in found:
        click.echo(f"  {name:<20} (plugin)")
    for block, entries in named.BLOCKS.items():
        where = "retry: {budget: {use: NAME}}" if block == "budget" else f"{block}: {{use: NAME}}"
        click.echo(f"\n{BLOCKS[block]} ({where}):")
        for name, row in entries.items():
            click.echo(f"  {name:<34} {row.about.split('. ')[0].rstrip('.')}. [{row.version}]")
    click.echo("\nParts of a breaker:")
    for name, about in catalog.PARTS.items():
        click.echo(f"  {name:<20} {about}")
    click.echo(
        "\nOther policies: fallback, deadline, retry, hedge, throttle, rate_limit, "
        "concurrency, bulkhead, outlier, timeout."
    )
    click.echo("`cascadelab explain NAME` says more about each.")
