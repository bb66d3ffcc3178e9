"""`cascadelab schema`."""

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of scenario files, for completion and errors in an editor."""
    import json

    from sim.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
