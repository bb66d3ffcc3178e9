"""Topology: what an engine needs, as frozen records with integer ids (index = id everywhere).

Times are integer nanoseconds, rates are per second, shares are 0..1. `-1` means "none" for an id
and "unlimited" for a size. Names are kept for tables only. Policies, load and faults have files of their own; all are used from here.
"""

from dataclasses import dataclass, field

from sim.distributions import Dist
from sim.topology.types_of_faults import (
    AFTER_REQUESTS,
    AT_RANDOM,
    AT_TIME,
    CUT_BLACK_HOLE,
    CUT_REFUSE,
    F_CUT,
    F_FAIL,
    F_FLUSH,
    F_FREEZE,
    F_HANG,
    F_SLOW,
    F_STOP,
    F_SURGE,
    WAY_BACK,
    WAY_BOTH,
    WAY_OUT,
    Fault,
    Operation,
)
from sim.topology.types_of_load import (
    DETERMINISTIC,
    POISSON,
    Source,
)
from sim.topology.types_of_policies import (
    KEY_EDGE,
    KEY_ENDPOINT,
    KEY_REPLICA,
    L_ATTEMPT,
    L_BREAKER,
    L_BULKHEAD,
    L_CONCURRENCY,
    L_DEADLINE,
    L_FALLBACK,
    L_HEDGE,
    L_HOP,
    L_OUTLIER,
    L_RATE_LIMIT,
    L_RETRY,
    L_THROTTLE,
    L_TIMEOUT,
    L_TRY,
    LEARN_FAILURE,
    LEARN_IGNORE,
    LEARN_SUCCESS,
    WITH_STATES,
    Breaker,
    Deadline,
    Fallback,
    Hedge,
    Hop,
    Layer,
    Outlier,
    RateLimit,
    Retry,
    Scope,
    Timeout,
)

__all__ = [
    "ADAPTIVE_LIFO", "AFTER_REQUESTS", "AT_RANDOM", "AT_TIME", "CALL", "CANCEL_ALL", "CANCEL_NONE",
    "CANCEL_QUEUED", "CODEL", "CUT_BLACK_HOLE", "CUT_REFUSE", "DETERMINISTIC", "FIFO", "F_CUT", "F_FAIL",
    "F_FLUSH", "F_FREEZE", "F_HANG", "F_SLOW", "F_STOP", "F_SURGE", "KEY_EDGE", "KEY_ENDPOINT",
    "KEY_REPLICA", "LEARN_FAILURE", "LEARN_IGNORE", "LEARN_SUCCESS", "LEAST_OUTSTANDING", "LIFO",
    "L_ATTEMPT", "L_BREAKER", "L_BULKHEAD", "L_CONCURRENCY", "L_DEADLINE", "L_FALLBACK", "L_HEDGE",
    "L_HOP", "L_OUTLIER", "L_RATE_LIMIT", "L_RETRY", "L_THROTTLE", "L_TIMEOUT", "L_TRY", "PARALLEL",
    "POISSON", "POWER_OF_TWO", "RANDOM", "ROUND_ROBIN", "WAY_BACK", "WAY_BOTH", "WAY_OUT", "WITH_STATES",
    "WORK", "Autoscale", "Breaker", "Cache", "CallSite", "Deadline", "Edge", "Endpoint", "Fallback",
    "Fault", "Hedge", "Hop", "Layer", "Operation", "Outlier", "RateLimit", "Retry", "Scope", "Service",
    "Source", "Step", "Timeout", "Topology",
]  # fmt: skip

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
