"""The rules of a breaker in words, read off its parameters: what is said is what is judged."""

from textwrap import wrap

from sim.policies import breaker_parts as b
from sim.units import show_ns
from sim.words import CLOSED, DISABLED, FORCED_OPEN, FOREVER, HALF_OPEN, METRICS_ONLY, OPEN, STATES

WIDE = 96
"""Columns of the diagram."""


def percent(share: float) -> str:
    """0.5 -> 50 %."""
    return f"{100 * share:g} %"


def seconds(ns: float) -> str:
    """60 s, 250 ms, for ever."""
    if ns >= FOREVER:
        return "for ever"
    text = show_ns(round(ns))
    unit = text.lstrip("0123456789.")
    return f"{text.removesuffix(unit)} {unit}"


def count(n: float, noun: str, plural: str = "") -> str:
    """1 failure, 5 failures."""
    return f"{n:g} {noun if n == 1 else plural or noun + 's'}"


# Closed ------------------------------------------------------------------------------------------

_OF = {
    b.OF_RESULTS: "results",
    b.OF_STARTED: "started calls",
    b.OF_ASKED: "calls asked for (refused ones too)",
}
_ROUNDED = {
    b.Q_FAILURE_PERCENT_CUT: ", cut to whole percents",
    b.Q_FAILURE_PERCENT_ROUNDED: ", rounded to whole percents",
}


def window(p: b.Params) -> str:
    """What it remembers."""
    of = _OF[p.of]
    if all(which == b.Q_ROW for _, conditions in p.rules for which, _, _ in conditions):
        return "failures in a row; a success resets the run"
    if p.window == b.W_CONSECUTIVE:
        return "everything since the last success"
    if p.window == b.W_COUNT:
        return f"the last {p.size} {of}" if p.size > 1 else "the last result"
    if p.window == b.W_INTERVAL:
        anew = f"anew after each {seconds(p.width_ns)}" if p.width_ns else "never anew while closed"
        return f"all {of} since it closed, {anew}"
    if p.window == b.W_EMA:
        over = f"{p.ema:g} results" if p.ema_by_count else seconds(p.ema)
        return f"a moving average of successes over {over}"
    span = seconds(p.span_ns if p.window == b.W_LAZY else p.size * p.width_ns)
    slices = f" in {p.size} slices" if p.size > 1 else ""
    grid = {
        b.W_LAZY: ", each from its first result on",
        b.W_STALE: ", each kept until its place is needed again",
    }.get(p.window, ", on the clock's whole widths" if p.grid == b.GRID_EPOCH else "")
    return f"the {of} of the last {span}{slices}{grid}"


_SHARES = {
    b.Q_FAILURE_RATIO: "failures",
    b.Q_SLOW_RATIO: "slow results",
    b.Q_SUCCESS_RATIO: "successes",
    b.Q_EMA: "average of successes",
}
_PERCENTS = (b.Q_FAILURE_PERCENT, b.Q_FAILURE_PERCENT_CUT, b.Q_FAILURE_PERCENT_ROUNDED)
_RATIOS = (*_SHARES, *_PERCENTS, b.Q_MEAN_NS)
"""Quantities that are of a number of results."""


def _condition(condition: b.Condition) -> str:
    which, comparison, x = condition
    sign = {b.AT_LEAST: ">=", b.ABOVE: ">", b.BELOW: "<", b.EQUAL: "="}[comparison]
    if which == b.Q_ROW:
        return f"{count(x, 'failure')} in a row"
    if which == b.Q_FAILURES:
        return f"failures {sign} {x:g}"
    if which in _SHARES:
        return f"{_SHARES[which]} {sign} {percent(x)}"
    if which in _PERCENTS:
        return f"failures {sign} {x:g} %"
    if which == b.Q_MEAN_NS:
        return f"mean latency {sign} {seconds(x)}"
    if which == b.Q_AGE_NS:
        return f"after {seconds(x)} of counting"
    if which == b.Q_SEEN:
        return f"after {count(x, 'result')}"
    assert which == b.Q_STATE
    return f"while {'closed' if x == CLOSED else 'half-open' if x == HALF_OPEN else f'in state {x:g}'}"


def can_hold(rule: b.Rule) -> bool:
    """Is no share of it asked to be more than all, or less than none?"""
    return not any(
        (how == b.ABOVE and x >= whole) or (how == b.AT_LEAST and x > whole) or (how == b.BELOW and x <= 0)
        for which, how, x in rule[1]
        for whole in ([1.0] if which in _SHARES else [100.0] if which in _PERCENTS else [])
    )


