"""The policies of a call in words, read off their parameters."""

from collections.abc import Callable, Iterator
from typing import Any

from sim.policies import catalog, outlier_catalog
from sim.policies import outlier_params as o
from sim.policies.limits import budget, cycles, pool
from sim.policies.limits import catalog as limits
from sim.scenario import policies as m
from sim.units import show_rate
from sim.views.breaker_words import (
    begins,
    can_hold,
    count,
    decisions,
    moves,
    open_time,
    percent,
    probes,
    seconds,
    slow,
    stays,
    trips,
    window,
)
from sim.words import FOREVER


def words(kind: str, policy: Any) -> Iterator[str]:
    """What a policy does, a sentence or two."""
    yield from _WORDS[kind](policy)


def _retry(p: m.Retry) -> Iterator[str]:
    growth, fixed = p.backoff.exponential, p.backoff.fixed
    if growth:
        cap = "" if growth.cap >= 300 * 86_400 * 10**9 else f", {seconds(growth.cap)} at most"
        wait = f"{seconds(growth.base)}, times {growth.multiplier:g} each time{cap}"
    else:
        wait = seconds(fixed) if fixed else "no time"
    spread = {
        "none": "not spread",
        "full": "spread from 0 up to that",
        "equal": "spread from half of that up to that",
        "decorrelated": "spread up to three times the wait before",
        "around": f"spread by {percent(p.spread)} either way",
        "polly": "spread by Polly's decorrelated jitter",
    }[p.jitter]
    yield f"Up to {count(p.attempts, 'try', 'tries')} after {', '.join(p.on)}; between them {wait}, {spread}."
    if p.budget is not None and p.budget.use is not None:
        made = limits.params(limits.BUDGETS, p.budget.use, p.budget.params)
        yield f"Retries {_budget(made)}."


def _budget(p: budget.Params) -> str:
    if p.kind == budget.CONCURRENT and p.ratio == 0:
        return f"at once: {p.min_concurrent} at most"
    if p.kind == budget.CONCURRENT:
        return f"at once: {percent(p.ratio)} of the calls in flight, and {p.min_concurrent} always"
    return "within a budget"


def _breaker(p: m.Breaker) -> Iterator[str]:
    made = catalog.params_from(p.model_dump())
    if begins(made):
        yield f"{begins(made)}."
    if not moves(made):
        return
    rules = trips(made)
    slowness = slow(made)
    yield f"Remembers {window(made)}."
    if made.rules and not any(map(can_hold, made.rules)):
        yield f"Never opens: {rules[0]} cannot be."
        return
    yield f"Opens at {'; '.join(rules)}{f'; {slowness}' if slowness else ''}."
    closes, opens = decisions(made)
    longest = f", {stays(made)}" if stays(made) else ""
    yield f"Open for {open_time(made)}; then admits {probes(made)}{longest}. Closes at {closes}; re-opens at {opens}."
    if p.failures is not None:
        yield f"Failures are: {', '.join(p.failures) or 'none'}."


def _rate_limit(p: m.RateLimit) -> Iterator[str]:
    if p.use is None:
        wait = f"; the others wait up to {seconds(p.max_wait)}" if p.max_wait else "; the others are refused"
        yield f"{show_rate(p.rate or 0)} with bursts of {p.burst:g}{wait}."
        return
    made: cycles.Params = limits.params(limits.RATE_LIMITS, p.use, p.params)
    per_s = made.limit * 1e9 / made.period_ns
    wait = (
        f"the others wait up to {seconds(made.timeout_ns)}" if made.timeout_ns else "the others are refused"
    )
    yield f"{count(made.limit, 'call')} every {seconds(made.period_ns)} ({per_s:,.4g}/s); {wait}."


