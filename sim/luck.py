"""Luck as a function of identity: every random number is a pure function of who and what for.

`child(key, purpose, a, b)` is the n-th output of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)
seeded with `key`, where n packs purpose, a and b; so the published test vectors of that generator
are ours too (seed 1234567 gives 6457827717110365317, 3203168211198807973, ...). Nothing depends on
how many draws came before: two policies meet the same requests, service times and faults.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
"""The golden-ratio increment of SplitMix64."""
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB
TO_UNIT = 2.0**-53

# Purposes: what a number is for. A new purpose takes a new number; none is ever reused.
ARRIVAL = 1
REQUEST = 2
MIX = 3
THINK = 4
CLIENT = 5
BURST = 6
CALL = 7
RETRY = 8
HEDGE = 9
COIN = 10
WORK = 11
ERROR = 12
PICK = 13
NET_OUT = 14
NET_BACK = 15
BACKOFF = 16
THROTTLE = 17
OPEN_FOR = 18
FAULT = 19
CACHE_KEY = 20
HANG = 21
BREAKER = 22
REPLICA = 23
BRANCH = 24
PROBE = 25
LIMIT = 27
EJECT = 40
EJECT_JITTER = 41
GRAPH_LEAF = 50
GRAPH_FAN_OUT = 51
GRAPH_FAN_IN = 52
GRAPH_WORK = 53
GRAPH_CALLER = 54
GRAPH_CALLEE = 55
GRAPH_CHANCE = 56


def splitmix64(state: int, n: int) -> int:
    """The n-th output (from 0) of SplitMix64 seeded with `state`, as an unsigned 64-bit integer."""
    z = (state + GAMMA * (n + 1)) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def child(key: int, purpose: int, a: int = 0, b: int = 0) -> int:
    """The key of (purpose, a, b) under `key`; a below 2^28, b below 2^28."""
    z = (key + GAMMA * ((purpose | a << 8 | b << 36) + 1)) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def uniform(key: int, purpose: int, a: int = 0, b: int = 0) -> float:
    """A number strictly inside (0, 1) for (key, purpose, a, b)."""
    # `child` written out: this is called for every draw of a run.
    z = (key + GAMMA * ((purpose | a << 8 | b << 36) + 1)) & MASK
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return (((z ^ (z >> 31)) >> 11) + 0.5) * TO_UNIT


def children(key: int, purpose: int, first: int, n: int) -> NDArray[np.uint64]:
    """`child(key, purpose, a)` for the n values of a from `first` on: the same bits, all at once."""
    a = np.arange(first, first + n, dtype=np.uint64)
    z = np.uint64(key & MASK) + np.uint64(GAMMA) * ((a << np.uint64(8) | np.uint64(purpose)) + np.uint64(1))
    return _mixed(z)


def child_of_each(keys: NDArray[np.uint64], purpose: int) -> NDArray[np.uint64]:
    """`child(key, purpose)` for each key."""
    return _mixed(keys + np.uint64(GAMMA * (purpose + 1) & MASK))


def units(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The uniform number that belongs to each child key, as `uniform` gives it."""
    return ((keys >> np.uint64(11)).astype(np.float64) + 0.5) * TO_UNIT


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    return z ^ (z >> np.uint64(31))


def named(seed: int, name: str) -> int:
    """The root key of whoever is called `name` under `seed`."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return splitmix64(splitmix64(seed & MASK, 0) ^ int.from_bytes(digest, "little"), 0)
