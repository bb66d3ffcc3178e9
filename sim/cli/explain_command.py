"""`cascadelab explain`."""

from collections.abc import Iterable, Iterator
from typing import Any

import click

from sim.errors import UsageError

OUTCOMES = {
    "ok": "answered well and in time: S of the ledger",
    "error": "F: the callee failed",
    "timeout": "F: the caller's timeout, or what the deadline left of it, passed first",
    "broken": "F: the caller's own breaker was open, or its half-open quota was used up",
    "limited": "F: the caller's own rate limiter or throttle refused",
    "bulkhead": "F: the caller's own bulkhead was full",
    "shed": "F: the callee's queue was full, or its own limiter refused",
    "unreachable": "F: the callee was down, crashed meanwhile, was cut off, or had no host",
    "expired": "F: the deadline had passed before sending",
    "cancelled": "F: the caller withdrew",
}


SHORTEST_TIME = 10**6
"""In a row of the catalogue a larger whole number is a time in ns; counts are small."""


def _as_written(value: Any) -> str:
    """A part as a scenario file spells it."""
    from sim.units import show_ns

    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_as_written(v)}" for k, v in value.items()) + "}"
    return show_ns(value) if isinstance(value, int) and value >= SHORTEST_TIME else str(value)


def _overview() -> str:
    """What names there are, by kind."""
    from textwrap import fill

    from sim.cli.glossary import WORDS
    from sim.measures.evaluate import definitions
    from sim.policies import catalog
    from sim.scenario import policies as blocks

    kinds: dict[str, Iterable[str]] = {
        "Breakers": catalog.ENTRIES, "Parts of a breaker": catalog.PARTS, "Policies": blocks.ORDER,
        "Outcomes": OUTCOMES, "Measures": definitions(), "Words": WORDS,
    }  # fmt: skip
    lines = [
        fill(f"{kind}: {', '.join(names)}", 100, subsequent_indent="  ") for kind, names in kinds.items()
    ]
    return "\n".join([*lines, "Fields of a scenario file: any key, such as slots or holds_slot"])


def _policies() -> Iterator[tuple[str, str]]:
    from sim.policies import catalog
    from sim.scenario import policies as blocks
    from sim.scenario.schema import fields

    for name, entry in catalog.ENTRIES.items():
        parts = "\n".join(f"  {k}: {_as_written(v)}" for k, v in catalog.parts_of(name).items())
        after = f"\n\nParts, each of which the file may replace:\n{parts}" if parts else ""
        traps = "\n".join(f"  * {trap}" for trap in entry.traps)
        yield name, f"{name} (breaker)\n\n{entry.about}\n\nTraps:\n{traps}{after}"
    for name, about in catalog.PARTS.items():
        yield name, f"{name} (part of a breaker)\n\n{about}"
    for name in blocks.ORDER:
        model = {"rate_limit": "RateLimit"}.get(name, name.capitalize())
        known = {k.split(".", 1)[1]: v for k, v in fields().items() if k.startswith(f"{model}.")}
        lines = "\n".join(f"  {k}: {v}" for k, v in known.items())
        about = (getattr(blocks, model).__doc__ or "").strip()
        yield name, f"{name} (policy)\n\n{about}\n\n{lines}".rstrip()


def _topics() -> Iterator[tuple[str, str]]:
    """(name, text) of everything that can be explained; a name may come more than once."""
    from sim.cli.glossary import WORDS
    from sim.measures.evaluate import definitions
    from sim.scenario.schema import fields

    yield from _policies()
    for name, about in OUTCOMES.items():
        yield name, f"{name} (outcome)\n\n{about}"
    for name, (about, unit, better) in definitions().items():
        way = {1: "higher is better", -1: "lower is better", 0: "neither way is better"}[better]
        use = _use(name)
        yield name, f"{name} (measure{f', in {unit}' if unit else ''}; {way})\n\n{about}\n\n{use}"
    for name, about in WORDS.items():
        yield name, f"{name} (word)\n\n{about}"
    for name, about in fields().items():
        yield name, f"{name} (field)\n\n{about}"


def _use(name: str) -> str:
    """How a measure is written in `expect:`, `rank_by:` and in a notebook."""
    from sim.measures.of_the_run import OF_THE_RUN
    from sim.scenario.expect import WINDOWS

    if name in OF_THE_RUN:
        return f"Written {name}: of the run as a whole."
    windows = ", ".join(f"`{window}`" for window in WINDOWS)
    return (
        f"Written {name}, or {name}(web) of a source, a service, an endpoint or an edge such as web -> db;\n"
        f"then perhaps a window: {windows} or 10s..30s. On tries instead of calls: tries.{name}."
    )


@click.command("explain")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Explain NAME: a breaker, one of its parts, another policy, a measure, an outcome, a word or a field.

    Without NAME, list what can be explained. A field may be given as `slots` or, if several mappings have it, as `Service.slots`.
    """
    from difflib import get_close_matches

    if name is None:
        click.echo(_overview())
        return
    topics = list(_topics())
    found = [text for topic, text in topics if topic == name]
    found = found or [text for topic, text in topics if topic.endswith(f".{name}")]
    if found:
        click.echo("\n\n".join(found))
        return
    near = get_close_matches(name, sorted({topic.rsplit(".", 1)[-1] for topic, _ in topics}), 3)
    msg = f"nothing is called {name!r}" + (
        f"; did you mean {' or '.join(near)}?" if near else "; `cascadelab explain` lists the names"
    )
    raise UsageError(msg)
