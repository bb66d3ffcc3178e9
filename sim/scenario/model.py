"""The scenario file as a model: every key, its default and its meaning."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.scenario.dists import NO_TIME, Distribution, DistSpec
from sim.scenario.faults import VERBS, Cut, Fail, Fault, Flush, OnReplicas, Slow, Surge
from sim.scenario.fields import Duration, Part, PositiveDuration, Share, Whole
from sim.scenario.operations import Operation
from sim.scenario.policies import Policies, no_policies
from sim.scenario.services import (
    Autoscale,
    Cache,
    Codel,
    ColdStart,
    Discipline,
    Edge,
    Endpoint,
    Service,
    Step,
    Zipf,
)
from sim.scenario.sources import Arrivals, Bursts, Ramp, Rate, Sine, Source, Spike, StepRate

__all__ = [
    "NO_TIME",
    "VERBS",
    "Arrivals",
    "Autoscale",
    "Bursts",
    "Cache",
    "Codel",
    "ColdStart",
    "Cut",
    "Discipline",
    "DistSpec",
    "Edge",
    "Endpoint",
    "Fail",
    "Fault",
    "Flush",
    "OnReplicas",
    "Operation",
    "Ramp",
    "Rate",
    "Scenario",
    "Service",
    "Sine",
    "Slow",
    "Source",
    "Spike",
    "Step",
    "StepRate",
    "Surge",
    "Zipf",
]


class Scenario(Part):
    """A scenario file."""

    schema_: Literal[1] = Field(1, alias="schema", description="Version of this format.")
    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name of the scenario; letters, digits, -._"
    )
    about: str = Field("", description="What to look at.")
    duration: PositiveDuration | None = Field(None, description="Sources send until then.")
    requests: Whole | None = Field(None, ge=1, description="Ends when so many requests are over.")
    successes: Whole | None = Field(
        None, ge=1, description="Ends at so many successes, however long that takes."
    )
    warmup: Duration = Field(0, description="Cut from tables, not from state.")
    drain: bool = Field(True, description="After the end: no new requests, until all is answered.")
    seed: Whole = Field(1, ge=0, lt=2**63, description="Default seed.")
    reject_time: PositiveDuration = Field(10_000, description="Time of a local refusal.")
    bucket: PositiveDuration | None = Field(
        None, description="Width of a time bucket; default max(1s, duration/600)."
    )
    healthy_share: Share = Field(0.99, gt=0, description="Of the baseline; below it a service is failing.")
    watch: tuple[str, ...] | None = Field(
        None, description="Edges with latency per bucket, beside the sources'; default all if fewer than 50."
    )
    network: Distribution = Field(NO_TIME, description="Default one-way delay of every edge.")
    sources: dict[str, Source] = Field(min_length=1, description="Where requests come from.")
    services: dict[str, Service] = Field(min_length=1, description="Services by name.")
    policies: Policies = Field(default_factory=no_policies, description="Defaults for every edge.")
    edges: dict[str, Edge] = Field(
        default_factory=dict, description="`caller -> callee`: network and policies."
    )
    caches: dict[str, Cache] = Field(default_factory=dict, description="Caches by name.")
    faults: tuple[Fault, ...] = Field((), description="What goes wrong.")
    operations: tuple[Operation, ...] = Field((), description="Breakers moved by hand.")
    variants: dict[str, Any] = Field(
        default_factory=dict, description="What is compared: each is merged over the file."
    )
    rank_by: str = Field("success_share during fault", description="The one measure that decides.")
    expect: tuple[str, ...] = Field((), description="`[variant:] measure[(target)] [window] op value`")

    base_dir: Annotated[Path, Field(exclude=True)] = Path()

    @model_validator(mode="after")
    def _ends(self) -> "Scenario":
        if self.duration is None and self.requests is None and self.successes is None:
            msg = "a scenario needs an end: duration, requests or successes"
            raise ValueError(msg)
        if self.requests is not None and self.successes is not None:
            msg = "a scenario ends at `requests` or at `successes`, not at both"
            raise ValueError(msg)
        if self.duration is not None and self.warmup >= self.duration:
            msg = "warmup is shorter than duration"
            raise ValueError(msg)
        return self
