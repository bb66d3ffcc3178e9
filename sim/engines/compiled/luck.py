"""`sim.luck` for compiled code: whoever calls `luck.child` or `luck.uniform` there gets these, with the
same bits. Everything is cast: an unsigned number that meets a signed one would become signed in silence."""

from typing import Any

import numpy as np
from numba.extending import overload, register_jitable

from sim import luck

GAMMA, MIX_1, MIX_2 = np.uint64(luck.GAMMA), np.uint64(luck.MIX_1), np.uint64(luck.MIX_2)
ONE, S11, S27, S30, S31 = (np.uint64(n) for n in (1, 11, 27, 30, 31))
TO_UNIT = luck.TO_UNIT


@register_jitable
def mixed(key: Any, purpose: int, a: int, b: int) -> Any:
    """`sim.luck.child`."""
    z = np.uint64(key) + GAMMA * (np.uint64(purpose | a << 8 | b << 36) + ONE)
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@overload(luck.child, strict=False)
def _child(key: Any, purpose: Any, a: Any = 0, b: Any = 0) -> Any:
    return lambda key, purpose, a=0, b=0: mixed(key, purpose, a, b)


@overload(luck.uniform, strict=False)
def _uniform(key: Any, purpose: Any, a: Any = 0, b: Any = 0) -> Any:
    return lambda key, purpose, a=0, b=0: (np.float64(mixed(key, purpose, a, b) >> S11) + 0.5) * TO_UNIT
