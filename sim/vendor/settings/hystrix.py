"""Hystrix's properties -> the policies of each command."""

from collections.abc import Iterator, Mapping
from typing import Any

from sim.errors import InvalidScenario, Problem
from sim.policies import catalog
from sim.policies.limits import catalog as limits
from sim.policies.options import Option
from sim.scenario.source import Position
from sim.vendor import keys
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Block, Given, Idle, Imported, Marked, Mistakes, pick
from sim.vendor.settings import spring
from sim.vendor.source import Source

VERSION = "Hystrix 1.5 (Netflix/Hystrix 7c03bafe)"
ORDER = "circuit breaker -> thread pool or semaphore -> timeout (Hystrix)"
_FALLBACK = "a fallback is code of the application: write `fallback:` into the scenario"
_METRICS = "latencies for display change no call"
_TOLD = "the caller's thread ends or not; the callee is not told"
SEMAPHORE = "execution.isolation.semaphore.maxConcurrentRequests"
TIMEOUT = "execution.isolation.thread.timeoutInMilliseconds"
TIMED, STRATEGY, POOL = "execution.timeout.enabled", "execution.isolation.strategy", "threadPoolKeyOverride"
BREAKER = catalog.ENTRIES["hystrix"].options
THREADS = limits.BULKHEADS["hystrix-thread-pool"].options
OTHERS = (
    Option(STRATEGY, "THREAD", "choice", "what isolates a command", choices=("THREAD", "SEMAPHORE")),
    Option(TIMED, True, "flag", "there is a timeout"),
    Option(TIMEOUT, 1000, "duration_ms", "longest wait", 1),
    *limits.BULKHEADS["hystrix-semaphore"].options,
)
IDLE = {
    "execution.isolation.thread.interruptOnTimeout": _TOLD,
    "execution.isolation.thread.interruptOnCancel": _TOLD,
    "execution.isolation.thread.interruptOnFutureCancel": _TOLD,
    "fallback.enabled": _FALLBACK,
    "fallback.isolation.semaphore.maxConcurrentRequests": _FALLBACK,
    "metrics.rollingPercentile.enabled": _METRICS,
    "metrics.rollingPercentile.timeInMilliseconds": _METRICS,
    "metrics.rollingPercentile.numBuckets": _METRICS,
    "metrics.rollingPercentile.bucketSize": _METRICS,
    "requestCache.enabled": "a cache is written by `cache:` of a step",
    "requestLog.enabled": _METRICS,
}
POOL_IDLE = {
    "metrics.rollingStats.timeInMilliseconds": _METRICS,
    "metrics.rollingStats.numBuckets": _METRICS,
}
GONE = {
    "circuitBreaker.sleepWindow": "write circuitBreaker.sleepWindowInMilliseconds",
    "execution.isolation.thread.timeout": "write execution.isolation.thread.timeoutInMilliseconds",
}
SECTIONS = ("command", "threadpool", "collapser")
ELSEWHERE = {
    "collapser": "calls of the model are not joined",
    "stream": _METRICS,
    "metrics": _METRICS,
    "plugin": "a plugin is code",
    "shareSecurityContext": "it changes no call",
}
Settings = dict[str, Given]


def seen(source: Source) -> Iterator[Seen]:
    """Keys below `hystrix.command` and its like."""
    for tree in source.documents:
        for path, _, place in spring.flat(tree):
            if len(path) > 1 and path[0] == "hystrix" and path[1] in SECTIONS:
                yield Seen("`hystrix`", tree.keys[place[:1]])


