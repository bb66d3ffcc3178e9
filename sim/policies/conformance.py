"""Does a breaker keep the promises that a simulation and its user rely on?

    from sim.policies.conformance import check_breaker

    def test_mine_conforms():
        check_breaker(Mine)             # any callable without arguments that makes a fresh copy

Raises ConformanceError with the shortest of its histories that shows the fault. Deterministic: the
histories are drawn from `seed`.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any

from sim import luck
from sim.policies.catalog import learn_from
from sim.policies.plugins import Outcome, Recorded, UserBreaker, as_user
from sim.words import CLOSED, FOREVER, NS, OUTCOMES, STATES

__all__ = ["CHECKS", "ConformanceError", "Driver", "Recorded", "as_user", "check_breaker"]

LEARN = learn_from({}, "library")
PAUSES_NS = (0, 0, NS // 1000, NS // 10, NS, 10 * NS, 60 * NS)
LENGTHS = (5, 20, 60, 200)
"""Steps of the histories: the short ones come first, so that the first to fail is short."""
SILENCE_NS = 30 * 24 * 3600 * NS
"""Longer than any breaker that a scenario can use stays open."""
MANY = 2000
"""So many failures trip every breaker that trips at all; so many admissions are "unlimited"."""
SHOWN = 60


class ConformanceError(AssertionError):
    """A promise is broken; the message holds the seed and the history that shows it."""


def _folded(lines: list[str]) -> list[str]:
    """Where one thing happens again and again, its first and its last line: what led to it is in sight."""
    out: list[str] = []
    for what, group in groupby(lines, key=lambda line: line.partition(" s  ")[2]):
        same = list(group)
        more = [f"... {len(same) - 2} times more: {what}"] if len(same) > 3 else same[1:-1]
        out += [same[0], *more, *same[1:][-1:]]
    return out


class Driver:
    """Plays a history on one copy and writes it down."""

    def __init__(self, factory: Callable[[], UserBreaker], check: str, seed: int) -> None:
        self.check, self.seed = check, seed
        self.lines: list[str] = []
        self.seen: list[tuple[bool, str | None]] = []
        """What could be seen from outside: admitted?, and the state after."""
        self.tickets: list[Any] = []
        self.now = 0
        self.user: Any = self._safely("made", factory)
        for method in ("admit", "settle"):
            self.require(callable(getattr(self.user, method, None)), f"it has no {method}()")

    def require(self, promise: bool, otherwise: str) -> None:
        """Raise with the history if the promise does not hold."""
        if not promise:
            lines = _folded(self.lines)
            cut = [f"... {len(lines) - SHOWN} lines before"] if len(lines) > SHOWN else []
            history = "\n  ".join(cut + lines[-SHOWN:]) or "(nothing has happened yet)"
            msg = f"{self.check}: {otherwise} (seed {self.seed}). History:\n  {history}"
            raise ConformanceError(msg)

    def _safely(self, what: str, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except Exception as error:
            self.require(False, f"{what} raises {type(error).__name__}: {error}")

    def _write(self, what: str) -> None:
        state = self.state
        self.lines.append(f"{self.now / NS:.9f} s  {what}" + (f"  [{state}]" if state else ""))

    @property
    def state(self) -> str | None:
        """Name of the state, None if it does not tell."""
        if not hasattr(self.user, "state"):
            return None
        state = self.user.state
        self.require(state in STATES, f"state is {state!r}, which is none of {', '.join(STATES)}")
        return str(state)

    def ask(self) -> bool:
        """One request asks for admission."""
        ticket = self._safely("admit", self.user.admit, self.now)
        if ticket is not None:
            self.tickets.append(ticket)
        self._write("ask -> refused" if ticket is None else f"ask -> ticket {ticket!r}")
        self.seen.append((ticket is not None, self.state))
        return ticket is not None

    def end(self, which: int, name: str, slow: bool = False, elapsed_ns: int = NS // 100) -> None:
        """The result of one admitted request."""
        ticket = self.tickets.pop(which)
        outcome = Outcome(LEARN[OUTCOMES.index(name)], slow, name, elapsed_ns)
        self._safely("settle", self.user.settle, self.now, ticket, outcome)
        self._write(f"ticket {ticket!r} ends {name}{', slow' if slow else ''}")
        self.seen.append((True, self.state))

    def end_all(self, name: str) -> None:
        """The results of all admitted requests, oldest first."""
        while self.tickets:
            self.end(0, name)

    def call(self, name: str) -> bool:
        """Ask, and end at once if admitted."""
        admitted = self.ask()
        if admitted:
            self.end(-1, name)
        return admitted

    def wait(self, pause_ns: int) -> None:
        """Time goes on; timers ring on the way."""
        until = self.now + pause_ns
        while (due := self._due()) is not None and due <= until:
            self.now = max(self.now, due)
            self._safely("tick", self.user.tick, self.now)
            self._write("tick")
            later = self._due()
            self.require(later is None or later > self.now, "after its tick it is still due at that instant")
        self.now = until

    def _due(self) -> int | None:
        if not hasattr(self.user, "due"):
            return None
        due = self._safely("due", self.user.due)
        if due is None or due >= FOREVER:
            return None
        self.require(callable(getattr(self.user, "tick", None)), "it is due, but has no tick()")
        return int(due)

    def play(self, seed: int, length: int, *, insist: bool = False) -> None:
        """A random history: asks, results in any order, pauses. With `insist` a refused one asks again."""
        for n in range(length):
            luck_n = luck.splitmix64(seed, n)
            turn, pick = luck_n % 8, luck_n >> 8
            if turn < 3:
                state, asked = self.state, self.ask()
                if not asked and insist:
                    self._insist(state)
            elif turn < 6 and self.tickets:
                bad = luck.splitmix64(seed, n // 20 + length) % 3 > 0  # good and bad times take turns
                name = OUTCOMES[pick % len(OUTCOMES)] if pick % 3 == 0 else "error" if bad else "ok"
                self.end(pick % len(self.tickets), name, pick % 5 == 0, pick % (2 * NS))
            else:
                self.wait(PAUSES_NS[pick % len(PAUSES_NS)] * (1 + pick % 7) // 4)

    def _insist(self, state: str | None) -> None:
        self.require(self.state == state, f"a refusal moved it from {state} to {self.state}")
        for _ in range(3):
            again = self._safely("admit", self.user.admit, self.now)
            self.require(again is None, "refused, it admits when asked again at the same instant")

    def trip(self) -> bool:
        """Failures until it refuses. False if it never does."""
        return any(not self.call("error") for _ in range(MANY))

    def until_admitted(self) -> None:
        """Silence until it admits one request again, which is left without a result."""
        for pause in (NS, 10 * NS, 100 * NS, 3600 * NS, SILENCE_NS):
            self.wait(pause)
            if self.ask():
                return
        self.require(False, "open, it never admits again")

    def room(self) -> int:
        """How many it admits at this instant."""
        while len(self.tickets) < MANY and self.ask():
            pass
        return len(self.tickets)


def any_history(start: Callable[[], Driver], seed: int, length: int) -> None:
    """no history breaks it"""
    driver = start()
    driver.play(seed, length)
    driver.wait(SILENCE_NS)
    driver.end_all("ok")  # very late results are accepted too


def never_wedged(start: Callable[[], Driver], seed: int, length: int) -> None:
    """after silence and good answers it admits again"""
    driver = start()
    driver.play(seed, length)
    driver.end_all("ok")
    admitted = False
    for turn in range(40):
        driver.wait(SILENCE_NS)
        admitted |= driver.call("ok") and turn >= 20
    driver.require(admitted, "wedged: after good answers and long silence it admits nobody")


def ignored_never_trips(start: Callable[[], Driver], seed: int, length: int) -> None:
    """ignored results never trip it"""
    driver = start()
    first = driver.state
    for n in range(length * 5):
        driver.wait(PAUSES_NS[luck.splitmix64(seed, n) % 4])
        driver.require(driver.ask(), "ignored results made it refuse")
        driver.end(-1, ("limited", "bulkhead", "expired", "cancelled")[n % 4], slow=n % 3 == 0)
        driver.require(driver.state == first, "an ignored result moved it")


def permits_conserved(start: Callable[[], Driver], seed: int, length: int) -> None:
    """an ignored probe gives its place back"""
    driver = start()
    driver.play(seed, length)
    driver.end_all("ok")
    if not driver.trip():
        return
    driver.until_admitted()
    if driver.state == STATES[CLOSED]:
        return
    room = driver.room()
    for _ in range(3):
        driver.end_all("cancelled")
        again = driver.room()
        driver.require(again == room, f"it admitted {room} probes; all were ignored; now it admits {again}")


def refuses_without_effect(start: Callable[[], Driver], seed: int, length: int) -> None:
    """a refusal changes nothing"""
    plain, insistent = start(), start()
    plain.play(seed, length)
    insistent.play(seed, length, insist=True)
    same(plain, insistent, "asking again after a refusal changed what came later")


def deterministic(start: Callable[[], Driver], seed: int, length: int) -> None:
    """the same history gives the same answers and states"""
    one, two = start(), start()
    one.play(seed, length)
    two.play(seed, length)
    same(one, two, "a second copy with the same history answered differently")


def same(one: Driver, two: Driver, otherwise: str) -> None:
    """Require that both have been seen to do the same."""
    differ = [n for n, (a, b) in enumerate(zip(one.seen, two.seen, strict=False)) if a != b]
    where = f" at observation {differ[0] + 1}: {one.seen[differ[0]]}, {two.seen[differ[0]]}" if differ else ""
    two.require(one.seen == two.seen, otherwise + where)


CHECKS = (
    any_history,
    deterministic,
    refuses_without_effect,
    ignored_never_trips,
    never_wedged,
    permits_conserved,
)
"""Every check; its docstring is the promise."""


def histories(seed: int, rounds: int) -> Iterator[tuple[int, int]]:
    """(seed, length) of each history, short ones first."""
    for length in LENGTHS:
        for n in range(rounds):
            yield luck.child(seed, luck.BREAKER, length, n), length


def check_breaker(
    factory: Callable[[], UserBreaker], *, seed: int = 1, rounds: int = 5, except_for: Collection[str] = ()
) -> None:
    """Check all promises on `rounds` histories of each length, but those named in `except_for`.

    Raises ConformanceError, an AssertionError, at the first that does not hold.
    """
    for check in (c for c in CHECKS if c.__name__ not in except_for):
        promise = (check.__doc__ or check.__name__).strip()

        def start(promise: str = promise) -> Driver:
            return Driver(factory, promise, seed)

        for history_seed, length in histories(seed, rounds):
            check(start, history_seed, length)
