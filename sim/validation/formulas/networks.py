"""Networks of queues, parallel calls, closed loops, hedges. Rates per second, times in seconds."""

import math
from collections.abc import Callable, Sequence


def jackson_sojourn(rate: float, service_rates: Sequence[float], visits: Sequence[float]) -> float:
    """Open Jackson network: mean time through it, the sum of v / (mu - rate v). J. R. Jackson, Op. Res. 5, 1957."""
    return math.fsum(v / (mu - rate * v) for mu, v in zip(service_rates, visits, strict=True))


def solve(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses 0 between two points, by bisection."""
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if function(middle) < 0.0 else (low, middle)
    return (low + high) / 2.0


def erlang_quantile(stages: int, rate: float, share: float) -> float:
    """Quantile of the sum of so many exponential times of this rate."""

    def missing(x: float) -> float:
        tail = math.exp(-x) * math.fsum(x**k / math.factorial(k) for k in range(stages))
        return (1.0 - share) - tail

    return solve(missing, 0.0, 1000.0) / rate


def tandem_quantile(rate: float, stages: int, share: float) -> float:
    """M/M/1 queues in a row, mean work 1 s: the times in them are independent (E. Reich, Ann. Math. Stat. 28, 1957)."""
    return erlang_quantile(stages, 1.0 - rate, share)


def feedback_sojourn(rate: float, failure: float) -> float:
    """M/M/1 whose failed customers join the tail again at once: 1 / ((1 - p) - rate) (L. Takacs, BSTJ 42, 1963);
    without end from p = 1 - rate on."""
    spare = 1.0 - failure - rate
    return 1.0 / spare if spare > 0.0 else math.inf


def fork_join_two(rate: float) -> float:
    """Two M/M/1 queues in parallel, mean time until both are done: (12 - rate) / 8 / (1 - rate).

    L. Flatto and S. Hahn, SIAM J. Appl. Math. 44, 1984; R. Nelson and A. N. Tantawi, IEEE Trans. Comp. 37, 1988.
    """
    return (12.0 - rate) / 8.0 / (1.0 - rate)


def harmonic(n: int) -> float:
    """1 + 1/2 + ... + 1/n."""
    return math.fsum(1.0 / k for k in range(1, n + 1))


def fork_join_many(rate: float, branches: int) -> float:
    """The approximation of Nelson and Tantawi for more than two queues, for which they claim 5 %."""
    ratio = harmonic(branches) / harmonic(2)
    return (ratio + 4.0 / 11.0 * (1.0 - ratio) * rate) * fork_join_two(rate)


def meets_slow(n: float, slow: float) -> float:
    """Share of requests that meet a slow one among n independent calls. J. Dean and L. A. Barroso, CACM 56(2), 2013."""
    return -math.expm1(n * math.log1p(-slow))


def slowest_mean(n: float) -> float:
    """Mean of the largest of n exponential times of mean 1."""
    return harmonic(round(n))


def slowest_quantile(n: float, share: float) -> float:
    """Quantile of the largest of n exponential times of mean 1."""
    return -math.log(1.0 - share ** (1.0 / n))


def closed_throughput(users: int, think: float, work: float) -> float:
    """M/M/1//N: answers per second of n users who think and wait. By its birth-death chain."""
    weight = idle = total = 1.0
    for n in range(1, users + 1):
        weight *= (users - n + 1) * work / think
        total += weight
    return (1.0 - idle / total) / work


def closed_response(users: int, think: float, work: float) -> float:
    """Mean time from asking to the answer: N / X - Z, whatever the laws (Little)."""
    return users / closed_throughput(users, think, work) - think


def hedge_extra(delay: float) -> float:
    """Second copies per call if one leaves after `delay`; answers are exponential with mean 1."""
    return math.exp(-delay)


def hedge_mean(delay: float) -> float:
    """Mean time until the first of both answers: 1 - e^(-d) / 2."""
    return 1.0 - math.exp(-delay) / 2.0


def hedge_quantile(delay: float, share: float) -> float:
    """Its quantile: beyond the delay both run, so the tail falls twice as fast."""
    tail = -math.log(1.0 - share)
    return tail if tail <= delay else (tail + delay) / 2.0
