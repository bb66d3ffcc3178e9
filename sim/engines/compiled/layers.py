"""A pass through the layers of a call site is over (`finish`, `tell`), or is taken back (`withdraw`). Each layer's own part has the name of its class in `simpy_engine`."""

from typing import Any

from sim.engines.compiled.adaptive import concurrency_ended, throttle_ended
from sim.engines.compiled.attempt import tell_callee
from sim.engines.compiled.booking import book, count
from sim.engines.compiled.breaking import breaker_ended
from sim.engines.compiled.caches import keep
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.ejecting import ejecting_ended
from sim.engines.compiled.frames import (
    ENDED,
    FILLER,
    KEPT,
    LIVE,
    ORPHAN,
    USER,
    WALK,
)
from sim.engines.compiled.guards import bulkhead_ended
from sim.engines.compiled.jobs import call_ended
from sim.engines.compiled.memory import (
    cache_of,
    compiled,
    frame_of,
    layer_of,
    user_of,
    walk_of,
)
from sim.engines.compiled.replica import one_less
from sim.engines.compiled.retrying import (
    hedge_ended,
    hedge_withdraws,
    retry_ended,
    retry_withdrawn,
)
from sim.engines.compiled.sources import request_ended, think
from sim.engines.compiled.tasks import CALL_OVER, HOP_BACK, TELL, then
from sim.engines.ranks import RANK_ANSWER
from sim.topology.types import (
    CANCEL_NONE,
    L_ATTEMPT,
    L_BREAKER,
    L_BULKHEAD,
    L_CONCURRENCY,
    L_FALLBACK,
    L_HEDGE,
    L_HOP,
    L_OUTLIER,
    L_RETRY,
    L_THROTTLE,
    L_TIMEOUT,
    L_TRY,
)
from sim.words import (
    CANCELLED,
    DEGRADED,
    FALLBACK,
    OK,
    TIMEOUT,
    UNUSED,
)

L_CALL = 99
"""Kind of the root."""


# Outwards --------------------------------------------------------------------------------------------


@compiled
def finish(w: Any, frame: Any, outcome: int) -> None:
    """This pass is over."""
    if frame.state != ENDED:
        frame.state = ENDED
        frame.child = 0
        tell(w, frame.id, outcome)


@compiled
def tell(w: Any, number: int, outcome: int) -> None:
    """Tell those above that a pass is over: one after the other, until one keeps the news."""
    while True:
        child, number = number, frame_of(w, number).parent
        frame = frame_of(w, number)
        outcome = ended(w, frame, child, outcome)
        if outcome == KEPT or frame.state == ENDED:
            return
        frame.state = ENDED
        frame.child = 0


@compiled
def tell_on(w: Any, frame: Any, outcome: int) -> None:
    """A pass that kept the news for a while is over too."""
    if frame.state != ENDED:
        frame.state = ENDED
        frame.child = 0
        tell(w, frame.id, outcome)


@compiled
def ended(w: Any, frame: Any, child: int, outcome: int) -> int:
    """The inner pass of `frame` ended: the outcome with which `frame` is over too, or KEPT."""
    layer = layer_of(w, frame.layer)
    kind = layer.kind
    if kind == L_TIMEOUT:
        if frame.timer:
            cancel(w, frame.timer)
            frame.timer = 0
    elif kind == L_TRY:
        try_ended(w, layer, frame, outcome)
    elif kind == L_BREAKER:
        breaker_ended(w, layer, frame, outcome)
    elif kind == L_RETRY:
        return retry_ended(w, layer, frame, outcome)
    elif kind == L_CALL:
        root_ended(w, frame, outcome)
        return KEPT
    elif kind == L_FALLBACK:
        if frame.state == LIVE and outcome != OK and layer.on[outcome]:
            frame_of(w, frame.call).fell_back = 1
    elif kind == L_HEDGE:
        return hedge_ended(w, layer, frame, child, outcome)
    elif kind == L_BULKHEAD:
        return bulkhead_ended(w, layer, frame, outcome)
    elif kind == L_HOP:
        hop_ended(w, layer, frame, outcome)
        return KEPT
    elif kind == L_THROTTLE:
        throttle_ended(w, layer, frame, outcome)
    elif kind == L_CONCURRENCY:
        concurrency_ended(w, layer, frame, outcome)
    elif kind == L_OUTLIER:
        ejecting_ended(w, layer, frame, outcome)
    return outcome


