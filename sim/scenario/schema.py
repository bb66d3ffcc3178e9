"""JSON Schema of the scenario file, and what it says about keys and fields."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from sim import units
from sim.scenario.fields import DURATION
from sim.scenario.model import Scenario

COMMITTED = Path(__file__).with_name("schema.json")
"""The schema as it is shipped: what the first line of a scenario file names for editors."""


class _Generator(GenerateJsonSchema):
    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - pydantic's attribute


@cache
def json_schema() -> dict[str, Any]:
    """The schema for editors: completion, hover texts, errors while typing."""
    schema = Scenario.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)
    schema["properties"].pop("base_dir", None)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cascadelab scenario"
    parts = schema["$defs"]
    # `steps:` may stand on the service itself, and a branch may be a single step
    for key in ("steps", "error_rate", "fail_fast"):
        parts["Service"]["properties"][key] = parts["Endpoint"]["properties"][key]
    for option in parts["Step"]["properties"]["parallel"]["anyOf"]:
        if option.get("type") == "array":
            option["items"]["anyOf"][0] = {"$ref": "#/$defs/Step"}
    for body in (schema, *parts.values()):
        for spec in body.get("properties", {}).values():
            _default_in_units(spec)
    return schema


def _default_in_units(spec: dict[str, Any]) -> None:
    default = spec.get("default")
    if isinstance(default, int) and not isinstance(default, bool) and spec.get("pattern") == DURATION:
        spec["default"] = units.show_ns(default)


def text() -> str:
    """The schema as it is committed."""
    return json.dumps(json_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def keys_at(loc: tuple[Any, ...]) -> list[str]:
    """Legal keys of the mapping at pydantic's location; [] if it is not a fixed mapping."""
    schema = json_schema()
    node: Any = schema
    for element in loc:
        node = _descend(schema, node, element)
        if node is None:
            return []
    return sorted(_properties(schema, node))


def words_at(loc: tuple[Any, ...]) -> list[str]:
    """Legal words at pydantic's location, those of every alternative."""
    schema = json_schema()
    node: Any = schema
    for element in loc:
        node = _descend(schema, node, element)
    found = [
        w for option in _alternatives(schema, node) for w in (*option.get("enum", ()), option.get("const"))
    ]
    return sorted({w for w in found if isinstance(w, str)})


def _follow(schema: dict[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _alternatives(schema: dict[str, Any], node: Any) -> list[Any]:
    node = _follow(schema, node)
    out = [node]
    for option in [*node.get("anyOf", ()), *node.get("allOf", ()), *node.get("oneOf", ())]:
        out += _alternatives(schema, option)
    return out


def _properties(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in _alternatives(schema, node):
        found |= option.get("properties", {})
    return found


def _descend(schema: dict[str, Any], node: Any, element: Any) -> Any:
    for option in _alternatives(schema, node):
        if isinstance(element, int) and "items" in option:
            return option["items"]
        if element in option.get("properties", {}):
            return option["properties"][element]
        if isinstance(option.get("additionalProperties"), dict) and not option.get("properties"):
            return option["additionalProperties"]
    return node  # names that pydantic puts between (union branches) are not in the schema


def fields() -> dict[str, str]:
    """Every field with a description, as `Model.key`."""
    out = {}
    schema = json_schema()
    for model, body in {"Scenario": schema, **schema["$defs"]}.items():
        for key, spec in body.get("properties", {}).items():
            if "description" in spec:
                out[f"{model}.{key}"] = spec["description"]
    return out
