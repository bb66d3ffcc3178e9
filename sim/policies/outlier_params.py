"""Host ejection (outlier detection): its parts as small integers, and the parameters made of them.

A part's number chooses a branch of the functions in `sim.policies.outlier`. Sources: Envoy
(source/common/upstream/outlier_detection_impl.cc, load_balancer_base.cc; main), gRPC (proposal A50;
grpc-go balancer outlierdetection 4793ad04).
"""

from dataclasses import dataclass

from sim.words import CANCELLED, ERROR, NS, OK, OUTCOMES, SHED, TIMEOUT, UNREACHABLE

# How many may be ejected
LIMIT_INCLUDING, LIMIT_BEFORE = range(2)
"""The share with the new one stays within the limit (Envoy); the share before it is below it (gRPC, and
Envoy's older releases): then one host can always go."""
# What a sweep does first
RETURN_FIRST, EJECT_FIRST = range(2)
# When the multiplier of a host that serves shrinks by one
DECAY_AFTER_INTERVAL, DECAY_EACH_SWEEP = range(2)
"""At each sweep at least one interval after its return (Envoy), or at every sweep (gRPC)."""

UNREPORTED = 0
"""Code of an outcome that no host is told of."""
CONNECTED = -200
CONNECT_FAILED = -503
TIMED_OUT = -504
"""Codes of what the caller saw by itself (local origin); without the split they are their positive
numbers, and a connection alone is nothing."""

CODES = {OK: 200, ERROR: 500, TIMEOUT: TIMED_OUT, SHED: 503, UNREACHABLE: CONNECT_FAILED}
ENVOY_CODES = tuple(CODES.get(i, UNREPORTED) for i in range(len(OUTCOMES)))
"""By outcome number. What the caller withdrew or refused itself is reported of nobody."""
GRPC_CODES = tuple(499 if i == CANCELLED else code for i, code in enumerate(ENVOY_CODES))
"""By outcome number: to gRPC a cancelled call has ended with a status that is not OK."""

CAUSES = (
    "ejection over",
    "consecutive 5xx",
    "consecutive gateway failures",
    "consecutive local-origin failures",
    "success rate",
    "failure percentage",
    "local-origin success rate",
    "local-origin failure percentage",
    "host left",
)
(
    BY_TIME,
    BY_5XX,
    BY_GATEWAY,
    BY_LOCAL,
    BY_RATE,
    BY_PERCENTAGE,
    BY_LOCAL_RATE,
    BY_LOCAL_PERCENTAGE,
    BY_LEAVING,
) = range(9)
"""Plain words for the tables, and their numbers."""
RETURNS = (BY_TIME, BY_LEAVING)
"""Causes with which a host serves again; the others eject it."""
ENVOY_ENFORCED = (0, 100, 0, 100, 100, 0, 100, 0, 0)
"""By cause: which detectors eject by default."""


@dataclass(frozen=True, slots=True)
class Params:
    """All settings as numbers. A run of 0 is off."""

    interval_ns: int = 10 * NS
    base_ns: int = 30 * NS
    max_ns: int = 300 * NS
    jitter_ns: int = 0
    """Added to each ejection: uniform in 0 .. this."""
    max_percent: float = 10.0
    always_one: int = 0
    """1: the first ejection ignores `max_percent`."""
    run_5xx: int = 5
    """So many failures in a row."""
    run_gateway: int = 5
    split: int = 0
    """1: what the caller saw by itself has counters of its own."""
    run_local: int = 5
    rate: int = 1
    """1: success rates are judged."""
    rate_hosts: int = 5
    rate_volume: int = 100
    rate_factor: float = 1.9
    """Ejected below mean - factor * standard deviation (of the population)."""
    percentage: int = 1
    """1: failure percentages are judged."""
    percentage_hosts: int = 5
    percentage_volume: int = 50
    percentage_threshold: float = 85.0
    enforced: tuple[int, ...] = ENVOY_ENFORCED
    """By cause, in whole percents: a draw of 0..99 below it ejects."""
    panic_percent: float = 50.0
    """Panic below this share of healthy hosts; 0 = never."""
    fail_on_panic: int = 0
    """1: nobody is asked in panic; 0: everybody is."""
    ok_below: int = 500
    """Codes below it are successes."""
    limit: int = LIMIT_INCLUDING
    order: int = RETURN_FIRST
    decay: int = DECAY_AFTER_INTERVAL
    strict_return: int = 0
    """1: an ejection is over when now > its end; 0: now >= its end."""
    strict_percentage: int = 0
    """1: ejected above the threshold; 0: at it too."""
    judge_ejected: int = 0
    """1: hosts that are out are judged with the others, and may be ejected anew."""
    uncapped: int = 0
    """1: the multiplier grows with every ejection; 0: only while multiplier * base < max + base."""
    unit: float = 100.0
    """Rates are computed in percent (100) or as shares (1), as the library has it: what is equal must
    round equally."""
