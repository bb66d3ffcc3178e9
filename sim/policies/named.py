"""Everything beside breakers that a policy block names by `use`: host ejection, limiters and budgets."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from sim.policies import outlier_catalog
from sim.policies.limits import catalog as limits
from sim.policies.options import Option


class Named(Protocol):
    """What a row tells of itself."""

    @property
    def about(self) -> str: ...
    @property
    def traps(self) -> tuple[str, ...]: ...
    @property
    def options(self) -> tuple[Option, ...]: ...
    @property
    def version(self) -> str: ...
    @property
    def source(self) -> str: ...


BLOCKS: Mapping[str, Mapping[str, Named]] = {"outlier": outlier_catalog.ENTRIES, **limits.BLOCKS}
"""Rows by the policy block; `budget` is that of a retry."""


def topics() -> Iterator[tuple[str, str]]:
    """(name, text) of every row."""
    for block, rows in BLOCKS.items():
        for name, row in rows.items():
            lines = [f"{name} ({block})", "", row.about, "", f"{row.version}: {row.source}"]
            lines += ["", "Traps:", *(f"  * {trap}" for trap in row.traps)] if row.traps else []
            shown = [f"  {o.name}: {_plain(o.default)}  {o.about}" for o in row.options]
            yield name, "\n".join([*lines, "", "Settings and their defaults:", *shown])


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
