"""What a breaker makes of results: learned while closed, decisive in half-open, by its rule when late."""

from sim.policies.breaker_moves import enter, look, move, restart
from sim.policies.breaker_parts import (
    BY_IGNORED,
    BY_PASS,
    BY_PROBE,
    BY_PROBE_RATE,
    BY_SLOW,
    BY_SLOW_PROBE,
    DECIDE_COUNTS,
    DECIDE_RATE,
    DECIDE_RULE,
    FAILURE,
    IGNORE,
    IGNORED_GIVES_ANY_BACK,
    IGNORED_GIVES_BACK,
    IGNORED_REOPENS,
    IGNORED_ROLLS_BACK,
    LATE_GENERATION,
    LATE_SAME_STATE,
    LATE_STARTED,
    LEAVE_TOUCH,
    ON_ANY,
    ON_FAILURE,
    OPEN_IGNORES,
    OPEN_RESTARTS,
    Params,
)
from sim.policies.breaker_window import STATE_BITS, STATE_MASK, Breaker, remember, share, verdict_of_window
from sim.words import CLOSED, HALF_OPEN, METRICS_ONLY, OPEN


def settle(b: Breaker, p: Params, now: int, ticket: int, verdict: int, elapsed_ns: int = 0) -> None:
    """The result of an admitted try. Call once per ticket."""
    if p.always:
        return
    if p.leave == LEAVE_TOUCH:
        look(b, p, now)
    late = p.late
    if late == LATE_GENERATION and ticket >> STATE_BITS != b.generation:
        return
    if late == LATE_SAME_STATE and ticket & STATE_MASK != b.state:
        return
    slow = 1 if elapsed_ns > p.slow_ns and (p.slow_failures or verdict != FAILURE) else 0
    if late == LATE_STARTED:
        fresh = ticket >> STATE_BITS == b.generation
        settle_as_started(b, p, now, fresh, ticket & STATE_MASK, verdict, slow, elapsed_ns)
    elif b.state == HALF_OPEN:
        settle_probe(b, p, now, ticket >> STATE_BITS == b.generation, verdict, slow, elapsed_ns)
    elif verdict != IGNORE:
        settle_result(b, p, now, verdict, slow, elapsed_ns)


def settle_result(b: Breaker, p: Params, now: int, verdict: int, slow: int, elapsed_ns: int) -> None:
    """A result that is no probe's: learned while closed, and as the rule for it says while open."""
    state = b.state
    failed = 1 if verdict == FAILURE else 0
    if state == CLOSED or state == METRICS_ONLY or (state == OPEN and p.while_open != OPEN_IGNORES):
        remember(b, p, now, failed, slow, elapsed_ns)
    if state == OPEN and p.while_open == OPEN_RESTARTS:
        if failed:
            restart(b, p, now)
        else:
            move(b, p, now, CLOSED, BY_PASS)
    elif state == CLOSED and (p.evaluate == ON_ANY or (failed and p.evaluate == ON_FAILURE)):
        if p.needs_bad and not (b.fail_count or b.slow_count or b.row):
            return  # most results of most runs: nothing has gone badly
        cause = verdict_of_window(b, p, now)
        if cause:
            move(b, p, now, OPEN, cause)


def settle_as_started(
    b: Breaker, p: Params, now: int, fresh: bool, started: int, verdict: int, slow: int, elapsed_ns: int
) -> None:
    """The result is handled by the state it was admitted in, whatever the state is now."""
    probe = fresh and started == HALF_OPEN
    b.in_flight -= probe
    if verdict == IGNORE:
        if probe:
            settle_ignored(b, p, now, fresh)
        return
    failed = 1 if verdict == FAILURE else 0
    remember(b, p, now, failed, slow, elapsed_ns)
    if b.state != CLOSED and b.state != OPEN and b.state != HALF_OPEN:
        return
    if failed:
        cause = BY_PROBE if started == HALF_OPEN else verdict_of_window(b, p, now)
        if cause and b.state == OPEN:
            restart(b, p, now)
        elif cause:
            move(b, p, now, OPEN, cause)
    elif started == HALF_OPEN:
        b.probe_n += 1
        if b.probe_n >= p.closes_at:
            if b.state == CLOSED:
                enter(b, p, now, CLOSED)
            else:
                move(b, p, now, CLOSED, BY_PASS)


def settle_probe(
    b: Breaker, p: Params, now: int, fresh: bool, verdict: int, slow: int, elapsed_ns: int
) -> None:
    """A result in half-open; a late one decides too where the rule is `current state`."""
    # A late result may have taken the place of a fresh one, which then has none to give back.
    if b.in_flight > 0 and (fresh or verdict != IGNORE or p.ignored == IGNORED_GIVES_ANY_BACK):
        b.in_flight -= 1
    if verdict == IGNORE:
        settle_ignored(b, p, now, fresh)
        return
    failed = 1 if verdict == FAILURE else 0
    # Whatever does not outlive half-open is emptied when it ends.
    remember(b, p, now, failed, slow, elapsed_ns)
    b.probe_n += 1
    b.probe_failures += failed
    b.probe_slow += slow
    if p.decide == DECIDE_COUNTS:
        decide_by_counts(b, p, now, failed, slow)
    elif p.decide == DECIDE_RATE:
        if b.probe_n >= p.decide_n:
            decide_by_rate(b, p, now)
    elif failed:
        cause = verdict_of_window(b, p, now)
        if cause:
            move(b, p, now, OPEN, cause)
    elif p.decide != DECIDE_RULE or not verdict_of_window(b, p, now):
        move(b, p, now, CLOSED, BY_PASS)


def settle_ignored(b: Breaker, p: Params, now: int, fresh: bool) -> None:
    """A probe that was neither good nor bad: its place is free again, or half-open ends."""
    if p.ignored == IGNORED_REOPENS:
        move(b, p, now, OPEN, BY_IGNORED)
    elif p.ignored == IGNORED_GIVES_ANY_BACK or (fresh and p.ignored == IGNORED_GIVES_BACK):
        b.permits += 1
    elif fresh and p.ignored == IGNORED_ROLLS_BACK:
        until = b.until
        move(b, p, now, OPEN, BY_IGNORED)
        b.until = until


def decide_by_counts(b: Breaker, p: Params, now: int, failed: int, slow: int) -> None:
    """So many good probes close, so many bad ones re-open."""
    b.probe_bad += 1 if failed or (slow and p.judges_slow) else 0
    if b.probe_bad >= p.opens_at:
        move(b, p, now, OPEN, BY_PROBE if failed else BY_SLOW_PROBE)
    elif b.probe_n - b.probe_bad >= p.closes_at:
        move(b, p, now, CLOSED, BY_PASS)


def decide_by_rate(b: Breaker, p: Params, now: int) -> None:
    """Enough probes are back: their shares decide."""
    if share(p.decide_quantity, b.probe_failures, b.probe_n) >= p.decide_ratio:
        move(b, p, now, OPEN, BY_PROBE_RATE)
    elif p.judges_slow and b.probe_slow / b.probe_n >= p.slow_ratio:
        move(b, p, now, OPEN, BY_SLOW)
    else:
        move(b, p, now, CLOSED, BY_PASS)