@compiled
def hop_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """The answer goes back through the hop."""
    frame.aux, left = outcome, layer.delay_ns
    if w.now + left > frame.deadline >= w.now:
        # The caller stops waiting at its deadline: what is still in the hop then is too late.
        left, frame.aux = frame.deadline - w.now, TIMEOUT
    after(w, left, RANK_ANSWER, frame.key, HOP_BACK, frame.id)


@compiled
def try_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """Book a try."""
    if frame.state == LIVE:
        book(w, layer.row, layer.watched, outcome, w.now - frame.since)
        if frame_of(w, frame.parent).state == ENDED:
            count(w, layer.site, UNUSED)
        one_less(w)


@compiled
def root_ended(w: Any, call: Any, outcome: int) -> None:
    """A call is over: whoever asked for it hears."""
    if call.state == ENDED:
        return
    call.state = ENDED
    call_over(w, call, outcome)
    if call.owner_kind == WALK:
        call_ended(w, walk_of(w, call.owner), call, outcome)
    elif call.owner_kind == FILLER:
        if outcome == OK:
            keep(w, cache_of(w, call.owner), call.caller, call.key)
    elif call.owner_kind:
        request_ended(w, call, outcome)
        if call.owner_kind == USER:
            think(w, user_of(w, call.owner))


@compiled
def call_over(w: Any, call: Any, outcome: int) -> None:
    """Book a call."""
    layer = layer_of(w, call.layer)
    book(w, layer.row, layer.watched, outcome, w.now - call.since)
    if call.fell_back:
        count(w, layer.site, FALLBACK)
    if call.degraded:
        count(w, layer.site, DEGRADED)
    one_less(w)


@compiled
def passed(w: Any, layer: Any, frame: Any) -> None:
    """A timeout has passed."""
    frame.timer = 0
    if frame.state == ENDED:
        return
    frame.state = ENDED
    child, frame.child = frame.child, 0
    then(w, TELL, frame.id, TIMEOUT)
    if child:
        withdraw(w, child, layer.cancel)


# Taken back ------------------------------------------------------------------------------------------


@compiled
def withdraw(w: Any, number: int, cancelling: int) -> None:
    """The parent no longer wants this pass; `cancelling` says what the callee is told."""
    while number:
        frame = frame_of(w, number)
        layer = layer_of(w, frame.layer)
        if frame.state != LIVE or (layer.kind == L_HEDGE and hedge_withdraws(w, frame, cancelling)):
            return
        if layer.kind == L_ATTEMPT:
            withdraw_attempt(w, layer, frame, cancelling)
            return
        if layer.kind == L_TRY:
            try_ended(w, layer, frame, CANCELLED)
        elif layer.kind == L_RETRY:
            retry_withdrawn(w, layer, frame)
        number = withdrawn(w, layer, frame, cancelling)


@compiled
def withdrawn(w: Any, layer: Any, frame: Any, cancelling: int) -> int:
    """A layer's part; the pass below it that is to be withdrawn too, or 0."""
    child = frame.child
    if layer.kind == L_CALL:
        frame.state, frame.child = ENDED, 0
        then(w, CALL_OVER, frame.id, CANCELLED)
        return child
    frame.state = ORPHAN
    if layer.kind == L_TIMEOUT and cancelling == CANCEL_NONE:
        # Nobody is told, so this timer still ends the pass for the listeners above (a breaker).
        return child
    if frame.timer:
        cancel(w, frame.timer)
    if child and frame_of(w, child).state == LIVE:
        return child
    finish(w, frame, CANCELLED)
    return 0


@compiled
def withdraw_attempt(w: Any, layer: Any, frame: Any, cancelling: int) -> None:
    """With `none` the callee works on for nobody, else a message tells it."""
    frame.state = ORPHAN
    if frame.timer:
        # Refused locally or still waiting for the refusal: there is nobody to tell.
        cancel(w, frame.timer)
        finish(w, frame, CANCELLED)
    elif cancelling != CANCEL_NONE:
        tell_callee(w, layer, frame, cancelling)
        finish(w, frame, CANCELLED)


@compiled
def last_copy(w: Any, frame: Any, last: int, cancelling: int) -> None:
    """The last copy of a hedge that is withdrawn, and the hedge with it."""
    frame.child = last
    if frame.state == LIVE:
        withdraw(w, withdrawn(w, layer_of(w, frame.layer), frame, cancelling), cancelling)
