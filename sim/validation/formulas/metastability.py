"""Retries that keep a server overloaded after the cause of the overload is gone. Rates per second, times in seconds.

N. Bronson, A. Aghayev, A. Charapko, T. Zhu, "Metastable Failures in Distributed Systems", HotOS 2021, section 2.1:
a database of 300 queries/s, a timeout of 1 s, one retry; 280 queries/s and an outage of 10 s become 560 for ever.
"""


def threshold(capacity: float, attempts: int) -> float:
    """Load up to which a server comes back by itself: if all attempts together fit its capacity."""
    return capacity / attempts


def attempts_after(rate: float, capacity: float, attempts: int) -> float:
    """Attempts per second long after an outage: all of every call, or one where nobody waits for long."""
    return rate * attempts if rate > threshold(capacity, attempts) else rate


def goodput_after(rate: float, capacity: float, attempts: int) -> float:
    """Calls answered in time per second long after an outage."""
    return 0.0 if rate > threshold(capacity, attempts) else rate


def recovery(rate: float, capacity: float, attempts: int, outage: float, timeout: float) -> float:
    """Time from the end of the outage until calls are answered in time again; below the threshold.

    Fluid limit: in the outage a call leaves its attempts in the queue, each a timeout later than the one before;
    then the queue shrinks by what capacity leaves until its wait is the timeout.
    """
    queue = rate * sum(max(0.0, outage - k * timeout) for k in range(attempts))
    return max(0.0, queue - capacity * timeout) / (capacity - attempts * rate)
