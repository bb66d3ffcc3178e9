"""`cascadelab import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import common, reading
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.vendor.kinds import Kind, Wishes, Written
    from sim.vendor.source import Source


@click.command("import")
@click.argument("file", type=click.Path(allow_dash=True))
@reading.options
@click.option(
    "--into",
    type=click.Path(allow_dash=True),
    metavar="SCENARIO",
    help="Write this scenario with a variant `imported` that has the policies.",
)
@click.option(
    "--at",
    multiple=True,
    metavar="'A -> B[=NAME]'",
    help="With --into: the edge that gets the policies of NAME in the file (repeat it).",
)
@common.plugin_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="A file that is not there yet; default: stdout."
)
def command(
    file: str, into: str | None, at: tuple[str, ...], plugin_files: tuple[str, ...], output: str | None, **asked: Any
) -> None:  # fmt: skip
    """Write a scenario from a FILE of another tool: settings of breakers and other policies, or a service graph.

    What a file is, its content says. Of settings, every value is marked: given, library default, or without
    meaning here and why. The scenario runs: `cascadelab compare` it. With --into and --at the policies go into a
    scenario of yours. Exit code 3, with the position, if something in the file cannot be read.
    """
    if bool(into) != bool(at):
        msg = "--into SCENARIO and --at 'caller -> callee' go together"
        raise UsageError(msg)
    source, kind, wishes = reading.read(file, **asked)
    if kind.of_policies:
        written = _policies(source, kind, wishes, into, at, plugin_files)
    elif into:
        msg = f"{kind.name} is a service graph: --into is for policies"
        raise UsageError(msg)
    else:
        written = kind.write(source, wishes)
    for words in written.words:
        common.say(words)
    if output is None:
        click.echo(written.text, nl=False)
        return
    common.write_new(Path(output), written.text)
    common.say(f"{output} is written; try: cascadelab {'compare' if kind.of_policies else 'check'} {output}")


def _policies(
    source: "Source", kind: "Kind", wishes: "Wishes", scenario: str | None, at: tuple[str, ...],
    plugin_files: tuple[str, ...],
) -> "Written":  # fmt: skip
    from sim.policies import plugins
    from sim.vendor import into, trial
    from sim.vendor.kinds import Written

    imported = kind.policies(source, wishes)
    if scenario is None:
        return Written(into.checked(trial.text(imported, source.file), source.file))
    breakers = frozenset(plugins.gather(plugin_files))
    return into.write(imported, source.file, scenario, at, breakers)
