"""Sources: open loop under a piecewise-linear rate, or a closed loop of users who think."""

import math
from typing import Any

import numpy as np

from sim import luck
from sim.engines.compiled.clock import after, cancel
from sim.engines.compiled.draws import draw
from sim.engines.compiled.frames import USER, WORLD, begin
from sim.engines.compiled.memory import (
    ANY,
    compiled,
    ints,
    layer_of,
    lists,
    reals,
    site_of,
    source_of,
    user_of,
)
from sim.engines.compiled.tasks import ARRIVAL, ASK, SWITCH, then_enter
from sim.engines.ranks import RANK_ARRIVAL, RANK_FAULT
from sim.topology.types import POISSON
from sim.words import FOREVER, NS, OK

# The rate: mass between instants, and the instant at which a mass is reached --------------------------


@compiled
def piece(s: Any, t: int) -> Any:
    """(rate at t, slope per ns, end of the piece)."""
    times, rates = ints(s.times_at, ANY), reals(s.rates_at, ANY)
    low, high = 0, s.pieces
    while low < high:
        middle = (low + high) // 2
        if times[middle] <= t:
            low = middle + 1
        else:
            high = middle
    i = low - 1
    if i < 0:
        return rates[0], 0.0, times[0]
    if i + 1 >= s.pieces:
        return rates[s.pieces - 1], 0.0, FOREVER
    t0, t1 = times[i], times[i + 1]
    slope = (rates[i + 1] - rates[i]) / (t1 - t0)
    return rates[i] + slope * (t - t0), slope, t1


@compiled
def mass(s: Any, start: int, end: int) -> float:
    """Expected arrivals between two instants."""
    total = 0.0
    while start < end:
        rate, slope, piece_end = piece(s, start)
        dt = min(end, piece_end) - start
        total += (rate + slope * dt / 2) * dt / NS
        start += dt
    return total


@compiled
def whole(x: float) -> int:
    """Rounded; FOREVER from there on."""
    return FOREVER if x >= FOREVER else round(x)


@compiled
def reach(s: Any, start: int, mass: float) -> int:
    """The instant at which `mass` more arrivals are expected; FOREVER or later if never."""
    if s.constant > 0.0:
        return start + whole(mass * NS / s.constant)
    while True:
        rate, slope, piece_end = piece(s, start)
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
            return start + min(room, whole(mass * NS / rate))
        root = math.sqrt(max(0.0, rate * rate + 2.0 * slope * mass * NS))
        return start + min(room, whole(2.0 * mass * NS / (rate + root)))


# Requests --------------------------------------------------------------------------------------------


@compiled
def may_send(w: Any) -> bool:
    """May a source send one more request? Counts it if so."""
    if w.draining or w.sent == w.requests:
        return False
    w.sent += 1
    return True


@compiled
def send(w: Any, s: Any, key: Any, call_key: Any, client: int, owner_kind: int, owner: int) -> None:
    """Send one request; `call_key` is the child of its key for its call."""
    entry = 0
    if s.sites_n > 1:
        u = luck.uniform(key, luck.MIX)
        while u > reals(s.shares_at, ANY)[entry] and entry + 1 < s.sites_n:
            entry += 1
    site = site_of(w, lists(w)[s.sites + entry])
    call = begin(w, site, owner_kind, owner, s.first_client + client, call_key, FOREVER)
    then_enter(w, call.id, layer_of(w, site.root).inner, call_key)


@compiled
def request_ended(w: Any, call: Any, outcome: int) -> None:
    """A request is over: S if it was answered or its fallback was."""
    w.ended += 1
    if outcome == OK or call.fell_back:
        w.succeeded += 1
    if not w.draining and (w.ended == w.requests or w.succeeded == w.successes):
        w.stopped = 1


# Open loop -------------------------------------------------------------------------------------------


@compiled
def start_source(w: Any, s: Any) -> None:
    """Wait for the first arrival; everybody in a closed loop thinks first."""
    if s.users_n:
        for i in range(s.users_n):
            think(w, user_of(w, s.users + i))
        return
    if s.calm_factor != 1.0 or s.burst_factor != 1.0:
        stay(w, s)
    next_arrival(w, s)


@compiled
def next_arrival(w: Any, s: Any) -> None:
    """Wait for arrival number k."""
    s.mass = -math.log(luck.uniform(s.root, luck.ARRIVAL, s.k)) if s.arrivals == POISSON else 1.0
    plan_arrival(w, s)


@compiled
def plan_arrival(w: Any, s: Any) -> None:
    s.since = w.now
    s.next = 0
    if s.factor > 0.0:
        at = reach(s, w.now, s.mass if s.factor == 1.0 else s.mass / s.factor)  # a division takes long
        if at < FOREVER:
            s.next = after(w, at - w.now, RANK_ARRIVAL, s.root, ARRIVAL, s.id)


@compiled
def changed(w: Any, s: Any) -> None:
    """The factor changes: take off what has passed under the old one, and plan anew."""
    passed = mass(s, s.since, w.now) * s.factor
    s.mass = max(0.0, s.mass - passed)
    s.factor = s.surge * (s.burst_factor if s.bursting else s.calm_factor)
    cancel(w, s.next)
    plan_arrival(w, s)


@compiled
def set_surge(w: Any, s: Any, times: float) -> None:
    """A load fault begins (times) or ends (1 / times)."""
    if not s.users_n:
        s.surge = s.surge * times
        changed(w, s)


@compiled
def stay(w: Any, s: Any) -> None:
    """Draw how long the present burst state lasts."""
    u = luck.uniform(s.root, luck.BURST, s.stays)
    delay = whole(-math.log(u) * (s.burst_ns if s.bursting else s.calm_ns))
    after(w, delay, RANK_FAULT, s.root, SWITCH, s.id)


@compiled
def switch(w: Any, s: Any) -> None:
    """Calm ends, or the burst."""
    if not w.draining:
        s.bursting = 1 - s.bursting
        changed(w, s)
        s.stays += 1
        stay(w, s)


@compiled
def arrival(w: Any, s: Any) -> None:
    """Arrival number k."""
    if not may_send(w):
        s.next = 0
        return
    key = luck.child(s.root, luck.REQUEST, s.k)
    client = 0
    if s.clients > 1:
        client = remainder(luck.child(s.root, luck.CLIENT, s.k), s.clients)
    s.k += 1
    next_arrival(w, s)
    send(w, s, key, luck.child(key, luck.CALL), client, WORLD, 0)


@compiled
def remainder(key: Any, n: int) -> Any:
    """An unsigned key modulo n."""

    return np.int64(key % np.uint64(n))


# Closed loop -----------------------------------------------------------------------------------------


@compiled
def think(w: Any, user: Any) -> None:
    """Until the next request."""
    s = source_of(w, user.source)
    delay = draw(w, s.think, luck.uniform(user.key, luck.THINK, user.i))
    after(w, delay, RANK_ARRIVAL, user.key, ASK, user.id)


@compiled
def ask(w: Any, user: Any) -> None:
    """A user asks."""
    if may_send(w):
        s = source_of(w, user.source)
        key = luck.child(user.key, luck.REQUEST, user.i)
        user.i += 1
        send(w, s, key, luck.child(key, luck.CALL), user.number % s.clients, USER, user.id)