class _Groups:
    """The settings of a file by command and by thread pool."""

    def __init__(self) -> None:
        self.commands: dict[str, Settings] = {}
        self.pools: dict[str, Settings] = {}
        self.idle: list[Idle] = []
        self.in_force: set[Position] = set()
        """Where the keys of settings stand that are in force."""

    def add(self, path: spring.Path, setting: Given, mistakes: Mistakes) -> None:
        """One property below `hystrix`."""
        if path[0] in ELSEWHERE:
            self.idle.append(Idle(".".join(path), setting.raw, ELSEWHERE[path[0]], setting.key_at.line))
        elif path[0] not in SECTIONS:
            section = Given(path[0], None, setting.at, setting.key_at)
            keys.unknown(section, (*SECTIONS, *ELSEWHERE), "hystrix", {}, mistakes)
        elif len(path) > 2:
            group = (self.commands if path[0] == "command" else self.pools).setdefault(path[1], {})
            one = Given(".".join(path[2:]), setting.raw, setting.at, setting.key_at)
            value = spring.resolved(one, mistakes)
            if value is not None:
                group[one.name] = value
        elif setting.raw not in (None, {}):
            message = f"{'.'.join(path)}: {keys.text(setting.raw)} is not a mapping of settings"
            mistakes.add(setting.at, message)

    def names(self) -> list[str]:
        """Of the commands; without any, of the pools."""
        for group in (self.commands, self.pools):
            found = [name for name in group if name != "default"]
            if found:
                return found
        return ["default"]


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every command, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    groups = _Groups()
    active = spring.active(source, wishes.profiles, "hystrix")
    for tree in active.trees:
        for path, setting in spring.properties(tree, ("hystrix",)):
            groups.add(path, setting, mistakes)
    if not groups.commands and not groups.pools and not mistakes.found:
        told = "".join(f"; {note}" for note in active.notes)
        message = (
            f"no command and no thread pool of Hystrix is in force here, so there is nothing to import{told}"
        )
        raise InvalidScenario([Problem(message, source.file)])
    _check(groups.commands, groups.pools, mistakes)
    names = groups.names()
    imported = [_imported(name, groups, mistakes) for name in names]
    _lonely(imported[0], groups.commands, groups.pools, names)
    imported[0].idle += _overridden(groups, imported[0])
    imported[0].notes += active.notes
    if wishes.only:
        imported = pick(imported, wishes.only, source.file, "command")
    mistakes.end()
    return imported


def _check(commands: Mapping[str, Settings], pools: Mapping[str, Settings], mistakes: Mistakes) -> None:
    """Keys that there are none of."""
    own = [*(option.name for option in (*BREAKER, *OTHERS)), *IDLE, POOL]
    for settings in commands.values():
        for name, one in settings.items():
            if name not in own:
                keys.unknown(one, own, "a command", GONE, mistakes)
    own = [*(option.name for option in THREADS), *POOL_IDLE]
    for settings in pools.values():
        for name, one in settings.items():
            if name not in own:
                keys.unknown(one, own, "a thread pool", {}, mistakes)


def _overridden(groups: _Groups, first: Imported) -> Iterator[Idle]:
    """Settings that are nowhere in force."""
    told = {idle.line for idle in first.idle}
    why = "every command of this file says it anew, or has no such pool"
    for group in (groups.commands, groups.pools):
        for one in (one for found in group.values() for one in found.values()):
            if one.key_at not in groups.in_force and one.key_at.line not in told:
                yield keys.idle(one, why)


def _lonely(
    first: Imported, commands: Mapping[str, Settings], pools: Mapping[str, Settings], names: list[str]
) -> None:
    """Pools that no command of the file is known to use: commands name them in code, by their group."""
    used = {str(s[POOL].raw) for s in commands.values() if POOL in s} | {"default", *names}
    why = "no command of this file names this pool (threadPoolKeyOverride), and groups are named in code"
    for name, settings in pools.items():
        if name not in used:
            first.idle += [
                Idle(f"threadpool.{name}.{one.name}", one.raw, why, one.key_at.line)
                for one in settings.values()
            ]


def _convert(option: Option, raw: Any) -> Any:
    """Numbers without unit, true or false; a properties file has them as texts."""
    if option.kind == "flag":
        word = str(raw).strip().lower()
        if word not in ("true", "false"):
            msg = f"{keys.text(raw)} is neither true nor false"
            raise ValueError(msg)
        return word == "true"
    if option.kind == "choice":
        return str(raw).strip().upper()
    try:
        return int(str(raw).strip()) if not isinstance(raw, bool) else raw
    except ValueError:
        what = "a whole number of milliseconds" if option.kind == "duration_ms" else "a whole number"
        msg = f"{keys.text(raw)} is not {what}"
        raise ValueError(msg) from None


