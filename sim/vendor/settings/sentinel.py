"""Sentinel's rules as JSON -> the policies of each resource: flow rules, then degrade rules."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sim.policies import catalog
from sim.policies.options import Option
from sim.vendor import keys
from sim.vendor.cursor import READ, Cursor, fields, settings
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Block, Given, Imported, Marked, Mistakes, default, given, pick
from sim.vendor.source import Source

EVERYBODY = "default"
"""As `limitApp`."""
VERSION = "Sentinel 1.8 (d75a6687)"
ORDER = "flow rules -> degrade rules in the order of the list (Sentinel's slots)"
_BOARD = "of the dashboard"
_ALL = "a degrade rule is for all callers, whatever this says"
_DASHBOARD = ("id", "app", "ip", "port", "gmtCreate", "gmtModified")
_COMMON = {
    **dict.fromkeys(_DASHBOARD, _BOARD),
    "resource": READ,
    "grade": READ,
    "count": READ,
    "regex": READ,
}
DEGRADE = {
    **_COMMON,
    "limitApp": _ALL,
    "passCount": "a counter of Sentinel before 1.8, no setting",
    **dict.fromkeys(("timeWindow", "minRequestAmount", "slowRatioThreshold", "statIntervalMs"), READ),
}
FLOW = {
    **_COMMON,
    **dict.fromkeys(("limitApp", "strategy", "controlBehavior", "maxQueueingTimeMs", "clusterMode"), READ),
    "refResource": "of a strategy between resources",
    "warmUpPeriodSec": "of a warm-up",
    "clusterConfig": "of the cluster mode",
    "controller": "it is no setting",
}
GONE = {"rtSlowRequestAmount": "it was removed in Sentinel 1.8; write minRequestAmount"}
SYSTEM = ("highestSystemLoad", "highestCpuUsage", "qps", "avgRt", "maxThread")
FLOW_OPTIONS = (
    Option("grade", 1, "count", "0 threads, 1 requests a second", 0, 1),
    Option("count", 0, "number", "how many", 0, needed=True),
    Option("strategy", 0, "count", "0 direct, 1 related, 2 chain", 0, 2),
    Option("controlBehavior", 0, "count", "0 reject, 1 warm-up, 2 queue, 3 both", 0, 3),
    Option("maxQueueingTimeMs", 500, "duration_ms", "longest wait", 0),
)
BREAKER = tuple(
    replace(option, high=1) if option.name == "slowRatioThreshold" else option
    for option in catalog.ENTRIES["sentinel"].options
    if option.name not in ("resource", "limitApp")
)


def seen(source: Source) -> Iterator[Seen]:
    """Items with `resource` and `grade` or `count`, or limits of a system rule."""
    for rule in _rules(source):
        yield Seen("a rule of Sentinel", rule.at)


def _rules(source: Source) -> Iterator[Cursor]:
    for tree in source.documents:
        root = Cursor(tree, (), tree.data)
        lists = [root] if isinstance(tree.data, list) else []
        if isinstance(tree.data, dict):
            lists = [root / key for key, value in tree.data.items() if isinstance(value, list)]
        for found in lists:
            yield from (found / i for i, item in enumerate(found.data) if _is_rule(item))


def _is_rule(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return ("resource" in item and bool({"grade", "count", "timeWindow"} & set(item) or _stranger(item))) or (
        "resource" not in item and bool(set(SYSTEM) & set(item)) and set(item) <= {*SYSTEM, *_DASHBOARD}
    )


def _stranger(rule: dict[str, Any]) -> str:
    """The kind of a rule for a resource that the model has no counterpart of; empty: it has."""
    if {"paramIdx", "paramFlowItemList"} & set(rule):
        return "a hot-parameter rule"
    if {"resourceMode", "paramItem", "intervalSec"} & set(rule):
        return "a gateway rule"
    return (
        "an authority rule"
        if {"limitApp", "strategy"} <= set(rule) and not {"grade", "count"} & set(rule)
        else ""
    )


def _is_degrade(rule: Cursor) -> bool:
    return "timeWindow" in rule.data or bool(set(rule.data) & (set(DEGRADE) - set(FLOW)))


def _is_flow(rule: Cursor) -> bool:
    return "resource" in rule.data and not _stranger(rule.data) and not _is_degrade(rule)


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every resource, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    found: dict[str, Imported] = {}
    _one_caller([rule for rule in _rules(source) if _is_flow(rule)], mistakes)
    for tree in source.documents:
        _strangers(Cursor(tree, (), tree.data), mistakes)
    for rule in _rules(source):
        if "resource" not in rule.data:
            message = (
                "a system rule guards a whole process at its entry; the model has no such limit: leave it out"
            )
            mistakes.add(rule.at, message)
            continue
        if kind := _stranger(rule.data):
            mistakes.add(rule.at, f"this is {kind}, and the model has no counterpart: leave it out")
            continue
        name = str(rule.data["resource"]).strip()
        if not name:
            mistakes.add((rule / "resource").at, "resource is empty")
        one = found.setdefault(name, Imported(name, VERSION, ORDER, []))
        if _is_degrade(rule):
            one.stack.append(("breaker", _degrade(rule, one, mistakes)))
        else:
            one.stack += _flow(rule, one, mistakes)
    imported = list(found.values())
    for one in imported:
        one.stack.sort(key=lambda policy: policy[0] == "breaker")
    keys_ = [
        str(k)
        for t in source.documents
        if isinstance(t.data, dict)
        for k, v in t.data.items()
        if not isinstance(v, list)
    ]
    if keys_ and imported:
        imported[0].notes.append(f"no rules, and not read: {', '.join(keys_)}")
    if wishes.only:
        imported = pick(imported, wishes.only, source.file, "resource")
    mistakes.end()
    return imported


def _strangers(root: Cursor, mistakes: Mistakes) -> None:
    """Items among rules that are none."""
    for i, item in enumerate(root.data if isinstance(root.data, list) else ()):
        if not _is_rule(item):
            mistakes.add((root / i).at, "this is no rule: it has no `resource` with `grade` and `count`")


def _convert(option: Option, raw: Any) -> Any:
    if isinstance(raw, str):
        try:
            return float(raw) if "." in raw else int(raw)
        except ValueError:
            msg = f"{keys.text(raw)} is not a number"
            raise ValueError(msg) from None
    return raw


def _regex(found: dict[str, Cursor], mistakes: Mistakes) -> None:
    regex = found.pop("regex", None)
    if regex is not None and regex.data is not False:
        mistakes.add(regex.at, "regex: a rule of the model is for one resource: write its name")


def _shape(found: dict[str, Cursor], names: tuple[str, ...]) -> list[Given]:
    """Fields that say what a rule is."""
    return [found[name].given() for name in names if name in found]


def _degrade(rule: Cursor, one: Imported, mistakes: Mistakes) -> Block:
    idle = one.idle
    found = fields(rule, DEGRADE, "a degrade rule", idle, mistakes, gone=GONE)
    one.shape += _shape(found, ("regex",))
    _regex(found, mistakes)
    given_ = settings({name: c for name, c in found.items() if name != "resource"})
    for name in ("count", "timeWindow"):
        if name not in given_:
            mistakes.add(rule.at, f"a degrade rule: `{name}` is missing")
    options = BREAKER
    if "grade" in given_ and given_["grade"].raw not in (0, "0"):
        options = tuple(option for option in BREAKER if option.name != "slowRatioThreshold")
        slow = given_.pop("slowRatioThreshold", None)
        idle += [keys.idle(slow, "it is of grade 0, slow calls")] if slow else []
    params = keys.params(options, given_, _convert, mistakes)
    if {"count", "timeWindow"} <= set(given_):
        keys.holds(
            lambda v: catalog.params_from({"use": "sentinel", "params": dict(v)}), params, given_, mistakes
        )
    return {"use": "sentinel", "params": params}


def _flow(rule: Cursor, one: Imported, mistakes: Mistakes) -> Iterator[tuple[str, Block]]:
    """A flow rule: calls at once, or calls a second that are refused or made to wait beyond."""
    found = fields(rule, FLOW, "a flow rule", one.idle, mistakes, gone=GONE)
    one.shape += _shape(found, ("regex", "grade", "strategy", "controlBehavior", "clusterMode"))
    _regex(found, mistakes)
    _callers(found.pop("limitApp", None), one)
    cluster = found.pop("clusterMode", None)
    if cluster is not None and cluster.data is not False:
        mistakes.add(
            cluster.at, "clusterMode: a limit that several processes share has no counterpart in the model"
        )
    given_ = settings({name: c for name, c in found.items() if name != "resource"})
    values = keys.params(FLOW_OPTIONS, given_, _convert, mistakes)
    if "count" not in given_:
        mistakes.add(rule.at, "a flow rule: `count` is missing")
    if len(values) < len(FLOW_OPTIONS):
        return
    grade, count, strategy, behaviour, wait = (values[option.name] for option in FLOW_OPTIONS)
    if strategy.value != 0:
        mistakes.add(
            given_["strategy"].at, "strategy: limits by other resources have no counterpart in the model"
        )
    if grade.value == 0:
        yield _threads(count, given_, one, mistakes)
    elif behaviour.value in (1, 3):
        message = "controlBehavior: a limit that warms up has no counterpart in the model; it has 0 and 2"
        mistakes.add(given_["controlBehavior"].at, message)
    elif behaviour.value == 2:
        yield _queueing(count, wait, given_, mistakes)
    else:
        yield _refusing(count, given_, one, mistakes)


def _app(rule: Cursor) -> str:
    """The callers that a flow rule is for."""
    return str(rule.data.get("limitApp") or EVERYBODY).strip()


def _callers(app: Cursor | None, one: Imported) -> None:
    """Told of the callers that a flow rule is for."""
    if app is not None:
        name = str(app.data)
        why = (
            "it is for all callers"
            if name == EVERYBODY
            else f"it is for calls of {name}: put it on their edge alone"
        )
        one.idle.append(keys.idle(app.given(), why))


def _one_caller(rules: list[Cursor], mistakes: Mistakes) -> None:
    """A call is subject to the flow rules of its caller: those for different callers are no stack."""
    by_resource: dict[str, list[Cursor]] = {}
    for rule in rules:
        by_resource.setdefault(str(rule.data["resource"]).strip(), []).append(rule)
    for name, its in by_resource.items():
        apps = list(dict.fromkeys(map(_app, its)))
        other = next((rule for rule in its if _app(rule) != apps[0]), None)
        if other is not None:
            at = (other / "limitApp").at if "limitApp" in other.data else other.at
            message = f"limitApp: the flow rules of {name} are for different callers ({', '.join(apps)}), and a call is subject to those of its own"
            mistakes.add(at, message, "keep the rules of one caller, and import once for each")


def _threads(count: Marked, given_: dict[str, Given], one: Imported, mistakes: Mistakes) -> tuple[str, Block]:
    if count.value != int(count.value) or count.value < 1:
        mistakes.add(given_["count"].at, "count: calls at once are a whole number from 1 on")
    idle = [given_[name] for name in ("controlBehavior", "maxQueueingTimeMs") if name in given_]
    one.idle += [keys.idle(what, "it is of grade 1, calls a second") for what in idle]
    return "bulkhead", {"limit": given(int(count.value), given_["count"], "count")}


def _queueing(count: Marked, wait: Marked, given_: dict[str, Given], mistakes: Mistakes) -> tuple[str, Block]:
    if count.value <= 0:
        mistakes.add(given_["count"].at, "count: calls a second are more than 0")
    rate = f"{float(count.value):f}".rstrip("0").rstrip(".")
    block: Block = {
        "rate": given(f"{rate}/s", given_["count"], "count"),
        "burst": default(1, "one call after the other"),
        "max_wait": Marked(wait.value, wait.mark, "maxQueueingTimeMs", wait.line),
    }
    return "rate_limit", block


def _refusing(
    count: Marked, given_: dict[str, Given], one: Imported, mistakes: Mistakes
) -> tuple[str, Block]:
    """Model: Sentinel's second slides by half a second; here seconds follow each other."""
    if count.value < 1:
        mistakes.add(given_["count"].at, "count: less than one call a second refuses every call")
    if "maxQueueingTimeMs" in given_:
        one.idle.append(keys.idle(given_["maxQueueingTimeMs"], "it is of controlBehavior 2, queueing"))
    one.notes.append(
        "Sentinel counts the calls of a second that slides by half a second; here seconds follow each other"
    )
    params = {
        "limitForPeriod": given(int(count.value), given_["count"], "count"),
        "limitRefreshPeriod": default("1s", "count is of a second"),
        "timeoutDuration": default("0s", "controlBehavior 0: nobody waits"),
    }
    return "rate_limit", {"use": "resilience4j-ratelimiter", "params": params}
