"""Log-bucket histogram of integer times: integer bins, merged by addition, at most 0.8 % error.

A value below 128 ns is its own bin; above, each octave has 64 bins of equal width, so a bin's
midpoint is within 1/128 of every value in it. Only integer operations: both engines agree to the bit.
"""

SUB_BITS = 6


def bin_of(value_ns: int) -> int:
    """The bin of a non-negative time."""
    shift = value_ns.bit_length() - SUB_BITS - 1
    if shift <= 0:
        return value_ns
    return (shift << SUB_BITS) + (value_ns >> shift)


def midpoint(index: int) -> float:
    """The time in ns that stands for all values of a bin."""
    shift = (index >> SUB_BITS) - 1
    if shift <= 0:
        return float(index)
    mantissa = (index & 63) | 64
    return (mantissa + 0.5) * (1 << shift) - 0.5
