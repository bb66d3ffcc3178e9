"""Policies -> resilience4j's settings in Spring Boot's application.yml."""

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

from sim.policies.catalog.entry import ANY_EXCEPTION, IGNORED
from sim.policies.options import Option
from sim.scenario.whole import Applied
from sim.units import duration_ns
from sim.vendor import write
from sim.vendor.export.calls import Call, Refusals, names, only
from sim.vendor.keys import DURATIONS
from sim.vendor.settings import exceptions
from sim.vendor.settings.resilience4j_keys import MODULES, NO_CAP, Module

ORDER = ("retry", "breaker", "rate_limit", "timeout", "bulkhead")
"""Of the library's aspects, from the outside in."""
_NONE = {
    "fallback": "a fallback is a method of the application (fallbackMethod), not a setting",
    "deadline": "resilience4j has no deadline; a `timeout` outside of the retry bounds all tries",
    "hedge": "resilience4j's settings know no hedging",
    "throttle": "resilience4j has no adaptive throttle",
    "concurrency": "resilience4j has no limit that finds its own value: write `bulkhead:`",
    "outlier": "resilience4j ejects no hosts: a mesh does",
}
_SETTINGS = dict[str, Any]


def text(calls: list[Call], refusals: Refusals) -> str:
    """The file."""
    modules: dict[str, dict[str, _SETTINGS]] = {}
    for call, name in zip(calls, names(calls), strict=True):
        refusals.kinds(call, _NONE)
        for one in call.policies:
            module, settings = _module(one, refusals)
            if module is not None:
                modules.setdefault(module.name, {})[name] = settings
    tree: dict[str, _SETTINGS] = {}
    for module_name, found in modules.items():
        tree[_KEBAB.get(module_name, module_name)] = {"instances": {_key(n): s for n, s in found.items()}}
    for module, rank in _ranks(calls, refusals):
        if module.name in modules:
            tree[_KEBAB.get(module.name, module.name)][module.order] = rank
    return "\n".join([*write.lines(_quoted({"resilience4j": tree}), short=0), ""])


_KEBAB = {"threadpoolbulkhead": "thread-pool-bulkhead"}
_OLD_WORDS = {"yes", "no", "on", "off", "y", "n"}


def _key(name: str) -> str:
    """A key of a Spring map: what is no letter, digit or dash stands in brackets."""
    return name if name.replace("-", "").isalnum() and name.isascii() else f"[{name}]"


def _quoted(tree: Any) -> Any:
    """Keys that YAML 1.1, which Spring reads, would take for true or false are put into brackets too."""
    if isinstance(tree, dict):
        return {f"[{k}]" if k.lower() in _OLD_WORDS else k: _quoted(v) for k, v in tree.items()}
    return tree


def _module(one: Applied, refusals: Refusals) -> tuple[Module | None, _SETTINGS]:
    if one.kind == "retry":
        return MODULES["retry"], _retry(one, refusals)
    if one.kind == "breaker":
        return MODULES["circuitbreaker"], _breaker(one, refusals)
    if one.kind == "rate_limit":
        return MODULES["ratelimiter"], _rate_limit(one, refusals)
    if one.kind == "timeout":
        return MODULES["timelimiter"], _timeout(one, refusals)
    return _bulkhead(one, refusals) if one.kind == "bulkhead" else (None, {})


