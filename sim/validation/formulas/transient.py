"""M/M/1 on its way from empty to its long-run state: what a run without warm-up measures. Mean service time 1 s."""

from functools import cache
from typing import Any

STATES = 400
"""The chain is cut here: a queue of this length has a weight below 1e-30 at the loads that are used."""


@cache
def _modes(rate: float) -> tuple[Any, Any, Any]:
    """(decay rates, weights of the waiting number, weights of the empty start): the chain made symmetric.

    W. Ledermann and G. E. H. Reuter, Phil. Trans. R. Soc. A 246, 1954: a birth-death chain is a sum of exponentials.
    """
    import numpy as np
    from scipy.linalg import eigh_tridiagonal

    out = np.full(STATES, rate + 1.0)
    out[0], out[-1] = rate, 1.0
    values, vectors = eigh_tridiagonal(-out, np.full(STATES - 1, rate**0.5))
    scale = rate ** (np.arange(STATES) / 2.0)
    waiting = np.maximum(np.arange(STATES) - 1, 0)
    return values, (waiting * scale) @ vectors, vectors[0]


def mean_queue(rate: float, start: float, end: float) -> float:
    """M/M/1 that is empty at 0: mean number waiting between two instants."""
    import numpy as np

    values, waiting, begun = _modes(rate)
    slow = np.abs(values) < 1e-12
    safe = np.where(slow, 1.0, values)
    grown = np.where(slow, end - start, (np.exp(values * end) - np.exp(values * start)) / safe)
    return float((waiting * begun * grown).sum() / (end - start))
