"""Which of the requests that leave a queue are dropped: controlled delay, and adaptive LIFO."""


class State:
    """Controlled delay of one queue, as in folly/executors/Codel.cpp."""

    __slots__ = ("interval_end", "least_delay", "overloaded", "reset_pending")

    def __init__(self, now: int) -> None:
        self.interval_end = now
        self.least_delay = 0
        self.overloaded = False
        self.reset_pending = True


def drops(s: State, target_ns: int, interval_ns: int, now: int, delay_ns: int) -> bool:
    """A request leaves the queue after this delay: is it dropped? The first of an interval never is."""
    if now > s.interval_end and not s.reset_pending:
        s.reset_pending = True
        s.interval_end = now + interval_ns
        s.overloaded = s.least_delay > target_ns
    if s.reset_pending:
        s.reset_pending = False
        s.least_delay = delay_ns
        return False
    s.least_delay = min(s.least_delay, delay_ns)
    return s.overloaded and delay_ns > 2 * target_ns


def load(s: State, target_ns: int) -> int:
    """Percent: least delay over twice the target, at most 100."""
    return min(100, 100 * s.least_delay // (2 * target_ns))


def standing(emptied_at: int, interval_ns: int, now: int) -> bool:
    """Has the queue not been empty for more than the interval? Facebook, "Fail at scale" (ACM Queue 2015):
    then the newest is served first and who arrives is patient for the target only."""
    return emptied_at < now - interval_ns


def patience_ns(emptied_at: int, target_ns: int, interval_ns: int, now: int) -> int:
    """How long a request that arrives now may wait under adaptive LIFO."""
    return target_ns if standing(emptied_at, interval_ns, now) else interval_ns
