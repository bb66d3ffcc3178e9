"""Variants and `--set`: patches that are merged over the file, positions kept."""

from dataclasses import dataclass, replace
from typing import Any

from sim.errors import InvalidScenario, UsageError
from sim.scenario.source import Location, Position, Tree, parse_value


def merge(base: Any, patch: Any) -> Any:
    """Mappings merge key by key, null deletes, everything else replaces."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    out = dict(base)
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge(out.get(key), value)
    return out


def with_variant(tree: Tree, variant: str | None) -> Tree:
    """The file as the variant sees it; None is the file as it stands."""
    data = {k: v for k, v in tree.data.items() if k != "variants"}
    keys, values = dict(tree.keys), dict(tree.values)
    patch = (tree.data.get("variants") or {}).get(variant) if variant is not None else None
    if isinstance(patch, dict):
        data = merge(data, patch)
        for table in (keys, values):
            for place, position in list(table.items()):
                if place[:2] == ("variants", variant):
                    table[place[2:]] = position
    return Tree(data, keys, values, tree.text, tree.file)


@dataclass(frozen=True, slots=True)
class Override:
    """`path=value`, and the option that says it."""

    text: str
    option: str = "--set"

    @property
    def shown(self) -> str:
        """As it was written."""
        return f"{self.option} {self.text}"

    def parts(self) -> tuple[str, str]:
        """(path, value). Raises UsageError."""
        path, equals, value = self.text.partition("=")
        while equals and path.count('"') % 2:
            more, equals, value = value.partition("=")
            path += "=" + more
        if not equals or not path.strip():
            msg = f"{self.shown}: write path=value, such as services.db.slots=8"
            raise UsageError(msg)
        return path, value

    def at(self, col: int) -> Position:
        """A position in what was written; `col` counts from 0 in the text."""
        return Position(self.option, 0, len(self.option) + 2 + col, self.shown)

    @property
    def position(self) -> Position:
        """Where its value stands."""
        return self.at(len(self.parts()[0]) + 1)


def with_override(tree: Tree, override: Override) -> Tree:
    """One override on top of everything; the value is YAML. Raises UsageError for a bad path or value."""
    path, text = override.parts()
    try:
        given = parse_value(text, override.option)
    except InvalidScenario as error:
        msg = f"{override.shown}: {error.problems[0].message}"
        raise UsageError(msg) from error
    place = resolve(tree.data, path.strip(), override.shown)
    tables = []
    for table, new in ((tree.keys, given.keys), (tree.values, given.values)):
        kept = {at: position for at, position in table.items() if at[: len(place)] != place}
        # A key that only this override brings into being stands nowhere else.
        ways = {at: override.at(_column(path, at)) for at in _ways(place) if at not in kept}
        moved = {(*place, *at): _moved(position, override) for at, position in new.items()}
        tables.append({**kept, **ways, **moved})
    tables[1][place] = override.position
    return Tree(_put(tree.data, place, given.data), tables[0], tables[1], tree.text, tree.file)


def _ways(place: Location) -> list[Location]:
    """The place and all above it."""
    return [place[:n] for n in range(1, len(place) + 1)]


def _column(path: str, place: Location) -> int:
    """Where the last key of a place begins in a dotted path."""
    col = 0
    for key in place[:-1]:
        col = path.index(str(key), col) + len(str(key))
    return path.index(str(place[-1]), col)


def _moved(position: Position, override: Override) -> Position:
    """A position in the value alone, as one in what was written."""
    if position.line > 1:
        return replace(position, line=0)
    return override.at(len(override.parts()[0]) + position.col)


def resolve(data: Any, path: str, shown: str) -> Location:
    """The location that a dotted path names; keys with dots or arrows match greedily or in quotes.

    `shown` is how the path was written, for the error.
    """
    place: list[Any] = []
    rest, node = path, data
    while rest:
        key, rest = _next_key(node, rest)
        if isinstance(node, list):
            if not key.isdigit() or int(key) >= len(node):
                where = ".".join(map(str, place))
                msg = f"{shown}: {where} is a list of {len(node)}; write its index, such as 0"
                raise UsageError(msg)
            place.append(int(key))
            node = node[int(key)]
        else:
            place.append(key)
            node = node.get(key) if isinstance(node, dict) else None
    return tuple(place)


def _next_key(node: Any, rest: str) -> tuple[str, str]:
    if rest.startswith('"') and '"' in rest[1:]:
        key, _, after = rest[1:].partition('"')
        return key, after.removeprefix(".")
    if isinstance(node, dict):
        for key in sorted((str(k) for k in node), key=len, reverse=True):
            if rest == key or rest.startswith(key + "."):
                return key, rest[len(key) + 1 :]
    key, _, after = rest.partition(".")
    return key, after


def _put(node: Any, place: Location, value: Any) -> Any:
    if not place:
        return value
    if isinstance(node, list):
        return [_put(item, place[1:], value) if i == place[0] else item for i, item in enumerate(node)]
    out = dict(node) if isinstance(node, dict) else {}
    if len(place) == 1 and value is None:
        out.pop(place[0], None)
    else:
        out[place[0]] = _put(out.get(place[0]), place[1:], value)
    return out


def without(node: Any, place: Location) -> Any:
    """A copy without what stands at a place."""
    if isinstance(node, list):
        return [without(item, place[1:]) if i == place[0] else item for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    if len(place) == 1:
        return {k: v for k, v in node.items() if k != place[0]}
    return {k: without(v, place[1:]) if k == place[0] else v for k, v in node.items()}