def _imported(name: str, groups: _Groups, mistakes: Mistakes) -> Imported:
    commands, pools, idle = groups.commands, groups.pools, groups.idle
    found = {**commands.get("default", {}), **commands.get(name, {})}
    groups.in_force |= {setting.key_at for setting in found.values()}
    one = Imported(
        name,
        VERSION,
        ORDER,
        [],
        [*idle, *(keys.idle(found[k], why) for k, why in IDLE.items() if k in found)],
    )
    one.shape = [found[name] for name in (STRATEGY, TIMED, POOL) if name in found]
    params = keys.params(BREAKER, found, _convert, mistakes)
    own = {option.name: found[option.name] for option in BREAKER if option.name in found}
    keys.holds(lambda v: catalog.params_from({"use": "hystrix", "params": dict(v)}), params, own, mistakes)
    _divided(params, own, mistakes)
    one.stack.append(("breaker", {"use": "hystrix", "params": params}))
    others = keys.params(OTHERS, found, _convert, mistakes)
    strategy, timed, timeout, semaphore = (others.get(option.name) for option in OTHERS)
    if isinstance(strategy, Marked) and strategy.value == "SEMAPHORE":
        if isinstance(semaphore, Marked):
            one.stack.append(("bulkhead", {"use": "hystrix-semaphore", "params": {SEMAPHORE: semaphore}}))
    else:
        if SEMAPHORE in found:
            one.idle.append(keys.idle(found[SEMAPHORE], f"{STRATEGY} is THREAD"))
        key = str(found[POOL].raw) if POOL in found else name
        own = {**pools.get("default", {}), **pools.get(key, {})}
        groups.in_force |= {setting.key_at for setting in own.values()}
        one.stack.append(("bulkhead", _pool(found, name, pools, one, mistakes)))
    if isinstance(timed, Marked) and timed.value and isinstance(timeout, Marked):
        one.stack.append(
            ("timeout", {"after": Marked(timeout.value, timeout.mark, "timeoutInMilliseconds", timeout.line)})
        )
    elif TIMEOUT in found:
        one.idle.append(keys.idle(found[TIMEOUT], f"{TIMED} is false"))
    return one


def _divided(params: Block, own: Settings, mistakes: Mistakes) -> None:
    """Hystrix refuses buckets that do not fill their window."""
    whole, buckets = (params.get(f"metrics.rollingStats.{n}") for n in ("timeInMilliseconds", "numBuckets"))
    if not isinstance(whole, Marked) or not isinstance(buckets, Marked):
        return
    from sim.units import duration_ns

    if duration_ns(whole.value) // 1_000_000 % int(buckets.value):
        which = own.get("metrics.rollingStats.numBuckets") or own.get(
            "metrics.rollingStats.timeInMilliseconds"
        )
        if which is not None:
            mistakes.add(which.at, f"{which.name}: timeInMilliseconds must be a multiple of numBuckets")


def _pool(
    found: Settings, name: str, pools: Mapping[str, Settings], one: Imported, mistakes: Mistakes
) -> Block:
    """The thread pool of a command: the one that it names, or of its own name; else the default."""
    key = str(found[POOL].raw) if POOL in found else name
    own = {**pools.get("default", {}), **pools.get(key, {})}
    one.idle += [keys.idle(own[k], why) for k, why in POOL_IDLE.items() if k in own]
    params = keys.params(THREADS, own, _convert, mistakes)
    given = {option.name: own[option.name] for option in THREADS if option.name in own}
    keys.holds(lambda v: limits.params(limits.BULKHEADS, "hystrix-thread-pool", v), params, given, mistakes)
    if key not in pools:
        told = "the default pool" if "default" in pools else "Hystrix's own numbers"
        one.notes.append(
            f"no thread pool {key!r} in this file: {told}. Commands of one group share a pool in Hystrix"
        )
    return {"use": "hystrix-thread-pool", "params": params}
