"""The ten parts of a breaker as small integers, and the parameters made of them.

A part's number chooses a branch of the functions in `sim.policies.breaker`.
"""

from dataclasses import dataclass

from sim.words import FOREVER

# Window
W_CONSECUTIVE, W_COUNT, W_TIME = range(3)
# Evaluated on
ON_ANY, ON_FAILURE = range(2)
# Open time
OPEN_FIXED, OPEN_EXPONENTIAL = range(2)
# Leaving open
LEAVE_REQUEST, LEAVE_TIMER = range(2)
# Probe admission
PROBE_SINGLE, PROBE_QUOTA, PROBE_CONCURRENT = range(3)
# Decision in half-open
DECIDE_FIRST, DECIDE_SUCCESSES, DECIDE_RATE = range(3)
# Late results
LATE_CURRENT, LATE_GENERATION = range(2)
# What empties the window
CLEAR_TRANSITION, CLEAR_CLOSE = range(2)

SUCCESS, FAILURE, IGNORE = range(3)
"""Verdicts of the classifier."""

CAUSES = (
    "",
    "consecutive failures",
    "failures in the window",
    "failure ratio",
    "slow ratio",
    "open time over",
    "probe failed",
    "probes passed",
    "probe failure ratio",
    "forced",
    "slow probe",
)
(
    NO_CAUSE,
    BY_CONSECUTIVE,
    BY_COUNT,
    BY_RATIO,
    BY_SLOW,
    BY_TIME,
    BY_PROBE,
    BY_PASS,
    BY_PROBE_RATE,
    BY_FORCE,
    BY_SLOW_PROBE,
) = range(11)
"""Plain words for the tables, and their numbers."""


@dataclass(frozen=True, slots=True)
class Params:
    """The ten parts as numbers. A threshold of 0 means that this trip rule is off."""

    always: int = 0
    """1 = the baseline `none`: always admits, learns nothing."""
    window: int = W_CONSECUTIVE
    size: int = 1
    """COUNT: results remembered. TIME: number of buckets."""
    width_ns: int = 1
    """TIME: width of one bucket; the grid starts at the last reset."""
    minimum: int = 1
    """Results in the window before a ratio is judged (inclusive)."""
    failures: int = 0
    """Trip at this many failures: in a row (CONSECUTIVE), or in the window."""
    failure_ratio: float = 0.0
    """Trip at failures / results >= this."""
    slow_ratio: float = 0.0
    """Trip at slow / results >= this. A breaker that judges slowness judges its probes by it too: a slow
    probe re-opens (DECIDE_RATE: slow probes / probes >= this does)."""
    evaluate: int = ON_ANY
    open_kind: int = OPEN_FIXED
    open_ns: int = 0
    multiplier: float = 1.0
    cap_ns: int = FOREVER
    jitter: float = 0.0
    """Open time, cap included, is multiplied by a uniform number in [1 - jitter, 1 + jitter]."""
    strict: int = 0
    """1: leaves open when now > until; 0: now >= until."""
    leave: int = LEAVE_REQUEST
    probe: int = PROBE_SINGLE
    probes: int = 1
    decide: int = DECIDE_FIRST
    decide_n: int = 1
    decide_ratio: float = 0.0
    late: int = LATE_CURRENT
    clear: int = CLEAR_TRANSITION
