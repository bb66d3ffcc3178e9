"""File -> model, for every variant; all mistakes of a file at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from sim.errors import InvalidScenario, Problem, UsageError
from sim.scenario import source
from sim.scenario.diagnostics import locate, nearest, translate, wrong_places
from sim.scenario.model import Scenario
from sim.scenario.source import Tree
from sim.scenario.variants import Override, with_override, with_variant, without


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
        """The variant as YAML with every default written out, and only the expectations that are its own.

        A replayed rate is written as its points. Raises InvalidScenario if its file cannot be read.
        """
        from sim.scenario.dump import dump
        from sim.scenario.expect import parse_line
        from sim.scenario.replay import self_contained

        model = self_contained(self.scenario(variant))
        lines = [(line, parse_line(line, self.variant_names)) for line in model.expect]
        own = tuple(
            text.split(":", 1)[1].strip() if line.variant else text
            for text, line in lines
            if line.variant in ("", variant)
        )
        return dump(model.model_copy(update={"expect": own}))


def load_file(
    path: str, *, overrides: Iterable[str | Override] = (), known_breakers: Iterable[str] = ()
) -> Loaded:
    """Load a scenario file, `-` for stdin. Raises InvalidScenario with every problem found."""
    text, name = source.read(path)
    base = Path() if path == "-" else Path(path).parent
    return load_text(text, name, overrides=overrides, known_breakers=known_breakers, base_dir=base)


def load_text(
    text: str,
    name: str = "<text>",
    *,
    overrides: Iterable[str | Override] = (),
    known_breakers: Iterable[str] = (),
    base_dir: Path | None = None,
) -> Loaded:
    """Load scenario text."""
    given = [o if isinstance(o, Override) else Override(o) for o in overrides]
    tree = source.parse(text, name)
    known = frozenset(known_breakers)
    read = _read(tree, given, known, base_dir or Path())
    if read.problems:
        told = _blamed(
            read, [_read(tree, given[:n], known, base_dir or Path()) for n in range(len(given))], given
        )
        raise InvalidScenario(sorted(told, key=lambda p: (p.line, p.col)))
    return read.loaded()


@dataclass
class _Reading:
    """What a file with overrides says: models of all variants that hold, problems and warnings."""

    tree: Tree
    models: dict[str | None, Scenario] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    warnings: dict[str, Problem] = field(default_factory=dict)

    def loaded(self) -> Loaded:
        return Loaded(self.tree, self.models, list(self.warnings.values()))


def _read(tree: Tree, overrides: list[Override], breakers: frozenset[str], base_dir: Path) -> _Reading:
    from sim.scenario import check

    for override in filter(_is_about_variants, overrides):
        tree = with_override(tree, override)
    read = _Reading(tree)
    names = _variant_names(tree, read.problems)
    known = Known(breakers, tuple(tree.data["variants"]) if names else ())
    for variant in (None, *names):
        seen = _seen(tree, variant, overrides)
        model = _validate(seen, base_dir, known, read.problems)
        if model is not None:
            read.models[variant] = model
            found = check.check(model, seen, known.breakers, known.variants)
            for problem in found.problems:
                read.problems.setdefault(_once(problem), problem)
            for problem in found.warnings:
                read.warnings.setdefault(str(problem), problem)
    return read


def _blamed(read: _Reading, before: list[_Reading], overrides: list[Override]) -> Iterator[Problem]:
    """The problems; those that an override brought in, wherever they show, with that override as their place.

    `before` are the readings with the first 0, 1, 2 ... overrides.
    """
    for key, problem in read.problems.items():
        innocent = [n for n, reading in enumerate(before) if key not in reading.problems]
        if not innocent or problem.line == 0:
            yield problem  # the file is wrong by itself, or the place is on the command line already
            continue
        at = overrides[innocent[-1]].position
        message = f"{problem.message} ({problem.file}:{problem.line})"
        yield Problem(message, at.file, at.line, at.col, at.source, problem.hint)


def _seen(tree: Tree, variant: str | None, overrides: Iterable[Override]) -> Tree:
    """The file with a variant laid over it, and the overrides over both."""
    seen = with_variant(tree, variant)
    for override in overrides:
        if _is_about_variants(override):
            continue
        try:
            seen = with_override(seen, override)
        except UsageError:
            # a path that the file has and this variant has not, such as a fault that it removes
            if variant is None:
                raise
    return seen


def _is_about_variants(override: Override) -> bool:
    """Adds or changes a variant: this happens before the variants are laid over the file."""
    return override.text.lstrip().startswith("variants.")


def _once(problem: Problem) -> str:
    """What makes two problems one: a message names its place in the scenario, whichever variant tells it."""
    return str(problem) if problem.message.startswith("unknown key") else problem.message


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


class Known(NamedTuple):
    """Names that a variant's own model does not hold."""

    breakers: frozenset[str]
    variants: tuple[str, ...]


def _validate(tree: Tree, base_dir: Path, known: Known, problems: dict[str, Problem]) -> Scenario | None:
    try:
        return Scenario.model_validate({**tree.data, "base_dir": base_dir})
    except ValidationError as error:
        for problem in translate(error, tree):
            problems.setdefault(_once(problem), problem)
        _check_the_rest(tree, error, base_dir, known, problems)
        return None


CARRIES = frozenset(
    {"replicas", "autoscale", "probability", "repeat", "duration", "steps", "call", "mix", "endpoints"}
)
"""Keys without which the rest of the file would seem wrong where it is not."""


def _check_the_rest(
    tree: Tree, error: ValidationError, base_dir: Path, known: Known, problems: dict[str, Problem]
) -> None:
    """What the whole shows, with the wrong keys left out, so that all mistakes are told at once.

    Only where leaving them out cannot make a mistake of what is none: keys below the names of things.
    """
    from sim.scenario import check

    data: Any = tree.data
    wrong = wrong_places(error, tree)
    for place in wrong:
        if len(place) < 3 or not isinstance(place[-1], str) or place[-1] in CARRIES:
            return
        data = without(data, place)
    try:
        model = Scenario.model_validate({**data, "base_dir": base_dir})
    except ValidationError:
        return
    for problem in check.check(model, tree, known.breakers, known.variants, wrong).problems:
        problems.setdefault(_once(problem), problem)
