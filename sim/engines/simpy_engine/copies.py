"""Copies of stateful policies: one per (caller, target) of a scope, made at first use."""

from typing import Any

from sim.engines.simpy_engine.frames import Layer
from sim.topology.types import Scope

Table = dict[tuple[int, int], Any]


class Copies:
    """All copies there are; forgets those of a caller that crashed."""

    def __init__(self, scopes: tuple[Scope, ...]) -> None:
        self.scopes = scopes
        self.tables: list[Table] = [{} for _ in scopes]

    def forget_caller(self, caller: int) -> None:
        """A restarted replica has fresh copies of everything it alone used."""
        for scope, table in zip(self.scopes, self.tables, strict=True):
            if not scope.shared:
                for who in [w for w in table if w[0] == caller]:
                    forget = getattr(table.pop(who), "forget", None)
                    if forget is not None:
                        forget()


class Stateful(Layer):
    """A layer that keeps state per copy."""

    def __init__(self, world: Any, site: Any, params: Any, scope: int) -> None:
        super().__init__(world, site)
        self.params = params
        self.scope = scope
        self.table: Table = world.copies.tables[scope] if scope >= 0 else {}
        self.shared = scope >= 0 and world.topology.scopes[scope].shared

    def copy_for(self, caller: int, target: int = -1) -> Any:
        """The state that this caller meets."""
        if self.shared:
            caller = -1
        copy = self.table.get((caller, target))
        if copy is None:
            copy = self.table[caller, target] = self.new(caller, target)
        return copy

    def new(self, caller: int, target: int) -> Any:
        """Fresh state."""
        raise NotImplementedError
