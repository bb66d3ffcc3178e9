"""Arithmetic of durations in ns that stays on the clock: what would be beyond it is FOREVER, on both engines.

Whole numbers of the compiled engine have 64 bits. A clock that never passes FOREVER (146 years), and
durations of at most FOREVER, add up within them.
"""

import math

from sim.words import FOREVER


def rounded(x: float) -> int:
    """A duration that arithmetic gave, without its fraction."""
    return int(x) if x < FOREVER else FOREVER


def rounded_up(x: float) -> int:
    """The whole number of ns in which a duration that arithmetic gave is over."""
    return math.ceil(x) if x < FOREVER else FOREVER


def added(a: int, b: int) -> int:
    """One duration after the other."""
    return a + b if a < FOREVER - b else FOREVER
