"""What is a file? Told by its content, never by its name."""

from difflib import get_close_matches
from typing import Any

from sim.errors import InvalidScenario, Problem, UsageError
from sim.vendor.kinds import KINDS, Kind, Seen
from sim.vendor.source import Source, problem


def kind_of(source: Source, name: str = "") -> Kind:
    """The one kind that recognises the file, or the one that is asked for by name.

    Raises InvalidScenario if none does, or several do (the places that show it); UsageError for an unknown name.
    """
    if name:
        return _named(name, source)
    if any(_is_scenario(tree.data) for tree in source.documents):
        message = "this is a scenario already: there is nothing to import"
        hint = "`cascadelab check`, `run` and `compare` take it; --into SCENARIO puts policies of another file into it"
        raise InvalidScenario([Problem(message, source.file, hint=hint)])
    found = [(kind, seen) for kind in KINDS.values() if (seen := next(kind.seen(source), None)) is not None]
    if not found:
        raise InvalidScenario(
            [Problem(f"this is none of the files that can be imported: {_list()}", source.file)]
        )
    if len(found) > 1:
        raise InvalidScenario([_one_of_several(kind, seen) for kind, seen in found])
    return found[0][0]


def _is_scenario(data: Any) -> bool:
    """Two keys that no other format has beside each other."""
    return isinstance(data, dict) and {"sources", "services"} <= data.keys()


def _one_of_several(kind: Kind, seen: Seen) -> Problem:
    message = f"several formats in one file: {seen.what} is of {kind.name}"
    return problem(seen.at, message, f"split the file, or read this part alone with --as {kind.name}")


def _named(name: str, source: Source) -> Kind:
    if name not in KINDS:
        near = get_close_matches(name, KINDS, 1)
        msg = f"no format is called {name!r}" + (
            f"; did you mean {near[0]}?" if near else f"; there are {', '.join(KINDS)}"
        )
        raise UsageError(msg)
    kind = KINDS[name]
    if next(kind.seen(source), None) is None:
        raise InvalidScenario([Problem(f"nothing in this file is of {name}: {kind.about}", source.file)])
    return kind


def _list() -> str:
    return "; ".join(f"{kind.name} ({kind.about})" for kind in KINDS.values())
