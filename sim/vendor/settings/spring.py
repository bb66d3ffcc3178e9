"""Spring Boot's configuration files: dotted and nested keys, relaxed names, profiles, placeholders, durations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.policies.options import Option
from sim.scenario.diagnostics import nearest
from sim.scenario.source import Location, Position, Tree
from sim.units import duration_ns
from sim.vendor.keys import DURATIONS, text
from sim.vendor.marked import Given, Mistakes
from sim.vendor.source import Source, where

Path = tuple[str, ...]

_PROFILES = ("spring.config.activate.on-profile", "spring.profiles")
_ACTIVATED = ("spring.profiles.active", "spring.profiles.include")
_SIMPLE = re.compile(r"(?P<sign>[+-]?)(?P<number>\d{1,18})(?P<unit>[a-zA-Z]{0,2})")
_ISO = re.compile(
    r"P(?:(?P<d>\d{1,9})D)?(?:T(?:(?P<h>\d{1,9})H)?(?:(?P<m>\d{1,9})M)?(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.IGNORECASE,
)
_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


def squashed(name: str) -> str:
    """A name as Spring compares it: kebab-case, camelCase and snake_case are one."""
    return name.replace("-", "").replace("_", "").lower()


@dataclass(slots=True)
class Active:
    """The documents of a file that hold, later ones over earlier ones, and what is told of the others."""

    trees: list[Tree]
    notes: list[str]
    profiles: tuple[str, ...]


def active(source: Source, asked: tuple[str, ...], root: str) -> Active:
    """The documents that hold with these profiles, or those that the file itself activates. `root`: what is read."""
    always = [tree for tree in source.documents if profile(tree) is None and _platform(tree) is None]
    said = {name: listed for tree in always for name in _ACTIVATED if (listed := _value(tree, name))}
    groups = {name: members for tree in always for name, members in _groups(tree)}
    chosen = (*(asked or names(said.get(_ACTIVATED[0], []))), *names(said.get(_ACTIVATED[1], [])))
    profiles = _with_groups(chosen, groups)
    notes = []
    if profiles and not asked:
        notes.append(f"active by the file itself: the profile {', '.join(profiles)}")
    elif profiles != chosen:
        notes.append(f"active by spring.profiles.group: the profile {', '.join(profiles)}")
    trees = [tree for tree in source.documents if _holds(tree, profiles)]
    notes += [*_not_read(source, trees), *unknown_profiles(source, asked)]
    others = [path[0] for tree in trees for path, _, _ in flat(tree) if path and squashed(path[0]) != root]
    if others:
        notes.append(f"settings of others, and not read: {', '.join(dict.fromkeys(others))}")
    elsewhere = [str(raw) for tree in trees if (raw := _value(tree, "spring.config.import"))]
    if elsewhere:
        notes.append(f"spring.config.import names other files, which are not read: {', '.join(elsewhere)}")
    return Active(trees, notes, profiles)


def _holds(tree: Tree, profiles: tuple[str, ...]) -> bool:
    """Model: no cloud platform is there."""
    condition = profile(tree)
    return _platform(tree) is None and (condition is None or matches(condition, profiles))


def _not_read(source: Source, trees: list[Tree]) -> Iterator[str]:
    """What is told of the documents that do not hold."""
    conditions = [profile(tree) for tree in source.documents if tree not in trees and not _platform(tree)]
    others = list(dict.fromkeys(condition for condition in conditions if condition))
    if others:
        yield f"not active, and not read: the documents of the profile {', '.join(others)}"
    platforms = dict.fromkeys(filter(None, map(_platform, source.documents)))
    if platforms:
        yield f"not read: the documents of the cloud platform {', '.join(platforms)} (spring.config.activate.on-cloud-platform)"


def unknown_profiles(source: Source, asked: tuple[str, ...]) -> Iterator[str]:
    """What is told of profiles that neither a document nor a group of the file names."""
    trees = source.documents
    named = {word for tree in trees for word in re.findall(r"[^()!&|,\s]+", profile(tree) or "")}
    named |= {name for tree in trees for name, _ in _groups(tree)}
    for name in asked:
        if name not in named:
            yield f"no document of this file is of the profile {name}{nearest(name, named)}"


def _platform(tree: Tree) -> str | None:
    """The cloud platform that a document is for."""
    raw = _value(tree, "spring.config.activate.on-cloud-platform")
    return None if raw is None else str(raw)


def _groups(tree: Tree) -> Iterator[tuple[str, list[str]]]:
    """The profiles that a profile activates with itself."""
    found: dict[str, list[str]] = {}
    for path, raw, _ in flat(tree):
        if tuple(map(squashed, path[:3])) == ("spring", "profiles", "group") and len(path) > 3:
            found.setdefault(path[3], []).extend(names(raw))
    yield from found.items()


def _with_groups(profiles: tuple[str, ...], groups: dict[str, list[str]]) -> tuple[str, ...]:
    """Each profile, and behind it those of its group."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in found:
            found[name] = None
            for member in groups.get(name, ()):
                add(member)

    for name in profiles:
        add(name)
    return tuple(found)


