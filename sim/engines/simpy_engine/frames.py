"""Frames and layers: a call is a stack of policies, and each pass through a policy is a frame.

A layer is one policy of one call site. `enter` begins a pass below a parent frame; sooner or later
the layer calls `finish(frame, outcome)`, which tells the parent's layer through `ended`. A parent
that no longer wants a pass calls `withdraw`: the frame becomes an orphan, which still tells those
above it that listen (a breaker learns late answers) but never reaches the caller.
"""

from typing import TYPE_CHECKING, Any

from sim.engines.simpy_engine.clock import RANK_ANSWER
from sim.words import CANCELLED, FOREVER

if TYPE_CHECKING:
    from sim.engines.simpy_engine.jobs import Job, Walk
    from sim.engines.simpy_engine.replica import Replica
    from sim.engines.simpy_engine.world import World

LIVE, ORPHAN, ENDED = range(3)


class Frame:
    """One pass through one layer. The slots below `timer` belong to the layers that set them."""

    call: "Call"
    deadline: int
    expires: int
    n: int
    """How many passes this one began (retry, hedge)."""
    since: int
    """When it began, ns."""
    ticket: Any
    copy: Any
    """The breaker, throttle, ... that admitted it."""
    aux: Any
    job: "Job | None"
    """What runs for it at the replica."""

    __slots__ = (
        "aux",
        "call",
        "child",
        "copy",
        "deadline",
        "expires",
        "job",
        "key",
        "layer",
        "n",
        "parent",
        "replica",
        "since",
        "state",
        "ticket",
        "timer",
    )

    def __init__(self, layer: "Layer", parent: "Frame", key: int) -> None:
        self.layer = layer
        self.parent = parent
        self.key = key
        self.call = parent.call
        self.deadline = parent.deadline
        self.expires = parent.expires
        self.replica: Replica | None = parent.replica
        self.state = LIVE
        self.child: Frame | None = None
        self.timer: Any = None
        parent.child = self

    def __repr__(self) -> str:
        return f"{type(self.layer).__name__} of {self.call.site.name}"


class Call(Frame):
    """The root frame: what a step asks for, once, retries included."""

    __slots__ = ("caller", "degraded", "fell_back", "owner", "propagates", "site", "walk")

    def __init__(
        self, root: "Layer", owner: "Walk | None", caller: int, key: int, deadline: int, walk: Any
    ) -> None:
        self.layer = root
        self.parent = self
        self.key = key
        self.call = self
        self.deadline = deadline
        self.expires = FOREVER
        self.replica = None
        self.state = LIVE
        self.child = None
        self.owner: Any = owner
        self.caller = caller
        self.site = root.site
        self.timer = None
        self.degraded = False
        self.fell_back = False
        self.propagates = True
        self.walk = walk


class Layer:
    """One policy of one call site; `inner` is the next one towards the callee."""

    inner: "Layer"

    def __init__(self, world: "World", site: Any) -> None:
        self.world = world
        self.clock = world.clock
        self.recorder = world.recorder
        self.site = site

    def enter(self, parent: Frame, key: int) -> None:
        """Begin a pass."""
        raise NotImplementedError

    def ended(self, frame: Frame, child: Frame, outcome: int) -> None:
        """The inner pass of `frame` ended."""
        self.finish(frame, outcome)

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
                self.finish(frame, CANCELLED)

    def finish(self, frame: Frame, outcome: int) -> None:
        """This pass is over."""
        if frame.state != ENDED:
            frame.state = ENDED
            parent = frame.parent
            parent.layer.ended(parent, frame, outcome)

    def refuse(self, frame: Frame, outcome: int) -> None:
        """A local refusal: it takes the reject time, so no loop runs without time."""
        frame.aux = outcome
        frame.timer = self.clock.after(self.world.reject_ns, RANK_ANSWER, frame.key, self._refused, frame)

    def _refused(self, moment: Any) -> None:
        frame = moment.subject
        self.finish(frame, frame.aux)
