"""Samples in a list that only grows: what is counted in it is what holds, the rest is room.

The compiled engine has the same two functions over memory that grows between events.
"""


def put(values: list[int], n: int, value: int) -> None:
    """Sample number `n`, which follows those that hold."""
    if n == len(values):
        values.append(value)
    else:
        values[n] = value


def ranked(values: list[int], n: int, rank: int) -> int:
    """That of this rank (0: the least) among the first `n`."""
    return sorted(values[:n])[rank]
