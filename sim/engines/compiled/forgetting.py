"""A caller crashed: what it alone remembered is gone. One scope after the other, one who waits after the other."""

from typing import Any

from sim.engines.compiled.breaking import forget_breaker
from sim.engines.compiled.caches import forget_entries
from sim.engines.compiled.ejecting import forget_ejector
from sim.engines.compiled.memory import ANY, compiled, copy_of, ejector_of, ints, scope_of
from sim.engines.compiled.tasks import FORGET, FORGET_WAITING, WITHDRAW, WITHDRAW_NEXT, then
from sim.topology.types import CANCEL_NONE, L_BREAKER, L_BULKHEAD, L_OUTLIER


@compiled
def forget_caller(w: Any, caller: int, first: int) -> None:
    """A restarted replica has fresh copies of everything it alone used, in the scopes from `first` on."""
    for number in range(first, w.scopes_n):
        scope = scope_of(w, number)
        place = (caller - scope.first_caller) * scope.targets
        if not scope.shared and 0 <= place < scope.callers * scope.targets:
            then(w, FORGET, caller, number + 1)
            forget_copies(w, scope, place)
            return
    forget_entries(w, caller)


@compiled
def forget_copies(w: Any, scope: Any, place: int) -> None:
    """The copies of one caller in one scope."""
    table = ints(scope.table_at, ANY)
    for i in range(place, place + scope.targets):
        number, table[i] = table[i], 0
        if number == 0:
            continue
        if scope.kind == L_BREAKER:
            forget_breaker(w, copy_of(w, number))
        elif scope.kind == L_OUTLIER:
            forget_ejector(w, ejector_of(w, number))
        elif scope.kind == L_BULKHEAD:
            then(w, FORGET_WAITING, number)


@compiled
def forget_waiting(w: Any, places: Any) -> None:
    """Who still waits for a place (a call that nobody awaits) goes with the caller."""
    number = places.waiting_first
    places.waiting_first = places.waiting_last = places.waiting_n = 0
    if number:
        then(w, WITHDRAW_NEXT, number)


@compiled
def withdraw_next(w: Any, frame: Any) -> None:
    """This one, and then those who waited behind it."""
    if frame.waits_next:
        then(w, WITHDRAW_NEXT, frame.waits_next)
    then(w, WITHDRAW, frame.id, CANCEL_NONE)
