"""A breaker as it is written in the file: ten parts over a row of the catalogue."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_serializer, field_validator, model_validator

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
from sim.scenario.placement import Copies, Place
from sim.units import show_ns


class Window(Part):
    """What the breaker remembers: the last `count` results, those of the last `time`, or all of an
    `interval` that then starts anew."""

    count: Whole | None = Field(None, ge=1, le=1_000_000, description="The last so many results.")
    time: PositiveDuration | None = Field(None, description="The results of so long.")
    buckets: Whole = Field(10, ge=1, le=10_000, description="Slices of a time window.")
    grid: Literal["reset", "epoch", "lazy", "kept"] = Field(
        "reset",
        description="Where slices begin: at the last reset, at instant 0, with the first result after the "
        "previous one is full; kept: on whole widths, forgotten only when the slot is used again.",
    )
    interval: Duration | None = Field(None, description="All results, anew after so long; 0s: never anew.")
    by: Literal["time", "results"] = Field("time", description="What the moving average goes by.")
    average: PositiveDuration | Whole | None = Field(
        None, description="Beside `time`: a moving average of successes with this time constant."
    )
    of: Literal["results", "started", "asked"] = Field(
        "results", description="What a ratio is of: results, started calls, asked calls (refused too)."
    )

    @field_validator("average", mode="before")
    @classmethod
    def _measured(cls, value: Any, info: ValidationInfo) -> Any:
        """Inside, a duration and a number of results are both whole numbers: the file must tell them apart."""
        counted = isinstance(value, int | float)
        if value is not None and info.data.get("by") == "results" and not counted:
            msg = "beside `by: results` the average is a number of results, such as 100"
            raise ValueError(msg)
        if counted and info.data.get("by") == "time":
            msg = f"{value} of what? write {value}s, or by: results beside a number of results"
            raise ValueError(msg)
        return value

    @field_serializer("average", when_used="json")
    def _shown(self, value: int | None) -> int | str | None:
        return value if value is None or self.by == "results" else show_ns(value)

    @model_validator(mode="after")
    def _one(self) -> "Window":
        if sum(x is not None for x in (self.count, self.time, self.interval)) != 1:
            msg = "a window is `consecutive`, {count: 100}, {time: 10s, buckets: 10} or {interval: 60s}"
            raise ValueError(msg)
        if self.average is not None and self.time is None:
            msg = "a moving average needs the `time` whose results it asks for"
            raise ValueError(msg)
        return self


class Conditions(Part):
    """Conditions that must all hold."""

    minimum: Whole | None = Field(None, ge=1, description="Results in the window, at least.")
    failures: Whole | None = Field(None, ge=0, description="Failures in the window.")
    streak: Whole | None = Field(None, ge=1, description="Failures in a row.")
    failure_ratio: Share | None = Field(None, description="Failures / results.")
    slow_ratio: Share | None = Field(None, description="Slow / results.")
    success_below: Share | None = Field(None, description="Successes / results, below.")
    average_below: Share | None = Field(None, description="The moving average of successes, below.")
    mean_latency: PositiveDuration | None = Field(None, description="Mean latency of the window, at least.")
    age: Duration | None = Field(None, description="Time since the window was emptied, at least.")
    seen: Whole | None = Field(None, ge=1, description="Results since the window was emptied, at least.")
    state: Literal["closed", "half_open"] | None = Field(None, description="Only in this state.")

    @model_validator(mode="after")
    def _some(self) -> "Conditions":
        if not self.model_fields_set:
            msg = "a trip rule needs at least one condition, such as streak: 5"
            raise ValueError(msg)
        return self


class Trip(Part):
    """When closed becomes open. Several rules: any of them trips."""

    failures: Whole | None = Field(None, ge=1, description="So many failures, in a row or in the window.")
    failure_ratio: Share | None = Field(None, gt=0, description="Failures / results, at or above.")
    slow_ratio: Share | None = Field(None, gt=0, description="Slow / results, at or above.")
    minimum: Whole | None = Field(None, ge=1, description="Results before a ratio is judged (inclusive).")
    any: tuple[Conditions, ...] = Field((), description="Further rules: each a mapping that must hold whole.")
    above: bool = Field(False, description="Failures and ratios trip above their threshold, not at it.")
    percent: Literal["exact", "percent", "cut", "rounded"] = Field(
        "exact", description="How failure_ratio is computed: exact, in percent, cut or rounded to whole ones."
    )
    slow_of: Literal["results", "successes"] = Field(
        "results", description="What can be slow: any result, or a success only."
    )
    on: Literal["any", "failure", "bucket"] = Field(
        "any", description="Judged on any result, on failures only, or when a slice of the window is full."
    )

    @model_validator(mode="after")
    def _some(self) -> "Trip":
        if not (self.failures or self.failure_ratio or self.slow_ratio or self.any):
            msg = "a trip rule needs failures, failure_ratio or slow_ratio above 0, or `any`"
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
    list: tuple[PositiveDuration, ...] | None = Field(None, min_length=1, description="One after the other.")
    then: Duration | None = Field(None, description="After the list; default: its last.")
    jitter: Share = Field(0.0, description="Times a uniform number in [1 - jitter, 1 + jitter].")
    spread: Literal["both", "added", "equal"] = Field(
        "both", description="both: [1 - jitter, 1 + jitter]; added: [1, 1 + jitter]; equal: [1/2, 1]."
    )
    step: PositiveDuration = Field(1, description="Rounded down to whole multiples of this.")

    @model_validator(mode="after")
    def _one(self) -> "OpenFor":
        if sum(x is not None for x in (self.fixed, self.exponential, self.list)) != 1:
            msg = (
                "open_for is a duration, {fixed: 5s}, {exponential: {initial: 1s, multiplier: 2, cap: 60s}} "
                "or {list: [1s, 5s], then: 60s}"
            )
            raise ValueError(msg)
        return self


class Ramp(Part):
    """A share of the calls that grows with the time in half-open."""

    start: Share = Field(description="Share admitted at first.")
    end: Share = Field(description="Share admitted in the end.")
    over: PositiveDuration = Field(description="How long it grows.")


class Probe(Part):
    """How many probes half-open admits: in all (quota), at once (concurrent), or a share of the calls."""

    quota: Whole | None = Field(None, ge=1, description="Probes in all.")
    concurrent: Whole | None = Field(None, ge=1, description="Probes at once.")
    ramp: Ramp | None = Field(None, description="A growing share of the calls.")

    @model_validator(mode="after")
    def _one(self) -> "Probe":
        if sum(x is not None for x in (self.quota, self.concurrent, self.ramp)) != 1:
            msg = (
                "probe is `single`, `unbounded`, `one-per-open-time`, {quota: 10}, {concurrent: 3} or a ramp"
            )
            raise ValueError(msg)
        return self


class HalfOpenFor(Part):
    """Longest stay in half-open."""

    longest: Duration = Field(description="So long; 0s: for ever.")
    then: Literal["open", "closed"] = Field("open", description="Where it ends.")


class Decide(Part):
    """What ends half-open: so many successes or failures, or a failure ratio after n results."""

    successes: Whole | None = Field(None, ge=1, description="So many close it.")
    failures: Whole | None = Field(None, ge=1, description="Beside successes: so many re-open it; default 1.")
    failure_ratio: Share | None = Field(None, description="At or above: re-open; below: close.")
    after: Whole | None = Field(None, ge=1, description="Results before the ratio is judged.")
    percent: Literal["exact", "percent", "cut", "rounded"] = Field(
        "exact", description="How the ratio is computed."
    )

    @model_validator(mode="after")
    def _one(self) -> "Decide":
        by_count = self.successes is not None
        by_ratio = self.failure_ratio is not None and self.after is not None and self.failures is None
        if by_count == by_ratio:
            msg = "decide is `first`, {successes: 3} or {failure_ratio: 50%, after: 5}"
            raise ValueError(msg)
        return self


class Breaker(Part):
    """A circuit breaker: a row of the catalogue by `use`, any of its parts replaced."""

    use: str | None = Field(None, description="Row of the catalogue or a plugin; see `cascadelab policies`.")
    window: Literal["consecutive"] | Window | None = Field(None, description="What it remembers.")
    trip: Trip | None = Field(None, description="When it opens.")
    slow: PositiveDuration | None = Field(None, description="A result strictly slower than this is slow.")
    open_for: Annotated[OpenFor, short("fixed", TIME)] | None = Field(
        None, description="How long open lasts."
    )
    leave_open: Literal["request", "read", "touch", "timer"] | None = Field(
        None, description="What ends open."
    )
    expiry: Literal["inclusive", "strict"] | None = Field(None, description="now >= until, or now > until.")
    probe: Literal["single", "unbounded", "one-per-open-time"] | Probe | None = Field(
        None, description="Admission in half-open."
    )
    ignored: Literal["gives-back", "gives-any-back", "reopens", "rolls-back"] | None = Field(
        None, description="What a probe without a result does."
    )
    half_open_for: Annotated[HalfOpenFor, short("longest", TIME)] | None = Field(
        None, description="Longest stay in half-open."
    )
    decide: Literal["first", "trip-rule", "trip-rule-on-failure"] | Decide | None = Field(
        None, description="What ends half-open."
    )
    late: Literal["current-state", "generation", "started-state", "same-state"] | None = Field(
        None, description="Results of an earlier state."
    )
    while_open: Literal["record", "ignore", "restart-or-close"] | None = Field(
        None, description="Results that come while open."
    )
    clear: Literal["transition", "close", "never"] | None = Field(
        None, description="What empties the window."
    )
    failures: tuple[Reason, ...] | None = Field(None, description="Reasons learned as failure.")
    ignored_outcomes: tuple[Reason, ...] | None = Field(None, description="Reasons learned as nothing.")
    initial: Literal["closed", "open", "half_open", "forced_open", "disabled", "metrics_only"] | None = Field(
        None, description="State at the start."
    )
    place: Literal["library"] | Annotated[Place, word("sidecar"), word("gateway")] = Field(
        "library", description="library, sidecar or gateway."
    )
    key: Literal["edge", "endpoint", "replica"] = Field(
        "edge", description="One copy per edge, callee endpoint, callee replica."
    )
    copies: Literal["replica"] | Annotated[Copies, word("shared")] = Field(
        "replica", description="Per caller replica, or shared."
    )
    params: dict[str, Any] = Field(
        default_factory=dict, description="Settings under the library's own names; a plugin's arguments."
    )

    @model_validator(mode="after")
    def _one_meaning(self) -> "Breaker":
        both = set(self.failures or ()) & set(self.ignored_outcomes or ())
        if both:
            msg = f"{', '.join(sorted(both))}: learned as failure or as nothing, not both"
            raise ValueError(msg)
        return self
