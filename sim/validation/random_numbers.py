"""A battery of tests on random numbers, on streams keyed as the engines key them. What a test gives has a known mean.

Chi-square, Kolmogorov-Smirnov, serial pairs, collisions: D. E. Knuth, The Art of Computer Programming 2, 3.3.
Birthday spacings: G. Marsaglia and W. W. Tsang, J. Stat. Softw. 7(3), 2002. Avalanche: A. F. Webster and
S. E. Tavares, CRYPTO '85.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim import luck

Bits = NDArray[np.uint64]
N = 1 << 16
"""Numbers of a stream."""
BINS = 1024
URNS_BITS = 26
"""Collisions: N balls into 2^26 urns collide 32 times."""
DAYS_BITS, BIRTHDAYS = 32, 1 << 12
"""Spacings of 2^12 birthdays in a year of 2^32 days repeat four times."""


def _requests(seed: int, n: int) -> Bits:
    return luck.children(luck.named(seed, "users"), luck.REQUEST, 0, n)


def _word(purpose: int, a: int) -> int:
    return purpose | a << 8


def _each(keys: Bits, words: list[int]) -> Bits:
    """The children of every key side by side: neighbours differ in the word only."""
    return np.stack([luck.child_of_each(keys, word) for word in words], axis=1).ravel()


def requests(seed: int) -> Bits:
    """The first work of requests that follow each other."""
    return luck.child_of_each(_requests(seed, N), luck.WORK)


def steps(seed: int) -> Bits:
    """Work of 16 steps of each request."""
    return _each(_requests(seed, N >> 4), [_word(luck.WORK, i) for i in range(16)])


def tries(seed: int) -> Bits:
    """The error coins of 16 tries of each call."""
    calls = luck.child_of_each(_requests(seed, N >> 4), luck.CALL)
    return luck.child_of_each(_each(calls, [_word(luck.RETRY, i) for i in range(16)]), luck.ERROR)


def purposes(seed: int) -> Bits:
    """Sixteen purposes of each request: arrival, mix, work, coins and others."""
    return _each(_requests(seed, N >> 4), list(range(luck.ARRIVAL, luck.ARRIVAL + 16)))


def seeds(seed: int) -> Bits:
    """The work of 16 requests, each of runs with seeds that follow each other."""
    n = N >> 4
    roots = np.array([luck.named(seed * n + i, "users") for i in range(n)], dtype=np.uint64)
    requests_ = [luck.child_of_each(roots, _word(luck.REQUEST, k)) for k in range(16)]
    return luck.child_of_each(np.concatenate(requests_), luck.WORK)


STREAMS: dict[str, Callable[[int], Bits]] = {
    "requests": requests, "steps": steps, "tries": tries, "purposes": purposes, "seeds": seeds,
}  # fmt: skip


def _chi2(cells: NDArray[np.int64], size: int) -> float:
    """Chi-square of counts over equally likely cells, per degree of freedom."""
    counts = np.bincount(cells, minlength=size)
    expected = len(cells) / size
    return float(((counts - expected) ** 2).sum() / expected / (size - 1))


def _top(z: Bits, bits: int) -> NDArray[np.int64]:
    return (z >> np.uint64(64 - bits)).astype(np.int64)


def _low(z: Bits, bits: int) -> NDArray[np.int64]:
    return (z & np.uint64((1 << bits) - 1)).astype(np.int64)


def _kolmogorov(u: NDArray[np.float64]) -> float:
    """sqrt(n) times the largest distance to the uniform distribution."""
    u = np.sort(u)
    n = len(u)
    above, below = np.arange(1, n + 1) / n - u, u - np.arange(n) / n
    return float(math.sqrt(n) * max(above.max(), below.max()))


def _spacings(z: Bits) -> int:
    """Spacings between birthdays that are there more than once."""
    days = np.sort(_top(z, DAYS_BITS).reshape(-1, BIRTHDAYS), axis=1)
    gaps = np.sort(np.diff(days, axis=1), axis=1)
    return int((np.diff(gaps, axis=1) == 0).sum())


def _bits(z: Bits) -> NDArray[np.float64]:
    """Share of ones of each of the 64 bits."""
    return np.array([float(((z >> np.uint64(i)) & np.uint64(1)).mean()) for i in range(64)])


def battery(z: Bits) -> dict[str, float]:
    """What the tests give for the numbers of a stream, in their order."""
    u = luck.units(z)
    here, there = u[:-1] - 0.5, u[1:] - 0.5
    ones = _bits(z)
    return {
        "chi2 per dof": _chi2(_top(z, 10), BINS),
        "chi2 of the low bits per dof": _chi2(_low(z, 10), BINS),
        "chi2 of pairs per dof": _chi2(_top(z[::2], 5) << 5 | _top(z[1::2], 5), BINS),
        "Kolmogorov": _kolmogorov(u),
        "neighbours on one side": float((here * there > 0).mean()),
        "ones": float(ones.mean()),
        "chi2 of each bit per dof": float(((2 * ones - 1) ** 2).mean() * len(z)),
        "collisions": float(len(z) - len(np.unique(_top(z, URNS_BITS)))),
        "birthday spacings": float(_spacings(z)),
    }


EXPECTED = {
    "chi2 per dof": 1.0,
    "chi2 of the low bits per dof": 1.0,
    "chi2 of pairs per dof": 1.0,
    "Kolmogorov": math.sqrt(math.pi / 2) * math.log(2),
    "neighbours on one side": 0.5,
    "ones": 0.5,
    "chi2 of each bit per dof": 1.0,
    "collisions": N - 2.0**URNS_BITS * -math.expm1(N * math.log1p(-(2.0**-URNS_BITS))),
    "birthday spacings": N / BIRTHDAYS * BIRTHDAYS**3 / 4 / 2.0**DAYS_BITS,
}
"""Means of truly random numbers."""
FLIPS = {
    "key: bits flipped": 0.5,
    "key: chi2 per dof": 1.0,
    "purpose: bits flipped": 0.5,
    "purpose: chi2 per dof": 1.0,
}
"""The same of `avalanche`."""


def avalanche(seed: int) -> dict[str, float]:
    """What share of the bits of a child changes with one bit of its key, and with one of what it is for."""
    keys = _requests(seed, N >> 6)
    word = _word(luck.WORK, 3)
    usual = luck.child_of_each(keys, word)
    by_key = [usual ^ luck.child_of_each(keys ^ np.uint64(1 << i), word) for i in range(64)]
    by_word = [usual ^ luck.child_of_each(keys, word ^ 1 << i) for i in range(64)]
    out = {}
    for name, flips in (("key", by_key), ("purpose", by_word)):
        ones = np.array([_bits(flip) for flip in flips])
        out[f"{name}: bits flipped"] = float(ones.mean())
        out[f"{name}: chi2 per dof"] = float(((2 * ones - 1) ** 2).mean() * len(keys))
    return out


PUBLISHED = {
    1234567: (
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ),
    0: (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC, 0x1B39896A51A8749B),
}  # fmt: skip
"""Outputs of the reference implementation of SplitMix64 by seed."""


def known_answers(seed: int) -> dict[str, float]:
    """How many of the published outputs come out; `seed` changes nothing."""
    pairs = [(luck.splitmix64(s, n), z) for s, outputs in PUBLISHED.items() for n, z in enumerate(outputs)]
    return {"published outputs": float(sum(ours == theirs for ours, theirs in pairs))}
