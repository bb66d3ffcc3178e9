"""Frames and layers: a call is a stack of policies, and each pass through a policy is a frame.

A layer is one policy of one call site. `enter` begins a pass below a parent frame; sooner or later,
never within `enter` itself, the pass is over: `finish(frame, outcome)` tells the layers above, from the
inside out, through `ended`, until one keeps the news. A parent that no longer wants a pass calls `withdraw`: the frame becomes an orphan, which
still tells those above it that listen (a breaker learns late answers) but never reaches the caller.
"""

from typing import TYPE_CHECKING, Any

from sim.engines.simpy_engine.clock import RANK_ANSWER, Moment
from sim.words import CANCELLED

if TYPE_CHECKING:
    from sim.engines.simpy_engine.jobs import Job
    from sim.engines.simpy_engine.replica import Replica
    from sim.engines.simpy_engine.world import World

LIVE, ORPHAN, ENDED = range(3)
KEPT = -1
"""Answer of `ended`: those above need not know yet (a retry follows), or know already."""


class Frame:
    """One pass through one layer. What a layer does not use keeps the value of the class."""

    n = 0
    """How many passes this one began (retry, hedge)."""
    since = 0
    """When it began, ns."""
    until = 0
    """When its timeout passes, ns."""
    ticket: Any = None
    copy: Any = None
    """The breaker, throttle, ... that admitted it."""
    aux: Any = None
    replica: "Replica | None" = None
    """Chosen by a breaker that is kept per replica, or by host ejection."""
    job: "Job | None" = None
    """What runs for it at the replica."""

    def __init__(self, layer: "Layer", parent: "Frame", key: int) -> None:
        self.layer = layer
        self.parent = parent
        self.key = key
        self.call: Call = parent.call
        self.deadline: int = parent.deadline
        self.state = LIVE
        self.child: Frame | None = None
        """The pass below it, while there is one."""
        self.timer: Moment | None = None
        parent.child = self

    def __repr__(self) -> str:
        return f"{type(self.layer).__name__} of {self.call.layer.site.name}"


class Call(Frame):
    """The root frame: what a step asks for, once, retries included."""

    propagates = True
    """Its deadline travels on to the callee."""

    def __init__(self, root: "Layer", owner: Any, caller: int, key: int, deadline: int, walk: Any) -> None:
        self.layer = root
        self.key = key
        self.call = self
        self.deadline = deadline
        self.state = LIVE
        self.child = None
        self.timer = None
        self.owner = owner
        self.caller = caller
        self.walk = walk
        self.degraded = False
        self.fell_back = False
        self.served_ns = 0
        """Work of the attempts that have answered it."""

    @property
    def site(self) -> Any:
        """Its call site."""
        return self.layer.site


class Layer:
    """One policy of one call site; `inner` is the next one towards the callee."""

    inner: "Layer"

    def __init__(self, world: "World", site: Any) -> None:
        self.world = world
        self.clock = world.clock
        self.recorder = world.recorder
        self.counters = world.recorder.counters[site.id]
        self.site = site

    def enter(self, parent: Frame, key: int) -> None:
        """Begin a pass."""
        raise NotImplementedError

    def ended(self, frame: Frame, child: Frame, outcome: int) -> int:
        """The inner pass of `frame` ended: the outcome with which `frame` is over too, or KEPT."""
        return outcome

    def withdraw(self, frame: Frame, cancel: int) -> None:
        """The parent no longer wants this pass; `cancel` says what the callee is told."""
        if frame.state == LIVE:
            frame.state = ORPHAN
            if frame.timer is not None:
                frame.timer.cancel()
            child = frame.child
            if child is not None and child.state == LIVE:
                child.layer.withdraw(child, cancel)
            else:
                finish(frame, CANCELLED)

    def refuse(self, frame: Frame, outcome: int) -> None:
        """A local refusal: it takes the reject time, so no loop runs without time."""
        frame.aux = outcome
        frame.timer = self.clock.after(self.world.reject_ns, RANK_ANSWER, frame.key, self._refused, frame)

    def _refused(self, frame: Frame) -> None:
        frame.timer = None
        finish(frame, frame.aux)


def finish(frame: Frame, outcome: int) -> None:
    """This pass is over."""
    if frame.state != ENDED:
        frame.state = ENDED
        # What is over refers upwards only, so that it is freed at once.
        frame.child = None
        tell(frame, outcome)


def tell(frame: Frame, outcome: int) -> None:
    """Tell those above that a pass is over: one after the other, until one keeps the news."""
    while True:
        child, frame = frame, frame.parent
        outcome = frame.layer.ended(frame, child, outcome)
        if outcome == KEPT or frame.state == ENDED:
            return
        frame.state = ENDED
        frame.child = None
