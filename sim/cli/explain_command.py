"""`cascadelab explain`."""

import click

from sim.errors import UsageError


def _topics() -> dict[str, str]:
    """Name -> text of everything that can be explained; later ones do not replace earlier ones."""
    from sim import words
    from sim.cli.glossary import WORDS
    from sim.measures.evaluate import definitions
    from sim.policies import catalog
    from sim.scenario import policies as blocks
    from sim.scenario.schema import fields

    out: dict[str, str] = {}
    for name, row in catalog.ROWS.items():
        parts = "\n".join(f"  {k}: {v}" for k, v in row.parts.items())
        out[name] = f"{name} (breaker)\n\n{row.about}\n\nTraps: {row.traps}\n" + (
            f"\nParts (times in ns):\n{parts}" if parts else ""
        )
    out |= {
        name: f"{name} (part of a breaker)\n\n{about}"
        for name, about in catalog.PARTS.items()
        if name not in out
    }
    for name in blocks.ORDER:
        if name not in out:
            model = {"rate_limit": "RateLimit"}.get(name, name.capitalize())
            known = {k.split(".", 1)[1]: v for k, v in fields().items() if k.startswith(f"{model}.")}
            lines = "\n".join(f"  {k}: {v}" for k, v in known.items())
            about = (getattr(blocks, model).__doc__ or "").strip()
            out[name] = f"{name} (policy)\n\n{about}\n\n{lines}"
    for name, (about, unit, better) in definitions().items():
        way = {1: "higher is better", -1: "lower is better", 0: "neither way is better"}[better]
        out.setdefault(name, f"{name} (measure{f', in {unit}' if unit else ''}; {way})\n\n{about}")
    for i, name in enumerate(words.OUTCOMES):
        about = {0: "answered well and in time"}.get(i, "a failure F, by reason")
        out.setdefault(name, f"{name} (outcome): {about}")
    for name, about in WORDS.items():
        out.setdefault(name, f"{name} (word)\n\n{about}")
    for name, about in fields().items():
        out.setdefault(name, f"{name} (field)\n\n{about}")
    return out


@click.command("explain")
@click.argument("name")
def command(name: str) -> None:
    """Explain NAME: a breaker, one of its parts, another policy, a measure, an outcome, a word or a field.

    A field may be given as `slots` or, if several mappings have it, as `Service.slots`.
    """
    from difflib import get_close_matches

    topics = _topics()
    if name in topics:
        click.echo(topics[name])
        return
    ending = [topics[t] for t in topics if t.endswith(f".{name}")]
    if ending:
        click.echo("\n\n".join(ending))
        return
    short = {t.rsplit(".", 1)[-1] for t in topics}
    near = get_close_matches(name, short, 3)
    msg = f"nothing is called {name!r}" + (
        f"; did you mean {' or '.join(near)}?" if near else "; see `cascadelab policies`"
    )
    raise UsageError(msg)
