"""Topology: what an engine needs, as frozen records with integer ids (index = id everywhere).

Times are integer nanoseconds, rates are per second, shares are 0..1. `-1` means "none" for an id
and "unlimited" for a size. Names are kept for tables only.
"""

from dataclasses import dataclass, field
from typing import Any

from sim.distributions import Dist

# Services --------------------------------------------------------------------------------------
FIFO, LIFO, CODEL, ADAPTIVE_LIFO = range(4)
RANDOM, ROUND_ROBIN, LEAST_OUTSTANDING, POWER_OF_TWO = range(4)
CANCEL_NONE, CANCEL_QUEUED, CANCEL_ALL = range(3)


@dataclass(frozen=True, slots=True)
class Autoscale:
    """Target utilisation of cores, checked each interval; new replicas join after the start-up delay."""

    target: float
    interval_ns: int
    startup_ns: int
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Service:
    id: int
    name: str
    replicas: int
    replicas_max: int
    first_replica: int
    """Global id of its first replica; ids first_replica .. first_replica + replicas_max - 1 are its."""
    slots: int
    """Attempts inside one replica; -1 unlimited."""
    cores: int
    """Attempts that progress at full speed; -1 unlimited."""
    queue: int
    """Waiting places per replica; -1 unlimited."""
    discipline: int
    codel_target_ns: int
    codel_interval_ns: int
    contention: float
    """Work grows by this share for each other attempt inside at its start."""
    holds_slot: bool
    balancer: int
    panic: float
    """If more than this share of hosts is ejected, ejection is ignored; 1.0 = never ignored."""
    health_check_ns: int
    """A stopped replica is skipped by the balancer after this long; -1 = never."""
    cold_start_times: float
    cold_start_ns: int
    autoscale: Autoscale | None
    gateway: bool
    endpoints: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: int
    name: str
    """`service.endpoint`"""
    service: int
    steps: tuple[int, ...]
    """Top-level steps in order (ids into Topology.steps)."""
    error_rate: float
    fail_fast: bool


WORK, CALL, PARALLEL = range(3)


@dataclass(frozen=True, slots=True)
class Step:
    id: int
    kind: int
    endpoint: int
    position: int
    """Position in its endpoint, depth first: the step's identity for luck."""
    work: Dist | None
    """WORK only."""
    site: int
    """CALL only: id of the call site; -1 else."""
    branches: tuple[tuple[int, ...], ...]
    """PARALLEL only: step ids of each branch."""
    need: int
    """PARALLEL only: succeed at this many successes (= len(branches) for all)."""
    cancel: int
    """PARALLEL only: CANCEL_*: what happens to branches no longer needed."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Caller service (or source) -> callee service."""

    id: int
    name: str
    """`caller -> callee`"""
    caller_service: int
    """-1 if the caller is a source."""
    caller_source: int
    """-1 if the caller is a service."""
    callee_service: int
    out: Dist
    back: Dist
    watched: bool


# Policies --------------------------------------------------------------------------------------
(
    L_FALLBACK,
    L_DEADLINE,
    L_RETRY,
    L_HEDGE,
    L_TRY,
    L_HOP,
    L_BREAKER,
    L_THROTTLE,
    L_RATE_LIMIT,
    L_CONCURRENCY,
    L_BULKHEAD,
    L_TIMEOUT,
    L_ATTEMPT,
    L_OUTLIER,
) = range(14)


WITH_STATES = (L_BREAKER, L_OUTLIER)
"""Layers whose copies have states, and trip."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One policy of a call site's stack, from the outside in. L_TRY (where tries are booked: just
    below the innermost retry or hedge, else below leading fallback and deadline) and L_ATTEMPT
    (always last) are put there by the builder; L_TIMEOUT stands right above L_ATTEMPT or further
    out. `params` is one of the records below, or of a limiter's package."""

    kind: int
    params: Any = None
    scope: int = -1
    """Index into Topology.scopes: where copies of its state live; -1 for stateless layers."""


@dataclass(frozen=True, slots=True)
class Fallback:
    on: tuple[bool, ...]
    """By outcome number: answered by the fallback?"""


@dataclass(frozen=True, slots=True)
class Deadline:
    deadline_ns: int
    """Relative; FOREVER = own none, inherited only."""
    propagate: bool


@dataclass(frozen=True, slots=True)
class Retry:
    attempts: int
    """Tries at most, the first one included."""
    backoff: int
    """BACKOFF_*"""
    base_ns: int
    multiplier: float
    cap_ns: int
    jitter: int
    """JITTER_*"""
    on: tuple[bool, ...]
    """By outcome number: retried?"""
    spread: float
    """JITTER_AROUND: times [1 - spread, 1 + spread]."""
    budget: Any
    """sim.policies.limits.budget.Params; kind NONE without one."""


