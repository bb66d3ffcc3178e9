"""Manual operations: at their instants, breakers are moved by hand."""

from typing import Any

from sim.engines.compiled.breaking import after_call
from sim.engines.compiled.clock import after
from sim.engines.compiled.memory import compiled, copy_of, lists, params_of, scope_of
from sim.engines.compiled.tasks import BY_HAND, BY_HAND_NEXT, then
from sim.engines.ranks import RANK_FAULT
from sim.policies import breaker as machine
from sim.words import CLOSED, DISABLED, FORCED_OPEN, METRICS_ONLY


@compiled
def plan_operation(w: Any, operation: Any) -> None:
    """Put it on the clock."""
    after(w, operation.at_ns, RANK_FAULT, operation.key, BY_HAND, operation.id)


@compiled
def by_hand(w: Any, operation: Any) -> None:
    """Every copy that there is moves; what comes into being later begins where these are held."""
    state = operation.state
    held = state == FORCED_OPEN or state == DISABLED or state == METRICS_ONLY
    for i in range(operation.scopes_n):
        number = lists(w)[operation.scopes + i]
        scope_of(w, number).held = state if held else CLOSED
    then(w, BY_HAND_NEXT, operation.id, 0, 1)


@compiled
def by_hand_next(w: Any, operation: Any, nth: int, first: int) -> None:
    """The next copy, from `first` on, in the operation's scopes from the `nth` on."""
    for i in range(nth, operation.scopes_n):
        number = lists(w)[operation.scopes + i]
        for which in range(first if i == nth else 1, w.copies_n):
            copy = copy_of(w, which)
            if copy.scope == number and not copy.gone:
                then(w, BY_HAND_NEXT, operation.id, i, which + 1)
                p = params_of(w, copy.params)
                machine.force(copy, p, w.now, operation.state)
                after_call(w, copy, p)
                return
