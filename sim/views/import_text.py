"""A page on an imported file: what its settings mean, and the traps that apply to them."""

from collections.abc import Iterator
from textwrap import fill
from typing import Any

from sim.policies import catalog, named
from sim.scenario import policies as m
from sim.vendor.marked import DEFAULT, Imported, leaves, plain
from sim.views.breaker_words import WIDE
from sim.views.call_length import Named
from sim.views.import_traps import Around, opens, traps
from sim.views.import_words import words


def stack(imported: Imported) -> Named:
    """The policies as models."""
    out: Named = []
    for kind, block in imported.stack:
        single = m.Single.model_validate({kind: plain(block)})
        out.append((kind, getattr(single, kind)))
    return out


def data(imported: list[Imported], around: Around) -> list[dict[str, Any]]:
    """Everything that is told, as data."""
    return [
        {
            "name": one.name,
            "library": one.library,
            "order": one.order,
            "policies": [
                {"policy": kind, "words": list(words(kind, policy)), "values": list(_values(block))}
                for (kind, policy), (_, block) in zip(stack(one), one.stack, strict=True)
            ],
            "traps": list(dict.fromkeys(traps(stack(one), around))),
            "notes": one.notes,
            "said_by_the_stack": [
                {"setting": g.name, "value": g.raw, "line": g.key_at.line} for g in one.shape
            ],
            "without_meaning": [
                {"setting": i.name, "value": i.raw, "why": i.why, "line": i.line} for i in one.idle
            ],
        }
        for one in imported
    ]


def _values(block: Any) -> Iterator[dict[str, Any]]:
    for place, value in leaves(block):
        known = {"setting": ".".join(place), "value": value.value, "mark": value.mark, "note": value.note}
        yield known | ({"line": value.line} if value.mark != DEFAULT else {})


def text(imported: list[Imported], around: Around) -> str:
    """The page."""
    blocks = [_one(one, around) for one in imported]
    general = list(dict.fromkeys(row for one in imported for row in _rows(one)))
    blocks += [_general(kind, name) for kind, name in general]
    return "\n\n".join(filter(None, blocks))


def _one(one: Imported, around: Around) -> str:
    lines = [f"{one.name} ({one.library})", _item(f"From the outside in: {one.order}.", "  ", "  ")]
    for (kind, policy), (_, block) in zip(stack(one), one.stack, strict=True):
        use = getattr(policy, "use", None)
        lines.append(f"  {kind}{f' ({use})' if use else ''}: {_share(block)}")
        lines += [_item(sentence, "    ", "    ") for sentence in words(kind, policy)]
    found = list(dict.fromkeys(traps(stack(one), around)))
    if found:
        lines += ["  Traps that apply:", *(_item(trap, "    * ", "      ") for trap in found)]
    if one.notes:
        lines += ["  Notes:", *(_item(note, "    * ", "      ") for note in one.notes)]
    if one.idle:
        names = ", ".join(dict.fromkeys(idle.name for idle in one.idle))
        lines.append(_item(f"Without meaning here (`cascadelab import` says why): {names}.", "  ", "  "))
    return "\n".join(lines)


def _share(block: Any) -> str:
    """How much of a policy the file says."""
    marks = [value.mark for _, value in leaves(block)]
    given = sum(mark != DEFAULT for mark in marks)
    if given == len(marks):
        return "as the file says"
    if not given:
        return "by default"
    return f"{given} of {len(marks)} values as the file says, the others by default"


def _rows(one: Imported) -> Iterator[tuple[str, str]]:
    for kind, block in one.stack:
        use = plain(block).get("use")
        stands_still = kind == "breaker" and not opens(m.Breaker.model_validate(plain(block)))
        if use and not stands_still and not (kind == "rate_limit" and "resilience4j" not in one.library):
            yield kind, use


def _general(kind: str, name: str) -> str:
    """Traps of a row of the catalogue, whatever its settings."""
    row: Any = catalog.ENTRIES[name] if kind == "breaker" else named.BLOCKS[kind][name]
    if not row.traps:
        return ""
    return "\n".join(
        [
            f"{name} in general (numbers are its defaults):",
            *(_item(trap, "  * ", "    ") for trap in row.traps),
        ]
    )


def _item(words_: str, first: str, further: str) -> str:
    return fill(words_, WIDE + 4, initial_indent=first, subsequent_indent=further, break_long_words=False)
