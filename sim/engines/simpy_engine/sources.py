"""Sources: open loop under a piecewise-linear rate, or a closed loop of users who think."""

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from sim import luck
from sim.distributions import draw
from sim.engines.simpy_engine.clock import RANK_ARRIVAL, RANK_FAULT, Moment
from sim.engines.simpy_engine.frames import Call
from sim.topology.types import POISSON, Source
from sim.words import FOREVER, NS

if TYPE_CHECKING:
    from sim.engines.simpy_engine.world import World


CHUNK = 256
"""Arrivals whose luck is drawn at once."""


class Rate:
    """A piecewise-linear rate: mass between instants, and the instant at which a mass is reached."""

    def __init__(self, points: tuple[tuple[int, float], ...]) -> None:
        self.times = [t for t, _ in points]
        self.rates = [r for _, r in points]
        self.constant = self.rates[0] if len(points) == 1 else 0.0
        """The rate if it never changes, else 0: spares the search for the piece."""

    def _piece(self, t: int) -> tuple[float, float, int]:
        """(rate at t, slope per ns, end of the piece)."""
        i = bisect_right(self.times, t) - 1
        if i < 0:
            return self.rates[0], 0.0, self.times[0]
        if i + 1 >= len(self.times):
            return self.rates[-1], 0.0, FOREVER
        t0, t1 = self.times[i], self.times[i + 1]
        slope = (self.rates[i + 1] - self.rates[i]) / (t1 - t0)
        return self.rates[i] + slope * (t - t0), slope, t1

    def mass(self, start: int, end: int) -> float:
        """Expected arrivals between two instants."""
        total = 0.0
        while start < end:
            rate, slope, piece_end = self._piece(start)
            dt = min(end, piece_end) - start
            total += (rate + slope * dt / 2) * dt / NS
            start += dt
        return total

    def reach(self, start: int, mass: float) -> int:
        """The instant at which `mass` more arrivals are expected; FOREVER if never."""
        if self.constant > 0.0:
            return start + round(mass * NS / self.constant)
        while True:
            rate, slope, piece_end = self._piece(start)
            room = FOREVER if piece_end >= FOREVER else piece_end - start
            if piece_end < FOREVER:
                held = (rate + slope * room / 2) * room / NS
                if held < mass:
                    mass -= held
                    start = piece_end
                    continue
            elif rate <= 0.0:
                return FOREVER
            if slope == 0.0:
                return start + min(room, round(mass * NS / rate))
            root = math.sqrt(max(0.0, rate * rate + 2.0 * slope * mass * NS))
            return start + min(room, round(2.0 * mass * NS / (rate + root)))


class Requests:
    """What all sources share: starting a request, and what follows its end."""

    def __init__(self, world: "World", source: Source) -> None:
        self.world = world
        self.clock = world.clock
        self.source = source
        self.root = luck.named(world.seed, source.name)
        self.first_client = world.topology.first_client[source.id]

    def __repr__(self) -> str:
        return f"source {self.source.name}"

    def send(self, key: int, call_key: int, client: int, owner: Any) -> None:
        """Send one request; `call_key` is the child of its key for its call."""
        source, world = self.source, self.world
        entry = 0
        if len(source.sites) > 1:
            u = luck.uniform(key, luck.MIX)
            while u > source.shares[entry] and entry + 1 < len(source.sites):
                entry += 1
        caller = self.first_client + client
        world.roots[source.sites[entry]].begin(owner, caller, call_key, FOREVER, world.walk())


