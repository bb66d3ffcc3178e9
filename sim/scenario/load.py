"""File -> model, for every variant; all mistakes of a file at once."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import InvalidScenario, Problem, UsageError
from sim.scenario import source
from sim.scenario.model import Scenario
from sim.scenario.source import Location, Tree
from sim.scenario.variants import with_override, with_variant


class Loaded:
    """A scenario file that holds, with all its variants."""

    def __init__(self, tree: Tree, models: dict[str | None, Scenario], warnings: list[Problem]) -> None:
        self.text = tree.text
        self.file = tree.file
        self._models = models
        self.warnings = warnings

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Variants in the order of the file."""
        return tuple(v for v in self._models if v is not None)

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self._models[None].name

    def scenario(self, variant: str | None = None) -> Scenario:
        """The model of a variant; None is the file as it stands. Raises UsageError for an unknown one."""
        if variant not in self._models:
            near = nearest(str(variant), [str(v) for v in self.variant_names])
            msg = f"{self.file}: no variant is called {variant!r}{near}"
            raise UsageError(msg)
        return self._models[variant]

    def resolved(self, variant: str | None = None) -> str:
        """The variant as YAML with every default written out, and only the expectations that are its own."""
        from sim.scenario.expect import parse_line

        model = self.scenario(variant)
        lines = [(line, parse_line(line, self.variant_names)) for line in model.expect]
        own = tuple(
            text.split(":", 1)[1].strip() if line.variant else text
            for text, line in lines
            if line.variant in ("", variant)
        )
        return dump(model.model_copy(update={"expect": own}))


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or the list of what there is."""
    known = sorted(known)
    close = get_close_matches(name, known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (there are: {', '.join(known[:12])}{', ...' if len(known) > 12 else ''})" if known else ""


def load_file(path: str, *, overrides: Iterable[str] = (), known_breakers: Iterable[str] = ()) -> Loaded:
    """Load a scenario file, `-` for stdin. Raises InvalidScenario with every problem found."""
    text, name = source.read(path)
    base = Path() if path == "-" else Path(path).parent
    return load_text(text, name, overrides=overrides, known_breakers=known_breakers, base_dir=base)


def load_text(
    text: str,
    name: str = "<text>",
    *,
    overrides: Iterable[str] = (),
    known_breakers: Iterable[str] = (),
    base_dir: Path | None = None,
) -> Loaded:
    """Load scenario text."""
    from sim.scenario import check

    tree = source.parse(text, name)
    problems: dict[str, Problem] = {}
    warnings: dict[str, Problem] = {}
    models: dict[str | None, Scenario] = {}
    for variant in (None, *_variant_names(tree, problems)):
        seen = with_variant(tree, variant)
        for override in overrides:
            seen = with_override(seen, override)
        model = _validate(seen, base_dir or Path(), problems)
        if model is not None:
            models[variant] = model
            found = check.check(model, seen, frozenset(known_breakers), tuple(tree.data.get("variants") or ()))
            for problem in found.problems:
                problems.setdefault(str(problem), problem)
            for problem in found.warnings:
                warnings.setdefault(str(problem), problem)
    if problems:
        raise InvalidScenario(sorted(problems.values(), key=lambda p: (p.line, p.col)))
    return Loaded(tree, models, list(warnings.values()))


def _variant_names(tree: Tree, problems: dict[str, Problem]) -> list[str]:
    variants = tree.data.get("variants")
    if variants is None:
        return []
    if not isinstance(variants, dict):
        problem = locate(tree, ("variants",), "variants is a mapping of names to what each changes")
        problems[str(problem)] = problem
        return []
    names = []
    for name, patch in variants.items():
        if patch is not None and not isinstance(patch, dict):
            problem = locate(tree, ("variants", name), "a variant is a mapping that is merged over the file")
            problems[str(problem)] = problem
        elif isinstance(patch, dict) and "variants" in patch:
            problem = locate(tree, ("variants", name, "variants"), "a variant has no variants of its own")
            problems[str(problem)] = problem
        else:
            names.append(name)
    return names


def _validate(tree: Tree, base_dir: Path, problems: dict[str, Problem]) -> Scenario | None:
    try:
        return Scenario.model_validate({**tree.data, "base_dir": base_dir})
    except ValidationError as error:
        for problem in _translate(error, tree):
            problems.setdefault(str(problem), problem)
        return None


def _translate(error: ValidationError, tree: Tree) -> list[Problem]:
    """pydantic's errors in our words, each once, the deepest branch of a union only."""
    found: dict[Location, Problem] = {}
    for item in error.errors(include_url=False):
        place, rest = _place(tree, item["loc"])
        message, kind = item["msg"].removeprefix("Value error, "), item["type"]
        on_key = False
        if kind == "missing":
            message = f"`{rest[-1] if rest else '?'}` is missing"
        elif kind == "extra_forbidden":
            on_key = True
            message = f"unknown key {place[-1]!r}{_near_key(item['loc'], place)}"
        elif kind == "literal_error":
            message = f"{item['input']!r} is not one of {item['ctx']['expected']}"
        elif kind.startswith(("int_", "string_", "bool_", "model_", "dict_", "tuple_")):
            message = f"{_show(item['input'])}: {message[0].lower()}{message[1:]}"
        if place not in found or kind == "value_error":
            found[place] = locate(tree, place, message, on_key=on_key)
    deepest = [p for p in found if not any(q != p and q[: len(p)] == p for q in found)]
    return [found[p] for p in deepest]


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _place(tree: Tree, loc: tuple[Any, ...]) -> tuple[Location, tuple[Any, ...]]:
    """The part of pydantic's location that is in the file, and what is left of it."""
    place: Location = ()
    node: Any = tree.data
    rest: list[Any] = []
    for element in loc:
        if isinstance(node, dict) and element in node:
            node = node[element]
            place = (*place, element)
        elif isinstance(node, list) and isinstance(element, int) and element < len(node):
            node = node[element]
            place = (*place, element)
        else:
            rest.append(element)
    return place, tuple(rest)


def _near_key(loc: tuple[Any, ...], place: Location) -> str:
    """The nearest legal key beside an unknown one."""
    from sim.scenario.schema import keys_at

    known = keys_at(loc[:-1])
    close = get_close_matches(str(place[-1]), known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (here: {', '.join(sorted(known)[:16])})" if known else ""


def locate(tree: Tree, place: Location, message: str, *, on_key: bool = False) -> Problem:
    """A problem at the nearest known position of a location."""
    name = ".".join(f"[{p}]" if isinstance(p, int) else str(p) for p in place).replace(".[", "[")
    where = place
    while where:
        table = tree.keys if on_key else tree.values
        position = table.get(where) or tree.keys.get(where)
        if position is not None:
            text = f"{name}: {message}" if name and not on_key else message
            return Problem(text, position.file, position.line, position.col, position.source)
        where = where[:-1]
    return Problem(f"{name}: {message}" if name else message, tree.file, 1, 1, tree.text.splitlines()[0])


def dump(model: Scenario) -> str:
    """A model as YAML text, defaults written out, which loads back to an equal model."""
    from io import StringIO

    from ruamel.yaml import YAML

    data = model.model_dump(by_alias=True, exclude={"base_dir"}, mode="python")
    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 110
    yaml.dump(_bare(data), out)
    return out.getvalue()


def _bare(value: Any) -> Any:
    """Without what is not set, tuples as lists."""
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_bare(v) for v in value]
    return value
