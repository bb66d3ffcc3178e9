"""`cascadelab import`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli import common

if TYPE_CHECKING:
    from sim.vendor.kinds import Wishes, Written


@click.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--as", "name", default="", metavar="FORMAT", help="Read it as this format; default: by its content."
)
@click.option("--only", multiple=True, metavar="NAME", help="Only what is called so in the file (repeat it).")
@click.option(
    "--profile", "profiles", multiple=True, metavar="NAME", help="Active Spring profile (repeat it)."
)
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="A file that is not there yet; default: stdout."
)
def command(
    file: str, name: str, only: tuple[str, ...], profiles: tuple[str, ...], output: str | None
) -> None:
    """Write a scenario from a file of another tool: settings of breakers and other policies, or a service graph.

    What a file is, its content says. Exit code 3 with the position if something in it cannot be read.
    """
    from sim.vendor.kinds import Wishes

    written = _written(file, name, Wishes(only, profiles))
    for words in written.words:
        common.say(words)
    if output is None:
        click.echo(written.text, nl=False)
        return
    common.write_new(Path(output), written.text)
    common.say(f"{output} is written; try: cascadelab check {output}")


def _written(file: str, name: str, wishes: "Wishes") -> "Written":
    from sim.vendor import detect, source

    read = source.read(file)
    kind = detect.kind_of(read, name)
    return kind.write(read, wishes)
