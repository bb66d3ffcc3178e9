"""Record: everything a run leaves behind, as integer arrays; measures read nothing else.

Shapes: L ledgers (calls, tries), S call sites, T buckets, O outcomes, C counters, E endpoints,
R global replica ids. All times are integer nanoseconds. A booking falls into the bucket of its
completion; what completes after the last bucket (drain) is booked into the last one.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Columns = tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int16], Ints]
"""bucket, outcome, bin, count of a sparse histogram: narrow, for there may be many rows."""

(
    ARRIVED,
    STARTED,
    FINISHED,
    SHED,
    DOWN,
    CRASHED,
    WAIT_NS,
    SOJOURN_NS,
    WORK_NS,
    WASTED_NS,
    FAILED,
    WITHDRAWN,
) = range(12)
VISITS = (
    "arrived",
    "started",
    "finished",
    "shed",
    "down",
    "crashed",
    "wait_ns",
    "sojourn_ns",
    "work_ns",
    "wasted_ns",
    "failed",
    "withdrawn",
)
"""Per endpoint and bucket, seen at the replica. arrived: attempts that reached the service; started: got
a slot; finished: ran to an answer (failed ones of these: failed); shed: queue full or dropped by the
discipline; down: found the replica stopped; crashed: ended by a stop; withdrawn: left on the caller's
word; wait_ns, sojourn_ns: sums over finished; work_ns: busy work; wasted_ns: work of attempts whose
answer found nobody. arrived = finished + shed + down + crashed + withdrawn + still there."""

QUEUE_NS, INSIDE_NS, WORKING_NS, UP_NS = range(4)
GAUGES = ("queue_ns", "inside_ns", "working_ns", "up_ns")
"""Per replica and bucket: integrals over time of waiting attempts, taken slots, attempts at work, and
of being up. Divide by the bucket's width for means."""


class Transition(NamedTuple):
    """One move of one breaker copy, with what was in its window: why did it trip."""

    t_ns: int
    scope: int
    caller: int
    """Caller id of the copy (replica or client); -1 if shared."""
    target: int
    """Callee endpoint or global replica id by the scope's key; -1 for key edge."""
    from_state: int
    to_state: int
    cause: str
    n: int
    failures: int
    slow: int
    open_ns: int
    """Drawn open time when moving to open; 0 else."""


class Copy(NamedTuple):
    """One breaker copy that came into being."""

    scope: int
    caller: int
    target: int
    t_ns: int
    counts_trips: bool
    """False for a user's class without `state`: its B is unknown, not 0."""


class FaultSpan(NamedTuple):
    """One occurrence of a fault; end_ns is the run's end if it did not end."""

    fault: int
    start_ns: int
    end_ns: int


@dataclass(slots=True, weakref_slot=True)
class Record:
    end_ns: int
    """Time at which the run stopped (after draining)."""
    arrivals_end_ns: int
    """Time up to which sources sent requests."""
    events: int
    bucket_ns: int
    counts: Ints
    """(L, S, T, O) completed calls and tries by outcome."""
    latency_ns: Ints
    """(L, S, T, O) sums of latency."""
    counters: Ints
    """(S, T, C)"""
    histograms: dict[tuple[int, int], Columns]
    """(ledger, site) -> columns bucket, outcome, bin, count, sorted; bucket is -1 (whole run) for
    sites that are not watched. Bins: sim.record.histogram."""
    visits: Ints
    """(E, T, len(VISITS))"""
    gauges: Ints
    """(R, T, len(GAUGES))"""
    in_flight: Ints
    """(L, S) begun and not completed at end_ns."""
    transitions: list[Transition] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    faults: list[FaultSpan] = field(default_factory=list)
    walks: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False
    """Ended before its time, at end_ns: it holds a part of the run."""
