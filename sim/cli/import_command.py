"""`cascadelab import`."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sim.cli import common
from sim.errors import UsageError

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
    "--thread-pool", is_flag=True, help="resilience4j: of two bulkheads of one instance the thread pool."
)
@click.option(
    "--into",
    "scenario",
    type=click.Path(allow_dash=True),
    metavar="SCENARIO",
    help="Write this scenario with a variant `imported` that has the policies.",
)
@click.option(
    "--at",
    "edges",
    multiple=True,
    metavar="'A -> B[=NAME]'",
    help="With --into: the edge that gets the policies of NAME in the file (repeat it).",
)
@common.plugin_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="A file that is not there yet; default: stdout."
)
def command(
    file: str, name: str, only: tuple[str, ...], profiles: tuple[str, ...], thread_pool: bool, scenario: str | None,
    edges: tuple[str, ...], plugin_files: tuple[str, ...], output: str | None,
) -> None:  # fmt: skip
    """Write a scenario from a FILE of another tool: settings of breakers and other policies, or a service graph.

    What a file is, its content says. Of settings, every value is marked: given, library default, or without
    meaning here and why. The scenario runs: `cascadelab compare` it. With --into and --at the policies go into a
    scenario of yours. Exit code 3, with the position, if something in the file cannot be read.
    """
    from sim.vendor.kinds import Wishes

    if bool(scenario) != bool(edges):
        msg = "--into SCENARIO and --at 'caller -> callee' go together"
        raise UsageError(msg)
    wishes = Wishes(only, profiles, {"thread_pool": thread_pool})
    written = _written(file, name, wishes, Place(scenario, edges, plugin_files) if scenario else None)
    for words in written.words:
        common.say(words)
    if output is None:
        click.echo(written.text, nl=False)
        return
    common.write_new(Path(output), written.text)
    common.say(f"{output} is written; try: cascadelab compare {output}")


class Place(NamedTuple):
    """Where the policies go."""

    scenario: str
    edges: tuple[str, ...]
    plugin_files: tuple[str, ...]


def _written(file: str, name: str, wishes: "Wishes", place: Place | None) -> "Written":
    from sim.policies import plugins
    from sim.vendor import detect, into, source, trial
    from sim.vendor.kinds import Written

    read = source.read(file)
    kind = detect.kind_of(read, name)
    if not kind.of_policies:
        if place:
            msg = f"{kind.name} is a service graph: --into is for policies"
            raise UsageError(msg)
        return kind.write(read, wishes)
    imported = kind.policies(read, wishes)
    if place:
        breakers = frozenset(plugins.gather(place.plugin_files))
        return Written(into.text(imported, read.file, place.scenario, place.edges, breakers))
    return Written(into.checked(trial.text(imported, read.file), read.file))
