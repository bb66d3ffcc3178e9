"""Variants and `--set`: patches that are merged over the file, positions kept."""

from typing import Any

from sim.errors import UsageError
from sim.scenario.source import Location, Position, Tree


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


def with_override(tree: Tree, override: str) -> Tree:
    """`path=value` on top of everything; the value is YAML. Raises UsageError for a bad path."""
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path, equals, text = override.partition("=")
    while equals and path.count('"') % 2:
        more, equals, text = text.partition("=")
        path += "=" + more
    if not equals or not path.strip():
        msg = f"--set {override}: write path=value, such as services.db.slots=8"
        raise UsageError(msg)
    try:
        value = YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as error:
        msg = f"--set {override}: the value is not YAML"
        raise UsageError(msg) from error
    place = resolve(tree.data, path.strip())
    position = Position(f"--set {path.strip()}", 1, 1, override)
    values = {**tree.values, place: position}
    return Tree(_put(tree.data, place, value), {**tree.keys, place: position}, values, tree.text, tree.file)


def resolve(data: Any, path: str) -> Location:
    """The location that a dotted path names; keys with dots or arrows match greedily or in quotes."""
    place: list[Any] = []
    rest, node = path, data
    while rest:
        key, rest = _next_key(node, rest)
        if isinstance(node, list):
            if not key.isdigit() or int(key) >= len(node):
                where = ".".join(map(str, place))
                msg = f"--set {path}: {where} is a list of {len(node)}; write its index, such as 0"
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
