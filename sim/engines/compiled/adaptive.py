"""The layers that refuse by what they have seen of the callee: adaptive throttle, concurrency limit."""

from typing import Any

from numba.extending import register_jitable

from sim import luck
from sim.engines.compiled.guards import turn_away
from sim.engines.compiled.memory import (
    compiled,
    concurrency_of,
    concurrency_params_of,
    throttle_of,
    throttle_params_of,
)
from sim.engines.compiled.pools import OUTSIDE, overrun
from sim.policies.limits import concurrency, concurrency_envoy, throttle
from sim.words import LIMITED

for _module, _names in (
    (throttle, "_bucket _slide _count formula rejection _per_s _by_runs _share_by_runs refuses requested answered"
     " _average"),
    (concurrency_envoy, "sample catch_up _measure _update _set _percentile"),
    (concurrency, "current sample _update _windowed _tracked _clamped _aimd _vegas _long_average _gradient2"
     " _gradient"),
):  # fmt: skip
    for _name in _names.split():
        register_jitable(getattr(_module, _name))


@compiled
def enter_throttle(w: Any, layer: Any, frame: Any) -> bool:
    """Refuses with a probability that grows as the callee accepts less."""
    copy, p = throttle_of(w, frame.copy), throttle_params_of(w, layer.params)
    chance = throttle.rejection(copy, p, w.now)
    refused = chance > 0.0 and throttle.refuses(p, chance, luck.uniform(frame.key, luck.THROTTLE))
    throttle.requested(copy, p, w.now, refused)
    if refused:
        frame.copy = 0
        turn_away(w, layer, frame, LIMITED)
    return not refused


@compiled
def throttle_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """The copy hears whether the callee accepted."""
    if frame.copy:
        p = throttle_params_of(w, layer.params)
        throttle.answered(throttle_of(w, frame.copy), p, w.now, p.accepts[outcome] != 0)
        frame.copy = 0


@compiled
def enter_concurrency(w: Any, layer: Any, frame: Any) -> bool:
    """At most so many calls at once as the limit says now; every answer moves it."""
    copy = concurrency_of(w, frame.copy)
    if copy.inside >= concurrency.current(copy, concurrency_params_of(w, layer.params), w.now):
        frame.copy = 0
        turn_away(w, layer, frame, LIMITED)
        return False
    copy.inside += 1
    frame.n, frame.since = copy.inside, w.now
    return True


@compiled
def concurrency_ended(w: Any, layer: Any, frame: Any, outcome: int) -> None:
    """A place is free, and the limit learns."""
    if frame.copy == 0:
        return
    copy, p = concurrency_of(w, frame.copy), concurrency_params_of(w, layer.params)
    frame.copy = 0
    copy.inside -= 1
    learned = p.learn[outcome]
    if learned != concurrency.IGNORED:
        rtt, dropped = max(1, w.now - frame.since), learned == concurrency.DROPPED
        if copy.latencies_n >= copy.latencies_size:
            overrun(w)
            return
        concurrency.sample(copy, p, w.now, rtt, frame.n, dropped)
        if copy.latencies_n + w.margin >= copy.latencies_size:
            w.low |= OUTSIDE
