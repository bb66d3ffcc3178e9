"""Rows of retry budgets."""

from typing import Any

from sim.policies.limits import budget
from sim.policies.limits.entry import Limit
from sim.policies.options import Option, OptionError
from sim.words import OUTCOMES

COUNT, NUMBER, SHARE, TEXT = "count", "number", "share", "duration"
OF_ITS_TIME = -1
"""A cost that is not given."""
AWS_COSTS = {"classic": (5, 10, 5), "2026": (14, 14, 5)}
"""(retry, after a timeout, after throttling): botocore retries/standard.py up to 1.38 and from 1.44.5 on."""
AWS_TRAPS = ("A client sees only itself: n clients have n quotas.",)
AWS_NAMES = (
    ("initial_capacity", "capacity"), ("timeout_retry_cost", "timeout_cost"),
    ("throttling_retry_cost", "throttling_cost"),
)  # fmt: skip


def _aws(version: str) -> tuple[Option, ...]:
    return (
        Option("capacity", 500, NUMBER, "tokens at the start, and at most", 1),
        Option("version", version, "choice", "generation of the costs", choices=tuple(AWS_COSTS)),
        Option("retry_cost", OF_ITS_TIME, NUMBER, "of a retry; -1: of its generation", -1),
        Option("timeout_cost", OF_ITS_TIME, NUMBER, "of a retry after a timeout; -1: of its generation", -1),
        Option("throttling_cost", OF_ITS_TIME, NUMBER, "after throttling; -1: of its generation", -1),
        Option("no_retry_increment", 1, NUMBER, "earned by a success without retry", 0),
    )


def _costs(retry: float, timeout: float, throttling: float, transient: float) -> tuple[float, ...]:
    """Cost of a retry by the outcome that it follows."""
    special = {"timeout": timeout, "shed": throttling, "unreachable": transient}
    return tuple(special.get(name, retry) for name in OUTCOMES)


def _quota(s: dict[str, Any]) -> budget.Params:
    """The older generation has a cost of its own after a timeout, the newer one after throttling."""
    new = s["version"] == "2026"
    retry, timeout, throttling = (
        given if given >= 0 else usual
        for given, usual in zip(
            (s["retry_cost"], s["timeout_cost"], s["throttling_cost"]), AWS_COSTS[s["version"]], strict=True
        )
    )
    if s["timeout_cost"] < 0 and (new or s["throttling_cost"] >= 0):
        timeout = retry
    if s["throttling_cost"] < 0 and not new:
        throttling = retry
    return budget.Params(
        budget.QUOTA, capacity=s["capacity"], costs=_costs(retry, timeout, throttling, transient=retry),
        no_retry_earns=s["no_retry_increment"],
    )  # fmt: skip


def _smithy(s: dict[str, Any]) -> budget.Params:
    retry, timeout = s["retry_cost"], s["timeout_retry_cost"]
    return budget.Params(
        budget.QUOTA, capacity=s["capacity"], costs=_costs(retry, timeout, retry, transient=timeout)
    )


def _grpc(s: dict[str, Any]) -> budget.Params:
    ratio = int(s["tokenRatio"] * budget.MILLI + budget.ROUNDING) / budget.MILLI
    if ratio <= 0:
        msg = "tokenRatio: decimal places beyond the third are ignored, and nothing is left"
        raise OptionError("tokenRatio", msg)
    return budget.Params(budget.THROTTLE, ratio=ratio, capacity=s["maxTokens"])


FINAGLE_SCALE = 1000


def _leaky(ratio: float, per_s: float, window_ns: int, *, fine: bool) -> budget.Params:
    """Whole units: so many for a request, so many for a retry; without a share only the reserve counts."""
    if ratio == 0:
        deposit, withdrawal = 0, 1
    else:
        deposit = FINAGLE_SCALE if fine else 1
        withdrawal = int(deposit / ratio)
    return budget.Params(
        budget.LEAKY,
        ratio=ratio,
        min_per_s=per_s,
        window_ns=window_ns,
        deposit=deposit,
        withdrawal=withdrawal,
    )


