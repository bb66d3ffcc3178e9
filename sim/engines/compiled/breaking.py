"""The breaker layer: asks its copy for admission, tells it the result, writes down every move."""

from typing import Any

from numba.extending import register_jitable

from sim.engines.compiled import layout
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.frames import blank_frame
from sim.engines.compiled.memory import (
    ANY,
    compiled,
    copy_of,
    ints,
    params_of,
    record_at,
    scope_of,
)
from sim.engines.compiled.pools import take_move
from sim.engines.compiled.tasks import HEAR, TICK
from sim.engines.ranks import RANK_ANSWER, RANK_FAULT
from sim.policies import breaker as machine
from sim.policies import breaker_moves, breaker_results, breaker_window
from sim.policies.breaker_parts import BY_FORCE, LEAVE_TOUCH
from sim.words import CLOSED, FOREVER, OPEN

for _module, _names in (
    (breaker_window, "clear_window drop advance advance_lazy slot count_call remember average quantity share"
     " holds verdict_of_window"),
    (breaker_moves, "enter restart move open_time base_time over look"),
    (breaker_results, "settle settle_result settle_as_started settle_probe settle_ignored decide_by_counts"
     " decide_by_rate"),
    (machine, "half_open_room admissible admit due tick force"),
):  # fmt: skip
    for _name in _names.split():
        register_jitable(getattr(_module, _name))

UNHEARD = -1
"""Ticket of a call that passed on an outdated view: the breaker itself knows nothing of it."""
RESTARTED = 100
"""Cause of a move beside those of the machine: its caller crashed."""


@compiled
def find_copy(w: Any, layer: Any, caller: int, target: int) -> int:
    """The copy that this caller meets; 0 if there is none yet."""
    scope = scope_of(w, layer.scope)
    place = 0 if scope.shared else (caller - scope.first_caller) * scope.targets
    if target >= 0:
        place += target - scope.first_target
    return ints(scope.table_at, ANY)[place]


@compiled
def write(
    w: Any, scope: int, caller: int, target: int, from_state: int, to_state: int, cause: int
) -> Any:  # fmt: skip
    """A move of a copy into the log."""
    move = take_move(w)
    move.t_ns, move.scope, move.caller, move.target = w.now, scope, caller, target
    move.from_state, move.to_state, move.cause = from_state, to_state, cause
    move.n = move.failures = move.slow = move.open_ns = move.after = 0
    return move


@compiled
def write_move(w: Any, copy: Any, from_state: int, to_state: int, cause: int) -> Any:
    """A move of a breaker's copy."""
    return write(w, copy.scope, copy.caller, copy.target, from_state, to_state, cause)


@compiled
def after_call(w: Any, copy: Any, p: Any) -> None:
    """Write a transition down, and set the timer that the record asks for."""
    if copy.moves != copy.written:
        copy.written = copy.moves
        move = write_move(w, copy, copy.from_state, copy.state, copy.cause)
        remember_move(w, copy)
        move.n, move.failures, move.slow = copy.seen_n, copy.seen_failures, copy.seen_slow
        move.open_ns = copy.open_ns if copy.state == OPEN else 0
    due = machine.due(copy, p) if p.timed else FOREVER
    if due != copy.due:
        copy.due = due
        cancel(w, copy.timer)
        if due < FOREVER:
            copy.timer = after(w, max(due - w.now, 0), RANK_FAULT, copy.key, TICK, copy.id)


@compiled
def admit(w: Any, copy: Any, p: Any) -> int:
    """A ticket, or 0."""
    ticket = machine.admit(copy, p, w.now)
    if copy.moves != copy.written or p.timed:
        after_call(w, copy, p)
    return ticket


@compiled
def settle(w: Any, copy: Any, p: Any, ticket: int, verdict: int, elapsed_ns: int) -> None:
    """The result of an admitted try."""
    if copy.gone:  # its caller crashed
        return
    if p.leave == LEAVE_TOUCH:
        machine.look(copy, p, w.now)
        after_call(w, copy, p)
    machine.settle(copy, p, w.now, ticket, verdict, elapsed_ns)
    if copy.moves != copy.written or p.timed:
        after_call(w, copy, p)


@compiled
def tick(w: Any, copy: Any, p: Any) -> None:
    """Its timer has run out."""
    copy.due = FOREVER
    machine.tick(copy, p, w.now)
    after_call(w, copy, p)


@compiled
def breaker_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """The copy hears how the try ended."""
    if not frame.ticket:
        return
    copy, ticket, elapsed = copy_of(w, frame.copy), frame.ticket, w.now - frame.since
    frame.ticket = 0
    if layer.delay_ns:
        letter = blank_frame(w, layer.id, frame.key)
        letter.parent = letter.call = 0
        letter.copy, letter.ticket, letter.aux, letter.since = copy.id, ticket, outcome, elapsed
        after(w, layer.delay_ns, RANK_ANSWER, w.seed, HEAR, letter.id)
    else:
        settle(w, copy, params_of(w, layer.params), ticket, layer.learn[outcome], elapsed)


# A shared copy with delay d hears results d later, and callers see its state of d ago -----------------


@compiled
def hear(w: Any, layer: Any, letter: Any) -> None:
    """A result arrives."""
    if letter.ticket != UNHEARD:
        verdict = layer.learn[letter.aux]
        settle(w, copy_of(w, letter.copy), params_of(w, layer.params), letter.ticket, verdict, letter.since)


@compiled
def remember_move(w: Any, copy: Any) -> None:
    """The last row of the log is the newest move of this copy: a chain through the log."""
    newest = w.moves_n
    if copy.last_move:
        record_at(w.moves_at, copy.last_move - 1, layout.MOVE).after = newest
    else:
        copy.first_move = newest
    copy.last_move = newest


@compiled
def view(w: Any, layer: Any, copy: Any) -> int:
    """The state of d ago."""
    while True:
        seen = copy.seen_move
        following = record_at(w.moves_at, seen - 1, layout.MOVE).after if seen else copy.first_move
        if not following or record_at(w.moves_at, following - 1, layout.MOVE).t_ns + layer.delay_ns > w.now:
            return record_at(w.moves_at, seen - 1, layout.MOVE).to_state if seen else CLOSED
        copy.seen_move = following


@compiled
def admissible_as_seen(w: Any, layer: Any, copy: Any, p: Any) -> bool:
    """Would it admit this caller?"""
    if layer.delay_ns == 0:
        return machine.admissible(copy, p, w.now)
    if view(w, layer, copy) == CLOSED:
        return True
    return copy.state != CLOSED and machine.admissible(copy, p, w.now)


@compiled
def admit_as_seen(w: Any, layer: Any, copy: Any, p: Any) -> int:
    """A caller that sees it closed goes ahead, and is unheard if the copy would refuse."""
    if layer.delay_ns == 0:
        return admit(w, copy, p)
    if view(w, layer, copy) == CLOSED:
        ticket = admit(w, copy, p) if copy.state == CLOSED else 0
        return ticket if ticket else UNHEARD
    return admit(w, copy, p) if copy.state != CLOSED else 0


@compiled
def forget_breaker(w: Any, copy: Any) -> None:
    """Its caller crashed: it is open no longer, and learns nothing more."""
    copy.gone = 1
    cancel(w, copy.timer)
    if copy.state != CLOSED:
        write_move(w, copy, copy.state, CLOSED, RESTARTED)


@compiled
def begins_in(w: Any, copy: Any) -> None:
    """Its settings let it begin in another state than closed."""
    write_move(w, copy, CLOSED, copy.state, BY_FORCE)
