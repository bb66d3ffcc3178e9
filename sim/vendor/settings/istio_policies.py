"""Istio's traffic policies and routes -> policy blocks, as Istio translates them to Envoy."""

from dataclasses import replace

from sim.policies import outlier_catalog, outlier_options
from sim.units import duration_ns
from sim.vendor import keys
from sim.vendor.cursor import Cursor, fields, settings
from sim.vendor.marked import GIVEN, Block, Given, Idle, Marked, Mistakes, default, given, plain
from sim.vendor.settings import envoy_routes as envoy
from sim.vendor.settings import go
from sim.vendor.settings import istio_fields as f
from sim.vendor.settings.envoy_fields import UINT32
from sim.vendor.settings.envoy_policies import Limits, at_once
from sim.vendor.settings.envoy_routes import Policies

NONE = "none unless set"
ZERO = "0 is no limit"


def pool(
    here: Cursor | None, budget: Cursor | None, idle: list[Idle], mistakes: Mistakes
) -> tuple[Block | None, Limits]:
    """connectionPool: limits of calls, which are none where nothing is said, and of retries at once."""
    read: dict[str, Cursor] = {}
    if here is not None:
        parts = fields(here, f.POOL, "connectionPool", idle, mistakes)
        for name, known in (("tcp", f.TCP), ("http", f.HTTP_POOL)):
            if name in parts:
                read |= fields(parts[name], known, name, idle, mistakes)
                _times(parts[name], mistakes)
    found = settings(read)
    params = keys.params(f.LIMITS, found, go.convert, mistakes)
    block: Block = {}
    for name, theirs in f.ENVOY_NAMES.items():
        one = params.get(name)
        if isinstance(one, Marked):
            none = one.mark != GIVEN or one.value == 0
            block[theirs] = Marked(UINT32 if none else one.value, one.mark, NONE if none else name, one.line)
    block["protocol"] = _protocol(read.get("h2UpgradePolicy"), mistakes)
    limited = any(
        isinstance(one, Marked) and one.value != UINT32 for key, one in block.items() if key != "protocol"
    )
    idle += [
        keys.idle(found[name], ZERO)
        for name, one in params.items()
        if isinstance(one, Marked) and one.mark == GIVEN and one.value == 0
    ]
    limits = _limits(found.get("maxRetries"), budget, idle, mistakes)
    limits.http2 = plain(block["protocol"]) == "HTTP2"
    return ({"use": "envoy-thresholds", "params": block} if limited else None), limits


def _times(here: Cursor, mistakes: Mistakes) -> None:
    """Durations without meaning here: Istio takes no others either."""
    for name in f.POOL_TIMES:
        one = here.below(name)
        if one is not None and one.data is not None:
            keys.checked(replace(f.TIMEOUT, name=name), go.convert, one.given(), mistakes)


def _protocol(upgrade: Cursor | None, mistakes: Mistakes) -> Marked:
    if upgrade is None:
        return default("HTTP1", "without h2UpgradePolicy: UPGRADE")
    if upgrade.data not in ("UPGRADE", "DO_NOT_UPGRADE", "DEFAULT"):
        message = f"h2UpgradePolicy: {keys.text(upgrade.data)} is none of DEFAULT, DO_NOT_UPGRADE, UPGRADE"
        mistakes.add(upgrade.at, message)
    return given("HTTP2" if upgrade.data == "UPGRADE" else "HTTP1", upgrade.given(), "h2UpgradePolicy")


