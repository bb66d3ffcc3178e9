"""A breaker as it is written in the file: ten parts over a row of the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.scenario.fields import (
    TIME,
    Duration,
    Number,
    Part,
    PositiveDuration,
    Reason,
    Share,
    Whole,
    short,
    word,
)


class Window(Part):
    """What the breaker remembers: the last `count` results, or those of the last `time`."""

    count: Whole | None = Field(None, ge=1, le=1_000_000, description="The last so many results.")
    time: PositiveDuration | None = Field(None, description="The results of so long.")
    buckets: Whole = Field(10, ge=1, le=10_000, description="Slices of a time window.")

    @model_validator(mode="after")
    def _one(self) -> "Window":
        if (self.count is None) == (self.time is None):
            msg = "a window is `consecutive`, {count: 100} or {time: 10s, buckets: 10}"
            raise ValueError(msg)
        return self


class Trip(Part):
    """When closed becomes open. Several rules: any of them trips."""

    failures: Whole | None = Field(None, ge=1, description="So many failures, in a row or in the window.")
    failure_ratio: Share | None = Field(None, description="Failures / results, at or above.")
    slow_ratio: Share | None = Field(None, description="Slow / results, at or above.")
    minimum: Whole | None = Field(None, ge=1, description="Results before a ratio is judged (inclusive).")
    on: Literal["any", "failure"] = Field("any", description="Judged on any result, or on failures only.")

    @model_validator(mode="after")
    def _some(self) -> "Trip":
        if not (self.failures or self.failure_ratio or self.slow_ratio):
            msg = "a trip rule needs failures, failure_ratio or slow_ratio above 0"
            raise ValueError(msg)
        return self


class OpenExponential(Part):
    """Open time that grows with each opening without a close between."""

    initial: PositiveDuration = Field(description="First open time.")
    multiplier: Number = Field(2.0, ge=1, description="Growth with each opening.")
    cap: PositiveDuration | None = Field(None, description="Longest open time; default none.")


class OpenFor(Part):
    """How long open lasts."""

    fixed: Duration | None = Field(None, description="Always the same.")
    exponential: OpenExponential | None = Field(None, description="Growing while it does not close.")
    jitter: Share = Field(0.0, description="Times a uniform number in [1 - jitter, 1 + jitter].")

    @model_validator(mode="after")
    def _one(self) -> "OpenFor":
        if (self.fixed is None) == (self.exponential is None):
            msg = (
                "open_for is a duration, {fixed: 5s} or {exponential: {initial: 1s, multiplier: 2, cap: 60s}}"
            )
            raise ValueError(msg)
        return self


class Probe(Part):
    """How many probes half-open admits: in all (quota), or at once (concurrent)."""

    quota: Whole | None = Field(None, ge=1, description="Probes in all.")
    concurrent: Whole | None = Field(None, ge=1, description="Probes at once.")

    @model_validator(mode="after")
    def _one(self) -> "Probe":
        if (self.quota is None) == (self.concurrent is None):
            msg = "probe is `single`, {quota: 10} or {concurrent: 3}"
            raise ValueError(msg)
        return self


class Decide(Part):
    """What ends half-open: n successes (any failure re-opens), or a failure ratio after n results."""

    successes: Whole | None = Field(None, ge=1, description="So many close it; any failure re-opens.")
    failure_ratio: Share | None = Field(None, description="At or above: re-open; below: close.")
    after: Whole | None = Field(None, ge=1, description="Results before the ratio is judged.")

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

    slots: Whole = Field(64, ge=1, description="Attempts inside at once.")
    queue: Whole | None = Field(None, ge=0, description="Waiting places; default unlimited.")
    work: Duration = Field(200_000, description="Work per attempt.")


class Place(Part):
    """Where the breaker lives: sidecar or gateway with its parameters."""

    sidecar: Sidecar | None = Field(None, description="A process beside each caller replica.")
    gateway: Gateway | None = Field(None, description="A queueing hop, one copy for all callers.")

    @model_validator(mode="after")
    def _one(self) -> "Place":
        if (self.sidecar is None) == (self.gateway is None):
            msg = "place is library, sidecar, gateway, {sidecar: {hop: 0.5ms}} or {gateway: {slots: 64}}"
            raise ValueError(msg)
        return self


class Shared(Part):
    """One copy for all callers."""

    delay: Duration = Field(0, description="Hears and is seen so much later.")


class Copies(Part):
    """Shared copies with their delay."""

    shared: Shared = Field(description="One copy for all callers.")


class Breaker(Part):
    """A circuit breaker: a row of the catalogue by `use`, any of its parts replaced."""

    use: str | None = Field(None, description="Row of the catalogue or a plugin; see `cascadelab policies`.")
    window: Literal["consecutive"] | Window | None = Field(None, description="What it remembers.")
    trip: Trip | None = Field(None, description="When it opens.")
    slow: PositiveDuration | None = Field(None, description="A result strictly slower than this is slow.")
    open_for: Annotated[OpenFor, short("fixed", TIME)] | None = Field(
        None, description="How long open lasts."
    )
    leave_open: Literal["request", "timer"] | None = Field(None, description="What ends open.")
    expiry: Literal["inclusive", "strict"] | None = Field(None, description="now >= until, or now > until.")
    probe: Literal["single"] | Probe | None = Field(None, description="Admission in half-open.")
    decide: Literal["first"] | Decide | None = Field(None, description="What ends half-open.")
    late: Literal["current-state", "generation"] | None = Field(
        None, description="Results of an earlier state."
    )
    clear: Literal["transition", "close"] | None = Field(None, description="What empties the window.")
    failures: tuple[Reason, ...] | None = Field(None, description="Reasons learned as failure.")
    place: Literal["library"] | Annotated[Place, word("sidecar"), word("gateway")] = Field(
        "library", description="library, sidecar or gateway."
    )
    key: Literal["edge", "endpoint", "replica"] = Field(
        "edge", description="One copy per edge, callee endpoint, callee replica."
    )
    copies: Literal["replica"] | Annotated[Copies, word("shared")] = Field(
        "replica", description="Per caller replica, or shared."
    )
    params: dict[str, Any] = Field(default_factory=dict, description="Plugins only: handed to the factory.")
