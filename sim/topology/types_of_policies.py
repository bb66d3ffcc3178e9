"""Records of a call site's policies, and of where their state lives; conventions as in `types`."""

from dataclasses import dataclass
from typing import Any

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
