"""Services, their endpoints and steps, edges and caches."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sim.scenario.dists import NO_TIME, Distribution
from sim.scenario.fields import Duration, Number, Part, PositiveDuration, Share, Short, Whole, word
from sim.scenario.policies import Cancel, Policies, no_policies

_BELONGS = {
    "work": {"work"},
    "call": {"call", "probability", "repeat", "optional", "wait", "cache", "policies"},
    "parallel": {"parallel", "first", "cancel"},
}
"""Keys of each kind of step."""


def _branch(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Step(Part):
    """One thing an endpoint does: work, a call, or parallel branches."""

    work: Distribution | None = Field(None, description="Service demand.")
    call: str | None = Field(None, description="Endpoint that is called.")
    parallel: tuple[Annotated[tuple["Step", ...], Short(_branch, {"type": "object"})], ...] | None = Field(
        None, description="Branches, each a step or a list of steps."
    )
    probability: Share = Field(1.0, description="call: the step happens with this probability.")
    repeat: Whole = Field(1, ge=1, le=100_000, description="call: so many times in a row.")
    optional: bool = Field(False, description="call: a failure is ignored; the request is degraded.")
    wait: bool = Field(True, description="call: false = fire and forget.")
    cache: str | None = Field(None, description="call: looked up before; a hit is no call.")
    policies: Policies = Field(default_factory=no_policies, description="call: policies of this call only.")
    first: Whole | None = Field(None, ge=1, description="parallel: succeed at the n-th success; default all.")
    cancel: Cancel = Field("none", description="parallel: what happens to branches no longer needed.")

    @model_validator(mode="after")
    def _kind(self) -> "Step":
        kinds = [k for k in ("work", "call", "parallel") if getattr(self, k) is not None]
        if len(kinds) != 1:
            msg = "a step is exactly one of work, call, parallel"
            raise ValueError(msg)
        extra = self.model_fields_set - _BELONGS[kinds[0]]
        if extra:
            msg = f"{', '.join(sorted(extra))} does not belong to a {kinds[0]} step"
            raise ValueError(msg)
        if self.parallel is not None:
            if any(not branch for branch in self.parallel) or not self.parallel:
                msg = "a parallel step has at least one branch, and each branch a step"
                raise ValueError(msg)
            if self.first is not None and self.first > len(self.parallel):
                msg = f"first: {self.first}, but there are only {len(self.parallel)} branches"
                raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kind = next(k for k in _BELONGS if getattr(self, k) is not None)
        return {k: v for k, v in write(self).items() if k in _BELONGS[kind] and v is not None}


class Endpoint(Part):
    """An operation of a service."""

    steps: tuple[Step, ...] = Field((), description="What it does, in order.")
    error_rate: Share = Field(0.0, description="A coin per attempt.")
    fail_fast: bool = Field(False, description="The coin is shown at the start instead of the end.")


class Codel(Part):
    """Target delay and interval of CoDel and adaptive LIFO."""

    target: PositiveDuration = Field(5_000_000, description="Wait that is acceptable.")
    interval: PositiveDuration = Field(
        100_000_000, description="Longer than this above the target is overload."
    )


class Discipline(Part):
    """Order of the queue with parameters."""

    codel: Codel | None = Field(None, description="FIFO that drops from its head under overload.")
    adaptive_lifo: Codel | None = Field(
        None, alias="adaptive-lifo", description="LIFO under overload, FIFO else."
    )

    @model_validator(mode="after")
    def _one(self) -> "Discipline":
        if (self.codel is None) == (self.adaptive_lifo is None):
            msg = (
                "discipline is fifo, lifo, {codel: {target: 5ms, interval: 100ms}} or {adaptive-lifo: {...}}"
            )
            raise ValueError(msg)
        return self


class ColdStart(Part):
    """Work takes `times` as long for a while after a start."""

    times: Number = Field(gt=0, description="Work takes so many times as long.")
    for_: PositiveDuration = Field(alias="for", description="How long after the start.")


class Autoscale(Part):
    """Target utilisation of the cores, looked at every interval."""

    target: Share = Field(0.7, gt=0, description="Wanted utilisation of the cores.")
    interval: PositiveDuration = Field(15_000_000_000, description="Time between two looks.")
    startup: Duration = Field(30_000_000_000, description="A new replica serves so much later.")
    min: Whole = Field(1, ge=1, description="Replicas at least.")
    max: Whole = Field(ge=1, description="Replicas at most.")

    @model_validator(mode="after")
    def _order(self) -> "Autoscale":
        if self.max < self.min:
            msg = "autoscale: max is at least min"
            raise ValueError(msg)
        return self


class Service(Part):
    """A deployable with replicas; its endpoints are its operations."""

    replicas: Whole = Field(1, ge=1, le=100_000, description="Instances at the start.")
    slots: Whole | None = Field(None, ge=1, description="Attempts inside one replica; default unlimited.")
    cores: Whole | None = Field(
        None, ge=1, description="Attempts that progress at full speed; default = slots."
    )
    queue: Whole | None = Field(None, ge=0, description="Waiting places per replica; default unlimited.")
    discipline: Literal["fifo", "lifo"] | Annotated[Discipline, word("codel"), word("adaptive-lifo")] = Field(
        "fifo", description="Order of the queue."
    )
    contention: Share = Field(0.0, description="Work grows by this share for each other attempt inside.")
    holds_slot: bool = Field(True, description="Keeps its slot while calls are out (thread per request).")
    balancer: Literal["random", "round-robin", "least-outstanding", "power-of-two"] = Field(
        "round-robin", description="How callers' attempts choose a replica."
    )
    panic: Share = Field(1.0, description="If more than this share of hosts is ejected, ejection is ignored.")
    health_check: PositiveDuration | None = Field(
        None, description="A stopped replica is skipped after this long."
    )
    cold_start: ColdStart | None = Field(None, description="Slow start after a restart.")
    autoscale: Autoscale | None = Field(None, description="Replicas follow the load.")
    endpoints: dict[str, Endpoint] = Field(default_factory=dict, description="Its operations.")
    policies: Policies = Field(
        default_factory=no_policies, description="Defaults for all calls into this service."
    )

    @model_validator(mode="before")
    @classmethod
    def _main(cls, value: Any) -> Any:
        """`steps:` directly on the service is one endpoint called `main`."""
        short_keys = ("steps", "error_rate", "fail_fast")
        if isinstance(value, dict) and any(k in value for k in short_keys):
            if "endpoints" in value:
                msg = "a service has either `steps:` (one endpoint called main) or `endpoints:`"
                raise ValueError(msg)
            rest = {k: v for k, v in value.items() if k not in short_keys}
            return {**rest, "endpoints": {"main": {k: value[k] for k in short_keys if k in value}}}
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Service":
        if not self.endpoints:
            msg = "a service needs `steps:` or `endpoints:`"
            raise ValueError(msg)
        if self.autoscale and not self.autoscale.min <= self.replicas <= self.autoscale.max:
            msg = f"replicas: {self.replicas} is not between autoscale's min and max"
            raise ValueError(msg)
        if self.autoscale and self.cores is None and self.slots is None:
            msg = "autoscale needs `slots` or `cores`: without them there is no utilisation"
            raise ValueError(msg)
        return self


class Edge(Policies):
    """Caller -> callee: network and policies."""

    network: Distribution | None = Field(None, description="One-way delay.")


class Zipf(Part):
    """Popularity of the k-th key is proportional to 1/k^s."""

    zipf: Number = Field(ge=0, description="Exponent s; 0 is uniform.")


class Cache(Part):
    """Looked up before a call."""

    keys: Whole = Field(ge=1, le=1_000_000, description="Distinct keys.")
    popularity: Literal["uniform"] | Zipf = Field("uniform", description="How often each key is asked for.")
    ttl: PositiveDuration | None = Field(None, description="Time to live; default: for ever.")
    capacity: Whole | None = Field(None, ge=1, description="Entries; the least recently used leaves.")
    copies: Literal["replica", "shared"] = Field("replica", description="One per caller replica, or shared.")
    hit: Distribution = Field(NO_TIME, description="Time of a hit.")
