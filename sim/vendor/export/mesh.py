"""What Envoy and Istio share: the order of a proxy, its retries, its limits of calls."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Any

from sim.policies.limits import catalog as limits
from sim.policies.options import Option
from sim.scenario.whole import Applied
from sim.units import show_ns
from sim.vendor.export.calls import Call, Refusals
from sim.vendor.keys import DURATIONS
from sim.vendor.settings.envoy_fields import CODES, RETRY_ON, UINT32

PATTERN = ("timeout", "retry", "bulkhead", "outlier", "timeout")
NONE = {
    "fallback": "a fallback is code of the caller, not a setting of a proxy",
    "deadline": "a proxy hands no deadline on: write `timeout` outside of the retry",
    "hedge": "a proxy that hedges needs a per-try timeout, which the model does not know",
    "breaker": "a proxy has no breaker with states: its circuit_breakers are `bulkhead: {use: envoy-thresholds}`, its "
    "ejection of hosts is `outlier:`",
    "throttle": "a filter of the proxy (EnvoyFilter), not a setting of its clusters and routes",
    "rate_limit": "a proxy's rate limit gives tokens out by intervals, in a filter: it is not written here",
    "concurrency": "a filter of the proxy (EnvoyFilter), not a setting of its clusters and routes",
}
_WORDS: tuple[str | int, ...] = ("5xx", "gateway-error", "reset", "connect-failure", 500, 503)
"""Of retry_on, for HTTP, and status codes of answers."""


@dataclass(slots=True)
class Parts:
    """The policies of a call by their place in a proxy."""

    whole: Applied | None = None
    """The timeout of all tries."""
    retry: Applied | None = None
    bulkhead: Applied | None = None
    outlier: Applied | None = None
    per_try: Applied | None = None
    filters: list[Applied] = field(default_factory=list)
    """Outside of the router."""


def parts(call: Call, refusals: Refusals, filters: tuple[str, ...] = ()) -> Parts:
    """Refuses what a proxy has not, or has in another order. `filters`: policies that are filters of it."""
    found, at = Parts(), 0
    names = ("whole", "retry", "bulkhead", "outlier", "per_try")
    for one in call.policies:
        if one.kind in filters and at == 0:
            found.filters.append(one)
            continue
        if one.kind in NONE and one.kind not in filters:
            refusals.add(one.at, NONE[one.kind])
            continue
        place = next((i for i in range(at, len(PATTERN)) if PATTERN[i] == one.kind), None)
        if place is None:
            order = "timeout, retry, bulkhead, outlier, timeout of a try"
            refusals.add(
                one.at,
                f"in a proxy the order is {order}, from the outside in: this {one.kind} stands elsewhere",
            )
            continue
        setattr(found, names[place], one)
        at = place + 1
    for timeout in filter(None, (found.whole, found.per_try)):
        if timeout.policy.cancel != "none":
            refusals.add(
                (*timeout.at, "cancel"),
                "a proxy resets the request; what the callee makes of it is no setting",
            )
    return found


def retry_words(one: Applied, refusals: Refusals) -> tuple[list[str], list[int]]:
    """(words of retry_on, status codes) that stand for the outcomes that are retried."""
    wanted = set(one.policy.on)
    beyond = sorted(wanted - set(RETRY_ON["5xx"]))
    if beyond:
        message = f"a proxy does not retry what ended as {', '.join(beyond)}: leave it out of `on`"
        refusals.add((*one.at, "on"), message)
    if not wanted:
        refusals.add((*one.at, "on"), "nothing is retried: leave the retry out")
    wanted -= set(beyond)
    for n in range(1, len(_WORDS) + 1):
        for words in combinations(_WORDS, n):
            if {reason for word in words for reason in _stands_for(word)} == wanted:
                codes = [word for word in words if isinstance(word, int)]
                return [word for word in words if isinstance(word, str)], codes
    if wanted:
        message = "a proxy that retries a try that timed out retries a lost connection, too (reset): add unreachable"
        refusals.add((*one.at, "on"), message)
    return [], []


def _stands_for(word: str | int) -> tuple[str, ...]:
    return (CODES[word],) if isinstance(word, int) else RETRY_ON[word]


def back_off(one: Applied, refusals: Refusals) -> tuple[int, int]:
    """(base, cap) in ns of a wait as proxies have it: uniform from 0 up to one that doubles."""
    growth = one.policy.backoff.exponential
    if growth is None or growth.multiplier != 2 or one.policy.jitter != "full":
        message = "a proxy waits a uniform time up to one that doubles: write backoff: {exponential: {multiplier: 2}} and jitter: full"
        refusals.add((*one.at, "backoff"), message)
        return 25_000_000, 250_000_000
    return growth.base, growth.cap


def budget(one: Applied, refusals: Refusals) -> dict[str, Any]:
    """budget_percent and min_retry_concurrency; empty: no limit."""
    given = one.policy.budget
    if given is None:
        return {}
    if given.use != "envoy-retry-budget":
        refusals.add((*one.at, "budget"), "a proxy has one budget: write budget: {use: envoy-retry-budget}")
        return {}
    return resolved(limits.BUDGETS["envoy-retry-budget"].options, given.params, (*one.at, "budget"), refusals)


def resolved(
    options: Iterable[Option],
    params: dict[str, Any],
    at: tuple[Any, ...],
    refusals: Refusals,
    *,
    given_only: bool = False,
) -> dict[str, Any]:
    """Settings by name in the units of protobuf: durations in ns, percents from 0 to 100."""
    out: dict[str, Any] = {}
    for option in options:
        if option.elsewhere or (given_only and option.name not in params):
            continue
        value = refusals.setting(
            option, params.get(option.name, option.default), (*at, "params", option.name)
        )
        if value is not None:
            out[option.name] = whole(value * 100) if option.kind == "percent" else value
    return out


def whole(value: float) -> Any:
    """Without a fraction that is none."""
    value = round(value, 9)
    return int(value) if value == int(value) else value


def pool(one: Applied, refusals: Refusals) -> dict[str, Any]:
    """max_connections, max_pending_requests, max_requests and protocol of a bulkhead."""
    p = one.policy
    if p.use == "envoy-thresholds":
        return resolved(limits.BULKHEADS["envoy-thresholds"].options, p.params, one.at, refusals)
    none = {
        "max_connections": UINT32,
        "max_pending_requests": UINT32,
        "max_requests": UINT32,
        "protocol": "HTTP1",
    }
    if p.use is not None:
        refusals.add(one.at, f"{p.use} is of another library: write `use: envoy-thresholds`")
        return none
    if p.queue and p.max_wait is not None:
        refusals.add((*one.at, "max_wait"), "a proxy bounds how many wait, not how long")
    if p.queue:
        return {**none, "max_connections": p.limit, "max_pending_requests": p.queue}
    return {**none, "max_requests": p.limit}


def seconds(ns: int) -> str:
    """As protobuf's JSON has it: 0.25s."""
    text = f"{Decimal(ns) / 10**9:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}s"


def shown(options: Iterable[Option], values: dict[str, Any], show: Any = show_ns) -> dict[str, Any]:
    """Settings as text of a file; durations by `show`."""
    timed = {option.name for option in options if option.kind in DURATIONS}
    return {name: show(value) if name in timed else value for name, value in values.items()}
