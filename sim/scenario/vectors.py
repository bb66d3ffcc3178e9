"""Files of conformance vectors: read, and checked for their shape."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.errors import InvalidScenario
from sim.scenario import source
from sim.scenario.diagnostics import locate, translate

Do = Literal[
    "call",
    "begin",
    "end",
    "look",
    "admin",
    "report",
    "sweep",
    "sample",
    "withdraw",
    "deposit",
    "queue",
    "prob",
]


class Step(BaseModel):
    """One step: what is done at `t` seconds, and what is seen after it."""

    model_config = ConfigDict(extra="allow")
    do: Do
    t: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    n: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class Vector(BaseModel):
    """One vector: a library with its settings, and its steps."""

    model_config = ConfigDict(extra="allow")
    id: str
    library: str
    config: dict[str, Any] | None = None
    steps: Annotated[list[Step], Field(min_length=1)]


class Vectors(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    vectors: Annotated[list[Vector], Field(min_length=1)]


def load_vectors(path: str) -> list[dict[str, Any]]:
    """The vectors of a file, `-` for stdin. Raises InvalidScenario with every problem found."""
    text, name = source.read(path)
    tree = source.parse(text, name)
    try:
        Vectors.model_validate(tree.data)
    except ValidationError as error:
        raise InvalidScenario(translate(error, tree)) from error
    vectors: list[dict[str, Any]] = tree.data["vectors"]
    ids = [str(v["id"]) for v in vectors]
    twice = [
        locate(tree, ("vectors", i, "id"), f"a vector is called {own!r} already")
        for i, own in enumerate(ids)
        if own in ids[:i]
    ]
    if twice:
        raise InvalidScenario(twice)
    return vectors
