"""Envoy's routes -> timeouts and retries."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sim.units import duration_ns, show_ns
from sim.vendor import keys
from sim.vendor.cursor import Cursor, fields, settings
from sim.vendor.marked import GIVEN, Block, Given, Idle, Marked, Mistakes, default, given
from sim.vendor.settings import envoy_above as above
from sim.vendor.settings import envoy_fields as f
from sim.vendor.settings import proto
from sim.vendor.settings.envoy_policies import Limits, unused
from sim.words import REASONS

Policies = list[tuple[str, Block]]


def route(
    entry: Cursor,
    host: Cursor,
    streams: dict[str, Cursor],
    limits_: Limits | None,
    idle: list[Idle],
    mistakes: Mistakes,
) -> tuple[Policies, Policies]:
    """(policies outside, policies within) of the cluster's own, as a route says, else its virtual host, else its
    connection manager (`streams`)."""
    around = fields(host, f.HOST, "a virtual host", idle, mistakes, both=True)
    fields(entry, f.ENTRY, "a route", idle, mistakes, both=True)
    read = fields(entry / "route", f.ROUTE, "route", idle, mistakes, both=True)
    for name in ("retry_policy", "hedge_policy", "retry_policy_typed_config"):
        if name in around:
            read.setdefault(name, around[name])
    typed = read.get("retry_policy_typed_config")
    if typed is not None:
        message = "retry_policy_typed_config: extensions of retries have no counterpart in the model"
        mistakes.add(typed.key_at, message)
    outer: Policies = []
    above.weights(read.get("weighted_clusters"), idle, mistakes)
    whole = _shortest(_ends(read, streams, idle, mistakes), idle)
    if whole is not None:
        outer.append(("timeout", {"after": whole}))
    hedge(read.get("hedge_policy"), idle, mistakes)
    if "retry_policy" not in read:
        idle += unused(limits_)
        return outer, []
    retry, per_try = retries(read["retry_policy"], limits_, idle, mistakes)
    return [*outer, *retry], per_try


def _ends(
    read: dict[str, Cursor], streams: dict[str, Cursor], idle: list[Idle], mistakes: Mistakes
) -> Iterator[Marked]:
    """What ends a call with all its tries. Model: an answer comes as a whole, so that a stream is idle until then."""
    whole = keys.params([f.ROUTE_TIMEOUT], settings(read), proto.convert, mistakes).get("timeout")
    if isinstance(whole, Marked):
        yield replace(whole, note="route timeout")
    longest = streams.get("max_stream_duration")
    if "max_stream_duration" in read:
        message = fields(
            read["max_stream_duration"], f.STREAM, "max_stream_duration", idle, mistakes, both=True
        )
        longest = message.get("max_stream_duration", longest)
    silent = read.get("idle_timeout") or streams.get("stream_idle_timeout")
    yield from _times((longest, silent), mistakes)


def _times(found: Iterable[Cursor | None], mistakes: Mistakes) -> Iterator[Marked]:
    """Durations that are given."""
    for one in found:
        if one is not None:
            value = keys.checked(replace(f.TIME, name=one.name), proto.convert, one.given(), mistakes)
            if value is not None:
                yield given(value, one.given(), one.name)


def _shortest(times: Iterable[Marked], idle: list[Idle]) -> Marked | None:
    """The one that passes first; 0 never does."""
    found = list(times)
    real = [one for one in found if duration_ns(one.value) > 0]
    first = min(real, key=lambda one: duration_ns(one.value), default=None)
    for one in found:
        if one is not first and one.mark == GIVEN:
            why = "0s is no limit" if one not in real or first is None else f"{first.note} passes before it"
            idle.append(Idle(one.note, one.value, why, one.line))
    return first


def hedge(policy: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> None:
    """A hedge policy: only what Envoy does not act on may stand in it."""
    if policy is None:
        return
    read = fields(policy, f.HEDGE, "hedge_policy", idle, mistakes, both=True)
    on = read.get("hedge_on_per_try_timeout")
    if on is not None and on.data is not False:
        message = "hedge_on_per_try_timeout: a retry beside the try that it replaces has no counterpart in the model"
        mistakes.add(on.at, message, "write `hedge:` into the scenario for something like it")


def retries(
    policy: Cursor, limits_: Limits | None, idle: list[Idle], mistakes: Mistakes
) -> tuple[Policies, Policies]:
    """(retry, per-try timeout) of a retry policy."""
    read = fields(policy, f.RETRY, "retry_policy", idle, mistakes, both=True)
    back_off = read.pop("retry_back_off", None)
    if back_off is not None:
        waits = fields(back_off, f.BACK_OFF, "retry_back_off", idle, mistakes, both=True)
        if "base_interval" not in waits:
            mistakes.add(back_off.at, "retry_back_off: base_interval is missing")
        read |= waits
    values = keys.params(f.RETRY_OPTIONS, settings(read), proto.convert, mistakes)
    per_try = _shortest(
        _times((read.pop("per_try_timeout", None), read.pop("per_try_idle_timeout", None)), mistakes), idle
    )
    inner: Policies = [("timeout", {"after": per_try})] if per_try is not None else []
    http2 = limits_ is not None and limits_.http2
    on = retry_on(read.get("retry_on"), read.get("retriable_status_codes"), http2, idle, mistakes)
    times = values.get("num_retries")
    if len(values) < len(f.RETRY_OPTIONS) or not isinstance(times, Marked):
        return [], inner
    if on is None or not on.value or times.value == 0:
        why = (
            "nothing is retried: retry_on names no outcome of the model"
            if times.value
            else "num_retries is 0"
        )
        idle += [keys.idle(c.given(), why) for c in read.values()]
        idle += unused(limits_)
        return [], inner
    block = retry_block(times, on, values, limits_, read, mistakes)
    return [("retry", block)], inner


def retry_block(
    times: Marked,
    on: Marked,
    values: Block,
    limits_: Limits | None,
    read: dict[str, Cursor],
    mistakes: Mistakes,
) -> Block:
    """A retry with Envoy's back-off: uniform up to a wait that doubles, up to ten times the first one."""
    base, longest = values["base_interval"], values["max_interval"]
    assert isinstance(base, Marked) and isinstance(longest, Marked)
    if "max_interval" not in read:
        longest = default(show_ns(10 * duration_ns(base.value)), "ten times base_interval")
    elif duration_ns(longest.value) < duration_ns(base.value):
        mistakes.add(read["max_interval"].at, "max_interval is at least base_interval")
    block: Block = {
        "attempts": Marked(
            times.value + 1, times.mark, times.note or "num_retries, and the first try", times.line
        ),
        "backoff": {
            "exponential": {
                "base": Marked(base.value, base.mark, base.note or "base_interval", base.line),
                "multiplier": default(2, "it doubles"),
                "cap": Marked(longest.value, longest.mark, longest.note or "max_interval", longest.line),
            }
        },
        "jitter": default("full", "uniform from 0"),
        "on": on,
    }
    budget = limits_.budget if limits_ is not None else None
    return block | ({"budget": budget} if budget is not None else {})


