"""Limiters and budgets as they are written in the file: plain ones by their numbers, deployed ones by `use`."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from sim.scenario.fields import Duration, Number, Part, PositiveDuration, RatePerS, Share, Whole


class Deployed(Part):
    """A row of the catalogue by `use`, with settings under the library's own names."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Fields that say all there is to say without `use`."""

    use: str | None = Field(None, description="Row of the catalogue; see `cascadelab policies`.")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Settings under the library's own names."
    )

    @model_validator(mode="after")
    def _either(self) -> "Deployed":
        plain = self.model_fields_set - {"use", "params"}
        if self.use is not None and plain:
            msg = f"{', '.join(sorted(plain))} is of the plain kind: with `use` write `params`"
            raise ValueError(msg)
        if self.use is None and self.params:
            msg = "`params` are settings of what `use` names"
            raise ValueError(msg)
        if self.use is None and any(getattr(self, name) is None for name in self.needs):
            msg = f"write {' and '.join(self.needs)}, or `use` and a name"
            raise ValueError(msg)
        return self


class Budget(Deployed):
    """What bounds the retries of a caller: a ratio of its first tries, or tokens earned by successes."""

    ratio: Share | None = Field(None, description="Retries per first try over the window.")
    min_per_s: RatePerS = Field(0.0, description="Retries always allowed.")
    window: PositiveDuration = Field(10_000_000_000, description="Sliding window.")
    tokens: Number | None = Field(None, gt=0, description="Bucket size; it starts full, a retry costs one.")
    earn: Share = Field(0.1, description="Tokens earned per success.")

    @model_validator(mode="after")
    def _one(self) -> "Budget":
        if self.use is None and (self.ratio is None) == (self.tokens is None):
            msg = "a budget is {ratio: 20%}, {tokens: 10, earn: 10%} or {use: aws-sdk-standard}"
            raise ValueError(msg)
        return self


class Throttle(Deployed):
    """Adaptive throttling of the SRE book (ch. 21), and its relatives."""

    k: Number = Field(2.0, gt=0, description="Requests allowed per accept.")
    window: PositiveDuration = Field(120_000_000_000, description="Sliding window.")
    buckets: Whole = Field(120, ge=1, le=10_000, description="Slices of the window.")


class RateLimit(Deployed):
    """Token bucket, or a deployed rate limiter."""

    needs = ("rate",)
    rate: RatePerS | None = Field(None, gt=0, description="Tokens per second.")
    burst: Number = Field(1.0, ge=1, description="Bucket size.")
    max_wait: Duration = Field(0, description="A call waits for its token at most this long.")


class Concurrency(Deployed):
    """A limit of calls at once that finds its own value from latency."""

    needs = ("use",)


class Bulkhead(Deployed):
    """At most so many calls at once, per copy."""

    needs = ("limit",)
    limit: Whole | None = Field(None, ge=1, description="Calls at once.")
    queue: Whole = Field(0, ge=0, description="Waiting places.")
    max_wait: Duration | None = Field(None, description="Longest wait; default: as long as it takes.")