def _bulkhead(p: m.Bulkhead) -> Iterator[str]:
    if p.use is None:
        made = pool.Params(p.limit or 1, p.queue, FOREVER if p.max_wait is None else p.max_wait)
    else:
        made = limits.params(limits.BULKHEADS, p.use, p.params)
    inside = count(made.limit, "call")
    if made.core < made.limit:
        inside = f"{made.core} to {count(made.limit, 'call')} (threads beyond the core start when the queue is full)"
    queue = "no other waits"
    if made.queue >= 2**32 - 1:
        queue = (
            f"others wait up to {seconds(made.max_wait_ns)}" if made.max_wait_ns < FOREVER else "others wait"
        )
    elif made.queue:
        queue = "1 other waits" if made.queue == 1 else f"{made.queue} others wait"
    yield f"{inside} at once, {queue}." if made.limit < 2**32 - 1 else "No limit of calls at once."


def _outlier(p: m.Outlier) -> Iterator[str]:
    made = outlier_catalog.params_from(p.use, p.params, lenient=True)
    why = list(_detectors(made))
    yield f"A host is ejected after {'; or '.join(why) or 'nothing: no detector is in force'}."
    if not made.split and (_runs(made, o.BY_5XX) or _runs(made, o.BY_GATEWAY)):
        yield "Timeouts and failed connections count as 504 and 503."
    one = ", though one always may" if made.always_one or made.limit == o.LIMIT_BEFORE else ""
    yield f"For {_ejected(made)}; {made.max_percent:g} % of the hosts at most{one}; looked at every {seconds(made.interval_ns)}."
    if not made.panic_percent:
        yield "Ejected hosts stay out even if none is left."
    elif made.fail_on_panic:
        yield f"Below {made.panic_percent:g} % healthy hosts none is used: every call is refused."
    else:
        yield f"Below {made.panic_percent:g} % healthy hosts all are used again."


def _runs(p: o.Params, cause: int) -> bool:
    """Does a run of failures of this cause eject?"""
    return bool((p.run_5xx if cause == o.BY_5XX else p.run_gateway) and p.enforced[cause])


def _ejected(p: o.Params) -> str:
    """How long a host is out."""
    more = f", and up to {seconds(p.jitter_ns)} more at random" if p.jitter_ns else ""
    if p.base_ns >= p.max_ns:
        return f"{seconds(p.max_ns)} each time{more}"
    decay = (
        "one less with each sweep"
        if p.decay == o.DECAY_EACH_SWEEP
        else "one less with each interval it serves"
    )
    factor = f"a multiplier (one more with each ejection, {decay})"
    return f"{seconds(p.base_ns)} times {factor}, {seconds(p.max_ns)} at most{more}"


def _detectors(p: o.Params) -> Iterator[str]:
    for run, cause, what, whats in (
        (p.run_5xx, o.BY_5XX, "server error", "server errors"),
        (p.run_gateway, o.BY_GATEWAY, "answer of 502, 503 or 504", "answers of 502, 503 or 504"),
        (
            p.run_local if p.split else 0,
            o.BY_LOCAL,
            "timeout or failed connection",
            "timeouts and failed connections",
        ),
    ):
        if run and p.enforced[cause]:
            share = "" if p.enforced[cause] == 100 else f" ({p.enforced[cause]} % of the times)"
            yield f"1 {what}{share}" if run == 1 else f"{run} {whats} in a row{share}"
    if p.rate and p.enforced[o.BY_RATE]:
        yield f"a success rate {p.rate_factor:g} deviations below the mean ({p.rate_hosts} hosts with {p.rate_volume} requests per interval)"
    if p.percentage and p.enforced[o.BY_PERCENTAGE]:
        yield f"{p.percentage_threshold:g} % failures ({p.percentage_hosts} hosts with {p.percentage_volume} requests per interval)"


def _row(block: str) -> Callable[[Any], Iterator[str]]:
    """What a row of the catalogue is."""

    def told(p: Any) -> Iterator[str]:
        yield limits.BLOCKS[block][p.use].about

    return told


_WORDS: dict[str, Callable[[Any], Iterator[str]]] = {
    "retry": _retry,
    "hedge": lambda p: iter(
        [f"{count(p.extra, 'further copy', 'further copies')}, each {seconds(p.after)} after the one before."]
    ),
    "breaker": _breaker,
    "rate_limit": _rate_limit,
    "bulkhead": _bulkhead,
    "outlier": _outlier,
    "throttle": _row("throttle"),
    "concurrency": _row("concurrency"),
    "timeout": lambda p: iter([f"{seconds(p.after)}."]),
}
