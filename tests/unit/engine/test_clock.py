"""Rows of timers: cheaper than moments of the heap, and in the same order."""

from hypothesis import given
from hypothesis import strategies as st

from sim.engines.simpy_engine.clock import RANK_ANSWER, RANK_TIMER, Clock, Timers
from sim.words import FOREVER


class Turns:
    """A recorder that never turns a bucket."""

    turn_at = FOREVER


def happened(plan, in_a_row):
    """(instant, who) of all that passes. `plan`: (starts at, lasts, key, cancelled after)."""
    clock, told = Clock(Turns()), []
    timers = Timers(clock, RANK_TIMER, lambda who: told.append((clock.now, who)))

    def begin(who):
        _, lasts, key, patience = plan[who]
        if in_a_row:
            moment = timers.set(clock.now + lasts, key << 4, who)
        else:
            moment = clock.after(lasts, RANK_TIMER, key << 4, timers.action, who)
        clock.after(patience, RANK_ANSWER, key << 4, lambda subject: moment.cancel(), None)
        told.append((clock.now, "other", who))

    for who, (start, *_) in enumerate(plan):
        clock.after(start, RANK_ANSWER, who << 4, begin, who)
    while clock.advance(FOREVER, 7):
        pass
    return told, clock.scheduled


instants = st.integers(1, 12)


@given(st.lists(st.tuples(instants, instants, st.integers(0, 5), instants), max_size=30))
def test_timers_in_a_row_pass_at_the_instants_and_in_the_order_of_moments_of_the_heap(plan):
    assert happened(plan, True) == happened(plan, False)


def test_a_cancelled_timer_is_not_in_the_heap_of_what_is_to_happen():
    clock = Clock(Turns())
    timers = Timers(clock, RANK_TIMER, lambda who: None)
    for i in range(1000):
        timers.set(1000 + i, i, None).cancel()
    assert len(clock._queue) == 1
    assert not clock.advance(FOREVER, 10)
    assert not timers.row
    assert not clock._queue


def test_what_was_cancelled_does_not_keep_a_message_without_delay_waiting():
    clock = Clock(Turns())
    moment = clock.after(0, RANK_TIMER, 1, print, None)
    assert not clock.at_once()
    moment.cancel()
    assert clock.at_once()
