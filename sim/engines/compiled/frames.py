"""Frames: a pass through a layer, as in `simpy_engine/frames.py`."""

from typing import Any

from sim.engines.compiled.booking import count
from sim.engines.compiled.clock import after
from sim.engines.compiled.memory import compiled, frame_of
from sim.engines.compiled.pools import take_frame
from sim.engines.compiled.tasks import REFUSED
from sim.engines.ranks import RANK_ANSWER
from sim.words import STARTED

LIVE, ORPHAN, ENDED = range(3)
KEPT = -1
"""Answer of `ended`: those above need not know yet, or know already."""
NOBODY, WORLD, USER, WALK, FILLER = range(5)
"""Who asked for a call."""


@compiled
def blank_frame(w: Any, layer: int, key: Any) -> Any:
    """A frame without relatives."""
    number = take_frame(w)
    frame = frame_of(w, number)
    frame.id, frame.layer, frame.key = number, layer, key
    frame.replica, frame.cost = -1, 0.0
    frame.state = LIVE
    frame.child = frame.timer = frame.n = frame.since = frame.until = 0
    frame.ticket = frame.copy = frame.aux = frame.job = frame.next = frame.waits_next = 0
    return frame


@compiled
def new_frame(w: Any, layer: int, above: int, key: Any) -> Any:
    """A pass below another."""
    frame = blank_frame(w, layer, key)
    parent = frame_of(w, above)
    frame.parent, frame.call, frame.deadline = above, parent.call, parent.deadline
    parent.child = frame.id
    return frame


@compiled
def new_call(w: Any, layer: int, owner_kind: int, owner: int, caller: int, key: Any, deadline: int) -> Any:
    """The root frame."""
    call = blank_frame(w, layer, key)
    call.parent = 0
    call.call, call.deadline = call.id, deadline
    call.owner_kind, call.owner, call.caller = owner_kind, owner, caller
    call.degraded = call.fell_back = call.served_ns = 0
    call.propagates = 1
    return call


@compiled
def refuse(w: Any, frame: Any, outcome: int) -> None:
    """A local refusal: it takes the reject time, so no loop runs without time."""
    frame.aux = outcome
    frame.timer = after(w, w.reject_ns, RANK_ANSWER, frame.key, REFUSED, frame.id)


@compiled
def begin(w: Any, site: Any, owner_kind: int, owner: int, caller: int, key: Any, deadline: int) -> Any:
    """Start a call; what follows is its first pass."""
    call = new_call(w, site.root, owner_kind, owner, caller, key, deadline)
    call.since = w.now
    count(w, site.id, STARTED)
    w.busy += 1
    return call
