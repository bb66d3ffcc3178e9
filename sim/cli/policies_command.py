"""`cascadelab policies`."""

from collections.abc import Iterator
from typing import Any

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

    from sim.policies import plugins

    own = sorted(plugins.gather(plugin_files))
    click.echo(json.dumps(_data(own), indent=2) if as_json else "\n".join(_lines(own)))


def _data(own: list[str]) -> dict[str, Any]:
    from sim.policies import catalog, named

    breakers = {n: _told(e) | {"parts": catalog.parts_of(n)} for n, e in catalog.ENTRIES.items()}
    others = {
        block: {n: _told(e) | {"settings": [o.name for o in e.options]} for n, e in entries.items()}
        for block, entries in named.BLOCKS.items()
    }
    return {"breakers": breakers, "parts": catalog.PARTS, **others, "plugins": own}


def _told(entry: Any) -> dict[str, Any]:
    return {"about": entry.about, "version": entry.version, "traps": entry.traps}


def _lines(own: list[str]) -> Iterator[str]:
    from sim.policies import catalog, named

    yield "Breakers (breaker: NAME, or breaker: {use: NAME, part: value}):"
    for name, entry in catalog.ENTRIES.items():
        yield f"  {name:<20} {_first_sentence(entry)}"
    for name in own:
        yield f"  {name:<20} (plugin)"
    for block, entries in named.BLOCKS.items():
        where = "retry: {budget: {use: NAME}}" if block == "budget" else f"{block}: {{use: NAME}}"
        yield f"\n{BLOCKS[block]} ({where}):"
        for name, row in entries.items():
            yield f"  {name:<34} {_first_sentence(row)}"
    yield "\nParts of a breaker:"
    for name, about in catalog.PARTS.items():
        yield f"  {name:<20} {about}"
    yield (
        "\nOther policies: fallback, deadline, retry, hedge, throttle, rate_limit, "
        "concurrency, bulkhead, outlier, timeout."
    )
    yield "`cascadelab explain NAME` says more about each."


def _first_sentence(entry: Any) -> str:
    """What an entry is, and of which version."""
    about = entry.about.split(". ")[0].rstrip(".")
    return f"{about}.{f' [{entry.version}]' if entry.version else ''}"
