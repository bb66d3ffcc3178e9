"""`cascadelab new`."""

from pathlib import Path

import click

from sim.cli import common


@click.command("new")
@click.argument("file", type=click.Path(allow_dash=True), default="-")
def command(file: str) -> None:
    """Write a commented starter scenario to FILE (default: stdout)."""
    from sim.scenario.starter import starter

    if file == "-":
        click.echo(starter("my-scenario"), nl=False)
        return
    path = Path(file)
    common.write_new(path, starter(path.stem))
    common.say(f"{path} is written; try: cascadelab run {path}")