BUDGETS = {
    "aws-sdk-standard": Limit(
        "A retry costs 5 of 500 tokens, 10 after a timeout; a success gives back what its last retry cost. "
        "`version: 2026` has the costs of newer SDKs.",
        AWS_TRAPS, _quota, _aws("classic"), "botocore 1.38.0", "retries/standard.py, retries/quota.py",
        also=AWS_NAMES,
    ),
    "aws-sdk-standard-2026": Limit(
        "A retry costs 14 of 500 tokens, 5 after throttling; a success gives back what its last retry cost.",
        AWS_TRAPS, _quota, _aws("2026"), "botocore 1.44.5", "retries/standard.py, retries/quota.py",
        also=AWS_NAMES,
    ),
    "smithy-rs": Limit(
        "A retry costs 5 of 500 tokens, 10 after a transient error or timeout.",
        AWS_TRAPS, _smithy,
        (
            Option("capacity", 500, NUMBER, "tokens at the start, and at most", 1),
            Option("retry_cost", 5, NUMBER, "of a retry", 0),
            Option("timeout_retry_cost", 10, NUMBER, "of a retry after a timeout or transient error", 0),
        ),
        "smithy-rs", "aws-smithy-runtime/src/client/retries",
        also=(("timeout_cost", "timeout_retry_cost"),),
    ),
    "grpc-retry-throttling": Limit(
        "Retries only while more than half of the tokens are there; a failure costs one.",
        ("With 10 tokens the fifth failure in a row stops retries; it takes 10 successes to earn one back.",),
        _grpc,
        (
            Option("maxTokens", 10, NUMBER, "tokens at the start, and at most", 1e-3, 1000),
            Option("tokenRatio", 0.1, NUMBER, "earned by a success; three decimals", 1e-3),
        ),
        "gRPC (gRFC A6)", "A6-client-retries.md",
    ),
    "finagle-retry-budget": Limit(
        "Retries up to a share of the requests of the last 10 s, and some always.",
        ("The reserve of 10 retries a second is for every client by itself.",),
        lambda s: _leaky(s["percentCanRetry"], s["minRetriesPerSec"], s["ttl"], fine=True),
        (
            Option("percentCanRetry", 0.2, NUMBER, "retries per request", 0, 1000),
            Option("minRetriesPerSec", 10, COUNT, "always allowed", 0),
            Option("ttl", "10s", TEXT, "how long a request counts", 1, 60),
        ),
        "Finagle (twitter/finagle 4feb34c)", "RetryBudget.scala",
    ),
    "linkerd-retry-budget": Limit(
        "Retries up to a share of the requests of the last 10 s, and some always.",
        ("The reserve of 10 retries a second is for every proxy by itself.",
         "1 / retryRatio is truncated: 0.3 allows a third, 0.6 as many retries as requests."),
        lambda s: _leaky(s["retryRatio"], s["minRetriesPerSecond"], s["ttl"], fine=s["retryRatio"] > 1),
        (
            Option("retryRatio", 0.2, NUMBER, "retries per request", 0, 1000),
            Option("minRetriesPerSecond", 10, COUNT, "always allowed", 0),
            Option("ttl", "10s", TEXT, "how long a request counts", 1, 60),
        ),
        "Linkerd (ServiceProfile)", "linkerd.io/docs, retryBudget; tower retry/budget",
    ),
    "envoy-retry-budget": Limit(
        "Retries at once up to a share of the requests in flight, and some always.",
        ("3 retries at once are always allowed, in each Envoy.",),
        lambda s: budget.Params(
            budget.CONCURRENT, ratio=s["budget_percent"], min_concurrent=s["min_retry_concurrency"], whole=1
        ),
        (
            Option("budget_percent", 20, "percent", "of the requests in flight", 0, 100),
            Option("min_retry_concurrency", 3, COUNT, "always allowed", 0),
        ),
        "Envoy (envoyproxy/envoy main)", "upstream/resource_manager_impl.h",
    ),
    "failsafe-go-budget": Limit(
        "Retries and hedges at once up to a share of the executions in flight.",
        (),
        lambda s: budget.Params(budget.CONCURRENT, ratio=s["maxRate"], min_concurrent=s["minConcurrency"]),
        (
            Option("maxRate", 0.2, SHARE, "of the executions in flight", 0, 1),
            Option("minConcurrency", 3, COUNT, "always allowed", 0),
        ),
        "failsafe-go 5759a5e", "budget/budget.go",
    ),
}  # fmt: skip
