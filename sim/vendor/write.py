"""Policy blocks -> YAML with a comment beside every value that says where it comes from."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sim.vendor.marked import DEFAULT, Imported, Marked

_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*( ?-> ?[\w./-]+)?|\d+(\.\d+)?(ns|us|ms|s|m|h|d|%|/s|/m|/h)")
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Characters that YAML has only by their numbers."""
_WORDS = {"true", "false", "null"}
"""Texts that are no texts without quotes."""
FURTHEST = 64
"""Column of the comments, at most."""
LONG = 110
SHORT = 90
"""Up to so many characters a value stands in one line."""


def scalar(value: Any) -> str:
    """One value in one line of YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def lines(tree: Any, indent: int = 0, *, short: int = SHORT) -> Iterator[str]:
    """A mapping or list, with the marks of its values as comments, one below the other. `short`: a mapping or list
    of so many characters stands in one line."""
    found = list(_lines(tree, indent, short))
    at = min(FURTHEST, max((len(line) for line, words in found if words), default=0))
    yield from (f"{line:<{at}}  # {words}" if words else line for line, words in found)


def _lines(tree: Any, indent: int, short: int) -> Iterator[tuple[str, str]]:
    """(line, comment)"""
    pad = " " * indent
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _item(f"{pad}{scalar(key)}:", value, indent, short)
        return
    for item in tree:
        if not isinstance(item, dict | list) or not item:
            yield from _item(f"{pad}-", item, indent, short)
            continue
        (first, words), *rest = _lines(item, indent + 2, short)
        yield f"{pad}- {first[indent + 2 :]}", words
        yield from rest


def _item(head: str, value: Any, indent: int, short: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, Marked):
        yield f"{head} {scalar(value.value)}", said(value)
    elif isinstance(value, dict | list) and value and not _short(value, short):
        yield head, ""
        yield from _lines(value, indent + 2, short)
    else:
        yield f"{head} {scalar(value)}", ""


def _short(value: Any, short: int) -> bool:
    """Without marks, and short enough for one line."""
    return not _marked(value) and len(scalar(value)) <= short


def _marked(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_marked, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Marked)


def said(value: Marked) -> str:
    """Where a value comes from, in words."""
    if value.mark == DEFAULT:
        return f"library default{f': {value.note}' if value.note else ''}"
    return f"given{f' as {value.note}' if value.note else ''}, line {value.line}"


def heading(imported: Imported, file: str) -> list[str]:
    """What a block is, as comments."""
    return [f"# {imported.name}: {imported.library}, {file}", f"# order: {imported.order}"]


def remarks(imported: Imported) -> list[str]:
    """What else a file says, as comments: notes, and settings without meaning here by their reasons."""
    told = [f"# {line}" for note in imported.notes for line in _wrapped(note, "note: ")]
    if imported.shape:
        lines = (f"{one.name}: {_raw(one.raw)} (line {one.key_at.line})" for one in imported.shape)
        told += [
            f"# {line}" for line in _wrapped(", ".join(dict.fromkeys(lines)), "said by the stack itself: ")
        ]
    by_reason: dict[str, dict[str, None]] = {}
    for one in imported.idle:
        line = f" (line {one.line})" if one.line else ""
        by_reason.setdefault(one.why, {})[f"{one.name}: {_raw(one.raw)}{line}"] = None
    if by_reason:
        told.append("# without meaning here:")
    for why, settings in by_reason.items():
        told += [f"#   {line}" for line in _wrapped(f"{why}:", "")]
        told += [f"#     {line}" for line in _wrapped(", ".join(settings), "")]
    return told


def _wrapped(text: str, first: str) -> list[str]:
    from textwrap import wrap

    text = " ".join(text.split())
    return wrap(
        f"{first}{text}", LONG - 10, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _raw(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else value
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
