"""What is simulated, as scenario texts and as numbers, and what theory says about it.

`queue`: M/M/4 at utilisation 0.8. `tandem`: three of them, one after the other; by Burke's theorem what leaves
the first is a Poisson process again, so each of the three is M/M/4 at 0.8 too.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).parents[3]
RATE = 3.2
"""Arrivals per second."""
WORK_S = 1.0
"""Mean service time."""
SERVERS = 4
STATIONS = {"queue": 1, "tandem": 3}
PARTS = 20
"""Of equal length in each run."""
BATCH = 2_000
"""Customers, at least, in the batches whose means are taken as independent: the queue forgets within some 100."""
CONFIDENCE = 0.999

HEAD = """
schema: 1
name: bench
requests: {customers}
bucket: {bucket}s
sources: {{users: {{rate: 3.2/s, call: a}}}}
"""
QUEUE = (
    HEAD
    + """
services: {{a: {{slots: 4, steps: [work: {{exponential: 1s}}]}}}}
"""
)
# A slot is given back while calls are out, so the three are a tandem of queues.
TANDEM = (
    HEAD
    + """
services:
  a: {{slots: 4, holds_slot: false, steps: [work: {{exponential: 1s}}, call: b]}}
  b: {{slots: 4, holds_slot: false, steps: [work: {{exponential: 1s}}, call: c]}}
  c: {{slots: 4, steps: [work: {{exponential: 1s}}]}}
"""
)
CHAIN = (
    HEAD
    + """
policies: {{timeout: 60s, retry: 2, breaker: count-window}}
services:
  a: {{slots: 64, cores: 4, steps: [work: {{exponential: 1s}}, call: b]}}
  b: {{slots: 64, cores: 4, steps: [work: {{exponential: 1s}}, call: c]}}
  c: {{slots: 4, steps: [work: {{exponential: 1s}}]}}
"""
)
TEXTS = {"queue": QUEUE, "tandem": TANDEM, "chain": CHAIN}
BUCKETS = 500
"""As many as a long run has by default."""


def text(model: str, customers: int) -> str:
    """The scenario file of a model for so many customers."""
    bucket = max(1, round(customers / RATE / BUCKETS))
    return TEXTS[model].format(customers=customers, bucket=bucket)


def erlang_c_wait_s() -> float:
    """Mean wait of M/M/c: Erlang's C formula."""
    load = RATE * WORK_S
    terms = [load**k / math.factorial(k) for k in range(SERVERS)]
    last = load**SERVERS / math.factorial(SERVERS) * SERVERS / (SERVERS - load)
    return last / (sum(terms) + last) * WORK_S / (SERVERS - load)


@dataclass(frozen=True)
class Verdict:
    """A mean wait beside Erlang C."""

    mean_s: float
    half_width_s: float
    agrees: bool

    def __str__(self) -> str:
        return f"{self.mean_s:.3f} ± {self.half_width_s:.3f} s {'agrees' if self.agrees else 'DISAGREES'}"


def judge(batch_means_s: list[float]) -> Verdict:
    """Does the mean wait agree with theory? It does if theory lies within the interval of Student's t for the
    mean of the batch means, at `CONFIDENCE`."""
    means = np.array(batch_means_s)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(means) - 1) * means.std(ddof=1) / math.sqrt(len(means))
    return Verdict(means.mean(), half, bool(abs(means.mean() - erlang_c_wait_s()) <= half))


def part_means(waits_s: list[float]) -> list[float]:
    """Means of `PARTS` equal parts of the waits of a run, in the order in which they ended."""
    size = len(waits_s) // PARTS
    return np.array(waits_s[: size * PARTS]).reshape(PARTS, size).mean(axis=1).tolist()


def batch_means(parts: list[float], customers: int) -> list[float]:
    """Means of batches of a run of so many customers, from those of its parts. The first part is left out, for the
    run began empty."""
    batches = min(PARTS - 1, max(1, customers * (PARTS - 1) // PARTS // BATCH))
    return [float(np.mean(batch)) for batch in np.array_split(parts[1:], batches)]