def _duration(ns: int) -> str:
    """As Spring reads it: a whole number and its unit."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns % size == 0 and ns:
            return f"{ns // size}{unit}"
    return f"{ns}ns" if ns else "0s"


def _whole_ms(ns: int, at: Any, refusals: Refusals) -> str:
    """Waits of a retry and a time limit, which the library counts in milliseconds."""
    if ns % 10**6:
        refusals.add(at, "resilience4j counts this in whole milliseconds: write such")
    return _duration(ns)


def _params(options: Iterable[Option], params: dict[str, Any], one: Applied, refusals: Refusals) -> _SETTINGS:
    """Settings under their own names, in their own units."""
    out: _SETTINGS = {}
    for option in options:
        if option.name not in params:
            continue
        value = params[option.name]
        parsed = refusals.setting(option, value, (*one.at, "params", option.name))
        if parsed is None:
            continue
        if option.kind in DURATIONS:
            value = _duration(parsed)
        elif option.kind == "percent":
            value = round(parsed * 100, 9)
        elif option.kind in ("share", "count", "number", "choice"):
            value = parsed
        out[option.name] = int(value) if isinstance(value, float) and value == int(value) else value
    return out


def _breaker(one: Applied, refusals: Refusals) -> _SETTINGS:
    if not only(one, "resilience4j", refusals, allowed=("failures", "ignored_outcomes")):
        return {}
    settings = _params(MODULES["circuitbreaker"].options, one.policy.params, one, refusals)
    longest = "exponentialMaxWaitDurationInOpenState"
    if settings.get(longest) == "0s":
        del settings[longest]  # none, which is said by saying nothing
    return settings | _outcomes(one, refusals)


def _outcomes(one: Applied, refusals: Refusals) -> _SETTINGS:
    given = one.policy
    if given.failures is None and given.ignored_outcomes is None:
        return {}
    failures = ANY_EXCEPTION if given.failures is None else given.failures
    ignored = [
        r
        for r in (IGNORED if given.ignored_outcomes is None else given.ignored_outcomes)
        if r not in failures
    ]
    if "cancelled" not in ignored:
        at = (*one.at, "ignored_outcomes")
        refusals.add(
            at, "resilience4j gives the permission of a cancelled call back: leave `cancelled` among them"
        )
    ignored = [reason for reason in ignored if reason != "cancelled"]
    out: _SETTINGS = {}
    if not failures:
        # An empty list records everything: one that is ignored as well records nothing.
        out["recordExceptions"] = [exceptions.WRITTEN["cancelled"]]
        ignored.append("cancelled")
    elif set(failures) != set(ANY_EXCEPTION) - set(ignored):
        out["recordExceptions"] = _classes(failures, (*one.at, "failures"), refusals)
    if ignored:
        out["ignoreExceptions"] = _classes(ignored, (*one.at, "ignored_outcomes"), refusals)
    return out


def _classes(reasons: Iterable[str], at: Any, refusals: Refusals) -> list[str]:
    """The exceptions that stand for these outcomes."""
    every = set(exceptions.ANY) <= set(reasons)
    found = ["java.lang.Throwable"] if every else []
    for reason in reasons:
        if every and reason != "cancelled":
            continue
        if reason not in exceptions.WRITTEN:
            refusals.add(at, f"no exception stands for the outcome `{reason}`: leave it out")
        else:
            found.append(exceptions.WRITTEN[reason])
    return found


def _retry(one: Applied, refusals: Refusals) -> _SETTINGS:
    p = one.policy
    growth, fixed = p.backoff.exponential, p.backoff.fixed
    out: _SETTINGS = {
        "maxAttempts": p.attempts,
        "waitDuration": _whole_ms(growth.base if growth else fixed or 0, (*one.at, "backoff"), refusals),
    }
    if growth:
        out |= {"enableExponentialBackoff": True, "exponentialBackoffMultiplier": growth.multiplier}
        if growth.cap < duration_ns(NO_CAP):
            out["exponentialMaxWaitDuration"] = _whole_ms(growth.cap, (*one.at, "backoff"), refusals)
    if p.jitter == "around":
        out |= {"enableRandomizedWait": True, "randomizedWaitFactor": p.spread}
        if not 0 <= p.spread < 1:
            refusals.add((*one.at, "spread"), "randomizedWaitFactor is below 1")
    elif p.jitter != "none":
        message = f"resilience4j spreads a wait around its mean only: write jitter: around (or none), not {p.jitter}"
        refusals.add((*one.at, "jitter"), message)
    if p.budget is not None:
        refusals.add((*one.at, "budget"), "resilience4j has no retry budget")
    return out | _retried(one, refusals)


def _retried(one: Applied, refusals: Refusals) -> _SETTINGS:
    """The exceptions that are retried, or those that are not."""
    on, at = one.policy.on, (*one.at, "on")
    if set(on) == set(exceptions.ANY):
        return {}
    if not on:
        none = [exceptions.WRITTEN["cancelled"]]
        return {"retryExceptions": none, "ignoreExceptions": none}
    if "expired" not in on:
        return {"retryExceptions": _classes(on, at, refusals)}
    # What no class stands for is among all that are not ignored.
    missed = [reason for reason in exceptions.ANY if reason not in on]
    out: _SETTINGS = {"ignoreExceptions": _classes(missed, at, refusals)} if missed else {}
    if "cancelled" in on:
        out["retryExceptions"] = _classes((*exceptions.ANY, "cancelled"), at, refusals)
    return out


def _rate_limit(one: Applied, refusals: Refusals) -> _SETTINGS:
    if one.policy.use != "resilience4j-ratelimiter":
        message = (
            "resilience4j gives out its permissions once per cycle: write `use: resilience4j-ratelimiter`"
        )
        refusals.add(one.at, message)
        return {}
    return _params(MODULES["ratelimiter"].options, one.policy.params, one, refusals)


def _timeout(one: Applied, refusals: Refusals) -> _SETTINGS:
    if one.policy.cancel != "none":
        refusals.add((*one.at, "cancel"), "TimeLimiter tells the callee nothing: leave `cancel` out")
    return {"timeoutDuration": _whole_ms(one.policy.after, one.at, refusals)}


def _bulkhead(one: Applied, refusals: Refusals) -> tuple[Module | None, _SETTINGS]:
    p = one.policy
    for name in ("bulkhead", "threadpoolbulkhead"):
        if p.use == MODULES[name].use:
            return MODULES[name], _params(MODULES[name].options, p.params, one, refusals)
    if p.use is not None:
        refusals.add(one.at, f"{p.use} is of another library: write `use: resilience4j-bulkhead`")
    elif p.queue == 0:
        return MODULES["bulkhead"], {"maxConcurrentCalls": p.limit}
    elif p.max_wait is None:
        pool = {"coreThreadPoolSize": p.limit, "maxThreadPoolSize": p.limit, "queueCapacity": p.queue}
        return MODULES["threadpoolbulkhead"], pool
    else:
        refusals.add((*one.at, "max_wait"), "resilience4j has a queue or a longest wait, not both")
    return None, {}


def _ranks(calls: list[Call], refusals: Refusals) -> Iterator[tuple[Module, int]]:
    """Aspect orders, where the library's own do not give the order of these calls: one for all instances."""
    wanted = [[one.kind for one in call.policies if one.kind in ORDER] for call in calls]
    fitting = (
        order
        for order in permutations(ORDER)
        if all(sorted(kinds, key=order.index) == kinds for kinds in wanted)
    )
    order = next(fitting, None)
    if order is None:
        at = next((call.policies[0].at for call in calls if call.policies), ())
        message = (
            "the policies of these calls stand in different orders: resilience4j has one for all instances"
        )
        refusals.add(at, message)
    elif order != ORDER:
        for module in MODULES.values():
            yield module, 1 + order.index(module.policy)
