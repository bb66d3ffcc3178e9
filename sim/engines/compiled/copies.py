"""Copies of breakers and limits: made by Python at their first use, for their luck hangs on names."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.shape import copy_key
from sim.policies import breaker as machine
from sim.policies import outlier, outlier_hosts, token_bucket
from sim.policies.limits import budget, concurrency, cycles, pool, throttle
from sim.topology.types import L_BREAKER, L_BULKHEAD, L_CONCURRENCY, L_OUTLIER, L_RATE_LIMIT, L_THROTTLE
from sim.words import CLOSED, FOREVER

if TYPE_CHECKING:
    from sim.engines.compiled.run import Run


def make_copy(run: "Run") -> None:
    """Make the copy that the kernel wants, and put its number into the table of its scope."""
    w = run.world[0]
    layer = run.held["layers"][int(w["want_layer"])]
    caller, target = int(w["want_caller"]), int(w["want_target"])
    scope = run.held["scopes"][int(layer["scope"])]
    shared = bool(scope["shared"])
    make: Any = MAKERS.get(int(layer["kind"]), _guard)
    number = make(run, layer, -1 if shared else caller, target)
    place = 0 if shared else (caller - int(scope["first_caller"])) * int(scope["targets"])
    place += target - int(scope["first_target"]) if target >= 0 else 0
    run.standing.table_of(int(scope["id"]))[place] = number


def _next(run: "Run", name: str) -> tuple[int, Any]:
    """The next record of a table that only grows: its number, and itself."""
    number, table = int(run.world[f"{name}_n"][0]), run.held[name]
    if number == len(table):
        run._hold(name, run.twice(table))
    run.world[f"{name}_n"] = number + 1
    run.held[name][number]["id"] = number
    return number, run.held[name][number]


def _breaker(run: "Run", layer: Any, caller: int, target: int) -> int:
    """A copy of a breaker; -1: of all callers."""
    now, scope = int(run.world["now"][0]), int(layer["scope"])
    key = _key(run, "breaker", layer, caller, target)
    number, copy = _next(run, "copies")
    p = run.standing.breakers[int(layer["params"])]
    b = machine.new(p, key, now)
    first, held = b.state, int(run.held["scopes"]["held"][scope])
    if held != CLOSED:
        machine.force(b, p, now, held)
    fill(run, copy, b)
    if b.moves:
        _write(run, (now, scope, caller, target), b)
    copy["scope"], copy["caller"], copy["target"] = scope, caller, target
    copy["layer"], copy["params"], copy["born_ns"] = layer["id"], layer["params"], now
    copy["due"], copy["timer"], copy["first_state"], copy["written"] = FOREVER, 0, first, b.moves
    return number


def _write(run: "Run", who: tuple[int, ...], b: machine.Breaker) -> None:
    """An operation holds the others: this one moves there at once. The log has room: the kernel left some."""
    n = int(run.world["moves_n"][0])
    run.held["moves"][n] = (
        *who,
        b.from_state,
        b.state,
        b.cause,
        b.seen_n,
        b.seen_failures,
        b.seen_slow,
        0,
        0,
    )
    run.world["moves_n"] = n + 1


def _guard(run: "Run", layer: Any, caller: int, target: int) -> int:
    """A copy of a limit, as its policy makes it."""
    now, p = int(run.world["now"][0]), run.standing.limits[int(layer["params"])]
    number, guard = _next(run, "guards")
    guard["layer"], guard["scope"] = layer["id"], layer["scope"]
    if layer["kind"] == L_BULKHEAD:
        idle = np.zeros(pool.idle_places(p) + 1, dtype=np.int64)
        run.copies.append(idle)
        guard["idle_at"], guard["idle_size"] = idle.ctypes.data, len(idle) - 1
        return number
    kind: Any = budget
    if layer["kind"] == L_RATE_LIMIT:
        kind = cycles if isinstance(p, cycles.Params) else token_bucket
    made = kind.new(p, now)
    for name in made.__slots__:
        guard[name] = getattr(made, name)
    return number


def _throttle(run: "Run", layer: Any, caller: int, target: int) -> int:
    number, copy, p = _begun(run, "throttles", layer)
    made = throttle.new(p, int(run.world["now"][0]))
    for name in f"{layout.THROTTLE_INTS} average".split():
        copy[name] = getattr(made, name)
    rings = np.zeros((len(layout.THROTTLE_RINGS), p.buckets), dtype=np.int64)
    run.copies.append(rings)
    copy["rings_at"], copy["ring_size"] = rings.ctypes.data, p.buckets
    return number


def _concurrency(run: "Run", layer: Any, caller: int, target: int) -> int:
    number, copy, p = _begun(run, "concurrencies", layer)
    copy["key"] = key = _key(run, "concurrency", layer, caller)
    made = concurrency.new(p, key, int(run.world["now"][0]))
    for name in f"{layout.CONCURRENCY_INTS} {layout.CONCURRENCY_FLOATS}".split():
        copy[name] = getattr(made, name)
    _latencies(run, number, np.zeros(4 * int(run.world["margin"][0]), dtype=np.int64))
    return number


def _latencies(run: "Run", number: int, room: Any) -> None:
    """Where a concurrency limit keeps its samples."""
    copy = run.held["concurrencies"][number]
    run.samples[number] = room
    copy["latencies_at"], copy["latencies_size"] = room.ctypes.data, len(room)


def more_latencies(run: "Run") -> None:
    """Twice the room for those whose samples have little left."""
    n, margin = int(run.world["concurrencies_n"][0]), int(run.world["margin"][0])
    table = run.held["concurrencies"][:n]
    for number in np.flatnonzero(table["latencies_n"] + margin >= table["latencies_size"])[1:].tolist():
        _latencies(run, number, run.twice(run.samples[number]))


def _ejector(run: "Run", layer: Any, caller: int, target: int) -> int:
    number, copy, p = _begun(run, "ejectors", layer)
    service = run.topology.services[int(layer["service"])]
    copy["key"] = key = _key(run, "outlier", layer, caller)
    made = outlier.new(p, key, service.replicas_max, int(run.world["now"][0]))
    for host in range(made.hosts):
        outlier.leave(made, host)
    for name in outlier_hosts.NUMBERS:
        copy[name] = getattr(made, name)
    rows = np.array([n for name in outlier_hosts.LISTS for n in getattr(made, name)] + [0] * made.hosts)
    run.copies.append(rows)
    copy["rows_at"], copy["first_host"], copy["caller"] = rows.ctypes.data, service.first_replica, caller
    copy["changes"] = -1
    return number


def _begun(run: "Run", name: str, layer: Any) -> tuple[int, Any, Any]:
    """The next record of a table, and the policy's own parameters."""
    number, copy = _next(run, name)
    copy["layer"], copy["scope"] = layer["id"], layer["scope"]
    return number, copy, run.standing.params_of[int(layer["kind"])][int(layer["params"])]


def _key(run: "Run", what: str, layer: Any, caller: int, target: int = -1) -> int:
    """The luck of a copy."""
    name = "shared" if caller < 0 else run.standing.caller_names[caller]
    return copy_key(run.topology, run.standing.seed, what, int(layer["scope"]), name, target)


MAKERS = {
    L_BREAKER: _breaker,
    L_THROTTLE: _throttle,
    L_CONCURRENCY: _concurrency,
    L_OUTLIER: _ejector,
}


def fill(run: "Run", copy: Any, b: machine.Breaker) -> None:
    """The record of a fresh breaker."""
    copy["key"], copy["ema"] = b.key, b.ema
    for name in layout.BREAKER_INTS.split():
        copy[name] = getattr(b, name)
    rings = np.array([getattr(b, name) for name in layout.RINGS], dtype=np.int64)
    run.copies.append(rings)
    copy["rings_at"], copy["ring_size"] = rings.ctypes.data, rings.shape[1]
