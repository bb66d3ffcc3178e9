"""The words that every room shares, as small integers and their names.

An *outcome* is how a call or a try ended. `OK` is S of the ledger; all others are F by reason
(design: the ledger). The numbers are array indices in engines, recorder and stored tables.
"""

OK = 0
"""Answered well and in time."""
ERROR = 1
"""The callee failed."""
TIMEOUT = 2
"""The caller's timeout, or what the deadline left of it, passed first."""
BROKEN = 3
"""The caller's own breaker was open, or its half-open quota was used up."""
LIMITED = 4
"""The caller's own rate limiter or adaptive limit refused."""
BULKHEAD = 5
"""The caller's own bulkhead was full."""
SHED = 6
"""The callee's queue was full, or its own limiter refused."""
UNREACHABLE = 7
"""Down, crashed under it, cut off, or no host."""
EXPIRED = 8
"""The deadline had passed before sending."""
CANCELLED = 9
"""The caller withdrew."""

OUTCOMES = (
    "ok",
    "error",
    "timeout",
    "broken",
    "limited",
    "bulkhead",
    "shed",
    "unreachable",
    "expired",
    "cancelled",
)
"""Names of the outcomes, in the order of their numbers."""

REASONS = OUTCOMES[1:]
"""Names of the failures F by reason."""

LOCAL_REFUSALS = (BROKEN, LIMITED, BULKHEAD)
"""Refusals by the caller's own policies: nothing was sent."""

REFUSALS = (*LOCAL_REFUSALS, SHED, UNREACHABLE, EXPIRED)
"""Ends that no work preceded: their few microseconds say nothing about how fast the callee is."""

CALLS = 0
TRIES = 1
LEDGERS = ("calls", "tries")
"""Two ledgers of one shape; the unqualified meaning is calls."""

STARTED = 0
FALLBACK = 1
DEGRADED = 2
RETRIES = 3
RETRIES_DENIED = 4
HEDGES = 5
UNUSED = 6
REFUSED_GOOD = 7
CACHE_HITS = 8
CACHE_MISSES = 9
TRIES_STARTED = 10
COUNTERS = (
    "started",
    "fallback",
    "degraded",
    "retries",
    "retries_denied",
    "hedges",
    "unused",
    "refused_good",
    "cache_hits",
    "cache_misses",
    "tries_started",
)
"""Per step and bucket, beside the outcomes.

`started` and `tries_started` count beginnings (started = N + in flight); `unused` counts tries
whose answer came but was not needed; `refused_good` counts refused tries that would have succeeded
at that instant (design 5).
"""

CLOSED = 0
OPEN = 1
HALF_OPEN = 2
FORCED_OPEN = 3
DISABLED = 4
METRICS_ONLY = 5
STATES = ("closed", "open", "half_open", "forced_open", "disabled", "metrics_only")
"""States of a breaker."""

NS = 1_000_000_000
"""Nanoseconds in a second: simulated time is an integer number of nanoseconds."""
FOREVER = 1 << 62
"""An instant that never comes."""