def retry_on(
    words: Cursor | None, codes: Cursor | None, http2: bool, idle: list[Idle], mistakes: Mistakes
) -> Marked | None:
    """The outcomes that are retried; None: none are. `http2`: is the callee known to speak it?"""
    if words is None:
        return None
    found: set[str] = set()
    for word in filter(None, (w.strip() for w in str(words.data).split(","))):
        if not word.isdigit() and word not in f.RETRY_ON:
            keys.unknown(Given(word, word, words.at, words.at), f.RETRY_ON, "retry_on", {}, mistakes)
            continue
        listed = list(codes.items(mistakes)) if word == "retriable-status-codes" and codes is not None else []
        for one, at in ((str(c.data), c) for c in listed) if listed else ((word, words),):
            found |= outcomes(one, http2=http2)
            if not outcomes(one, http2=http2):
                idle.append(keys.idle(Given(words.name, one, at.at, at.key_at), _why_none(one, http2=http2)))
    return given(in_order(found), words.given(), words.name)


def outcomes(word: str, *, http2: bool) -> set[str]:
    """What a word of retry_on, or a status code, stands for."""
    if word.isdigit():
        return {f.CODES[int(word)]} if int(word) in f.CODES else set()
    return set() if word in f.GRPC and not http2 else set(f.RETRY_ON.get(word, ()))


def _why_none(word: str, *, http2: bool) -> str:
    """Why a word stands for nothing."""
    if word in f.GRPC and f.RETRY_ON[word] and not http2:
        return "a status of gRPC, and nothing in this file says that the callee speaks HTTP/2"
    return f.NO_OUTCOME.get(word, "the model knows no answer of this kind")


def in_order(found: set[str]) -> list[str]:
    """Outcomes in the order in which they are named everywhere."""
    return [reason for reason in REASONS if reason in found]
