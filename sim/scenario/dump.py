"""A model, or plain data -> YAML text, straight into the parser's counterpart: as the library writes it, in less than half the time.

Its own way builds a tree of nodes first and judges each of them again; a large scenario has 50,000, most of them alike.
"""

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

WIDTH = 110


def dump(model: "Scenario") -> str:
    """A model as YAML text, defaults written out, which loads back to an equal model."""
    return text(model.model_dump(by_alias=True, exclude={"base_dir"}, mode="json"))


def text(data: Any) -> str:
    """A block of YAML: mappings, lists, texts, numbers, truths and nothing, in their order; no aliases."""
    from ruamel.yaml import YAML, events

    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.width = WIDTH
    yaml.default_flow_style = False
    yaml.get_serializer_representer_emitter(out, None)
    emit = yaml.emitter.emit
    emit(events.StreamStartEvent())
    emit(events.DocumentStartEvent(explicit=False))
    for event in _events(data, _Scalars(yaml)):
        emit(event)
    emit(events.DocumentEndEvent(explicit=False))
    emit(events.StreamEndEvent())
    return out.getvalue()


def _events(data: Any, scalars: "_Scalars") -> Iterator[Any]:
    from ruamel.yaml import events

    if isinstance(data, dict):
        yield events.MappingStartEvent(None, None, True, flow_style=False)
        for key, value in data.items():
            yield scalars.event(key)
            yield from _events(value, scalars)
        yield events.MappingEndEvent()
    elif isinstance(data, list | tuple):
        yield events.SequenceStartEvent(None, None, True, flow_style=False)
        for value in data:
            yield from _events(value, scalars)
        yield events.SequenceEndEvent()
    else:
        yield scalars.event(data)


class _Scalars:
    """How the library writes a plain value, asked once for each."""

    def __init__(self, yaml: Any) -> None:
        self.yaml = yaml
        self.known: dict[tuple[type, Any], Any] = {}

    def event(self, value: Any) -> Any:
        key = (type(value), repr(value) if isinstance(value, float) else value)  # -0.0 equals 0.0
        if key not in self.known:
            self.known[key] = self._ask(value)
        return self.known[key]

    def _ask(self, value: Any) -> Any:
        from ruamel.yaml.events import ScalarEvent
        from ruamel.yaml.nodes import ScalarNode

        node = self.yaml.representer.represent_data(value)
        detected, default = (
            node.ctag == self.yaml.resolver.resolve(ScalarNode, node.value, which)
            for which in ((True, False), (False, True))
        )
        # The third, that the tag is one of YAML's own, is true of every plain value.
        return ScalarEvent(None, node.ctag, (detected, default, True), node.value, style=node.style)
