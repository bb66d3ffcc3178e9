"""Copies of stateful policies: one per (scope, caller, target), made at first use."""

from collections.abc import Callable
from typing import Any

from sim.topology.types import Scope


class Copies:
    """Finds the copy that a call meets; forgets those of a caller that crashed."""

    def __init__(self, scopes: tuple[Scope, ...]) -> None:
        self._shared = [s.shared for s in scopes]
        self._by_scope: list[dict[tuple[int, int], Any]] = [{} for _ in scopes]

    def get(self, scope: int, caller: int, target: int, new: Callable[[int, int], Any]) -> Any:
        """The copy for this caller and target; `new(caller, target)` makes it the first time."""
        who = (-1 if self._shared[scope] else caller, target)
        copies = self._by_scope[scope]
        copy = copies.get(who)
        if copy is None:
            copy = copies[who] = new(*who)
        return copy

    def forget_caller(self, caller: int) -> None:
        """A restarted replica has fresh copies of everything it alone used."""
        for scope, copies in enumerate(self._by_scope):
            if not self._shared[scope]:
                for who in [w for w in copies if w[0] == caller]:
                    forget = getattr(copies.pop(who), "forget", None)
                    if forget is not None:
                        forget()
