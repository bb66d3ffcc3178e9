"""Faults: a verb on a target with a schedule."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from sim.scenario.dists import Distribution
from sim.scenario.fields import Duration, Names, Number, Part, Share, Whole


class OnReplicas(Part):
    """Target: whole replicas, by service or one by one (`db[0]`, `db[0..1]`)."""

    service: Names = Field((), description="All replicas of these services.")
    replica: Names = Field((), description="Single replicas: `db[0]` or `db[0..1]`.")

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if isinstance(value, dict) and "endpoint" in value and "endpoint" not in cls.model_fields:
            msg = "stop and freeze are of whole replicas, with all their endpoints: write service or replica"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _some(self) -> "OnReplicas":
        targets = [k for k in ("service", "endpoint", "replica", "edge") if k in type(self).model_fields]
        if not any(getattr(self, k) for k in targets):
            msg = f"a fault needs a target: {', '.join(targets[:-1])} or {targets[-1]}"
            raise ValueError(msg)
        return self


class OnEndpoints(OnReplicas):
    """Target: services, endpoints or replicas (`db[0]`, `db[0..1]`)."""

    endpoint: Names = Field((), description="These endpoints only (`service.endpoint`).")


class Slow(OnEndpoints):
    """Work that starts in the window takes `times` as long plus `plus`; on an edge: the network."""

    edge: Names = Field((), description="The network of these edges (`caller -> callee`).")
    times: Number = Field(1.0, gt=0, description="So many times as long.")
    plus: Duration = Field(0, description="And so much longer.")

    @model_validator(mode="after")
    def _slower(self) -> "Slow":
        if self.times == 1.0 and self.plus == 0:
            msg = "slow: say `times` or `plus`"
            raise ValueError(msg)
        return self


class Fail(OnEndpoints):
    """A share of attempts fails."""

    share: Share = Field(1.0, description="Share of the attempts.")


class Cut(Part):
    """An edge is cut: refused at once, or swallowed by a black hole; both ways or one."""

    edge: Names = Field(description="These edges (`caller -> callee`).")
    mode: Literal["refuse", "black-hole"] = Field("refuse", description="Refused at once, or never answered.")
    way: Literal["both", "out", "back"] = Field(
        "both", description="Requests (out), answers (back), or both."
    )


class Surge(Part):
    """Load times `times`."""

    source: Names = Field(description="These sources.")
    times: Number = Field(gt=0, description="Load times this.")


class Flush(Part):
    """A cache loses everything."""

    cache: Names = Field(description="These caches.")


VERBS = ("slow", "freeze", "fail", "hang", "stop", "cut", "surge", "flush")


class Fault(Part):
    """A verb on a target with a schedule."""

    slow: Slow | None = Field(None, description="Work, or an edge's network, takes longer.")
    freeze: OnReplicas | None = Field(None, description="Running work stops and resumes.")
    fail: Fail | None = Field(None, description="A share of attempts fails.")
    hang: Fail | None = Field(
        None, description="A share of attempts holds its slot until the caller's deadline."
    )
    stop: OnReplicas | None = Field(None, description="Replicas crash; back after `for`.")
    cut: Cut | None = Field(None, description="An edge is cut.")
    surge: Surge | None = Field(None, description="Load of a source grows.")
    flush: Flush | None = Field(None, description="A cache loses everything, at an instant.")
    name: str | None = Field(None, description="Name in tables and plots; default made from the rest.")
    at: Duration | None = Field(None, description="When it begins.")
    for_: Distribution | None = Field(None, alias="for", description="How long; default: to the end.")
    mtbf: Distribution | None = Field(
        None, description="At random: time between failures; a bare duration is an exponential mean."
    )
    mttr: Distribution | None = Field(None, description="At random: time to repair.")
    after_requests: Whole | None = Field(
        None, ge=1, description="Begins as the n-th accepted request leaves."
    )
    repeat: bool = Field(False, description="after_requests: count again after each repair.")

    @field_validator("mtbf", "mttr", mode="before")
    @classmethod
    def _memoryless(cls, value: Any) -> Any:
        return {"exponential": value} if isinstance(value, str) else value

    @property
    def verb(self) -> str:
        """The one verb that is set."""
        return next(v for v in VERBS if getattr(self, v) is not None)

    @model_validator(mode="after")
    def _schedule(self) -> "Fault":
        verbs = [v for v in VERBS if getattr(self, v) is not None]
        if len(verbs) != 1:
            msg = f"a fault has exactly one verb: {', '.join(VERBS)}"
            raise ValueError(msg)
        given = [k for k in ("at", "mtbf", "after_requests") if getattr(self, k) is not None]
        if len(given) != 1:
            msg = "a fault has exactly one schedule: `at` (and `for`), `mtbf` and `mttr`, or `after_requests`"
            raise ValueError(msg)
        if (self.mtbf is None) != (self.mttr is None):
            msg = "`mtbf` and `mttr` go together"
            raise ValueError(msg)
        if self.mtbf is not None and self.for_ is not None:
            msg = "`for` does not go with `mtbf`: `mttr` says how long"
            raise ValueError(msg)
        if self.after_requests is not None and verbs[0] in ("cut", "surge", "flush"):
            msg = f"`after_requests` counts at replicas; it does not go with {verbs[0]}"
            raise ValueError(msg)
        return self
