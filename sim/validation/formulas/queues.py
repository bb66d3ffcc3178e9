"""Single queues. Rates per second, times in seconds, mean service time 1 s.

L. Kleinrock, Queueing Systems I (Wiley 1975), unless another source is named. `rate` is the arrival rate,
`servers` the number of servers; the offered load in erlangs equals the rate.
"""

import math


def mm1_sojourn(rate: float) -> float:
    """M/M/1: mean time in the system, 1 / (1 - rate)."""
    return 1.0 / (1.0 - rate)


def mm1_quantile(rate: float, share: float) -> float:
    """M/M/1, first come first served: the time in the system is exponential."""
    return -math.log(1.0 - share) * mm1_sojourn(rate)


def erlang_b(servers: int, load: float) -> float:
    """M/G/c/c: share of calls that find all servers busy; the law of service times does not matter.

    A. K. Erlang 1917; by the recursion 1/B_k = 1 + (k / load) / B_(k-1).
    """
    inverse = 1.0
    for k in range(1, servers + 1):
        inverse = 1.0 + k / load * inverse
    return 1.0 / inverse


def erlang_c(servers: int, load: float) -> float:
    """M/M/c: share of customers who wait."""
    blocked = erlang_b(servers, load)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def mmc_wait(servers: int, load: float) -> float:
    """M/M/c: mean wait, C / (c - load)."""
    return erlang_c(servers, load) / (servers - load)


def _birth_death(up: "list[float]", down: "list[float]") -> list[float]:
    """Stationary probabilities of states 0 ... n of a birth-death chain; up[i] leads from i, down[i] to it."""
    weights = [1.0]
    for birth, death in zip(up, down, strict=True):
        weights.append(weights[-1] * birth / death)
    total = math.fsum(weights)
    return [w / total for w in weights]


def mmck(servers: int, room: int, rate: float) -> tuple[float, float]:
    """M/M/c/K with `room` places in all: (share of customers lost, mean time in the system of the others)."""
    chain = _birth_death([rate] * room, [float(min(n + 1, servers)) for n in range(room)])
    inside = math.fsum(n * p for n, p in enumerate(chain))
    return chain[-1], inside / (rate * (1.0 - chain[-1]))


def pollaczek_khinchine(rate: float, cv2: float) -> float:
    """M/G/1: mean wait, rate (1 + c^2) / (2 (1 - rate)), where c^2 is the squared coefficient of variation."""
    return rate * (1.0 + cv2) / (2.0 * (1.0 - rate))


def processor_sharing(rate: float, demand: float = 1.0) -> float:
    """M/G/1-PS: mean time in the system of a job of known demand, demand / (1 - rate), whatever the law."""
    return demand / (1.0 - rate)


def erlang_a(servers: int, rate: float, impatience: float) -> tuple[float, float]:
    """M/M/c+M: (share of customers who leave the queue, mean time in the queue of all), patience 1/impatience.

    C. Palm 1946. By its birth-death chain, cut where a state has weight below 1e-18.
    """
    most = servers + math.ceil(40.0 * (rate / impatience + 1.0))
    down = [min(n, servers) + max(0, n - servers) * impatience for n in range(1, most + 1)]
    chain = _birth_death([rate] * most, down)
    waiting = math.fsum(max(0, n - servers) * p for n, p in enumerate(chain))
    return impatience * waiting / rate, waiting / rate


def fixed_patience(servers: int, rate: float, patience: float) -> tuple[float, float]:
    """M/M/c+D: (share of customers who leave the queue, mean time in the queue of all), who wait `patience` at most.

    F. Baccelli and G. Hebuterne, Performance '81: the virtual wait x has density v e^(rate min(x, D) - c x) with
    v = rate P(c - 1 busy); who meets a wait beyond the patience D leaves after D.
    """
    weights = [rate**n / math.factorial(n) for n in range(servers)]
    density = rate * weights[-1]
    gap = servers - rate

    def grown(power: int) -> float:
        """Integral of x^power e^(-gap x) from 0 to the patience."""
        if gap == 0.0:
            return patience ** (power + 1) / (power + 1)
        end = math.exp(-gap * patience)
        if power == 0:
            return (1.0 - end) / gap
        return (1.0 - end * (1.0 + gap * patience)) / gap**2

    beyond = density * math.exp(-gap * patience) / servers
    total = math.fsum(weights) + density * grown(0) + beyond
    return beyond / total, (density * grown(1) + patience * beyond) / total


def client_timeout(rate: float, timeout: float) -> float:
    """M/M/1 whose clients give up after `timeout` and are served all the same: share answered in time."""
    return 1.0 - math.exp(-(1.0 - rate) * timeout)
