"""Envoy's cluster and route messages -> policy blocks."""

from dataclasses import dataclass, field

from sim.policies import outlier_catalog, outlier_options
from sim.policies.limits import catalog as limits
from sim.policies.limits.rows_budgets import BUDGETS
from sim.policies.options import Option
from sim.units import duration_ns
from sim.vendor import keys
from sim.vendor.cursor import Cursor, fields, settings
from sim.vendor.marked import (
    Block,
    Given,
    Idle,
    Imported,
    Marked,
    Mistakes,
    default,
    given,
    plain,
    plain_stack,
)
from sim.vendor.settings import envoy_fields as f
from sim.vendor.settings import proto

NO_LIMIT = "as many as the field holds: no limit"


@dataclass(slots=True)
class Limits:
    """What a cluster says of retries: used where a route retries."""

    budget: Block | None = None
    given: list[Given] = field(default_factory=list)
    http2: bool = False
    """Is the callee known to speak HTTP/2?"""


def name_of(cluster: Cursor) -> str:
    """Its name."""
    return str(cluster.data.get("name") or "cluster")


def same(one: Imported, other: Imported) -> bool:
    """Do two imports say the same of calls?"""
    return plain_stack(one) == plain_stack(other)


def unheard(way: Imported) -> list[str]:
    """A note where the timeout of all tries hides from outlier detection what Envoy counts (router.cc,
    onResponseTimeout): a host that hangs."""
    kinds = [kind for kind, _ in way.stack]
    if "outlier" not in kinds or "timeout" not in kinds or kinds[-1] == "timeout":
        return []
    return [
        "Envoy counts a try that the route's timeout ends as a 504 of its host; the model hears of it only where a "
        "`timeout` stands behind `outlier`: write a timeout of each try, or put it there"
    ]


def unused(limits_: Limits | None) -> list[Idle]:
    """Limits of retries where nothing retries."""
    return [keys.idle(one, "no route of this file retries") for one in (limits_.given if limits_ else ())]


def bulkhead(message: dict[str, Cursor], idle: list[Idle], mistakes: Mistakes) -> tuple[Block | None, Limits]:
    """circuit_breakers of the default priority; Envoy's own numbers where it says nothing. None: no limit, for each
    is the largest number that the field holds."""
    breakers = message.get("circuit_breakers")
    found: dict[str, Cursor] = {}
    if breakers is not None:
        own = fields(breakers, f.BREAKERS, "circuit_breakers", idle, mistakes, both=True)
        for threshold in own["thresholds"].items(mistakes) if "thresholds" in own else ():
            one: list[Idle] = []
            read = fields(threshold, f.THRESHOLDS, "thresholds", one, mistakes, both=True)
            if _priority(read, mistakes) == "HIGH":
                why = "every request of the model has priority DEFAULT"
                idle += [
                    keys.idle(c.given(f"{name} (priority HIGH)"), why)
                    for name, c in read.items()
                    if name != "priority"
                ]
            elif found:
                mistakes.add(threshold.at, "thresholds of priority DEFAULT stand twice")
            else:
                found = {name: c for name, c in read.items() if name != "priority"}
                idle += one
    given_ = settings(found)
    if "max_connections" in given_ and given_["max_connections"].raw == 0:
        why = (
            "max_connections: 0 gives each host one connection all the same: write as many as there are hosts"
        )
        mistakes.add(given_.pop("max_connections").at, why)
    options = [
        _upto(option) for option in limits.BULKHEADS["envoy-thresholds"].options if option.name != "protocol"
    ]
    params = keys.params(options, given_, proto.convert, mistakes)
    params["protocol"] = _protocol(message)
    retried = _limits(found, idle, mistakes)
    retried.http2 = plain(params["protocol"]) == "HTTP2"
    if all(plain(params.get(option.name)) == f.UINT32 for option in options):
        idle += [keys.idle(given_[option.name], NO_LIMIT) for option in options]
        return None, retried
    return {"use": "envoy-thresholds", "params": params}, retried


def _upto(option: Option) -> Option:
    """With the largest number that the field holds."""
    return Option(option.name, option.default, option.kind, option.about, option.low, f.UINT32)


def _priority(read: dict[str, Cursor], mistakes: Mistakes) -> str:
    if "priority" not in read:
        return "DEFAULT"
    try:
        return proto.enum(read["priority"], ("DEFAULT", "HIGH"))
    except ValueError as error:
        mistakes.add(read["priority"].at, f"priority: {error}")
        return "DEFAULT"


