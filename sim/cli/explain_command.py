"""`cascadelab explain`."""

from collections.abc import Iterable, Iterator
from typing import Any

import click

from sim.cli import common, reading
from sim.cli.generate_command import InUnits, rate
from sim.cli.glossary import OUTCOMES, WORDS
from sim.errors import UsageError


def _kinds() -> dict[str, tuple[str, ...]]:
    """What names there are, by kind."""
    from sim.measures.evaluate import definitions
    from sim.policies import catalog, named
    from sim.scenario import policies as blocks

    kinds: dict[str, Iterable[str]] = {
        "Breakers": catalog.ENTRIES, "Parts of a breaker": catalog.PARTS, "Policies": blocks.ORDER,
        "Policies by name": [name for rows in named.BLOCKS.values() for name in rows],
        "Outcomes": OUTCOMES, "Measures": definitions(), "Words": WORDS,
    }  # fmt: skip
    return {kind: tuple(names) for kind, names in kinds.items()}


def _overview() -> str:
    from textwrap import fill

    lines = [
        fill(f"{kind}: {', '.join(names)}", 100, subsequent_indent="  ") for kind, names in _kinds().items()
    ]
    return "\n".join([*lines, "Fields of a scenario file: any key, such as slots or holds_slot"])


def _policies() -> Iterator[tuple[str, str]]:
    from sim.policies import catalog, named
    from sim.scenario import policies as blocks
    from sim.scenario.schema import fields
    from sim.views.breaker_text import part_text

    yield from ((name, part_text(name)) for name in catalog.PARTS)
    yield from named.topics()
    for name in blocks.ORDER:
        model = {"rate_limit": "RateLimit"}.get(name, name.capitalize())
        known = {k.split(".", 1)[1]: v for k, v in fields().items() if k.startswith(f"{model}.")}
        lines = "\n".join(f"  {k}: {v}" for k, v in known.items())
        about = (getattr(blocks, model).__doc__ or "").strip()
        yield name, f"{name} (policy)\n\n{about}\n\n{lines}".rstrip()


def _topics() -> Iterator[tuple[str, str]]:
    """(name, text) of everything that can be explained; a name may come more than once."""
    from sim.measures.evaluate import definitions
    from sim.scenario.schema import fields
    from sim.views.tables import HEADS

    yield from _policies()
    for name, about in OUTCOMES.items():
        yield name, f"{name} (outcome)\n\n{about}"
    yield from ((name, _measure(name)) for name in definitions())
    yield from ((head, f"{head} (head of a table): {_measure(m)}") for head, m in HEADS.items())
    for name, about in WORDS.items():
        yield name, f"{name} (word)\n\n{about}"
    for name, about in fields().items():
        yield name, f"{name} (field)\n\n{about}"


def _measure(name: str) -> str:
    from sim.measures.evaluate import definitions

    about, unit, better = definitions()[name]
    way = {1: "higher is better", -1: "lower is better", 0: "neither way is better"}[better]
    return f"{name} (measure{f', in {unit}' if unit else ''}; {way})\n\n{about}\n\n{_use(name)}"


def _with_a_target(name: str) -> str:
    """The measure of a head such as `p99(web) during fault`; else the name as it is."""
    from sim.scenario.expect import parse_measure

    try:
        return parse_measure(name).name
    except ValueError:
        return name


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


