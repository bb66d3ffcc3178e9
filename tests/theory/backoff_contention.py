"""Clients who all want to write one row under optimistic concurrency control, with our back-off between tries.

M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015, and its simulator
aws-samples/aws-arch-backoff-simulator at 66cb169: every message takes |N(10, 2)|; a client reads the row's version,
then writes; the write holds if nobody has written since the read, else the client backs off and reads again. Only
writes are counted. What is tested is `sim.policies.backoff`; the contention is no model of cascadelab's.
"""

import heapq
import random
from dataclasses import dataclass

from sim.policies import backoff, kinds

UNIT_NS = 1_000_000
"""One unit of its time, in ns of ours: what is rounded to ns is of no account."""
JITTERS = {
    "none": (kinds.BACKOFF_NONE, kinds.JITTER_NONE),
    "exponential": (kinds.BACKOFF_EXPONENTIAL, kinds.JITTER_NONE),
    "equal": (kinds.BACKOFF_EXPONENTIAL, kinds.JITTER_EQUAL),
    "full": (kinds.BACKOFF_EXPONENTIAL, kinds.JITTER_FULL),
    "decorrelated": (kinds.BACKOFF_EXPONENTIAL, kinds.JITTER_DECORRELATED),
}


@dataclass(frozen=True)
class Params:
    """Base 5, at most 2000; doubling."""

    backoff: int
    jitter: int
    base_ns: int = 5 * UNIT_NS
    cap_ns: int = 2_000 * UNIT_NS
    multiplier: float = 2.0
    spread: float = 0.0


def replicate(seed: int, clients: str, jitter: str) -> dict[str, float]:
    """One run: when the last client is done, in its units, and how many writes were tried."""
    draw = random.Random(seed)
    params = Params(*JITTERS[jitter])

    def net() -> float:
        return abs(draw.gauss(10.0, 2.0))

    version, calls, now = 0, 0, 0.0
    tries = [0] * int(clients)
    before = [0] * int(clients)
    seen = [0] * int(clients)
    due = [(net(), client, "read") for client in range(int(clients))]
    heapq.heapify(due)
    while due:
        now, client, what = heapq.heappop(due)
        if what == "read":
            # There and back; what is read is the row as the request arrives.
            seen[client] = version
            heapq.heappush(due, (now + net() + net(), client, "write"))
        elif what == "write":
            calls += 1
            held = seen[client] == version
            version += held
            heapq.heappush(due, (now + net(), client, "done" if held else "failed"))
        elif what == "failed":
            # Its first delay is that of the second retry of ours.
            wait = backoff.delay(params, tries[client] + 1, before[client], draw.random())
            tries[client], before[client] = tries[client] + 1, wait
            heapq.heappush(due, (now + wait / UNIT_NS + net(), client, "read"))
    return {"time": now, "calls": float(calls)}
