"""A pass through the layers of a call site: inwards (`enter`), outwards (`finish`, `tell`), taken back
(`withdraw`). Each layer's own part has the name of its class in `simpy_engine`."""

from typing import Any

from sim.engines.compiled.attempt import enter_attempt, tell_callee
from sim.engines.compiled.balancer import choose, known
from sim.engines.compiled.booking import book, count
from sim.engines.compiled.breaking import admissible_as_seen, admit_as_seen, breaker_ended, find_copy
from sim.engines.compiled.caches import keep
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.frames import (
    ENDED,
    FILLER,
    KEPT,
    LIVE,
    ORPHAN,
    USER,
    WALK,
    new_frame,
)
from sim.engines.compiled.guards import bulkhead_ended, enter_bulkhead, enter_rate_limit, turn_away
from sim.engines.compiled.jobs import call_ended
from sim.engines.compiled.memory import (
    ANY,
    cache_of,
    compiled,
    copy_of,
    frame_of,
    guard_of,
    ints,
    layer_of,
    limit_of,
    params_of,
    service_of,
    user_of,
    walk_of,
)
from sim.engines.compiled.replica import idle_check
from sim.engines.compiled.retrying import (
    arm,
    hedge_ended,
    hedge_withdraws,
    retry_ended,
    retry_withdrawn,
    send,
)
from sim.engines.compiled.sources import request_ended, think
from sim.engines.compiled.tasks import CALL_OVER, HOP_BACK, HOP_THERE, PASSED, TELL, then, then_enter
from sim.engines.ranks import RANK_ANSWER, RANK_TIMER
from sim.policies.limits import budget
from sim.topology.types import (
    CANCEL_NONE,
    KEY_ENDPOINT,
    KEY_REPLICA,
    L_ATTEMPT,
    L_BREAKER,
    L_BULKHEAD,
    L_DEADLINE,
    L_FALLBACK,
    L_HEDGE,
    L_HOP,
    L_RATE_LIMIT,
    L_RETRY,
    L_TIMEOUT,
    L_TRY,
)
from sim.words import (
    BROKEN,
    CANCELLED,
    DEGRADED,
    FALLBACK,
    FOREVER,
    OK,
    TIMEOUT,
    TRIES_STARTED,
    UNUSED,
)

L_CALL = 99
"""Kind of the root."""


# Inwards ---------------------------------------------------------------------------------------------


@compiled
def enter(w: Any, above: int, at: int, key: Any) -> None:
    """Begin a pass below a frame: one layer after the other, until one does not let it on."""
    while True:
        layer = layer_of(w, at)
        if layer.scope >= 0 and not has_copies(w, layer, frame_of(w, frame_of(w, above).call).caller):
            then_enter(w, above, at, key)
            return
        frame = new_frame(w, at, above, key)
        if not lets_on(w, layer, frame):
            return
        above, at = frame.id, layer.inner


@compiled
def lets_on(w: Any, layer: Any, frame: Any) -> bool:
    """A layer's part of a pass; does the next layer follow at once?"""
    kind = layer.kind
    if kind == L_TIMEOUT:
        enter_timeout(w, layer, frame)
    elif kind == L_TRY:
        frame.since = w.now
        count(w, layer.site, TRIES_STARTED)
    elif kind == L_BREAKER:
        return enter_breaker(w, layer, frame)
    elif kind == L_RETRY:
        if layer.scope >= 0:
            own_copy(w, layer, frame)
            budget.started(guard_of(w, frame.copy), limit_of(w, layer.params), w.now)
    elif kind == L_DEADLINE:
        if layer.deadline_ns < FOREVER:
            frame.deadline = min(frame.deadline, w.now + layer.deadline_ns)
        frame_of(w, frame.call).propagates = layer.propagate
    elif kind == L_ATTEMPT:
        enter_attempt(w, layer, frame)
        return False
    elif kind == L_HEDGE:
        arm(w, layer, frame)
        send(w, layer, frame, frame.key)
        return False
    elif kind == L_HOP:
        frame.timer = after(w, layer.delay_ns, RANK_ANSWER, frame.key, HOP_THERE, frame.id)
        return False
    elif kind == L_BULKHEAD:
        own_copy(w, layer, frame)
        return enter_bulkhead(w, layer, frame)
    elif kind == L_RATE_LIMIT:
        own_copy(w, layer, frame)
        return enter_rate_limit(w, layer, frame)
    return True


