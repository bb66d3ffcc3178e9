"""Traps of imported policies: what follows from these numbers, not from a library in general."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from sim.policies import breaker_parts as b
from sim.policies import catalog, outlier_catalog
from sim.policies import outlier_params as o
from sim.policies.limits import catalog as limits
from sim.policies.timeline import opening_at_rate
from sim.scenario import policies as m
from sim.units import show_ns
from sim.views.breaker_words import can_hold, moves, seconds
from sim.views.call_length import Named, longest, longest_waits, shortest_waits
from sim.words import FORCED_OPEN, FOREVER, OUTCOMES

RATES = (50.0, 10.0, 3.0, 1.0)
LATE_S = 10.0
LONG_PROBE_NS = 5 * 10**9
"""Opening later than this in an outage is worth a word."""
DEPTH = 3
MOST_HOSTS = 1000


@dataclass(frozen=True, slots=True)
class Around:
    """What the user says of the place where the policies will stand; None: unknown."""

    rate_per_s: float | None = None
    """Calls of one instance of the caller."""
    hosts: int | None = None


def traps(stack: Named, around: Around) -> Iterator[str]:
    """Each in a sentence or two."""
    for i, (kind, policy) in enumerate(stack):
        inside, outside = stack[i + 1 :], stack[:i]
        if kind == "breaker" and opens(policy):
            yield from _traffic(policy, around)
            yield from _hung(policy, inside)
            yield from _late(inside, outside)
            yield from _refusals(policy, inside)
            yield from _slow(policy, inside)
        elif kind == "retry":
            yield from _amplification(policy, inside)
            yield from _longest(policy, inside, outside)
        elif kind == "outlier":
            yield from _hosts(policy, around)
        elif kind == "rate_limit":
            yield from _no_limit(policy)
    if all(kind != "timeout" and not (kind == "breaker" and _is_forced(policy)) for kind, policy in stack):
        yield "No timeout here: unless another place sets one, a callee that hangs holds its callers for ever."


def opens(p: m.Breaker) -> bool:
    """Does anything but a hand move it?"""
    made = catalog.params_from(p.model_dump())
    return moves(made) and any(map(can_hold, made.rules))


def _traffic(p: m.Breaker, around: Around) -> Iterator[str]:
    """Minimum calls against traffic, by playing an outage."""
    made = catalog.params_from(p.model_dump())
    quantities = {quantity for _, conditions in made.rules for quantity, _, _ in conditions}
    rates = RATES if around.rate_per_s is None else (around.rate_per_s,)
    if not quantities <= {b.Q_SLOW_RATIO, b.Q_N}:
        yield from _openings([(rate, opening_at_rate(p.use or "", p.params, rate)[0]) for rate in rates])
    least = max((x for _, conditions in made.rules for q, _, x in conditions if q == b.Q_N), default=0.0)
    span = made.span_ns if made.window == b.W_LAZY else made.size * made.width_ns
    if least > 1 and made.window in (b.W_TIME, b.W_LAZY, b.W_STALE):
        low = least / (span / 1e9)
        if around.rate_per_s is None or around.rate_per_s < low:
            needed = f"{least:g} results are needed within {seconds(span)}"
            yield f"Below {low:.3g} calls/s, evenly spread, per instance of the caller it never opens: {needed}."


def _openings(found: list[tuple[float, float]]) -> Iterator[str]:
    """How late it opens, where that is late."""
    late = ", ".join(f"after {after:.0f} s at {rate:g}/s" for rate, after in found if LATE_S < after < inf)
    never = ", ".join(f"{rate:g}/s" for rate, after in found if after == inf)
    words = [
        *([f"opens only {late}"] if late else []),
        *([f"does not open within five minutes at {never}"] if never else []),
    ]
    if words:
        opens = ", and ".join(words)
        yield f"Minimum calls against traffic: if every call fails, it {opens} (calls per instance of the caller)."


def _hung(p: m.Breaker, inside: Named) -> Iterator[str]:
    """A probe that never returns."""
    made = catalog.params_from(p.model_dump())
    one_by_one = made.probe in (b.PROBE_SINGLE, b.PROBE_QUOTA, b.PROBE_CONCURRENT)
    if not one_by_one or made.half_open_ns > 0:
        return
    hang = (
        "A probe that hangs keeps"
        if made.probe == b.PROBE_SINGLE or made.probes == 1
        else "Probes that hang keep"
    )
    most = longest(inside)
    if all(kind not in ("timeout", "deadline") for kind, _ in inside):
        yield f"{hang} it half-open for ever: no timeout stands within the breaker, and it has no longest stay."
    elif LONG_PROBE_NS < most < FOREVER:
        yield f"{hang} it half-open, refusing all others, for up to {show_ns(_rounded(most))}: so long may a call within it take."


def _late(inside: Named, outside: Named) -> Iterator[str]:
    """A timeout that the breaker does not see."""
    above = [policy.after for kind, policy in outside if kind == "timeout"]
    if above and all(kind != "timeout" for kind, _ in inside):
        given_up = f"the caller gives up after {show_ns(min(above))}"
        yield f"The timeout stands outside of the breaker: {given_up}, and the breaker hears of it when the late answer comes."


def _refusals(p: m.Breaker, inside: Named) -> Iterator[str]:
    """What inner policies refuse."""
    parts = catalog.merged(p.model_dump())
    failures = parts.get("failures") or ()
    ignored = catalog.learn_from({**parts, "given_failures": p.failures is not None}, "library")
    for kind, reason, who in (
        ("rate_limit", "limited", "the rate limiter"),
        ("bulkhead", "bulkhead", "the bulkhead"),
    ):
        if all(k != kind for k, _ in inside):
            continue
        if reason in failures:
            yield f"Refusals of {who} within count as failures: too much load opens the breaker on a callee that is well."
        elif ignored[OUTCOMES.index(reason)] == b.SUCCESS:
            yield f"Refusals of {who} within count as successes, and hide failures."


def _slow(p: m.Breaker, inside: Named) -> Iterator[str]:
    """Calls that end before they are slow."""
    made = catalog.params_from(p.model_dump())
    most = longest(inside)
    if made.judges_slow and most <= made.slow_ns < FOREVER:
        yield f"Nothing is ever slow: a call ends after {show_ns(_rounded(most))}, and slow is longer than {show_ns(made.slow_ns)}."


def _is_forced(p: m.Breaker) -> bool:
    """Is every call refused?"""
    return catalog.params_from(p.model_dump()).initial == FORCED_OPEN


def _amplification(p: m.Retry, inside: Named) -> Iterator[str]:
    """Retries of retries."""
    n = p.attempts
    if n < 2:
        return
    budget = "" if p.budget is None else " (each layer's budget bounds it)"
    yield f"Retries multiply: {n} tries here, and {n**DEPTH} at the bottom of {DEPTH} layers with the same settings{budget}."
    if "broken" in p.on and any(
        kind == "breaker" and (opens(policy) or _is_forced(policy)) for kind, policy in inside
    ):
        yield "An open breaker is retried too: one call uses up its tries on refusals."
    refused = [
        r
        for r, k in (("limited", "rate_limit"), ("bulkhead", "bulkhead"))
        if r in p.on and any(x == k for x, _ in inside)
    ]
    if refused:
        yield f"What is refused within ({', '.join(refused)}) is tried again: retries add to the load that is too much already."
    if p.jitter == "none":
        yield "Retries are not spread: callers that failed together come back together."


def _longest(p: m.Retry, inside: Named, outside: Named) -> Iterator[str]:
    """How long a call may take, against the timeout around it."""
    whole = min((policy.after for kind, policy in outside if kind in ("timeout", "deadline")), default=None)
    total = longest([("retry", p), *inside])
    if p.attempts < 2:
        return
    if whole is None and total < FOREVER:
        yield f"Nothing bounds all tries together: a call may take {show_ns(_rounded(total))} ({p.attempts} tries, and every wait at its longest)."
    each = min((policy.after for kind, policy in inside if kind == "timeout"), default=None)
    if whole is None or each is None or "timeout" not in p.on or any(kind == "retry" for kind, _ in inside):
        return
    waits = list(shortest_waits(p))
    starts = [n * each + sum(waits[:n]) for n in range(p.attempts)]
    fits = sum(start + each <= whole for start in starts)
    if fits < p.attempts:
        yield f"The timeout of all tries, {show_ns(whole)}, leaves room for {fits} of {p.attempts} tries that time out{_at_most(p)}."


def _at_most(p: m.Retry) -> str:
    return "" if list(longest_waits(p)) == list(shortest_waits(p)) else ", at most"


def _rounded(ns: float) -> int:
    return round(ns) if ns < 10**9 else round(ns / 10**7) * 10**7


def _hosts(p: m.Outlier, around: Around) -> Iterator[str]:
    """Ejection percent against the number of hosts."""
    made = outlier_catalog.params_from(p.use, p.params, lenient=True)
    if around.hosts is not None:
        why = outlier_catalog.idle(made, around.hosts)
        if why:
            yield f"It never ejects anybody: {why}."
            return
    else:
        least = next((n for n in range(1, MOST_HOSTS) if not outlier_catalog.idle(made, n)), None)
        if least is None:
            yield f"It never ejects anybody: {outlier_catalog.idle(made, MOST_HOSTS)}."
            return
        elif least > 1:
            yield f"Ejection percent against hosts: with fewer than {least} hosts it never ejects anybody ({outlier_catalog.idle(made, least - 1)})."
    by_5xx, by_gateway = (
        bool(run and made.enforced[cause])
        for run, cause in ((made.run_5xx, o.BY_5XX), (made.run_gateway, o.BY_GATEWAY))
    )
    if by_5xx and by_gateway and made.enforced[o.BY_5XX] == 100 and made.run_gateway > made.run_5xx:
        yield f"The run of {made.run_gateway} answers of 502, 503 or 504 comes too late: {made.run_5xx} of any 5xx eject before it."
    if by_gateway and not by_5xx:
        yield "Only 502, 503 and 504 count: a host that answers with 500 is never ejected."
    if made.max_percent >= 100 and not made.panic_percent:
        yield "All hosts may be ejected at once, and then every call is refused: there is no panic threshold."
    if made.run_5xx and made.interval_ns < 10**9:
        yield f"It is looked at every {show_ns(made.interval_ns)}: ejections end, and multipliers shrink, almost at once."


def _no_limit(p: m.RateLimit) -> Iterator[str]:
    if p.use is None:
        return
    made = limits.params(limits.RATE_LIMITS, p.use, p.params)
    per_s = made.limit * 1e9 / made.period_ns
    if per_s > 1e6:
        yield f"{per_s:.2g} calls a second are no limit: limitRefreshPeriod is {show_ns(made.period_ns)}."
    elif made.timeout_ns > 10**9:
        yield f"A call waits up to {show_ns(made.timeout_ns)} for its turn, and holds its caller meanwhile."
