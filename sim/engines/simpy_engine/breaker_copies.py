"""Copies of breakers: a built-in one, a user's own class, and one that is shared and heard of late.

A copy admits with a ticket or None, settles what it admitted, and writes down every move.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim import luck
from sim.engines.simpy_engine.clock import RANK_ANSWER, RANK_FAULT, Moment
from sim.errors import UsageError
from sim.policies import breaker as machine
from sim.policies.breaker_parts import LEAVE_TOUCH
from sim.policies.plugins import Outcome, make
from sim.record.types import Copy, Transition
from sim.words import CLOSED, FOREVER, OPEN, OUTCOMES, STATES

if TYPE_CHECKING:
    from sim.engines.simpy_engine.breaking import BreakerLayer


class BuiltIn:
    """One copy of a built-in breaker: the record, its timer, and who it is in the tables."""

    def __init__(self, layer: "BreakerLayer", caller: int, target: int) -> None:
        self.layer = layer
        self.params = layer.params.params
        self.learn = layer.params.learn
        world = layer.world
        key = world.key_of("breaker", layer.scope, caller, target)
        self.who = (layer.scope, caller, target)
        self.record = machine.new(self.params, key, layer.clock.now)
        self.moves = 0
        self.timed = self.params.timed
        self.touched = self.params.leave == LEAVE_TOUCH
        self.due = FOREVER
        self.timer: Moment | None = None
        self.gone = False
        self.on_move: Callable[[int], None] = _nobody
        world.recorder.copies.append(Copy(*self.who, layer.clock.now, True))
        if self.record.state != CLOSED:
            self._begins_in(self.record.state)
        by_hand = world.operations.state_of(layer.scope)
        if by_hand != CLOSED:
            self.force(layer.clock.now, by_hand)

    @property
    def state(self) -> int:
        return int(self.record.state)

    def admissible(self, now: int) -> bool:
        """Would it admit? No side effect."""
        return bool(machine.admissible(self.record, self.params, now))

    def admit(self, now: int) -> Any:
        """A ticket, or None."""
        ticket = machine.admit(self.record, self.params, now)
        if self.record.moves != self.moves or self.timed:
            self.after(now)
        return ticket or None

    def settle(self, now: int, ticket: Any, outcome: int, elapsed_ns: int) -> None:
        """The result of an admitted try."""
        if self.gone:
            return
        if self.touched:
            machine.look(self.record, self.params, now)
            self.after(now)
        machine.settle(self.record, self.params, now, ticket, self.learn[outcome], elapsed_ns)
        if self.record.moves != self.moves or self.timed:
            self.after(now)

    def _begins_in(self, state: int) -> None:
        """Write down that its settings let it begin in another state than closed."""
        move = Transition(self.layer.clock.now, *self.who, CLOSED, state, "forced", 0, 0, 0, 0)
        self.layer.recorder.transitions.append(move)

    def force(self, now: int, state: int) -> None:
        """A manual move."""
        machine.force(self.record, self.params, now, state)
        self.after(now)

    def _tick(self, subject: Any) -> None:
        now, self.due = self.layer.clock.now, FOREVER
        machine.tick(self.record, self.params, now)
        self.after(now)

    def after(self, now: int) -> None:
        """Write a transition down, and set the timer that the record asks for."""
        b = self.record
        if b.moves != self.moves:
            self.moves = b.moves
            opened = b.open_ns if b.state == OPEN else 0
            self.layer.recorder.transitions.append(
                Transition(
                    now, *self.who, b.from_state, b.state, machine.CAUSES[b.cause],
                    b.seen_n, b.seen_failures, b.seen_slow, opened,
                )
            )  # fmt: skip
            self.on_move(now)
        due = machine.due(b, self.params) if self.timed else FOREVER
        if due != self.due:
            self.due = due
            if self.timer is not None:
                self.timer.cancel()
            if due < FOREVER:
                self.timer = self.layer.clock.after(max(due - now, 0), RANK_FAULT, b.key, self._tick, self)

    def forget(self) -> None:
        """Its caller crashed."""
        _forget(self)


class UserMade:
    """One copy of a user's class; B is unknown if it has no `state`."""

    def __init__(self, layer: "BreakerLayer", caller: int, target: int, factory: Callable[..., Any]) -> None:
        self.layer = layer
        name, params = layer.params.params
        self.name = name
        self.user: Any = make(name, factory, params)
        self.who = (layer.scope, caller, target)
        self.known = hasattr(self.user, "state")
        self.last = self.state
        self.timer: Moment | None = None
        self.gone = False
        self.on_move: Callable[[int], None] = _nobody
        layer.recorder.copies.append(Copy(*self.who, layer.clock.now, self.known))
        by_hand = layer.world.operations.state_of(layer.scope)
        if by_hand != CLOSED:
            self.force(layer.clock.now, by_hand)

    @property
    def state(self) -> int:
        return STATES.index(self.user.state) if self.known else CLOSED

    def admissible(self, now: int) -> bool:
        """Model: a user's class is asked for real only when the call is there, so only open refuses."""
        return self.state != OPEN

    def admit(self, now: int) -> Any:
        """A ticket, or None."""
        ticket = self.user.admit(now)
        self._look(now)
        return ticket

    def settle(self, now: int, ticket: Any, outcome: int, elapsed_ns: int) -> None:
        """The result of an admitted try."""
        if self.gone:
            return
        verdict = self.layer.params.learn[outcome]
        slow = elapsed_ns > self.layer.params.slow_ns
        self.user.settle(now, ticket, Outcome(verdict, slow, OUTCOMES[outcome], elapsed_ns))
        self._look(now)

    def force(self, now: int, state: int) -> None:
        """A manual move, if the class knows how."""
        if not callable(getattr(self.user, "force", None)):
            msg = f"breaker {self.name!r} has no force(now_ns, state): an operation of the scenario needs it"
            raise UsageError(msg)
        self.user.force(now, STATES[state])
        self._look(now, "forced")

    def _tick(self, subject: Any) -> None:
        now = self.layer.clock.now
        self.user.tick(now)
        self._look(now)

    def _look(self, now: int, cause: str = "") -> None:
        state = self.state
        if state != self.last:
            why = cause or f"decided by {self.name}"
            self.layer.recorder.transitions.append(
                Transition(now, *self.who, self.last, state, why, 0, 0, 0, 0)
            )
            self.last = state
            self.on_move(now)
        if hasattr(self.user, "due"):
            due = self.user.due()
            if self.timer is not None:
                self.timer.cancel()
            if due is not None and due < FOREVER:
                key = luck.named(self.layer.world.seed, self.name)
                self.timer = self.layer.clock.after(max(due - now, 1), RANK_FAULT, key, self._tick, self)

    def forget(self) -> None:
        """Its caller crashed."""
        _forget(self)