@compiled
def own_copy(w: Any, layer: Any, frame: Any) -> None:
    """The state that this caller meets."""
    frame.copy = find_copy(w, layer, frame_of(w, frame.call).caller, -1)


@compiled
def enter_timeout(w: Any, layer: Any, frame: Any) -> None:
    """Runs from the moment the try leaves the policies above; shortened to the remaining deadline."""
    until = w.now + layer.timeout_ns
    if frame.deadline < until:
        until = frame.deadline
    if w.now < until < FOREVER:
        frame.until = until
        frame.timer = after(w, until - w.now, RANK_TIMER, frame.key, PASSED, frame.id)


# Breakers --------------------------------------------------------------------------------------------


@compiled
def has_copies(w: Any, layer: Any, caller: int) -> bool:
    """Is there a copy for each target that a pass may ask? If not, Python makes the first one missing."""
    if layer.key_kind != KEY_REPLICA:
        return has_copy(w, layer, caller, layer.endpoint if layer.key_kind == KEY_ENDPOINT else -1)
    for i in range(known(w, service_of(w, layer.service))):
        if not has_copy(w, layer, caller, ints(w.hosts_at, ANY)[i]):
            return False
    return True


@compiled
def has_copy(w: Any, layer: Any, caller: int, target: int) -> bool:
    if find_copy(w, layer, caller, target):
        return True
    w.want_layer, w.want_caller, w.want_target = layer.id, caller, target
    w.want = w.low = 1
    return False


@compiled
def enter_breaker(w: Any, layer: Any, frame: Any) -> bool:
    """Closed: calls pass. Open: the caller is answered at once. Half-open: probes pass."""
    frame.since = w.now
    caller, target = frame_of(w, frame.call).caller, -1
    if layer.key_kind == KEY_ENDPOINT:
        target = layer.endpoint
    elif layer.key_kind == KEY_REPLICA:
        panic = pick_willing(w, layer, frame, caller)
        if panic:
            # Model: in panic the host's breaker is neither asked nor told.
            return True
        if frame.replica < 0:
            turn_away(w, layer, frame, BROKEN)
            return False
        target = frame.replica
    frame.copy = find_copy(w, layer, caller, target)
    frame.ticket = admit_as_seen(w, layer, copy_of(w, frame.copy), params_of(w, layer.params))
    if frame.ticket == 0:
        turn_away(w, layer, frame, BROKEN)
    return frame.ticket != 0


@compiled
def pick_willing(w: Any, layer: Any, frame: Any, caller: int) -> bool:
    """Choose a replica whose breaker admits; True if panic overruled the breakers."""
    service, p = service_of(w, layer.service), params_of(w, layer.params)
    hosts, n, able = ints(w.hosts_at, ANY), known(w, service), 0
    for i in range(n):
        able += admissible_as_seen(w, layer, copy_of(w, find_copy(w, layer, caller, hosts[i])), p)
    if n and (n - able) / n > service.panic:
        frame.replica = choose(w, service, n, frame.key)
        return True
    willing = 0
    for i in range(n):
        if admissible_as_seen(w, layer, copy_of(w, find_copy(w, layer, caller, hosts[i])), p):
            hosts[willing] = hosts[i]
            willing += 1
    frame.replica = choose(w, service, willing, frame.key) if willing else -1
    return False


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
        frame.aux = outcome
        after(w, layer.delay_ns, RANK_ANSWER, frame.key, HOP_BACK, frame.id)
        return KEPT
    return outcome


@compiled
def try_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """Book a try."""
    if frame.state == LIVE:
        book(w, layer.row, layer.watched, outcome, w.now - frame.since)
        if frame_of(w, frame.parent).state == ENDED:
            count(w, layer.site, UNUSED)


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
    w.busy -= 1
    idle_check(w)


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