def _rule(rule: b.Rule, of: str) -> str:
    """Its shares and averages, the volume they need, then the other conditions."""
    least = max((x for which, _, x in rule[1] if which == b.Q_N), default=0.0)
    ratios = [c for c in rule[1] if c[0] in _RATIOS]
    others = [c for c in rule[1] if c[0] not in _RATIOS and c[0] != b.Q_N]
    words = (
        [" and ".join(map(_condition, ratios)), *map(_condition, others)]
        if ratios
        else [*map(_condition, others)]
    )
    if least > 1 or not words:
        volume = f"at least {least:g} {of}"
        words = [f"{words[0]} of {volume}", *words[1:]] if ratios else [*words, volume]
    rounded = [_ROUNDED[c[0]] for c in ratios if c[0] in _ROUNDED]
    return ", ".join(words) + "".join(rounded)


def trips(p: b.Params) -> list[str]:
    """The rules, any of which opens it; and on what they are judged."""
    if not p.rules:
        return ["nothing: it never opens"]
    of = {b.OF_RESULTS: "results", b.OF_STARTED: "started calls", b.OF_ASKED: "calls asked for"}[p.of]
    on = {
        b.ON_ANY: "judged on any result",
        b.ON_FAILURE: "judged on a failure",
        b.ON_BUCKET: f"judged each time a slice of {seconds(p.width_ns)} is full",
    }[p.evaluate]
    rules = [_rule(rule, of) for rule in p.rules]
    return [*(f"or {rule}" if i else rule for i, rule in enumerate(rules)), on]


def slow(p: b.Params) -> str:
    """What carries the slow flag, if anything judges it."""
    return f"slow: slower than {seconds(p.slow_ns)}" if p.judges_slow else ""


# Open --------------------------------------------------------------------------------------------


def open_time(p: b.Params) -> str:
    """How long it refuses."""
    length = seconds(p.open_ns)
    if p.open_kind == b.OPEN_EXPONENTIAL:
        cap = "" if p.cap_ns >= FOREVER else f", {seconds(p.cap_ns)} at most"
        length = f"{length}, times {p.multiplier:g} with each opening without a close between{cap}"
    elif p.open_kind == b.OPEN_LIST:
        length = f"{', '.join(map(seconds, p.open_list))}, then {length}"
    if p.jitter > 0.0:
        spread = {
            b.JITTER_BOTH: f"up to {percent(p.jitter)} less or more",
            b.JITTER_ADDED: f"up to {percent(p.jitter)} more",
            b.JITTER_EQUAL: "between half of that and all of it",
        }[p.jitter_kind]
        length += f"; {spread}, at random"
    return length


def leaves(p: b.Params) -> str:
    """What ends open, and on which side of the instant."""
    if p.leave == b.LEAVE_TIMER:
        return "by timer, without a call, when that time is over"
    who = {
        b.LEAVE_REQUEST: "with the first request",
        b.LEAVE_READ: "with the first request or look at its state",
        b.LEAVE_TOUCH: "with the first request, result or look",
    }[p.leave]
    return f"{who} {'after that time, not yet at its last instant' if p.strict else 'when that time is over'}"


def while_open(p: b.Params) -> str:
    """What results do that come while open."""
    if p.late in (b.LATE_GENERATION, b.LATE_SAME_STATE):
        return "results that still come are dropped"
    if p.late == b.LATE_STARTED:
        return "a failure that still comes begins the open time anew if the rule holds"
    return {
        b.OPEN_RECORDS: "results that still come are recorded and change nothing",
        b.OPEN_IGNORES: "results that still come are dropped",
        b.OPEN_RESTARTS: "a failure that still comes begins the open time anew, a success closes it",
    }[p.while_open]


# Half-open ---------------------------------------------------------------------------------------


def probes(p: b.Params) -> str:
    """Whom half-open admits."""
    words = {
        b.PROBE_SINGLE: "one probe at a time",
        b.PROBE_QUOTA: f"{count(p.probes, 'probe')} in all",
        b.PROBE_CONCURRENT: f"{count(p.probes, 'probe')} at a time",
        b.PROBE_PERIOD: "one probe per open time",
        b.PROBE_UNBOUNDED: "everybody",
    }
    if p.probe == b.PROBE_RAMP:
        if p.ramp_from == p.ramp_to:
            return f"{percent(p.ramp_from)} of the calls, at random"
        return f"{percent(p.ramp_from)} of the calls, growing to {percent(p.ramp_to)} in {seconds(p.ramp_ns)}"
    return words[p.probe]