def _value(tree: Tree, name: str) -> Any:
    """The value of a property, or None."""
    return next((raw for path, raw, _ in flat(tree) if ".".join(map(squashed, path)) == squashed(name)), None)


def profile(tree: Tree) -> str | None:
    """The profiles of a document; None: it holds always."""
    for path, raw, _ in flat(tree):
        if ".".join(map(squashed, path)) in map(squashed, _PROFILES):
            return ", ".join(map(str, raw)) if isinstance(raw, list) else str(raw)
    return None


def matches(expression: str, profiles: tuple[str, ...]) -> bool:
    """Spring's profile expressions: names, `!`, `&`, `|`, parentheses; a comma is or. Without a profile, the one
    called default is active."""
    present = profiles or ("default",)
    tokens = re.findall(r"[()!&|,]|[^()!&|,\s]+", expression)

    def either(at: int) -> tuple[bool, int]:
        value, at = both(at)
        while at < len(tokens) and tokens[at] in "|,":
            more, at = both(at + 1)
            value = value or more
        return value, at

    def both(at: int) -> tuple[bool, int]:
        value, at = one(at)
        while at < len(tokens) and tokens[at] == "&":
            more, at = one(at + 1)
            value = value and more
        return value, at

    def one(at: int) -> tuple[bool, int]:
        if at >= len(tokens):
            return False, at
        if tokens[at] == "!":
            value, at = one(at + 1)
            return not value, at
        if tokens[at] == "(":
            value, at = either(at + 1)
            return value, at + 1
        return tokens[at] in present, at + 1

    return either(0)[0]


def flat(tree: Tree) -> Iterator[tuple[Path, Any, Location]]:
    """(dotted path, raw value, place) of every property: nested maps and dotted keys come to the same."""
    if isinstance(tree.data, dict):
        yield from _flat(tree.data, (), ())


def _flat(node: dict[str, Any], path: Path, place: Location) -> Iterator[tuple[Path, Any, Location]]:
    for key, value in node.items():
        here = (*path, *_segments(key))
        if isinstance(value, dict) and value:
            yield from _flat(value, here, (*place, key))
        else:
            yield here, value, (*place, key)


def _segments(key: str) -> Iterator[str]:
    """`a.b[c.d].e` -> a, b, c.d, e."""
    for quoted, plain in re.findall(r"\[([^\]]*)\]|([^.\[\]]+)", key):
        yield quoted or plain


def properties(tree: Tree, root: Path) -> Iterator[tuple[Path, Given]]:
    """Properties below a root (compared as Spring does), by what is left of their paths. An indexed list of a
    properties file comes as one list."""
    lists: dict[Path, tuple[list[Any], Given]] = {}
    for path, raw, place in flat(tree):
        if tuple(map(squashed, path[: len(root)])) != root or len(path) == len(root):
            continue
        left = path[len(root) :]
        one = Given(left[-1], raw, where(tree, place), where(tree, place, on_key=True))
        if left[-1].isdigit() and len(left) > 1:
            items, first = lists.setdefault(left[:-1], ([], one))
            items.append(raw)
            continue
        yield left, one
    for left, (items, first) in lists.items():
        yield left, Given(left[-1], items, first.at, first.key_at)


