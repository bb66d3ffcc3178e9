"""Policies of a call as they are written in the file."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sim.scenario.breakers import Breaker as Breaker
from sim.scenario.fields import (
    COUNT,
    RATE,
    TEXT,
    TIME,
    Duration,
    Number,
    Part,
    PositiveDuration,
    Reason,
    Share,
    Short,
    Whole,
    flag,
    short,
)
from sim.scenario.limits import Budget, Bulkhead, Concurrency, RateLimit, Throttle

__all__ = [
    "ORDER", "Backoff", "Breaker", "Budget", "Bulkhead", "Concurrency", "Deadline", "Fallback", "Hedge", "Policies",
    "RateLimit", "Retry", "Single", "Throttle", "Timeout", "no_policies",
]  # fmt: skip

Cancel = Literal["none", "queued", "all"]
EVERY: tuple[Reason, ...] = get_args(Reason)
RETRIED: tuple[Reason, ...] = ("error", "timeout", "shed", "unreachable")


class Fallback(Part):
    """A failed call is answered by something else: F in the ledger, column `fallback`."""

    on: tuple[Reason, ...] = Field(EVERY, description="Reasons for which the fallback answers.")


class Deadline(Part):
    """An instant that bounds retries, backoff and hedges below it."""

    after: PositiveDuration = Field(description="From the start of the call.")
    propagate: bool = Field(True, description="min(own, inherited) travels on to the callee's calls.")


class Exponential(Part):
    """Exponential growth."""

    base: Duration = Field(100_000_000, description="First delay.")
    multiplier: Number = Field(2.0, ge=1.0, description="Growth per retry.")
    cap: Duration = Field(2_000_000_000, description="Longest delay.")


class Backoff(Part):
    """Delay before a retry: fixed or exponential."""

    exponential: Exponential | None = Field(None, description="base * multiplier^n, at most cap.")
    fixed: Duration | None = Field(None, description="Always the same delay.")

    @model_validator(mode="after")
    def _one(self) -> "Backoff":
        if (self.exponential is None) == (self.fixed is None):
            msg = "a backoff is either fixed or exponential"
            raise ValueError(msg)
        return self


def _no_backoff(value: Any) -> Any:
    return {"fixed": "0s"} if value == "none" else value


class Retry(Part):
    """Try again after a backoff."""

    attempts: Whole = Field(3, ge=1, le=1000, description="Tries at most, the first one included.")
    backoff: Annotated[Backoff, Short(_no_backoff, {"const": "none"})] = Field(
        default_factory=lambda: Backoff.model_validate({"exponential": {}}),
        description="Delay between tries: fixed, exponential or none.",
    )
    jitter: Literal["none", "full", "equal", "decorrelated", "around", "polly", "exponential"] = Field(
        "full",
        description="Randomness of the backoff, by the names of AWS's article; around: times [1 - spread, "
        "1 + spread]; polly: its DecorrelatedJitterV2 of an exponential backoff; exponential: memoryless, the "
        "backoff is its mean, as in Markov models.",
    )
    spread: Share = Field(0.25, description="Of jitter `around`: Polly 25%, gRPC 20%, resilience4j 50%.")
    on: tuple[Reason, ...] = Field(RETRIED, description="Reasons that are retried.")
    budget: Budget | None = Field(None, description="Bounds retries over all calls of a caller.")


class Hedge(Part):
    """Send a further copy when the answer is slow to come."""

    after: PositiveDuration = Field(description="Delay before each further copy.")
    extra: Whole = Field(1, ge=1, le=100, description="Copies beside the first.")


class Outlier(Part):
    """Host ejection (outlier detection): hosts that stand out get no calls for a while."""

    use: str = Field(description="envoy-outlier-detection, istio or grpc-outlier-detection.")
    params: dict[str, Any] = Field(default_factory=dict, description="Its settings by their own names.")
    copies: Literal["replica", "shared"] = Field(
        "replica", description="Each caller replica judges for itself, or all together."
    )


class Timeout(Part):
    """Longest wait for one answer."""

    after: PositiveDuration = Field(description="From the moment the try leaves the policies above.")
    cancel: Cancel = Field(
        "none", description="What the callee is told: none, queued work leaves, all stops."
    )


ORDER = (
    "fallback", "deadline", "retry", "hedge", "breaker", "throttle", "rate_limit", "concurrency", "bulkhead",
    "outlier", "timeout",
)  # fmt: skip
"""Default order from the outside in."""


class Single(Part):
    """The policies of a call, each once, in the default order from the outside in."""

    fallback: Annotated[Fallback, flag()] | None = Field(
        None, description="A failed call is answered by something else."
    )
    deadline: Annotated[Deadline, short("after", TIME)] | None = Field(
        None, description="An instant that bounds all tries of the call."
    )
    retry: Annotated[Retry, short("attempts", COUNT)] | None = Field(
        None, description="Try again after a backoff; a bare number = attempts."
    )
    hedge: Annotated[Hedge, short("after", TIME)] | None = Field(
        None, description="A further copy when the answer is slow to come."
    )
    breaker: Annotated[Breaker, short("use", TEXT)] | None = Field(
        None, description="Circuit breaker: a name of the catalogue, or parts."
    )
    throttle: Annotated[Throttle, flag()] | None = Field(
        None, description="Refuses with a probability that grows as the callee accepts less."
    )
    rate_limit: Annotated[RateLimit, short("rate", RATE)] | None = Field(
        None, description="Token bucket of the caller."
    )
    concurrency: Annotated[Concurrency, short("use", TEXT)] | None = Field(
        None, description="A limit of calls at once that finds its own value."
    )
    bulkhead: Annotated[Bulkhead, short("limit", COUNT)] | None = Field(
        None, description="At most so many calls at once."
    )
    outlier: Annotated[Outlier, short("use", TEXT)] | None = Field(
        None, description="Host ejection: envoy-outlier-detection, istio or grpc-outlier-detection."
    )
    timeout: Annotated[Timeout, short("after", TIME)] | None = Field(
        None, description="Longest wait for one answer."
    )

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not set; a policy that is set to null stays, for it removes one."""
        removed = {k for k in ORDER if k in self.model_fields_set}
        return {k: v for k, v in write(self).items() if v is not None or k in removed}


def _one_policy(single: Single) -> Single:
    if len(single.model_fields_set) != 1:
        msg = "each entry of a stack is one policy, such as `- timeout: 2s`"
        raise ValueError(msg)
    return single


class Policies(Single):
    """The policies of a call; `stack` instead of the rest says the order itself."""

    stack: tuple[Annotated[Single, AfterValidator(_one_policy)], ...] | None = Field(
        None, description="Explicit order from the outside in; a policy may stand twice."
    )

    @model_validator(mode="after")
    def _either(self) -> "Policies":
        if self.stack is not None and len(self.model_fields_set & set(ORDER)):
            msg = "`stack` stands alone: put the other policies into it"
            raise ValueError(msg)
        return self


def no_policies() -> Policies:
    """An empty mapping of policies."""
    return Policies.model_validate({})
