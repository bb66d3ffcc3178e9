"""The catalogue: breakers by name, and the way from a breaker block of a file to parameters.

An entry is data: a library's own settings (`params:` of the file) come to parts in the spelling of the
scenario file, and the file may replace each part: `{use: resilience4j, params: {slidingWindowSize: 20},
open_for: 5s}`.
"""

from typing import Any

from sim.policies import breaker_parts as b
from sim.policies.catalog import dotnet, go, jvm, node, plain, python, rpc
from sim.policies.catalog.contradictions import Contradiction
from sim.policies.catalog.entry import FAILURES, IGNORED, Entry, Parts, as_written, settings
from sim.policies.catalog.parts import params_from_parts
from sim.policies.options import OptionError
from sim.words import OUTCOMES

__all__ = [
    "ENTRIES",
    "PARTS",
    "Contradiction",
    "Entry",
    "Parts",
    "learn_from",
    "merged",
    "names",
    "params_from",
    "parts_of",
]

ENTRIES: dict[str, Entry] = {
    name: entry
    for family in (plain, jvm, dotnet, go, python, node, rpc)
    for name, entry in family.ENTRIES.items()
}

PARTS: dict[str, str] = {
    "window": "what it remembers: `consecutive`, {count: n}, {time: 10s, buckets: 10, grid: reset | epoch | "
    "lazy | kept}, {interval: 60s}, an `average`; `of` results, started or asked calls",
    "trip": "when closed becomes open: failures, failure_ratio, slow_ratio (any of them), minimum results; "
    "or `any:` of lists of conditions that must all hold; judged on any result, a failure, or a full bucket",
    "slow": "a result strictly slower than this carries the slow flag (`trip: {slow_of: successes}`: failures never)",
    "open_for": "how long open lasts: fixed, exponential over openings without a close, a list; with jitter",
    "leave_open": "what ends open: the next `request`, also a `read` of the state, any `touch`, or a `timer`",
    "expiry": "at exactly the end of the open time: `inclusive` lets pass, `strict` not yet",
    "probe": "admission in half-open: `single`, {quota: n} in all, {concurrent: n} at once, `unbounded`, "
    "`one-per-open-time`, {ramp: {start: 10%, end: 100%, over: 60s}}",
    "ignored": "a probe without a result: `gives-back` its place (`gives-any-back`: late ones too), `reopens`, or `rolls-back` to open and due",
    "half_open_for": "longest stay in half-open, and where it ends",
    "decide": "what ends half-open: `first` result, {successes: n, failures: m}, {failure_ratio, after}, "
    "`trip-rule`, `trip-rule-on-failure`",
    "late": "results of calls admitted in an earlier state: for the `current-state`, dropped by `generation` "
    "or unless in the `same-state`, or handled by the `started-state`",
    "while_open": "results that come while open: `record` them, `ignore` them, or `restart-or-close`",
    "clear": "what empties the window: every `transition`, `close` only, or `never`",
    "failures": "reasons learned as failure",
    "ignored_outcomes": "reasons learned as nothing; the others are successes",
    "initial": "its state at the start",
    "place": "`library` (free), `sidecar` (a hop each way), `gateway` (a queueing hop, one copy for all)",
    "key": "one copy per `edge`, callee `endpoint` or callee `replica`",
    "copies": "one per caller `replica`, or `shared`, perhaps with a delay",
}
"""Every part in a sentence."""


def names() -> tuple[str, ...]:
    """Names of the entries."""
    return tuple(ENTRIES)


def parts_of(name: str, params: dict[str, Any] | None = None, *, elsewhere_too: bool = False) -> Parts:
    """The parts of an entry with its own settings; those that belong elsewhere only if `elsewhere_too`.

    KeyError if no entry is called so; OptionError if a setting is unknown or illegal; ValueError if
    settings contradict each other.
    """
    entry = ENTRIES[name]
    given = params or {}
    with as_written(entry, given):
        try:
            return entry.parts(settings(entry, given, name, elsewhere_too=elsewhere_too))
        except OptionError as error:
            for mistake in (error, *error.others):
                owners = [n for n, e in ENTRIES.items() if mistake.name in {o.name for o in e.options}]
                if mistake.unknown and owners:
                    mistake.args = (
                        f"{name} has no setting {mistake.name!r}: it is one of {', '.join(owners)}",
                    )
            raise


def merged(spec: dict[str, Any]) -> Parts:
    """The parts of a breaker block: its entry's with what the block itself says on top. Errors as `parts_of`."""
    parts = parts_of(spec.get("use") or "consecutive", spec.get("params"))
    return {**parts, **{k: v for k, v in spec.items() if k in PARTS and v is not None}}


def params_from(spec: dict[str, Any]) -> b.Params:
    """Parameters of a breaker block. Errors as `parts_of`; ValueError if its parts contradict each other."""
    if spec.get("use") == "none":
        return b.Params(always=1)
    return params_from_parts(merged(spec))


def learn_from(parts: dict[str, Any], place: str) -> tuple[int, ...]:
    """By outcome number: b.SUCCESS, b.FAILURE or b.IGNORE.

    A sidecar or gateway sees transport outcomes only: an application `error` is a success there,
    unless the file's `failures:` name it (`given_failures`).
    """
    failures = parts.get("failures")
    if failures is None:
        failures = FAILURES
    if place != "library" and not parts.get("given_failures"):
        failures = tuple(f for f in failures if f != "error")
    ignored = parts.get("ignored_outcomes")
    if ignored is None:
        ignored = IGNORED
    return tuple(
        b.FAILURE if name in failures else b.IGNORE if name in ignored else b.SUCCESS for name in OUTCOMES
    )