def _breaker(name: str, given: tuple[str, ...]) -> dict[str, Any]:
    """An entry of the catalogue, with settings of its own."""
    from sim.views.breaker_text import entry_data

    try:
        return entry_data(name, dict(map(_setting, given)))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE; numbers, true and false, lists and mappings as in JSON, all else is text."""
    import json

    name, equals, value = text.partition("=")
    if not equals:
        msg = f"--set {text}: write NAME=VALUE, such as slidingWindowSize=20"
        raise UsageError(msg)
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def _texts(name: str) -> list[tuple[str, str]]:
    """(topic, text) of what is called so, or ends so. UsageError with the nearest names."""
    from difflib import get_close_matches

    from sim.policies import catalog

    topics = list(_topics())
    found = [(topic, text) for topic, text in topics if topic == name]
    found = found or [(topic, text) for topic, text in topics if topic.endswith(f".{name}")]
    found = found or [(topic, text) for topic, text in topics if topic == _with_a_target(name)]
    if found or name in catalog.ENTRIES:
        return found
    known = sorted({topic.rsplit(".", 1)[-1] for topic, _ in topics} | set(catalog.ENTRIES))
    near = get_close_matches(name, known, 3)
    msg = f"nothing is called {name!r}" + (
        f"; did you mean {' or '.join(near)}?" if near else "; `cascadelab explain` lists the names"
    )
    raise UsageError(msg)


@click.command("explain")
@click.argument("name", nargs=-1, callback=lambda _, __, words: " ".join(words) or None)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the breaker under its library's own name, such as slidingWindowSize=20.",
)
@click.option(
    "--figure",
    "figures",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Draw the whole catalogue in the standard outage: FILE.png or FILE.svg (repeat it).",
)
@click.option(
    "--import",
    "file",
    type=click.Path(allow_dash=True),
    metavar="FILE",
    help="Explain the policies of a file of another tool, and the traps that apply to them.",
)
@click.option(
    "--rate", type=InUnits("rate", rate), help="With --import: calls of one instance of the caller."
)
@click.option(
    "--hosts", type=click.IntRange(1, 1_000_000), metavar="N", help="With --import: replicas of the callee."
)
@reading.options
@common.json_option
def command(
    name: str | None,
    given: tuple[str, ...],
    figures: tuple[str, ...],
    file: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Explain NAME: a breaker, one of its parts, another policy, a measure, an outcome, a word or a field.

    A breaker is shown with its settings, its states, what it does in a standard outage, and its traps.
    Without NAME, list what can be explained. A field may be given as `slots` or, if several mappings have it, as `Service.slots`.
    With --import, explain the settings of a file that `cascadelab import` reads.
    """
    import json

    from sim.policies import catalog

    if figures and (name or given or as_json or file):
        msg = "--figure draws the whole catalogue with default settings: it goes with nothing else"
        raise UsageError(msg)
    if file and (name or given):
        msg = "--import explains a file: it goes without NAME and --set"
        raise UsageError(msg)
    if not file and any(asked.values()):
        msg = "--rate, --hosts, --as, --only, --profile and --thread-pool go with --import FILE"
        raise UsageError(msg)
    if given and name not in catalog.ENTRIES:
        msg = f"--set is for breakers, and {name or 'no name'} is none"
        raise UsageError(msg)
    if figures:
        from sim.views.catalogue_plot import save

        click.echo("\n".join(str(save(path)) for path in figures))
    elif file:
        click.echo(_import(file, as_json=as_json, **asked))
    elif name is None:
        click.echo(json.dumps(_kinds(), indent=2) if as_json else _overview())
    else:
        texts = _texts(name)
        breakers = [_breaker(name, given)] if name in catalog.ENTRIES else []
        if as_json:
            click.echo(json.dumps([*breakers, *({"name": n, "text": t} for n, t in texts)], indent=2))
            return
        from sim.views.breaker_text import entry_text

        click.echo("\n\n".join([*map(entry_text, breakers), *(text for _, text in texts)]))


def _import(file: str, *, as_json: bool, rate: float | None, hosts: int | None, **asked: Any) -> str:
    """A page on the policies of a file."""
    import json

    from sim.views import import_text
    from sim.views.import_traps import Around

    source, kind, wishes = reading.read(file, **asked)
    if not kind.of_policies:
        msg = f"{source.file} is a service graph ({kind.name}): there are no policies to explain"
        raise UsageError(msg)
    imported, around = kind.policies(source, wishes), Around(rate, hosts)
    if as_json:
        return json.dumps(import_text.data(imported, around), indent=2, default=str)
    return import_text.text(imported, around)