def late(p: b.Params) -> str:
    """Whose results count."""
    return {
        b.LATE_CURRENT: "results of calls admitted before count too",
        b.LATE_GENERATION: "results of calls admitted before are dropped",
        b.LATE_STARTED: "each result is handled by the state in which its call began",
        b.LATE_SAME_STATE: "only results of calls admitted half-open count",
    }[p.late]


def ignored(p: b.Params) -> str:
    """What a probe without a result does."""
    return {
        b.IGNORED_GIVES_BACK: "a probe without a result gives its place back",
        b.IGNORED_GIVES_ANY_BACK: "a call without a result, even a late one, frees a place",
        b.IGNORED_REOPENS: "a probe without a result re-opens",
        b.IGNORED_ROLLS_BACK: "a probe without a result takes it back to open, and due",
    }[p.ignored]


def decisions(p: b.Params) -> tuple[str, str]:
    """(what closes it, what re-opens it)."""
    if p.decide == b.DECIDE_RATE:
        first = f"of the first {p.decide_n} results" if p.decide_n > 1 else "of the first result"
        ratio = p.decide_ratio * (1.0 if p.decide_quantity == b.Q_FAILURE_RATIO else 0.01)
        rounded = _ROUNDED.get(p.decide_quantity, "")
        worse = f", or slow ones >= {percent(p.slow_ratio)}" if p.judges_slow else ""
        better = f" and slow ones < {percent(p.slow_ratio)}" if p.judges_slow else ""
        return (
            f"failures < {percent(ratio)} {first}{rounded}{better}",
            f"failures >= {percent(ratio)} {first}{rounded}{worse}",
        )
    if p.decide == b.DECIDE_RULE:
        return (
            "a success after which the trip rule does not hold",
            "a failure after which the trip rule holds",
        )
    if p.decide == b.DECIDE_RULE_ON_FAILURE:
        return "the first success", "a failure after which the trip rule holds"
    bad = "failure or slow result" if p.judges_slow else "failure"
    good = "fast success" if p.judges_slow else "success"
    closes = f"the first {good}" if p.closes_at == 1 else f"{p.closes_at} {good}es"
    opens = f"the first {bad}" if p.opens_at == 1 else f"{p.opens_at} of: {bad}"
    return closes, opens


def stays(p: b.Params) -> str:
    """How long half-open may last."""
    if p.half_open_ns <= 0:
        return ""
    return f"after {seconds(p.half_open_ns)} in half-open"


def diagram(p: b.Params) -> list[str]:
    """The states, what is done in each, and what leads out of it."""
    if p.always:
        return ["CLOSED      every call passes; nothing is learned, nothing opens it"]
    closes, opens = decisions(p)
    longest = f", or {stays(p)}" if p.half_open_ns > 0 else ""
    rules = trips(p)
    lines = [
        ("CLOSED      ", f"every call passes; remembers {window(p)}"),
        *(("  |  " + ("opens: " if i == 0 else "       "), rule) for i, rule in enumerate(rules)),
        *(("  |         ", line) for line in filter(None, [slow(p)])),
        ("  v", ""),
        ("OPEN        ", f"every call is refused for {open_time(p)}"),
        ("  |         ", while_open(p)),
        ("  |         ", f"half-open {leaves(p)}"),
        ("  v", ""),
        ("HALF-OPEN   ", f"admits {probes(p)}"),
        ("  |         ", late(p)),
        ("  |         ", ignored(p)),
        ("  |-> CLOSED  ", closes + (longest if p.half_open_then == CLOSED else "")),
        ("  '-> OPEN    ", opens + ("" if p.half_open_then == CLOSED else longest)),
    ]
    if p.initial != CLOSED:
        lines.insert(0, ("", begins(p)))
    return [line for first, words in lines for line in _wrapped(first, words)]


def begins(p: b.Params) -> str:
    """The state that it begins in, if that is not closed."""
    return f"It begins {STATES[p.initial]}: {_INITIAL[p.initial]}" if p.initial != CLOSED else ""


def moves(p: b.Params) -> bool:
    """Does it ever open and close by itself?"""
    return not p.always and p.initial in (CLOSED, OPEN, HALF_OPEN)


_INITIAL = {
    OPEN: "as if it had just tripped",
    HALF_OPEN: "as if the open time were over",
    FORCED_OPEN: "it refuses every call until it is moved by hand",
    DISABLED: "it lets every call pass and learns nothing until it is moved by hand",
    METRICS_ONLY: "it lets every call pass and never trips until it is moved by hand",
}


def _wrapped(first: str, words: str) -> list[str]:
    further = ("  |" if first.startswith("  |") or first[:1] not in ("", " ") else "   ").ljust(len(first))
    return wrap(words, WIDE, initial_indent=first, subsequent_indent=further) or [first]
