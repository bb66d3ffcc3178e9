"""One client that asks until it has 100 answers of a server that fails after every tenth request. Times in seconds.

N. C. Mendonça, C. M. Aderaldo, J. Cámara, D. Garlan, "Model-Based Analysis of Microservice Resiliency Patterns",
ICSA 2020. Their PRISM models stand in for fixed times with Erlang laws of 100 stages; here the times are fixed, and
what is left is a Markov chain over (phase of the policy, requests that the server accepted since its repair, or down),
looked at before every try: thinking, back-off and repair are exponential.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ANSWERS, LIFE = 100, 10
"""Wanted; requests until the server fails."""
THINK, WORK, CONNECT, TIMEOUT = 1.0, 5.0, 2.0, 10.0
"""Mean, mean; longest wait for the connection, for the answer."""
DOWN = LIFE
"""State of the server; the others count what it accepted."""


class Phase(NamedTuple):
    """Where a policy stands before a try."""

    after_success: int
    after_failure: int
    fixed: float = 0.0
    mean: float = THINK
    """The time before the try: a fixed part and an exponential one."""
    call: bool = True
    """The try begins a call; False: it is a retry."""
    refused: float = 0.0
    """Calls refused in the time before."""
    trips: bool = False
    """A failure opens the breaker."""


Policy = tuple[Phase, ...]
PLAIN: Policy = (Phase(0, 0),)


def retries(longest: float, most: int = 5) -> Policy:
    """At most so many retries; the back-off is exponential with a mean that doubles from 5 s to `longest`."""
    waits = (min(longest, 5.0 * 2.0**i) for i in range(most))
    later = (Phase(0, (i + 2) % (most + 1), mean=wait, call=False) for i, wait in enumerate(waits))
    return (Phase(0, 1), *later)


def breaker(open_for: float) -> Policy:
    """Opens at two failures in a row; the first call after `open_for` probes, two answers close it.

    While open it refuses calls as they come, on average one per second of it; the thinking that is under way when
    it may be asked again goes on for another exponential time.
    """
    return (
        Phase(0, 1),
        Phase(0, 2, trips=True),
        Phase(3, 2, fixed=open_for, refused=open_for / THINK, trips=True),
        Phase(0, 2, trips=True),
    )


class Totals(NamedTuple):
    """Until the last answer."""

    time: float
    contention: float
    """Of it, waiting for connections and answers."""
    calls: float
    refused: float
    trips: float


def until_answered(policy: Policy, availability: float) -> Totals:
    """What 100 answers take, where the server is there for this share of its time: 10 requests of 5 s, then repair."""
    import numpy as np

    repair = (1.0 / availability - 1.0) * LIFE * WORK
    size = len(policy) * (LIFE + 1)
    success, failure, cost = (
        np.zeros((size, size)),
        np.zeros((size, size)),
        np.zeros((size, len(Totals._fields))),
    )
    for i, phase in enumerate(policy):
        for server in range(LIFE + 1):
            _try(phase, i * (LIFE + 1) + server, server, repair, (success, failure, cost))
    each = np.linalg.inv(np.eye(size) - failure)
    """Tries from each state until the next answer."""
    state, total = np.zeros(size), np.zeros(cost.shape[1])
    state[0] = 1.0
    for _ in range(ANSWERS):
        visits = state @ each
        total += visits @ cost
        state = visits @ success
    return Totals(*total.tolist())


def _try(
    phase: Phase, row: int, server: int, repair: float, tables: "tuple[NDArray[np.float64], ...]"
) -> None:
    """Fill in what one try does from a state: the time before it, the connection, the answer."""
    success, failure, cost = tables
    slow = math.exp(-TIMEOUT / WORK)
    down = math.exp(-phase.fixed / repair) / (1.0 + phase.mean / repair) if server == DOWN and repair else 0.0
    unreachable = down * math.exp(-CONNECT / repair) if down else 0.0
    accepted = (0 if server == DOWN else server) + 1
    connecting = down * repair * (1.0 - math.exp(-CONNECT / repair)) if down else 0.0
    contention = connecting + (1.0 - unreachable) * WORK * (1.0 - slow)
    good, bad = phase.after_success * (LIFE + 1), phase.after_failure * (LIFE + 1)
    success[row, good + accepted] += (1.0 - unreachable) * (1.0 - slow)
    failure[row, bad + accepted] += (1.0 - unreachable) * slow
    failure[row, bad + DOWN] += unreachable
    failed = unreachable + (1.0 - unreachable) * slow
    cost[row] = (
        phase.fixed + phase.mean + contention, contention, phase.call + phase.refused, phase.refused,
        phase.trips * failed,
    )  # fmt: skip
