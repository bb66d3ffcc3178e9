"""Policies of a call as they are written in the file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.scenario.fields import Duration, Number, Part, PositiveDuration, RatePerS, Share
from sim.words import REASONS

Reason = Literal[
    "error", "timeout", "broken", "limited", "bulkhead", "shed", "unreachable", "expired", "cancelled"
]
assert Reason.__args__ == REASONS  # type: ignore[attr-defined]
Cancel = Literal["none", "queued", "all"]
RETRIED = ("error", "timeout", "shed", "unreachable")


def short(key: str, kinds: tuple[type, ...] = (str, int, float)) -> Any:
    """Allow `name: value` for `name: {key: value}`."""

    def widen(value: Any) -> Any:
        return {key: value} if isinstance(value, kinds) and not isinstance(value, bool) else value

    return BeforeValidator(widen)


def _true(value: Any) -> Any:
    return {} if value is True else value


class Fallback(Part):
    """A failed call is answered by something else: F in the ledger, column `fallback`."""

    on: tuple[Reason, ...] = Field(REASONS, description="Reasons for which the fallback answers.")


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


class Budget(Part):
    """What bounds the retries of a caller: a ratio of its first tries, or tokens earned by successes."""

    ratio: Share | None = Field(None, description="Retries per first try over the window.")
    min_per_s: RatePerS = Field(0.0, description="Retries always allowed.")
    window: PositiveDuration = Field(10_000_000_000, description="Sliding window.")
    tokens: Number | None = Field(None, gt=0, description="Bucket size; it starts full, a retry costs one.")
    earn: Share = Field(0.1, description="Tokens earned per success.")

    @model_validator(mode="after")
    def _one(self) -> "Budget":
        if (self.ratio is None) == (self.tokens is None):
            msg = "a budget is either {ratio: 20%} or {tokens: 10, earn: 10%}"
            raise ValueError(msg)
        return self


def _no_backoff(value: Any) -> Any:
    return {"fixed": "0s"} if value == "none" else value


class Retry(Part):
    """Try again after a backoff."""

    attempts: int = Field(3, ge=1, le=1000, description="Tries at most, the first one included.")
    backoff: Annotated[Backoff, BeforeValidator(_no_backoff)] = Field(
        Backoff(exponential=Exponential()), description="Delay between tries: fixed, exponential or none."
    )
    jitter: Literal["none", "full", "equal", "decorrelated"] = Field("full", description="AWS names.")
    on: tuple[Reason, ...] = Field(RETRIED, description="Reasons that are retried.")
    budget: Budget | None = Field(None, description="Bounds retries over all calls of a caller.")


class Hedge(Part):
    """Send a further copy when the answer is slow to come."""

    after: PositiveDuration = Field(description="Delay before each further copy.")
    extra: int = Field(1, ge=1, le=100, description="Copies beside the first.")


class Throttle(Part):
    """Adaptive throttling of the SRE book (ch. 21)."""

    k: Number = Field(2.0, gt=0, description="Requests allowed per accept.")
    window: PositiveDuration = Field(120_000_000_000, description="Sliding window.")
    buckets: int = Field(120, ge=1, le=10_000, description="Slices of the window.")


class RateLimit(Part):
    """Token bucket."""

    rate: RatePerS = Field(gt=0, description="Tokens per second.")
    burst: Number = Field(1.0, ge=1, description="Bucket size.")
    max_wait: Duration = Field(0, description="A call waits for its token at most this long.")


class Bulkhead(Part):
    """At most so many calls at once, per copy."""

    limit: int = Field(ge=1, description="Calls at once.")
    queue: int = Field(0, ge=0, description="Waiting places.")
    max_wait: Duration | None = Field(None, description="Longest wait; default: as long as it takes.")


class Timeout(Part):
    """Longest wait for one answer."""

    after: PositiveDuration = Field(description="From the moment the try leaves the policies above.")
    cancel: Cancel = Field("none", description="What the callee is told: none, queued work leaves, all stops.")


# Breaker ----------------------------------------------------------------------------------------


class Window(Part):
    """What the breaker remembers: the last `count` results, or those of the last `time`."""

    count: int | None = Field(None, ge=1, le=1_000_000)
    time: PositiveDuration | None = None
    buckets: int = Field(10, ge=1, le=10_000, description="Slices of a time window.")

    @model_validator(mode="after")
    def _one(self) -> "Window":
        if (self.count is None) == (self.time is None):
            msg = "a window is `consecutive`, {count: 100} or {time: 10s, buckets: 10}"
            raise ValueError(msg)
        return self


class Trip(Part):
    """When closed becomes open. Several rules: any of them trips."""

    failures: int | None = Field(None, ge=1, description="So many failures, in a row or in the window.")
    failure_ratio: Share | None = Field(None, description="Failures / results, at or above.")
    slow_ratio: Share | None = Field(None, description="Slow / results, at or above.")
    minimum: int | None = Field(None, ge=1, description="Results before a ratio is judged (inclusive).")
    on: Literal["any", "failure"] = Field("any", description="Judged on any result, or on failures only.")

    @model_validator(mode="after")
    def _some(self) -> "Trip":
        if not (self.failures or self.failure_ratio or self.slow_ratio):
            msg = "a trip rule needs failures, failure_ratio or slow_ratio above 0"
            raise ValueError(msg)
        return self


class OpenExponential(Part):
    """Open time that grows with each opening without a close between."""

    initial: PositiveDuration
    multiplier: Number = Field(2.0, ge=1)
    cap: PositiveDuration | None = None


class OpenFor(Part):
    """How long open lasts."""

    fixed: Duration | None = None
    exponential: OpenExponential | None = None
    jitter: Share = Field(0.0, description="Times a uniform number in [1 - jitter, 1 + jitter].")

    @model_validator(mode="after")
    def _one(self) -> "OpenFor":
        if (self.fixed is None) == (self.exponential is None):
            msg = "open_for is a duration, {fixed: 5s} or {exponential: {initial: 1s, multiplier: 2, cap: 60s}}"
            raise ValueError(msg)
        return self


class Probe(Part):
    """How many probes half-open admits: in all (quota), or at once (concurrent)."""

    quota: int | None = Field(None, ge=1)
    concurrent: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one(self) -> "Probe":
        if (self.quota is None) == (self.concurrent is None):
            msg = "probe is `single`, {quota: 10} or {concurrent: 3}"
            raise ValueError(msg)
        return self


class Decide(Part):
    """What ends half-open: n successes (any failure re-opens), or a failure ratio after n results."""

    successes: int | None = Field(None, ge=1)
    failure_ratio: Share | None = None
    after: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one(self) -> "Decide":
        if (self.successes is None) == (self.failure_ratio is None or self.after is None):
            msg = "decide is `first`, {successes: 3} or {failure_ratio: 50%, after: 5}"
            raise ValueError(msg)
        return self


class Sidecar(Part):
    """The policies live in a process beside the caller."""

    hop: Duration = Field(500_000, description="A hop's delay each way.")


class Gateway(Part):
    """The policies live in a service of their own in front of the callee."""

    slots: int = Field(64, ge=1)
    queue: int | None = Field(None, ge=0)
    work: Duration = Field(200_000)


class Place(Part):
    """Where the breaker lives: sidecar or gateway with its parameters."""

    sidecar: Sidecar | None = None
    gateway: Gateway | None = None


class Shared(Part):
    """One copy for all callers."""

    delay: Duration = Field(0, description="Hears and is seen so much later.")


class Copies(Part):
    """Shared copies with their delay."""

    shared: Shared


def _named(name: str) -> Any:
    """Allow the bare word for the mapping {word: {}}."""
    return BeforeValidator(lambda v: {name: {}} if v == name else v)


class Breaker(Part):
    """A circuit breaker: a row of the catalogue by `use`, any of its parts replaced."""

    use: str | None = Field(None, description="Row of the catalogue or a plugin; see `cascadelab policies`.")
    window: Literal["consecutive"] | Window | None = Field(None, description="What it remembers.")
    trip: Trip | None = Field(None, description="When it opens.")
    slow: PositiveDuration | None = Field(None, description="A result strictly slower than this is slow.")
    open_for: Annotated[OpenFor, short("fixed", (str,))] | None = Field(None, description="How long open lasts.")
    leave_open: Literal["request", "timer"] | None = Field(None, description="What ends open.")
    expiry: Literal["inclusive", "strict"] | None = Field(None, description="now >= until, or now > until.")
    probe: Literal["single"] | Probe | None = Field(None, description="Admission in half-open.")
    decide: Literal["first"] | Decide | None = Field(None, description="What ends half-open.")
    late: Literal["current-state", "generation"] | None = Field(None, description="Results of an earlier state.")
    clear: Literal["transition", "close"] | None = Field(None, description="What empties the window.")
    failures: tuple[Reason, ...] | None = Field(None, description="Reasons learned as failure.")
    place: Literal["library"] | Annotated[Place, _named("sidecar"), _named("gateway")] = Field("library", description="library, sidecar or gateway.")
    key: Literal["edge", "endpoint", "replica"] = Field("edge", description="One copy per edge, callee endpoint, callee replica.")
    copies: Literal["replica"] | Annotated[Copies, _named("shared")] = Field("replica", description="Per caller replica, or shared.")
    params: dict[str, Any] = Field(default_factory=dict, description="Plugins only: handed to the factory.")




class Single(Part):
    """The policies of a call, each once, in the default order from the outside in."""

    fallback: Annotated[Fallback, BeforeValidator(_true)] | None = None
    deadline: Annotated[Deadline, short("after", (str,))] | None = None
    retry: Annotated[Retry, short("attempts", (int,))] | None = None
    hedge: Annotated[Hedge, short("after", (str,))] | None = None
    breaker: Annotated[Breaker, short("use", (str,))] | None = None
    throttle: Annotated[Throttle, BeforeValidator(_true)] | None = None
    rate_limit: Annotated[RateLimit, short("rate", (str,))] | None = None
    bulkhead: Annotated[Bulkhead, short("limit", (int,))] | None = None
    timeout: Annotated[Timeout, short("after", (str,))] | None = None


ORDER = ("fallback", "deadline", "retry", "hedge", "breaker", "throttle", "rate_limit", "bulkhead", "timeout")
"""Default order from the outside in."""


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