@dataclass(frozen=True, slots=True)
class Hedge:
    delay_ns: int
    extra: int
    """Copies beside the first."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Token bucket: `rate_per_s` tokens a second up to `burst`; waits at most `max_wait_ns`."""

    rate_per_s: float
    burst: float
    max_wait_ns: int


@dataclass(frozen=True, slots=True)
class Timeout:
    timeout_ns: int
    """FOREVER = none of its own, only the deadline's."""
    cancel: int
    """CANCEL_*: what giving up does at the callee."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Sidecar: a hop's delay each way, above the policies that live in it."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class Breaker:
    params: Any
    """sim.policies.breaker.Params for a built-in, or the plugin's factory result maker."""
    plugin: bool
    learn: tuple[int, ...]
    """By outcome number: LEARN_*."""
    slow_ns: int
    """A result slower than this carries the slow flag; FOREVER = never."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """Host ejection: chooses the host, and hears how the try ended."""

    params: Any
    """sim.policies.outlier_params.Params"""
    codes: tuple[int, ...]
    """By outcome number: what the host's counters hear."""


LEARN_SUCCESS, LEARN_FAILURE, LEARN_IGNORE = range(3)

KEY_EDGE, KEY_ENDPOINT, KEY_REPLICA = range(3)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where copies of a stateful policy live: one record shared by all call sites that name it.

    A copy is identified by (scope, caller replica or 0 if shared, callee endpoint or replica by key).
    """

    id: int
    name: str
    """For tables: `caller -> callee`, `caller -> callee.endpoint` ...; suffix `#policy` if several."""
    kind: int
    """L_* of the layer."""
    edge: int
    key: int
    shared: bool
    delay_ns: int


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call step of an endpoint, or one entry of a source's mix: the row of the ledgers."""

    id: int
    name: str
    """`web.home -> db.query`, with `#2` if the same pair occurs again."""
    source: int
    """-1 if the caller is an endpoint."""
    endpoint: int
    """Caller endpoint; -1 if the caller is a source."""
    callee: int
    """Callee endpoint."""
    edge: int
    probability: float
    repeat: int
    optional: bool
    wait: bool
    has_fallback: bool
    layers: tuple[Layer, ...]
    cache: int
    """Looked up before the call; -1 none."""


@dataclass(frozen=True, slots=True)
class Cache:
    id: int
    name: str
    keys: int
    cumulative: tuple[float, ...]
    """Cumulative popularity of the keys, last 1.0."""
    ttl_ns: int
    capacity: int
    """Entries, least recently used leaves; -1 unlimited."""
    shared: bool
    """One for all caller replicas, or one each."""
    hit: Dist
    """Time of a hit."""


# Sources ---------------------------------------------------------------------------------------
POISSON, DETERMINISTIC = range(2)


@dataclass(frozen=True, slots=True)
class Source:
    id: int
    name: str
    clients: int
    sites: tuple[int, ...]
    shares: tuple[float, ...]
    """Cumulative shares of the mix, last 1.0."""
    users: int
    """Closed loop if > 0."""
    think: Dist
    arrivals: int
    rate: tuple[tuple[int, float], ...]
    """Piecewise-linear rate: (time_ns, rate per s) points; a step is two points at one time; the last
    value holds for ever."""
    burst_factors: tuple[float, float]
    """Two-state bursts: rate multipliers of (calm, burst); (1, 1) = no bursts."""
    burst_means_ns: tuple[float, float]
    """Mean stay in (calm, burst), exponential."""


# Faults ----------------------------------------------------------------------------------------
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


@dataclass(frozen=True, slots=True)
class Topology:
    name: str
    duration_ns: int
    warmup_ns: int
    drain: bool
    requests: int
    """Stop after this many completed requests; -1 none."""
    successes: int
    reject_ns: int
    bucket_ns: int
    buckets: int
    services: tuple[Service, ...]
    endpoints: tuple[Endpoint, ...]
    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    sites: tuple[CallSite, ...]
    scopes: tuple[Scope, ...]
    sources: tuple[Source, ...]
    caches: tuple[Cache, ...]
    faults: tuple[Fault, ...]
    operations: tuple[Operation, ...]
    replicas: int
    """Number of global replica ids."""
    callers: int = 0
    """Reserved caller ids: replicas first, then the clients of each source (see caller_of_client)."""
    first_client: tuple[int, ...] = field(default=())
    """Caller id of client 0 of each source."""