def resolved(setting: Given, mistakes: Mistakes) -> Given | None:
    """With the defaults of its placeholders filled in: `${WAIT:5s}` is 5s unless the environment says otherwise.
    None, with a mistake noted, if one has no default."""
    if not isinstance(setting.raw, str) or "${" not in setting.raw:
        return setting
    try:
        return Given(setting.name, _filled(setting.raw), setting.at, setting.key_at)
    except LookupError as error:
        message = f"{setting.name}: the value of the placeholder {error.args[0]} is not in this file"
        mistakes.add(setting.at, message, "write the value, or a default such as ${NAME:5s}")
        return None


def _filled(text_: str) -> str:
    """Placeholders stand within placeholders too. LookupError names the one without a default."""
    before, begins, rest = text_.partition("${")
    if not begins:
        return text_
    depth, colon = 0, None
    for at, letter in enumerate(rest):
        if letter == "}" and depth == 0:
            if colon is None:
                raise LookupError(rest[:at])
            return before + _filled(rest[colon + 1 : at]) + _filled(rest[at + 1 :])
        depth += (letter == "{") - (letter == "}")
        if letter == ":" and depth == 0 and colon is None:
            colon = at
    raise LookupError(rest)


def convert(option: Option, raw: Any) -> Any:
    """A value as Spring binds it, in the spelling of a scenario. ValueError if Spring would not take it."""
    if option.kind in DURATIONS:
        return duration(raw)
    if option.kind == "flag":
        return flag(raw)
    if option.kind in ("count", "number", "percent", "share"):
        return _number(raw, whole=option.kind == "count")
    if option.kind == "choice":
        # Spring compares enums without dashes and case
        known = {squashed(choice): choice for choice in option.choices}
        return known.get(squashed(str(raw)), raw)
    return raw


def flag(raw: Any) -> bool:
    """true, on, yes, 1 and their opposites."""
    word = str(raw).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        msg = f"{text(raw)} is neither true nor false"
        raise ValueError(msg)
    return word in _TRUE


def _number(raw: Any, *, whole: bool) -> Any:
    if isinstance(raw, str):
        try:
            return int(raw.strip()) if whole else float(raw.strip())
        except ValueError:
            kind = "whole number" if whole else "number"
            msg = f"{text(raw)} is not a {kind}"
            raise ValueError(msg) from None
    return raw


def duration(raw: Any) -> str:
    """`10s`, `500ms`, `PT10S`; a bare number is milliseconds (DurationStyle.java). As a scenario writes it."""
    words = str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
    simple, iso = _SIMPLE.fullmatch(words), _ISO.fullmatch(words)
    if simple:
        unit = simple["unit"].lower() or "ms"
        if unit in ("ns", "us", "ms", "s", "m", "h", "d"):
            if simple["sign"] == "-" and int(simple["number"]):
                msg = f"{text(raw)} is negative"
                raise ValueError(msg)
            return f"{simple['number']}{unit}"
    if iso and any(iso.groups()):
        return "".join(f"{iso[u]}{u}" for u in "dhms" if iso[u])
    msg = f"{text(raw)} is not a duration; Spring reads 10s, 500ms, PT10S, or a bare number of milliseconds"
    raise ValueError(msg)


def names(raw: Any) -> list[str]:
    """A list, or a text with commas."""
    if isinstance(raw, list):
        return [str(item).strip() for item in raw]
    return [item.strip() for item in str(raw).split(",") if item.strip()]


def is_zero(written: str) -> bool:
    """A duration of no time."""
    return duration_ns(written) == 0


def nowhere(source: Source) -> Position:
    """The beginning of a file."""
    return where(source.documents[0], ())
