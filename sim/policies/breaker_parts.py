"""The ten parts of a breaker as small integers, and the parameters made of them.

A part's number chooses a branch of the functions in `sim.policies.breaker` and `breaker_window`.
"""

from dataclasses import dataclass, field
from itertools import accumulate

from sim.words import CLOSED, FOREVER, OPEN

# Window: what is remembered
W_CONSECUTIVE, W_COUNT, W_TIME, W_LAZY, W_STALE, W_INTERVAL, W_EMA = range(7)
# Where the grid of a time window starts: at the last reset, or at instant 0 for everybody
GRID_RESET, GRID_EPOCH = range(2)
# What a ratio is of: results, started calls (in flight included), asked calls (refused ones too)
OF_RESULTS, OF_STARTED, OF_ASKED = range(3)
# Evaluated on
ON_ANY, ON_FAILURE, ON_BUCKET = range(3)
# Open time, and how it is spread
OPEN_FIXED, OPEN_EXPONENTIAL, OPEN_LIST = range(3)
JITTER_BOTH, JITTER_ADDED, JITTER_EQUAL = range(3)
# Leaving open: at a request, at a look too, at anything that touches it, by timer
LEAVE_REQUEST, LEAVE_READ, LEAVE_TOUCH, LEAVE_TIMER = range(4)
# Probe admission
PROBE_SINGLE, PROBE_QUOTA, PROBE_CONCURRENT, PROBE_PERIOD, PROBE_UNBOUNDED, PROBE_RAMP = range(6)
# What an ignored result does to half-open
IGNORED_GIVES_BACK, IGNORED_GIVES_ANY_BACK, IGNORED_REOPENS, IGNORED_ROLLS_BACK = range(4)
# Decision in half-open
DECIDE_COUNTS, DECIDE_RATE, DECIDE_RULE, DECIDE_RULE_ON_FAILURE = range(4)
# Late results
LATE_CURRENT, LATE_GENERATION, LATE_STARTED, LATE_SAME_STATE = range(4)
# Results while open
OPEN_RECORDS, OPEN_IGNORES, OPEN_RESTARTS = range(3)
# What empties the window
CLEAR_TRANSITION, CLEAR_CLOSE, CLEAR_NEVER = range(3)

# Quantities of the window, and how they are compared
(
    Q_N,
    Q_FAILURES,
    Q_ROW,
    Q_FAILURE_RATIO,
    Q_FAILURE_PERCENT,
    Q_FAILURE_PERCENT_CUT,
    Q_FAILURE_PERCENT_ROUNDED,
    Q_SLOW_RATIO,
    Q_SUCCESS_RATIO,
    Q_MEAN_NS,
    Q_EMA,
    Q_AGE_NS,
    Q_SEEN,
    Q_STATE,
) = range(14)
AT_LEAST, ABOVE, BELOW, EQUAL = range(4)

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
    "mean latency",
    "success average",
    "half-open too long",
    "probe had no result",
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
    BY_MEAN,
    BY_AVERAGE,
    BY_MAX_WAIT,
    BY_IGNORED,
) = range(15)
"""Plain words for the tables, and their numbers."""

CAUSE_OF = {
    Q_ROW: BY_CONSECUTIVE,
    Q_FAILURES: BY_COUNT,
    Q_FAILURE_RATIO: BY_RATIO,
    Q_FAILURE_PERCENT: BY_RATIO,
    Q_FAILURE_PERCENT_CUT: BY_RATIO,
    Q_FAILURE_PERCENT_ROUNDED: BY_RATIO,
    Q_SUCCESS_RATIO: BY_RATIO,
    Q_SLOW_RATIO: BY_SLOW,
    Q_MEAN_NS: BY_MEAN,
    Q_EMA: BY_AVERAGE,
}
"""The quantity that names the cause of a rule; the others (volume, age, state) only limit it."""

Condition = tuple[int, int, float]
"""(quantity, comparison, threshold)"""
Rule = tuple[int, tuple[Condition, ...]]
"""(cause, conditions): it holds when every condition does."""