def _forget(copy: BuiltIn | UserMade) -> None:
    """The caller of a copy crashed: it is gone, open no longer, and learns nothing of what still comes in."""
    copy.gone = True
    if copy.timer is not None:
        copy.timer.cancel()
    if copy.state != CLOSED:
        layer = copy.layer
        move = Transition(layer.clock.now, *copy.who, copy.state, CLOSED, "caller restarted", 0, 0, 0, 0)
        layer.recorder.transitions.append(move)


UNHEARD = object()
"""Ticket of a call that passed on an outdated view: the breaker itself knows nothing of it."""


class SharedLate:
    """A shared copy with delay d: it hears results d later and callers see its state of d ago.

    A caller that sees it closed goes ahead. One that sees it open or half-open waits for the end of the
    open time as it knows it, and then asks the copy for a probe; what has closed meanwhile it hears d later.
    """

    def __init__(self, copy: Any, delay_ns: int) -> None:
        self.copy = copy
        self.delay_ns = delay_ns
        self.seen = [(-FOREVER, CLOSED)]
        copy.on_move = self._moved

    def _moved(self, now: int) -> None:
        self.seen.append((now, self.copy.state))

    def _view(self, now: int) -> int:
        """The state of d ago. Old entries are dropped as time goes on."""
        while len(self.seen) > 1 and self.seen[1][0] + self.delay_ns <= now:
            self.seen.pop(0)
        return self.seen[0][1]

    def admissible(self, now: int) -> bool:
        """As seen by a caller."""
        if self._view(now) == CLOSED:
            return True
        return self.copy.state != CLOSED and bool(self.copy.admissible(now))

    def admit(self, now: int) -> Any:
        """A caller that sees it closed goes ahead, and is unheard if the copy would refuse."""
        if self._view(now) == CLOSED:
            ticket = self.copy.admit(now) if self.copy.state == CLOSED else None
            return UNHEARD if ticket is None else ticket
        return self.copy.admit(now) if self.copy.state != CLOSED else None

    def settle(self, now: int, ticket: Any, outcome: int, elapsed_ns: int) -> None:
        """Heard d later."""
        layer = self.copy.layer
        news = (ticket, outcome, elapsed_ns)
        layer.clock.after(self.delay_ns, RANK_ANSWER, layer.world.seed, self._hear, news)

    def _hear(self, subject: Any) -> None:
        ticket, outcome, elapsed_ns = subject
        if ticket is not UNHEARD:
            self.copy.settle(self.copy.layer.clock.now, ticket, outcome, elapsed_ns)

    def force(self, now: int, state: int) -> None:
        """A manual move: seen by the callers d later."""
        self.copy.force(now, state)

    def forget(self) -> None:
        """A shared copy outlives its callers."""


def _nobody(now: int) -> None:
    """Nobody watches."""
