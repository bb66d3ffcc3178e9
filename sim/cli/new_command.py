"""`cascadelab new`."""

from pathlib import Path

import click

from sim.errors import OutputError, UsageError


@click.command("new")
@click.argument("file", type=click.Path(allow_dash=True), default="-")
def command(file: str) -> None:
    """Write a commented starter scenario to FILE (default: stdout)."""
    from sim.scenario.starter import starter

    if file == "-":
        click.echo(starter("my-scenario"), nl=False)
        return
    path = Path(file)
    text = starter(path.stem)
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        msg = f"{path} is there already; nothing was written"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror}"
        raise OutputError(msg) from error
    click.echo(f"{path} is written; try: cascadelab run {path}", err=True)
