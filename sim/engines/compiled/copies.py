"""Copies of breakers: made by Python at their first use, for their luck hangs on names."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.shape import copy_key
from sim.policies import breaker as machine
from sim.policies import token_bucket
from sim.policies.limits import budget, cycles, pool
from sim.topology.types import L_BREAKER, L_BULKHEAD, L_RATE_LIMIT
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
    if layer["kind"] == L_BREAKER:
        number = _breaker(run, layer, -1 if shared else caller, target)
    else:
        number = _guard(run, layer)
    place = 0 if shared else (caller - int(scope["first_caller"])) * int(scope["targets"])
    place += target - int(scope["first_target"]) if target >= 0 else 0
    run.standing.table_of(int(scope["id"]))[place] = number


def _next(run: "Run", name: str) -> tuple[int, Any]:
    """The next record of a table that only grows: its number, and itself."""
    number, table = int(run.world[f"{name}_n"][0]), run.held[name]
    if number == len(table):
        grown = np.zeros(2 * number, table.dtype)
        grown[:number] = table
        run._hold(name, grown)
    run.world[f"{name}_n"] = number + 1
    run.held[name][number]["id"] = number
    return number, run.held[name][number]


def _breaker(run: "Run", layer: Any, caller: int, target: int) -> int:
    """A copy of a breaker; -1: of all callers."""
    now, scope = int(run.world["now"][0]), int(layer["scope"])
    name = "shared" if caller < 0 else run.standing.caller_names[caller]
    key = copy_key(run.topology, run.standing.seed, "breaker", scope, name, target)
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


def _guard(run: "Run", layer: Any) -> int:
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


def fill(run: "Run", copy: Any, b: machine.Breaker) -> None:
    """The record of a fresh breaker."""
    copy["key"], copy["ema"] = b.key, b.ema
    for name in layout.BREAKER_INTS.split():
        copy[name] = getattr(b, name)
    rings = np.array([getattr(b, name) for name in layout.RINGS], dtype=np.int64)
    run.copies.append(rings)
    copy["rings_at"], copy["ring_size"] = rings.ctypes.data, rings.shape[1]
