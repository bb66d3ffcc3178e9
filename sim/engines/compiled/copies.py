"""Copies of breakers: made by Python at their first use, for their luck hangs on names."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines.compiled import layout
from sim.engines.shape import copy_key
from sim.policies import breaker as machine
from sim.words import FOREVER

if TYPE_CHECKING:
    from sim.engines.compiled.run import Run


def make_copy(run: "Run") -> None:
    """Make the copy that the kernel wants, and put its number into the table of its scope."""
    w, topology, seed = run.world[0], run.topology, run.standing.seed
    layer = run.held["layers"][int(w["want_layer"])]
    caller, target = int(w["want_caller"]), int(w["want_target"])
    scope = run.held["scopes"][int(layer["scope"])]
    spec = topology.scopes[int(layer["scope"])]
    who = -1 if spec.shared else caller
    name = "shared" if spec.shared else run.standing.caller_names[caller]
    params = run.standing.breakers[int(layer["params"])]
    key = copy_key(topology, seed, "breaker", spec.id, name, target)
    number = int(w["copies_n"])
    if number == len(run.held["copies"]):
        copies = np.zeros(2 * number, layout.COPY)
        copies[:number] = run.held["copies"]
        run._hold("copies", copies)
    w["copies_n"] = number + 1
    copy = run.held["copies"][number]
    fill(run, copy, machine.new(params, key, int(w["now"])))
    copy["id"], copy["scope"], copy["caller"], copy["target"] = number, spec.id, who, target
    copy["layer"], copy["params"], copy["born_ns"] = layer["id"], layer["params"], w["now"]
    copy["due"], copy["timer"], copy["first_state"] = FOREVER, 0, copy["state"]
    place = 0 if spec.shared else (caller - int(scope["first_caller"])) * int(scope["targets"])
    place += target - int(scope["first_target"]) if target >= 0 else 0
    run.standing.table_of(spec.id)[place] = number


def fill(run: "Run", copy: Any, b: machine.Breaker) -> None:
    """The record of a fresh breaker."""
    copy["key"], copy["ema"] = b.key, b.ema
    for name in layout.BREAKER_INTS.split():
        copy[name] = getattr(b, name)
    rings = np.array([getattr(b, name) for name in layout.RINGS], dtype=np.int64)
    run.copies.append(rings)
    copy["rings_at"], copy["ring_size"] = rings.ctypes.data, rings.shape[1]
