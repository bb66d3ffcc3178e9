"""A model as YAML text. Large graphs repeat themselves: ruamel writes each distinct line once."""

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

WIDTH = 110
LONG_KEY = 80
"""A longer key is not written as others are: such data are written in one go."""


class _Leaf(NamedTuple):
    """A key, or an item of a list, with a value that has no lines of its own; equal ones are written alike."""

    width: int
    key: str | None
    """None of an item."""
    kind: type
    """1, 1.0 and True are equal, and written differently."""
    value: Any
    """Text, number, truth or nothing; () of what is empty; nothing of a key with lines below it."""
    opens: bool = False
    """Lines follow below this key."""


Row = tuple[str, str, _Leaf]
"""What stands before its first line, and before the others."""


def dump(model: "Scenario") -> str:
    """A model as YAML text, defaults written out, which loads back to an equal model."""
    return text(model.model_dump(by_alias=True, exclude={"base_dir"}, mode="json"))


def text(data: dict[str, Any]) -> str:
    """Mappings, lists and plain values as YAML text in block style."""
    rows = list(_rows(data, "", ""))
    if any(len(leaf.key or "") > LONG_KEY for *_, leaf in rows):
        return _whole(data, WIDTH)
    written = _written(dict.fromkeys(leaf for *_, leaf in rows))
    lines = (
        (rest if i else first) + line for first, rest, leaf in rows for i, line in enumerate(written[leaf])
    )
    return "".join(f"{line}\n" for line in lines)


def _rows(value: Any, first: str, rest: str) -> Iterator[Row]:
    """The lines of a mapping or a list."""
    width = WIDTH - len(rest)
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for key, inner in pairs:
        if not isinstance(inner, dict | list | tuple):
            yield first, rest, _Leaf(width, key, type(inner), inner)
        elif not inner:
            yield first, rest, _Leaf(width, key, dict if isinstance(inner, dict) else list, ())
        elif key is None:
            yield from _rows(inner, first + "- ", rest + "  ")
        else:
            yield first, rest, _Leaf(width, key, type(None), None, opens=True)
            below = rest + ("  " if isinstance(inner, dict) else "")
            yield from _rows(inner, below, below)
        first = rest


def _written(leaves: Iterable[_Leaf]) -> dict[_Leaf, list[str]]:
    """The lines of each: ruamel knows which texts need quotes, and how a long one is folded."""
    by_width: dict[int, list[_Leaf]] = {}
    for leaf in leaves:
        by_width.setdefault(leaf.width, []).append(leaf)
    out = {}
    for width, some in by_width.items():
        items = _items([_data(leaf) for leaf in some], width)
        for leaf, lines in zip(some, items, strict=True):
            out[leaf] = [lines[0].removesuffix(" null")] if leaf.opens else lines
    return out


def _data(leaf: _Leaf) -> Any:
    value = leaf.kind() if leaf.value == () else leaf.value
    return [value] if leaf.key is None else {leaf.key: value}


def _items(values: list[Any], width: int) -> list[list[str]]:
    """The lines of each value. They are written as one list, whose margin is cut off."""
    items: list[list[str]] = []
    for line in _whole(values, width + 2).splitlines():
        if line.startswith("- "):
            items.append([])
        items[-1].append(line[2:])
    return items


def _whole(data: Any, width: int) -> str:
    from ruamel.yaml import YAML

    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = width
    yaml.dump(_lists(data), out)
    return out.getvalue()


def _lists(value: Any) -> Any:
    """Tuples as lists, which is what YAML writes."""
    if isinstance(value, dict):
        return {k: _lists(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(v) for v in value]
    return value
