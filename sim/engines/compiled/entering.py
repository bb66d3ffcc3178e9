"""The way inwards through the layers of a call site. Each layer's own part has the name of its class in
`simpy_engine`."""

from typing import Any

from sim.engines.compiled.adaptive import enter_concurrency, enter_throttle
from sim.engines.compiled.attempt import enter_attempt
from sim.engines.compiled.balancer import choose, known
from sim.engines.compiled.booking import count
from sim.engines.compiled.breaking import admissible_as_seen, admit_as_seen, find_copy
from sim.engines.compiled.clock import after
from sim.engines.compiled.ejecting import enter_ejecting
from sim.engines.compiled.frames import (
    new_frame,
)
from sim.engines.compiled.guards import enter_bulkhead, enter_rate_limit, turn_away
from sim.engines.compiled.memory import (
    ANY,
    compiled,
    copy_of,
    frame_of,
    guard_of,
    ints,
    layer_of,
    limit_of,
    params_of,
    service_of,
)
from sim.engines.compiled.pools import OUTSIDE
from sim.engines.compiled.retrying import (
    arm,
    send,
)
from sim.engines.compiled.tasks import HOP_THERE, PASSED, then_enter
from sim.engines.ranks import RANK_ANSWER, RANK_TIMER
from sim.policies.limits import budget
from sim.topology.types import (
    KEY_ENDPOINT,
    KEY_REPLICA,
    L_ATTEMPT,
    L_BREAKER,
    L_BULKHEAD,
    L_CONCURRENCY,
    L_DEADLINE,
    L_HEDGE,
    L_HOP,
    L_OUTLIER,
    L_RATE_LIMIT,
    L_RETRY,
    L_THROTTLE,
    L_TIMEOUT,
    L_TRY,
)
from sim.words import (
    BROKEN,
    FOREVER,
    TRIES_STARTED,
)


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
        w.busy += 1
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
    elif kind == L_THROTTLE:
        own_copy(w, layer, frame)
        return enter_throttle(w, layer, frame)
    elif kind == L_CONCURRENCY:
        own_copy(w, layer, frame)
        return enter_concurrency(w, layer, frame)
    elif kind == L_OUTLIER:
        own_copy(w, layer, frame)
        return enter_ejecting(w, layer, frame)
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
    w.want = 1
    w.low |= OUTSIDE
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
    if n == 0:  # no host at all, which no breaker is to blame for
        frame.replica = -1
        return True
    if (n - able) / n > service.panic:
        frame.replica = choose(w, service, n, frame.key)
        return True
    willing = 0
    for i in range(n):
        if admissible_as_seen(w, layer, copy_of(w, find_copy(w, layer, caller, hosts[i])), p):
            hosts[willing] = hosts[i]
            willing += 1
    frame.replica = choose(w, service, willing, frame.key) if willing else -1
    return False
