"""`cascadelab plot`."""

from pathlib import Path

import click

from sim.errors import StoreError, UsageError


@click.command("plot")
@click.argument("folder", type=click.Path())
@click.argument("names", nargs=-1)
@click.option("-o", "--output", type=click.Path(), help="Folder for the figures. Default: FOLDER/figures.")
def command(folder: str, names: tuple[str, ...], output: str | None) -> None:
    """Draw the figures NAMES (default: all) of the results in FOLDER again, as PNG and SVG.

    Of a run: overview, outcomes, latency, trips, states, queues, graph, spread.
    Of a comparison: comparison, or curve where a parameter varied.
    """
    import json

    from sim import api
    from sim.views import figures

    try:
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        msg = f"{folder}: not a results folder: manifest.json: {why}"
        raise StoreError(msg) from error
    comparison = manifest.get("kind") == "comparison"
    known = figures.COMPARISON_FIGURES if comparison else figures.FIGURES
    for name in names:
        if name not in known:
            msg = f"no figure is called {name!r} (there are: {', '.join(known)})"
            raise UsageError(msg)
    place = Path(output) if output else Path(folder) / "figures"
    if comparison:
        written = figures.save_comparison_figures(api.open_comparison(folder), place, names)
    else:
        written = figures.save_figures(api.open_run(folder), place, names)
    for path in written:
        click.echo(str(path))
