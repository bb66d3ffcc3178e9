"""Manual operations: at their instants, breakers are moved by hand."""

from typing import TYPE_CHECKING

from sim import luck
from sim.engines.simpy_engine.clock import RANK_FAULT
from sim.topology.types import Operation
from sim.words import CLOSED, DISABLED, FORCED_OPEN, METRICS_ONLY

if TYPE_CHECKING:
    from sim.engines.simpy_engine.world import World

HELD = (FORCED_OPEN, DISABLED, METRICS_ONLY)
"""States that last until the next operation; from the others a breaker goes on by itself."""


class Operations:
    """All operations of one run, and what they left behind."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._state: dict[int, int] = {}
        """By scope: where the last operation holds it."""

    def plan(self) -> None:
        """Put them on the clock."""
        for operation in self.world.topology.operations:
            key = luck.named(self.world.seed, f"operation {operation.id}")
            self.world.clock.after(operation.at_ns, RANK_FAULT, key, self._do, operation)

    def _do(self, operation: Operation) -> None:
        now = self.world.clock.now
        for scope in operation.scopes:
            self._state[scope] = operation.state if operation.state in HELD else CLOSED
            for copy in list(self.world.copies.tables[scope].values()):
                copy.force(now, operation.state)

    def state_of(self, scope: int) -> int:
        """Where a copy that comes into being now begins: where the last operation holds the others."""
        return self._state.get(scope, CLOSED)