def _limits(most: Given | None, budget: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> Limits:
    if budget is not None:
        read = fields(budget, f.BUDGET, "retryBudget", idle, mistakes)
        values = keys.params(f.BUDGET_OPTIONS, settings(read), go.convert, mistakes)
        names = {"percent": "budget_percent", "minRetryConcurrency": "min_retry_concurrency"}
        params = {names[name]: one for name, one in values.items()}
        if most is not None:
            idle.append(keys.idle(most, "retryBudget goes before it"))
        return Limits({"use": "envoy-retry-budget", "params": params}, [budget.given()])
    if most is None:
        return Limits()
    value = keys.checked(f.MAX_RETRIES, go.convert, most, mistakes)
    if value == 0:
        idle.append(keys.idle(most, ZERO))
        return Limits()
    return Limits(at_once(given(value, most, "maxRetries")), [most])


def outlier(here: Cursor | None, idle: list[Idle], mistakes: Mistakes) -> Block | None:
    """outlierDetection; None: no host is ejected."""
    if here is None:
        return None
    read = fields(here, f.OUTLIER, "outlierDetection", idle, mistakes)
    codes = read.pop("outlierDetectionHttpErrorCodes", None)
    if codes is not None:
        mistakes.add(
            codes.key_at, "outlierDetectionHttpErrorCodes: failures of the model have no codes; leave it out"
        )
    old = read.pop("consecutiveErrors", None)
    found = settings(read)
    split = "splitExternalLocalOriginErrors"
    local = found.get("consecutiveLocalOriginFailures")
    splits = split in found and found[split].raw is True
    if local is not None and not splits:
        idle.append(
            keys.idle(found.pop("consecutiveLocalOriginFailures"), f"it has no effect without {split}: true")
        )
    options = [o for o in outlier_options.ISTIO if splits or o.name != "consecutiveLocalOriginFailures"]
    params = keys.params(options, found, go.convert, mistakes)
    if old is not None:
        _consecutive_errors(old, found, params, mistakes)
    keys.holds(lambda v: outlier_catalog.params_from("istio", v), params, found, mistakes)
    return {"use": "istio", "params": params}


def _consecutive_errors(old: Cursor, found: dict[str, Given], params: Block, mistakes: Mistakes) -> None:
    """The field before Istio 1.5: so many 502, 503 and 504 in a row, and no others (istio/api 617)."""
    new = [name for name in ("consecutive5xxErrors", "consecutiveGatewayErrors") if name in found]
    if new:
        mistakes.add(
            old.key_at, f"consecutiveErrors was replaced by {new[0]}, which is there too: leave it out"
        )
        return
    option = next(o for o in outlier_options.ISTIO if o.name == "consecutiveGatewayErrors")
    value = keys.checked(option, go.convert, old.given(), mistakes)
    if value is not None:
        note = "consecutiveErrors (deprecated: it counts 502, 503 and 504 only)"
        params["consecutiveGatewayErrors"] = given(value, old.given(), note)
        params["consecutive5xxErrors"] = given(0, old.given(), note)


def route(
    read: dict[str, Cursor], limits: Limits, idle: list[Idle], mistakes: Mistakes
) -> tuple[Policies, Policies]:
    """(timeout and retries, per-try timeout) of a route; without one, those of every route of a mesh."""
    found = {name: read[name].given() for name in ("timeout",) if name in read}
    whole = keys.params([f.TIMEOUT], found, go.convert, mistakes).get("timeout")
    outer: Policies = []
    if isinstance(whole, Marked) and duration_ns(whole.value) > 0:
        outer.append(
            ("timeout", {"after": Marked(whole.value, whole.mark, "timeout of the route", whole.line)})
        )
    retries, per_try = _retries(read.get("retries"), limits, idle, mistakes)
    return [*outer, *retries], per_try


def _switched_off(here: Cursor, read: dict[str, Cursor], words: Cursor | None, mistakes: Mistakes) -> None:
    """Istio takes no `retries` without attempts that say more (validateHTTPRetry)."""
    attempts = read.get("attempts")
    if attempts is not None and attempts.data != 0:
        return
    more = [
        name for name in ("perTryTimeout", "retryRemoteLocalities") if (here.data or {}).get(name) is not None
    ]
    more += ["retryOn"] if words is not None else []
    if more:
        said = (
            "attempts: 0 is no retries" if attempts is not None else "without attempts there are no retries"
        )
        message = f"retries: {said}, and Istio takes no {more[0]} beside it: write attempts, or leave it out"
        mistakes.add((attempts or here).at, message)


def _retries(
    here: Cursor | None, limits: Limits, idle: list[Idle], mistakes: Mistakes
) -> tuple[Policies, Policies]:
    read = fields(here, f.RETRIES, "retries", idle, mistakes) if here is not None else {}
    words = read.pop("retryOn", None)
    if words is not None and words.data == "":
        words = None
    if here is not None:
        _switched_off(here, read, words, mistakes)
    values = keys.params(f.RETRY_OPTIONS, settings(read), go.convert, mistakes)
    if len(values) < len(f.RETRY_OPTIONS):
        return [], []
    times, per_try, base = (values[option.name] for option in f.RETRY_OPTIONS)
    if here is not None and "attempts" not in read:
        times = given(0, here.given(), "no attempts")
    assert isinstance(times, Marked) and isinstance(per_try, Marked) and isinstance(base, Marked)
    inner: Policies = []
    if duration_ns(per_try.value) > 0:
        inner = [("timeout", {"after": Marked(per_try.value, per_try.mark, "perTryTimeout", per_try.line)})]
    usual = {reason for word in f.RETRY_ON.split(",") for reason in envoy.outcomes(word, http2=False)}
    on = envoy.retry_on(words, None, limits.http2, idle, mistakes) or default(
        envoy.in_order(usual), f"of {f.RETRY_ON}; the others are of HTTP/2 and gRPC"
    )
    if not on.value or times.value == 0:
        why = "nothing is retried: retryOn names no outcome of the model" if times.value else "no retries"
        idle += [keys.idle(c.given(), why) for name, c in read.items() if name != "perTryTimeout"]
        idle += [keys.idle(one, why) for one in limits.given]
        return [], inner
    counted = "the mesh retries twice" if times.mark != GIVEN else "attempts, which are retries"
    marked = Marked(times.value, times.mark, f"{counted}, and the first try", times.line)
    waits = {"base_interval": replace(base, note="backoff"), "max_interval": base}
    return [("retry", envoy.retry_block(marked, on, waits, limits, {}, mistakes))], inner
