"""Records of faults and of operations by hand; conventions as in `types`."""

from dataclasses import dataclass

from sim.distributions import Dist

F_SLOW, F_FREEZE, F_FAIL, F_HANG, F_STOP, F_CUT, F_SURGE, F_FLUSH = range(8)
CUT_REFUSE, CUT_BLACK_HOLE = range(2)
WAY_BOTH, WAY_OUT, WAY_BACK = range(3)
AT_TIME, AT_RANDOM, AFTER_REQUESTS = range(3)


@dataclass(frozen=True, slots=True)
class Fault:
    """One verb on one set of targets with one schedule."""

    id: int
    name: str
    verb: int
    replicas: tuple[int, ...]
    """SLOW, FREEZE, FAIL, HANG, STOP: global replica ids (all that a named service may ever have)."""
    endpoints: tuple[int, ...]
    """SLOW, FAIL, HANG: only these endpoints; empty = every endpoint of the replicas."""
    edges: tuple[int, ...]
    """SLOW (network), CUT."""
    sources: tuple[int, ...]
    caches: tuple[int, ...]
    times: float
    plus_ns: int
    share: float
    """FAIL, HANG: share of attempts; STOP with `count`: see there."""
    mode: int
    way: int
    schedule: int
    at_ns: int
    for_ns: int
    """FOREVER = to the end."""
    mtbf: Dist | None
    mttr: Dist | None
    """AT_RANDOM, and AFTER_REQUESTS with repeat: time to repair."""
    after_requests: int
    repeat: bool
    """AFTER_REQUESTS: count again after each repair."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Somebody moves breakers by hand."""

    id: int
    name: str
    at_ns: int
    state: int
    """Where they are moved; what comes into being later begins there, until the next operation."""
    scopes: tuple[int, ...]
