"""The settings of one module of resilience4j -> a policy block."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.policies import catalog
from sim.policies.catalog.entry import ANY_EXCEPTION
from sim.policies.limits import catalog as limits
from sim.policies.options import Option
from sim.units import duration_ns, show_ns
from sim.vendor import keys
from sim.vendor.marked import DEFAULT, Block, Given, Idle, Marked, Mistakes, default, given, leaves
from sim.vendor.settings import exceptions, spring
from sim.vendor.settings.resilience4j_keys import LISTS, NO_CAP, Module
from sim.words import REASONS

ORDER = Option("aspectOrder", 0, "count", "smaller is further out", -(2**31), 2**31 - 1)
MS = 10**6
NOTHING = show_ns(0)
MACHINE = 2
"""Processors of the machine whose defaults a thread pool gets."""


@dataclass(slots=True)
class Made:
    """A block, and what is told beside it."""

    block: Block
    idle: list[Idle] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shape: list[Given] = field(default_factory=list)


def block(module: Module, found: Mapping[str, Given], mistakes: Mistakes) -> Made:
    """The policy block of a module with these settings."""
    made = Made({}, [keys.idle(found[name], why) for name, why in module.idle.items() if name in found])
    if module.name == "retry":
        _retry(module, found, mistakes, made)
    elif module.name == "timelimiter":
        _timeout(module, found, mistakes, made)
    else:
        if module.name == "circuitbreaker":
            found = _switched(module, found, mistakes, made)
        own = _with_pool(found) if module.name == "threadpoolbulkhead" else {}
        inner = keys.params(module.options, found, spring.convert, mistakes)
        inner |= {name: one for name, one in own.items() if name not in found}
        keys.holds(lambda values: _check(module, values), inner, _of_options(module, found), mistakes)
        made.block = {"use": module.use, "params": inner}
        if module.name == "circuitbreaker":
            inner |= {
                name: default(inner[name].value, word)
                for name, word in NONE.items()
                if _by_default(inner, name)
            }
            _lock_free(found, inner, mistakes)
            _outcomes(found, made)
    told = {value.line for _, value in leaves(made.block)} | {one.line for one in made.idle}
    made.shape += [found[name] for name in LISTS if name in found and found[name].at.line not in told]
    return made


NONE = {
    "exponentialMaxWaitDurationInOpenState": "no longest wait",
    "maxWaitDurationInHalfOpenState": "no longest stay",
}
"""What a default of nothing means."""
SWITCHES = {
    "enableExponentialBackoff": ("exponentialBackoffMultiplier", "exponentialMaxWaitDurationInOpenState"),
    "enableRandomizedWait": ("randomizedWaitFactor",),
    "maxWaitDurationInHalfOpenState": ("transitionToStateAfterWaitDuration",),
}
"""Settings of a breaker without which others have no effect."""


def _by_default(params: Block, name: str) -> bool:
    value = params.get(name)
    return isinstance(value, Marked) and value.mark == DEFAULT


def _switched(
    module: Module, found: Mapping[str, Given], mistakes: Mistakes, made: Made
) -> Mapping[str, Given]:
    """The settings of a breaker that have an effect; the others are idle, and still legal."""
    options = {option.name: option for option in module.options}
    left = dict(found)
    for switch, names in SWITCHES.items():
        given_ = found.get(switch)
        on = given_ is not None and keys.checked(options[switch], spring.convert, given_, Mistakes())
        for name in () if on and on != NOTHING else names:
            if name in left:
                one = left.pop(name)
                keys.checked(options[name], spring.convert, one, mistakes)
                made.idle.append(keys.idle(one, f"without {switch} it has no effect"))
    return left


def _lock_free(found: Mapping[str, Given], params: Block, mistakes: Mistakes) -> None:
    """A window without locks needs two slots of a second (CircuitBreakerConfig.java)."""
    how = found.get("slidingWindowSynchronizationStrategy")
    if how is None:
        return
    words = [spring.squashed(word) for word in ("SYNCHRONIZED", "LOCK_FREE")]
    if spring.squashed(str(how.raw)) not in words:
        mistakes.add(how.at, f"{how.name}: {keys.text(how.raw)} is none of SYNCHRONIZED, LOCK_FREE")
    kind, size = (params.get(name) for name in ("slidingWindowType", "slidingWindowSize"))
    short = (
        isinstance(kind, Marked)
        and kind.value == "TIME_BASED"
        and isinstance(size, Marked)
        and size.value < 2
    )
    if short and spring.squashed(str(how.raw)) == words[1]:
        mistakes.add(how.at, f"{how.name}: LOCK_FREE windows of time have 2 seconds or more")


def _of_options(module: Module, found: Mapping[str, Given]) -> dict[str, Given]:
    own = {option.name for option in module.options if not option.elsewhere}
    return {name: one for name, one in found.items() if name in own}


def _check(module: Module, values: Mapping[str, Any]) -> None:
    if module.name == "circuitbreaker":
        catalog.params_from({"use": module.use, "params": dict(values)})
    else:
        limits.params(limits.BLOCKS[module.policy], module.use, values)


def _with_pool(found: Mapping[str, Given]) -> Block:
    """Defaults of a thread pool: of a machine with two processors, or as large as the one that is given asks."""
    core, most = (_whole(found.get(name)) for name in ("coreThreadPoolSize", "maxThreadPoolSize"))
    note = f"of a machine with {MACHINE} processors"
    return {
        "coreThreadPoolSize": default(min(MACHINE - 1, most or MACHINE), note),
        "maxThreadPoolSize": default(max(MACHINE, core or 0), note),
    }


def _whole(setting: Given | None) -> int | None:
    try:
        return None if setting is None else int(setting.raw)
    except (TypeError, ValueError, OverflowError):
        return None


def _listed(found: Mapping[str, Given], name: str) -> tuple[list[str], Given | None]:
    setting = found.get(name)
    return (
        (spring.names(setting.raw), setting)
        if setting is not None and setting.raw is not None
        else ([], None)
    )


def _outcomes(found: Mapping[str, Given], made: Made) -> None:
    """What the breaker learns as failure and as nothing: recorded and ignored exceptions. What is neither is a
    success. A withdrawn call gives its permission back."""
    recorded, record = _listed(found, LISTS[0])
    ignored, ignore = _listed(found, LISTS[2])
    out = exceptions.reasons(ignored, ())
    wanted = exceptions.reasons(recorded, ("error",)) if recorded else ANY_EXCEPTION
    nothing = [reason for reason in REASONS if reason in (*out, "cancelled")]
    failures = [reason for reason in REASONS if reason in wanted and reason not in nothing]
    source = record if recorded else ignore
    _own_classes(recorded, ignored, ignore, made)
    if source is None or (set(failures) == set(ANY_EXCEPTION) and nothing == ["cancelled"]):
        return
    made.block["failures"] = given(failures, source, source.name)
    made.block["ignored_outcomes"] = given(nothing, ignore if ignore is not None and out else source)


def _own_classes(wanted: list[str], ignored: list[str], ignore: Given | None, made: Made) -> None:
    own = exceptions.own(wanted)
    if own:
        made.notes.append(f"{', '.join(own)}: a class of the application, taken as the outcome `error`")
    sockets = [name for name in (*wanted, *ignored) if name in exceptions.OF_SOCKETS]
    if sockets:
        made.notes.append(
            f"{', '.join(sockets)}: timeouts of a socket, and those of a TimeLimiter, are one outcome here, `timeout`"
        )
    never = [name for name in wanted if exceptions.CLASSES.get(name) == ()]
    if never:
        made.notes.append(f"{', '.join(never)}: the model has no such answers")
    strange = [name for name in ignored if not exceptions.CLASSES.get(name)]
    if ignore is not None and strange:
        why = "the model knows no kinds of errors, so none is ignored for its class"
        made.idle.append(Idle(ignore.name, ", ".join(strange), why, ignore.key_at.line))


def _retry(module: Module, found: Mapping[str, Given], mistakes: Mistakes, made: Made) -> None:
    values = keys.params(module.options, found, spring.convert, mistakes)
    if len(values) < len(module.options):
        return  # what is wrong is noted

    def one(name: str, note: str = "") -> Marked:
        marked = values[name]
        assert isinstance(marked, Marked)
        return _whole_ms(Marked(marked.value, marked.mark, note or name, marked.line))

    wait = one("waitDuration")
    grows, spread = one("enableExponentialBackoff").value, one("enableRandomizedWait").value
    growing, random = (
        ("exponentialBackoffMultiplier", "exponentialMaxWaitDuration"),
        ("randomizedWaitFactor",),
    )
    idle = (*(() if grows else growing), *(() if spread else random))
    for name in (name for name in idle if name in found):
        switch = "enableRandomizedWait" if "randomized" in name else "enableExponentialBackoff"
        made.idle.append(keys.idle(found[name], f"without {switch} it has no effect"))
    made.block = {"attempts": one("maxAttempts"), "backoff": {"fixed": wait}}
    made.shape += [found[name] for name in ("enableExponentialBackoff",) if name in found]
    if grows:
        multiplier = one("exponentialBackoffMultiplier")
        cap = one("exponentialMaxWaitDuration")
        cap = cap if "exponentialMaxWaitDuration" in found else default(NO_CAP, "no longest wait")
        made.block["backoff"] = {"exponential": {"base": wait, "multiplier": multiplier, "cap": cap}}
        if multiplier.value < 1:
            mistakes.add(
                found["exponentialBackoffMultiplier"].at, "exponentialBackoffMultiplier is at least 1"
            )
    around = one("enableRandomizedWait")
    made.block["jitter"] = Marked("around" if spread else "none", around.mark, around.note, around.line)
    if spread:
        made.block["spread"] = one("randomizedWaitFactor")
    made.block["on"] = _retried(found, made)


def _whole_ms(marked: Marked) -> Marked:
    """The library counts waits of a retry and a time limit in whole milliseconds."""
    if not isinstance(marked.value, str):
        return marked
    ns = duration_ns(marked.value)
    if not ns % MS:
        return marked
    return Marked(
        show_ns(ns // MS * MS), marked.mark, f"{marked.note}: {marked.value}, whole milliseconds", marked.line
    )


def _retried(found: Mapping[str, Given], made: Made) -> Marked:
    """The outcomes that are retried: of the listed exceptions or all, less the ignored ones."""
    wanted, want = _listed(found, LISTS[1])
    ignored, ignore = _listed(found, LISTS[2])
    out = exceptions.reasons(ignored, ())
    reasons = exceptions.reasons(wanted, ("error",)) if wanted else exceptions.ANY
    left = [reason for reason in reasons if reason not in out]
    _own_classes(wanted, ignored, ignore, made)
    source = want if wanted else ignore if out else None
    return (
        given(left, source, source.name)
        if source is not None
        else default(left, "every exception, refusals too")
    )


def _timeout(module: Module, found: Mapping[str, Given], mistakes: Mistakes, made: Made) -> None:
    values = keys.params(module.options, found, spring.convert, mistakes)
    if "timeoutDuration" in values:
        one = values["timeoutDuration"]
        whole = _whole_ms(Marked(one.value, one.mark, "timeoutDuration", one.line))
        made.block = {"after": whole}
        if not duration_ns(whole.value):
            message = f"timeoutDuration: {one.value} is no whole millisecond, which the library counts: no call is fast enough"
            mistakes.add(found["timeoutDuration"].at, message, "write 1ms or more")
    if "cancelRunningFuture" in found:
        why = "the future of the caller ends or not; the callee is not told in either case"
        made.idle.append(keys.idle(found["cancelRunningFuture"], why))