class OpenLoop(Requests):
    """Arrivals are a unit-rate process mapped through the inverse cumulative rate."""

    def __init__(self, world: "World", source: Source) -> None:
        super().__init__(world, source)
        self.rate = Rate(source.rate)
        self.k = 0
        self.surge = 1.0
        self.bursting = 0
        self.factor = source.burst_factors[0]
        """By which surges and bursts multiply the rate now."""
        self.stays = 0
        self.mass = 0.0
        """Expected arrivals still to pass before the next one, as of `since`."""
        self.since = 0
        self.gaps: list[float] = []
        self.keys: list[int] = []
        self.call_keys: list[int] = []
        """Of the CHUNK arrivals of which number k is one."""
        self.next: Moment | None = None

    def start(self) -> None:
        """Wait for the first arrival."""
        if self.source.burst_factors != (1.0, 1.0):
            self._stay()
        self._next()

    def _next(self) -> None:
        """Wait for arrival number k."""
        if self.k % CHUNK == 0:
            self._draw()
        self.mass = self.gaps[self.k % CHUNK]
        self._plan()

    def _draw(self) -> None:
        keys = luck.children(self.root, luck.REQUEST, self.k, CHUNK)
        self.keys, self.call_keys = keys.tolist(), luck.child_of_each(keys, luck.CALL).tolist()
        if self.source.arrivals == POISSON:
            units = luck.units(luck.children(self.root, luck.ARRIVAL, self.k, CHUNK))
            # The logarithm one by one: that of numpy may differ in the last bit.
            self.gaps = [-math.log(u) for u in units.tolist()]
        else:
            self.gaps = [1.0] * CHUNK

    def _plan(self) -> None:
        now = self.since = self.clock.now
        self.next = None
        if self.factor > 0.0:
            at = self.rate.reach(now, self.mass / self.factor)
            if at < FOREVER:
                self.next = self.clock.after(at - now, RANK_ARRIVAL, self.root, self._arrive, None)

    def _changed(self) -> None:
        """The factor changes: take off what has passed under the old one, and plan anew."""
        passed = self.rate.mass(self.since, self.clock.now) * self.factor
        self.mass = max(0.0, self.mass - passed)
        self.factor = self.surge * self.source.burst_factors[self.bursting]
        if self.next is not None:
            self.next.cancel()
        self._plan()

    def set_surge(self, factor: float) -> None:
        """A load fault begins or ends."""
        self.surge = factor
        self._changed()

    def _stay(self) -> None:
        """Draw how long the present burst state lasts."""
        u = luck.uniform(self.root, luck.BURST, self.stays)
        delay = round(-math.log(u) * self.source.burst_means_ns[self.bursting])
        self.clock.after(delay, RANK_FAULT, self.root, self._switch, None)

    def _switch(self, subject: Any) -> None:
        if not self.world.draining:
            self.bursting = 1 - self.bursting
            self._changed()
            self.stays += 1
            self._stay()

    def _arrive(self, subject: Any) -> None:
        if not self.world.may_send():
            self.next = None
            return
        key, call_key = self.keys[self.k % CHUNK], self.call_keys[self.k % CHUNK]
        clients = self.source.clients
        client = luck.child(self.root, luck.CLIENT, self.k) % clients if clients > 1 else 0
        self.k += 1
        self._next()
        self.send(key, call_key, client, self.world)


class User:
    """One user of a closed loop: thinks, asks, waits for the answer, the timeout or the refusal."""

    def __init__(self, loop: "ClosedLoop", number: int) -> None:
        self.loop = loop
        self.number = number
        self.key = luck.child(loop.root, luck.CLIENT, number)
        self.i = 0

    def __repr__(self) -> str:
        return f"a user of {self.loop.source.name}"

    def think(self) -> None:
        """Until the next request."""
        loop = self.loop
        delay = draw(loop.source.think, luck.uniform(self.key, luck.THINK, self.i))
        loop.clock.after(delay, RANK_ARRIVAL, self.key, self._ask, None)

    def _ask(self, subject: Any) -> None:
        loop = self.loop
        if loop.world.may_send():
            key = luck.child(self.key, luck.REQUEST, self.i)
            self.i += 1
            loop.send(key, luck.child(key, luck.CALL), self.number % loop.source.clients, self)

    def call_ended(self, call: Call, outcome: int) -> None:
        """The request is over; what was given up runs on."""
        self.loop.world.call_ended(call, outcome)
        self.think()


class ClosedLoop(Requests):
    """n users with think time."""

    def start(self) -> None:
        """Everybody thinks first."""
        for number in range(self.source.users):
            User(self, number).think()