def _protocol(message: dict[str, Cursor]) -> Marked:
    for name in ("http2_protocol_options", "typed_extension_protocol_options"):
        here = message.get(name)
        deep = here if here is None or name == "http2_protocol_options" else _http2(here)
        if deep is not None:
            return given("HTTP2", deep.given(), "http2_protocol_options")
    return default("HTTP1", "without http2_protocol_options")


def _http2(extensions: Cursor) -> Cursor | None:
    words = (
        ("explicit_http_config", "http2_protocol_options"),
        ("explicitHttpConfig", "http2ProtocolOptions"),
    )
    for name in extensions.data if isinstance(extensions.data, dict) else ():
        for config, options in words:
            found: Cursor | None = (extensions / name).below(config, options)
            if found is not None:
                return found
    return None


def _limits(found: dict[str, Cursor], idle: list[Idle], mistakes: Mistakes) -> Limits:
    """max_retries, or the retry budget that goes before it."""
    most, budget = found.get("max_retries"), found.get("retry_budget")
    told = [c.given() for c in (most, budget) if c is not None]
    if budget is not None:
        if most is not None:
            idle.append(keys.idle(most.given(), "retry_budget goes before it"))
            told = told[1:]
        read = fields(budget, f.RETRY_BUDGET, "retry_budget", idle, mistakes, both=True)
        over = read.pop("budget_interval", None)
        if over is not None and proto.unwrapped(over.data) not in ("0s", None):
            mistakes.add(
                over.at, "budget_interval: the model's budget counts retries in flight only; leave it out"
            )
        params = keys.params(BUDGETS["envoy-retry-budget"].options, settings(read), proto.convert, mistakes)
        return Limits({"use": "envoy-retry-budget", "params": params}, told)
    if most is None:
        number: Marked = default(f.MAX_RETRIES.default, "max_retries")
    else:
        value = keys.checked(f.MAX_RETRIES, proto.convert, most.given(), mistakes)
        number = given(value, most.given(), "max_retries")
        if value == f.UINT32:
            idle.append(keys.idle(most.given(), NO_LIMIT))
            told = []
    return Limits(at_once(number), told)


def at_once(number: Marked) -> Block | None:
    """So many retries at once as a budget; as many as the field holds are no limit."""
    if number.value is None or number.value >= f.UINT32:
        return None
    share = Marked(0, number.mark, number.note, number.line)
    return {"use": "envoy-retry-budget", "params": {"budget_percent": share, "min_retry_concurrency": number}}


def outlier(message: dict[str, Cursor], idle: list[Idle], mistakes: Mistakes) -> Block | None:
    """outlier_detection, with the panic threshold of common_lb_config; None: no host is ejected."""
    lb: dict[str, Cursor] = {}
    if "common_lb_config" in message:
        lb = fields(message["common_lb_config"], f.COMMON_LB, "common_lb_config", idle, mistakes, both=True)
    zones = lb.pop("zone_aware_lb_config", None)
    if zones is not None:
        lb |= fields(zones, f.ZONES, "zone_aware_lb_config", idle, mistakes, both=True)
    if "outlier_detection" not in message:
        why = "no host is ejected, so there is no panic"
        idle += [keys.idle(c.given(), why) for c in lb.values()]
        return None
    read = fields(message["outlier_detection"], f.OUTLIER, "outlier_detection", idle, mistakes, both=True)
    if "monitors" in read:
        mistakes.add(
            read.pop("monitors").key_at,
            "monitors: extensions of outlier detection have no counterpart in the model",
        )
    found = settings({**read, **lb})
    split = "split_external_local_origin_errors"
    if not (split in found and found[split].raw is True):
        why = f"it has no effect without {split}: true"
        idle += [keys.idle(found.pop(name), why) for name in outlier_options.ENVOY_LOCAL if name in found]
        options = [o for o in outlier_options.ENVOY if o.name not in outlier_options.ENVOY_LOCAL]
    else:
        options = list(outlier_options.ENVOY)
    params = keys.params(options, found, proto.convert, mistakes)
    _longest(params, found)
    keys.holds(lambda v: outlier_catalog.params_from("envoy-outlier-detection", v), params, found, mistakes)
    return {"use": "envoy-outlier-detection", "params": params}


def _longest(params: Block, found: dict[str, Given]) -> None:
    """Unset, the longest ejection is the longer of 300 s and base_ejection_time."""
    base = params.get("base_ejection_time")
    if "max_ejection_time" not in found and isinstance(base, Marked):
        longest = base.value if duration_ns(base.value) > duration_ns("300s") else "300s"
        params["max_ejection_time"] = default(longest, "the longer of 300s and base_ejection_time")
