"""YAML 1.2 text -> nodes with their places, straight from the parser's events: large files are read in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

MERGE = object()
"""The key `<<`: the pairs of what it names belong to this mapping, behind its own."""
_TEXT = "tag:yaml.org,2002:str"
_OTHERS = {f"tag:yaml.org,2002:{name}": name for name in ("int", "float", "bool", "null")}
_KNOWN = {*_OTHERS, _TEXT, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


@dataclass(slots=True)
class Node:
    """One value. Line and column count from 0, as the parser's do."""

    content: Any
    """A plain value; the items of a list; keys and values of a mapping in turn."""
    line: int
    col: int
    kind: type | None = None
    """list, dict, or None of a plain value."""
    tag: str = ""
    """One that means nothing in a scenario."""


def compose(text: str) -> Node | None:
    """The nodes of one document. Raises ruamel's YAMLError, and ValueError for a number that is none."""
    from ruamel.yaml.composer import ComposerError

    root: Node | None = None
    for mark, node in documents(text):
        if root is not None:
            raise ComposerError("expected a single document", None, "but found another document", mark)
        root = node
    return root


def documents(text: str) -> Iterator[tuple[Any, Node]]:
    """(mark of its beginning, its nodes) of every document. Raises as `compose`."""
    from ruamel.yaml import YAML, events
    from ruamel.yaml.composer import ComposerError

    yaml = YAML(typ="safe", pure=True)
    scalars = _Scalars(yaml)
    anchors: dict[str, Node] = {}
    opened: list[Node] = []
    event: Any
    mark: Any = None
    for event in yaml.parse(StringIO(text)):
        if isinstance(event, events.DocumentStartEvent):
            mark, anchors = event.start_mark, {}
        if isinstance(event, events.CollectionEndEvent):
            ended = opened.pop()
            if not opened:
                yield mark, ended
        if not isinstance(event, events.NodeEvent):
            continue
        if isinstance(event, events.AliasEvent):
            node = anchors.get(event.anchor)
            if node is None or any(node is one for one in opened):
                why = "undefined alias" if node is None else "endless alias, inside what it names:"
                raise ComposerError(None, None, f"found {why} {event.anchor!r}", event.start_mark)
        else:
            node = _node(event, scalars)
            if event.anchor is not None:
                anchors[event.anchor] = node
        if opened:
            opened[-1].content.append(node)
        elif not isinstance(event, events.CollectionStartEvent):
            yield mark, node
        if isinstance(event, events.CollectionStartEvent):
            opened.append(node)


def _node(event: Any, scalars: "_Scalars") -> Node:
    from ruamel.yaml import events

    tag = str(event.ctag) if event.ctag is not None and str(event.ctag) != "!" else ""
    mark, unknown = event.start_mark, "" if tag in _KNOWN else tag
    if isinstance(event, events.CollectionStartEvent):
        kind: type = dict if isinstance(event, events.MappingStartEvent) else list
        return Node([], mark.line, mark.column, kind, unknown)
    content = scalars.value(event.value, plain=event.implicit[0], tag=tag)
    return Node(content, mark.line, mark.column, None, unknown)


class _Scalars:
    """Texts -> values, by YAML 1.2's rules; what is neither number, truth nor nothing is text."""

    def __init__(self, yaml: Any) -> None:
        self.yaml = yaml
        self.seen: dict[tuple[str, str], Any] = {}

    def value(self, text: str, *, plain: bool, tag: str) -> Any:
        if tag not in _OTHERS and (tag or not plain):
            return text
        known = (text, tag)
        if known not in self.seen:
            self.seen[known] = self._read(text, tag)
        return self.seen[known]

    def _read(self, text: str, tag: str) -> Any:
        from ruamel.yaml.nodes import ScalarNode

        if text == "<<":
            return MERGE
        found = tag or str(self.yaml.resolver.resolve(ScalarNode, text, (True, False)))
        if found not in _OTHERS:
            return text
        read = getattr(self.yaml.constructor, f"construct_yaml_{_OTHERS[found]}")
        return read(ScalarNode(found, text))


def pairs(node: Node, budget: list[int]) -> Iterator[tuple[Node, Node]]:
    """(key, value) of a mapping: its own, then those merged into it that are not its own."""
    content = iter(node.content)
    own: list[Any] = []
    merged: list[Node] = []
    for key, value in zip(content, content, strict=True):
        if key.content is MERGE:
            merged += value.content if value.kind is list else [value]
        else:
            own.append(key.content)
            yield key, value
    for other in merged:
        budget[0] -= 1
        if other.kind is dict and budget[0] > 0:
            for key, value in pairs(other, budget):
                if key.content not in own:
                    own.append(key.content)
                    yield key, value
