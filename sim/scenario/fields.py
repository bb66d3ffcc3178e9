"""Field types of the scenario file: text with units in, numbers out, and back again when written."""

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)
from pydantic_core import CoreSchema, core_schema

from sim import units
from sim.words import REASONS

DURATION = r"^\s*((\d+(\.\d+)?([eE][+-]?\d+)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d)\s*)+$"
_RATE = r"^\s*(\d+(\.\d+)?([eE][+-]?\d+)?|\.\d+)\s*(/\s*(s|m|h)|rps)\s*$"
_SHARE: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?|\.\d+)\s*%\s*$"},
        {"type": "number", "minimum": 0, "maximum": 1},
    ]
}

Duration = Annotated[
    int,
    BeforeValidator(units.duration_ns),
    PlainSerializer(units.show_ns, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": DURATION, "examples": ["250ms", "1h30m"]}),
]
"""Integer ns."""


def positive(ns: int) -> int:
    if ns <= 0:
        msg = "must be longer than 0s"
        raise ValueError(msg)
    return ns


PositiveDuration = Annotated[
    int,
    BeforeValidator(lambda v: positive(units.duration_ns(v))),
    PlainSerializer(units.show_ns, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": DURATION, "examples": ["250ms", "1h30m"]}),
]
RatePerS = Annotated[
    float,
    BeforeValidator(units.rate_per_s),
    PlainSerializer(units.show_rate, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _RATE, "examples": ["120/s"]}),
]
"""Per second."""
Share = Annotated[
    float,
    BeforeValidator(units.share),
    PlainSerializer(units.show_share, return_type=str, when_used="json"),
    WithJsonSchema(_SHARE),
]
"""0 to 1."""


def weight(value: object) -> float:
    if isinstance(value, str):
        return units.share(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        msg = f"{value!r} is not a weight; write 70% or a number"
        raise ValueError(msg)
    return float(value)


Weight = Annotated[
    float,
    BeforeValidator(weight),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^.*%$"}, {"type": "number", "minimum": 0}]}),
]


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{value!r} is not a number"
        raise ValueError(msg)
    return float(value)


Number = Annotated[float, BeforeValidator(number), WithJsonSchema({"type": "number"})]


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        msg = f"{value!r} is not a whole number"
        raise ValueError(msg)
    return int(value)


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number; `true` and `"3"` are none."""

Reason = Literal[
    "error", "timeout", "broken", "limited", "bulkhead", "shed", "unreachable", "expired", "cancelled"
]
"""Why a call or try failed."""
assert Reason.__args__ == REASONS  # type: ignore[attr-defined]


class Short:
    """A shorter spelling of a mapping, known to validation and to the JSON Schema."""

    def __init__(self, widen: Callable[[Any], Any], schema: dict[str, Any]) -> None:
        self.widen = widen
        self.schema = schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.widen, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [self.schema, handler(schema)]}


TIME = {"type": "string", "pattern": DURATION, "examples": ["250ms", "1h30m"]}
RATE = {"type": "string", "pattern": _RATE, "examples": ["120/s"]}
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}


def short(key: str, schema: dict[str, Any]) -> Short:
    """Allow `name: value` for `name: {key: value}`; a wrong plain value too, for its error is plainer."""
    return Short(
        lambda v: {key: v} if isinstance(v, str | int | float) and not isinstance(v, bool) else v, schema
    )


def flag() -> Short:
    """Allow `name: true` for `name: {}`."""
    return Short(lambda v: {} if v is True else v, {"const": True})


def word(name: str) -> Short:
    """Allow the bare word for the mapping {word: {}}."""
    return Short(lambda v: {name: {}} if v == name else v, {"const": name})


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...], Short(_listed, TEXT)]
"""One name or a list of them."""


class Part(BaseModel):
    """A mapping of the scenario file: no unknown keys, nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not set."""
        return {k: v for k, v in write(self).items() if v is not None}