@dataclass(frozen=True, slots=True)
class Params:
    """The ten parts as numbers."""

    always: int = 0
    """1 = the baseline `none`: always admits, learns nothing."""
    slow_ns: int = FOREVER
    """A result slower than this carries the slow flag."""
    slow_failures: int = 1
    """0: only a success can be slow."""
    window: int = W_CONSECUTIVE
    size: int = 1
    """COUNT: results remembered. TIME, LAZY, STALE, EMA: number of buckets."""
    width_ns: int = 1
    """Width of one bucket; INTERVAL: after so long the count starts anew (0: never)."""
    span_ns: int = 0
    """LAZY: a bucket leaves at this age."""
    grid: int = GRID_RESET
    of: int = OF_RESULTS
    ema: float = 0.0
    """EMA: the time constant in ns, or with `ema_by_count` in results."""
    ema_by_count: int = 0
    rules: tuple[Rule, ...] = ()
    """It trips when any of them holds."""
    judges_slow: int = 0
    """1: slowness is among the rules, so a slow probe re-opens."""
    slow_ratio: float = 0.0
    """DECIDE_RATE: slow probes / probes at or above this re-open."""
    evaluate: int = ON_ANY
    open_kind: int = OPEN_FIXED
    open_ns: int = 0
    multiplier: float = 1.0
    cap_ns: int = FOREVER
    open_list: tuple[int, ...] = ()
    """LIST: the first open times, ns; after them `open_ns` for ever."""
    jitter: float = 0.0
    jitter_kind: int = JITTER_BOTH
    """BOTH: times a uniform number in [1 - jitter, 1 + jitter]; ADDED: times [1, 1 + jitter]; EQUAL:
    half of it certain, half uniform."""
    step_ns: int = 1
    """Open times are whole multiples of this, rounded down after each multiplication."""
    strict: int = 0
    """1: leaves open when now > until; 0: now >= until."""
    leave: int = LEAVE_REQUEST
    half_open_ns: int = 0
    """Longest stay in half-open; 0: for ever."""
    half_open_then: int = OPEN
    probe: int = PROBE_SINGLE
    probes: int = 1
    ramp_from: float = 1.0
    ramp_to: float = 1.0
    ramp_ns: int = 1
    ignored: int = IGNORED_GIVES_BACK
    decide: int = DECIDE_COUNTS
    closes_at: int = 1
    """COUNTS: so many good probes close it."""
    opens_at: int = 1
    """COUNTS: so many failed ones re-open it."""
    decide_n: int = 1
    decide_ratio: float = 0.0
    decide_quantity: int = Q_FAILURE_RATIO
    """RATE: how the share of failed probes is rounded."""
    late: int = LATE_CURRENT
    while_open: int = OPEN_RECORDS
    clear: int = CLEAR_TRANSITION
    initial: int = CLOSED

    asks: bool = field(init=False)
    """Does a call change something before it has a result, though the breaker is closed?"""
    timed: bool = field(init=False)
    """May time alone change the state?"""
    rolls: bool = field(init=False)
    """Do results leave the window one slot after the other?"""
    needs_bad: bool = field(init=False)
    """Does no rule hold without a failure or a slow result?"""
    rule_causes: tuple[int, ...] = field(init=False)
    rule_ends: tuple[int, ...] = field(init=False)
    """The rules as flat lists, for the functions: the cause of each, and where its conditions end."""
    quantities: tuple[int, ...] = field(init=False)
    comparisons: tuple[int, ...] = field(init=False)
    thresholds: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        """What follows from the parts, computed once: `admit` and the engine ask at every call."""
        asks = self.of != OF_RESULTS or self.window == W_INTERVAL
        timed = self.leave == LEAVE_TIMER or self.half_open_ns > 0 or self.evaluate == ON_BUCKET
        object.__setattr__(self, "asks", asks)
        object.__setattr__(self, "timed", timed)
        object.__setattr__(self, "rolls", self.window not in (W_CONSECUTIVE, W_INTERVAL))
        object.__setattr__(self, "needs_bad", all(map(_needs_bad, self.rules)))
        flat = [condition for _, conditions in self.rules for condition in conditions]
        ends = tuple(accumulate(len(conditions) for _, conditions in self.rules))
        object.__setattr__(self, "rule_causes", tuple(cause for cause, _ in self.rules))
        object.__setattr__(self, "rule_ends", ends)
        object.__setattr__(self, "quantities", tuple(quantity for quantity, _, _ in flat))
        object.__setattr__(self, "comparisons", tuple(comparison for _, comparison, _ in flat))
        object.__setattr__(self, "thresholds", tuple(threshold for _, _, threshold in flat))


BAD = (
    Q_ROW,
    Q_FAILURES,
    Q_FAILURE_RATIO,
    Q_FAILURE_PERCENT,
    Q_FAILURE_PERCENT_CUT,
    Q_FAILURE_PERCENT_ROUNDED,
    Q_SLOW_RATIO,
)
"""Quantities that are 0 until something went badly."""


def _needs_bad(rule: Rule) -> bool:
    """Has it a condition that 0 of one of these does not meet?"""
    return any(q in BAD and (x > 0 if how == AT_LEAST else how == ABOVE and x >= 0) for q, how, x in rule[1])
