"""Controlled delay as in folly/executors/Codel.cpp: which of the requests that leave a queue are dropped."""


class State:
    """One queue."""

    __slots__ = ("interval_end", "least_delay", "overloaded", "reset_pending")

    def __init__(self, interval_ns: int, now: int) -> None:
        self.interval_end = now + interval_ns
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
