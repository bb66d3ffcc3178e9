"""The scenario file as a model: every key, its default and its meaning."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_serializer, model_validator

from sim.scenario.fields import (
    Distribution,
    DistSpec,
    Duration,
    Number,
    Part,
    PositiveDuration,
    RatePerS,
    Share,
    Weight,
)
from sim.scenario.policies import Cancel, Policies

NO_TIME = DistSpec("0s")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One name or a list of them."""


# Sources ----------------------------------------------------------------------------------------


class Ramp(Part):
    """From one rate to another over a time."""

    from_: RatePerS = Field(alias="from")
    to: RatePerS
    over: PositiveDuration
    after: Duration = 0


class StepRate(Part):
    """One rate, then another."""

    from_: RatePerS = Field(alias="from")
    to: RatePerS
    at: Duration


class Spike(Part):
    """A base rate with one spike."""

    base: RatePerS
    peak: RatePerS
    at: Duration
    for_: PositiveDuration = Field(alias="for")


class Sine(Part):
    """A daily curve: mean + amplitude * sin(2 pi t / period), as 24 straight pieces a period."""

    mean: RatePerS
    amplitude: RatePerS
    period: PositiveDuration

    @model_validator(mode="after")
    def _positive(self) -> "Sine":
        if self.amplitude > self.mean:
            msg = "sine: the amplitude is at most the mean, or the rate would be negative"
            raise ValueError(msg)
        return self


class Rate(Part):
    """How many requests per second, as a function of time."""

    constant: RatePerS | None = None
    points: tuple[tuple[Duration, RatePerS], ...] | None = Field(None, description="[[time, rate], ...]")
    ramp: Ramp | None = None
    step: StepRate | None = None
    spike: Spike | None = None
    sine: Sine | None = None
    replay: str | None = Field(None, description="CSV file with columns time_s, rate_per_s.")

    @model_validator(mode="after")
    def _one(self) -> "Rate":
        if len(self.model_fields_set) != 1:
            msg = "a rate has exactly one form: 50/s, [[time, rate], ...], ramp, step, spike, sine or replay"
            raise ValueError(msg)
        if self.points is not None:
            times = [t for t, _ in self.points]
            if not times or times != sorted(times):
                msg = "the times of the points rise"
                raise ValueError(msg)
        return self


def _rate(value: Any) -> Any:
    if isinstance(value, list):
        return {"points": value}
    return value if isinstance(value, dict) else {"constant": value}


class Bursts(Part):
    """Two states: calm, and bursts with `factor` times the calm rate. The long-run mean is the rate."""

    factor: Number = Field(gt=1)
    calm: PositiveDuration = Field(description="Mean stay in calm (exponential).")
    burst: PositiveDuration = Field(description="Mean stay in a burst (exponential).")


class Arrivals(Part):
    """Bursty arrivals."""

    bursts: Bursts


class Source(Part):
    """Where requests come from: the users. A caller like any other."""

    rate: Annotated[Rate, BeforeValidator(_rate)] | None = Field(None, description="Open loop: requests per second.")
    arrivals: Literal["poisson", "deterministic"] | Arrivals = Field("poisson", description="Spacing of arrivals.")
    clients: int | None = Field(None, ge=1, description="Arrival k belongs to client hash(k) mod n. Default 1; users in a closed loop.")
    users: int | None = Field(None, ge=1, description="Closed loop: so many users who wait, then think.")
    think: Distribution = Field(NO_TIME, description="Think time of a user.")
    call: str | None = Field(None, description="Endpoint that every request calls.")
    mix: dict[str, Weight] | None = Field(None, description="Endpoints with weights.")
    network: Distribution | None = Field(None, description="One-way delay to the callees.")
    policies: Policies = Field(Policies(), description="Policies around its calls.")

    @model_validator(mode="after")
    def _kinds(self) -> "Source":
        if (self.rate is None) == (self.users is None):
            msg = "a source has either a rate (open loop) or users (closed loop)"
            raise ValueError(msg)
        if (self.call is None) == (self.mix is None):
            msg = "a source has either `call:` or `mix:`"
            raise ValueError(msg)
        if self.mix is not None and sum(self.mix.values()) <= 0:
            msg = "the weights of the mix add up to 0"
            raise ValueError(msg)
        if self.users is not None and "arrivals" in self.model_fields_set:
            msg = "`arrivals` belongs to an open loop; users think instead"
            raise ValueError(msg)
        return self


# Services ---------------------------------------------------------------------------------------


_BELONGS = {
    "work": {"work"},
    "call": {"call", "probability", "repeat", "optional", "wait", "cache", "policies"},
    "parallel": {"parallel", "first", "cancel"},
}
"""Keys of each kind of step."""


class Step(Part):
    """One thing an endpoint does: work, a call, or parallel branches."""

    work: Distribution | None = Field(None, description="Service demand.")
    call: str | None = Field(None, description="Endpoint that is called.")
    parallel: tuple[tuple["Step", ...], ...] | None = Field(None, description="Branches, each a list of steps.")
    probability: Share = Field(1.0, description="call: the step happens with this probability.")
    repeat: int = Field(1, ge=1, le=100_000, description="call: so many times in a row.")
    optional: bool = Field(False, description="call: a failure is ignored; the request is degraded.")
    wait: bool = Field(True, description="call: false = fire and forget.")
    cache: str | None = Field(None, description="call: looked up before; a hit is no call.")
    policies: Policies = Field(Policies(), description="call: policies of this call only.")
    first: int | None = Field(None, ge=1, description="parallel: succeed at the n-th success; default all.")
    cancel: Cancel = Field("none", description="parallel: what happens to branches no longer needed.")

    @field_validator("parallel", mode="before")
    @classmethod
    def _branches(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [[branch] if isinstance(branch, dict) else branch for branch in value]
        return value

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
    def _only_its_own(self, write: Any) -> dict[str, Any]:
        kind = next(k for k in _BELONGS if getattr(self, k) is not None)
        return {k: v for k, v in write(self).items() if k in _BELONGS[kind]}


class Endpoint(Part):
    """An operation of a service."""

    steps: tuple[Step, ...] = Field((), description="What it does, in order.")
    error_rate: Share = Field(0.0, description="A coin per attempt.")
    fail_fast: bool = Field(False, description="The coin is shown at the start instead of the end.")


class Codel(Part):
    """Target delay and interval of CoDel and adaptive LIFO."""

    target: PositiveDuration = 5_000_000
    interval: PositiveDuration = 100_000_000


class Discipline(Part):
    """Order of the queue with parameters."""

    codel: Codel | None = None
    adaptive_lifo: Codel | None = Field(None, alias="adaptive-lifo")

    @model_validator(mode="after")
    def _one(self) -> "Discipline":
        if (self.codel is None) == (self.adaptive_lifo is None):
            msg = "discipline is fifo, lifo, {codel: {target: 5ms, interval: 100ms}} or {adaptive-lifo: {...}}"
            raise ValueError(msg)
        return self


class ColdStart(Part):
    """Work takes `times` as long for a while after a start."""

    times: Number = Field(gt=0)
    for_: PositiveDuration = Field(alias="for")


class Autoscale(Part):
    """Target utilisation of the cores, looked at every interval."""

    target: Share = Field(0.7, gt=0)
    interval: PositiveDuration = 15_000_000_000
    startup: Duration = 30_000_000_000
    min: int = Field(1, ge=1)
    max: int = Field(ge=1)

    @model_validator(mode="after")
    def _order(self) -> "Autoscale":
        if self.max < self.min:
            msg = "autoscale: max is at least min"
            raise ValueError(msg)
        return self


class Service(Part):
    """A deployable with replicas; its endpoints are its operations."""

    replicas: int = Field(1, ge=1, le=100_000, description="Instances at the start.")
    slots: int | None = Field(None, ge=1, description="Attempts inside one replica; default unlimited.")
    cores: int | None = Field(None, ge=1, description="Attempts that progress at full speed; default = slots.")
    queue: int | None = Field(None, ge=0, description="Waiting places per replica; default unlimited.")
    discipline: Literal["fifo", "lifo"] | Annotated[
        Discipline, BeforeValidator(lambda v: {v: {}} if v in ("codel", "adaptive-lifo") else v)
    ] = Field("fifo", description="Order of the queue.")
    contention: Share = Field(0.0, description="Work grows by this share for each other attempt inside.")
    holds_slot: bool = Field(True, description="Keeps its slot while calls are out (thread per request).")
    balancer: Literal["random", "round-robin", "least-outstanding", "power-of-two"] = Field(
        "round-robin", description="How callers' attempts choose a replica."
    )
    panic: Share = Field(1.0, description="If more than this share of hosts is ejected, ejection is ignored.")
    health_check: PositiveDuration | None = Field(None, description="A stopped replica is skipped after this long.")
    cold_start: ColdStart | None = Field(None, description="Slow start after a restart.")
    autoscale: Autoscale | None = Field(None, description="Replicas follow the load.")
    endpoints: dict[str, Endpoint] = Field(default_factory=dict, description="Its operations.")
    policies: Policies = Field(Policies(), description="Defaults for all calls into this service.")

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

    zipf: Number = Field(ge=0)


class Cache(Part):
    """Looked up before a call."""

    keys: int = Field(ge=1, le=1_000_000, description="Distinct keys.")
    popularity: Literal["uniform"] | Zipf = "uniform"
    ttl: PositiveDuration | None = Field(None, description="Time to live; default: for ever.")
    capacity: int | None = Field(None, ge=1, description="Entries; the least recently used leaves.")
    copies: Literal["replica", "shared"] = Field("replica", description="One per caller replica, or shared.")
    hit: Distribution = Field(NO_TIME, description="Time of a hit.")


# Faults -----------------------------------------------------------------------------------------


class OnReplicas(Part):
    """Target: services, endpoints or replicas (`db[0]`, `db[0..1]`)."""

    service: Names = ()
    endpoint: Names = ()
    replica: Names = ()

    @model_validator(mode="after")
    def _some(self) -> "OnReplicas":
        if not any(getattr(self, k) for k in ("service", "endpoint", "replica", "edge") if hasattr(self, k)):
            msg = "a fault needs a target: service, endpoint, replica or edge"
            raise ValueError(msg)
        return self


class Slow(OnReplicas):
    """Work that starts in the window takes `times` as long plus `plus`; on an edge: the network."""

    edge: Names = ()
    times: Number = Field(1.0, gt=0)
    plus: Duration = 0

    @model_validator(mode="after")
    def _slower(self) -> "Slow":
        if self.times == 1.0 and self.plus == 0:
            msg = "slow: say `times` or `plus`"
            raise ValueError(msg)
        return self


class Fail(OnReplicas):
    """A share of attempts fails."""

    share: Share = 1.0


class Cut(Part):
    """An edge is cut: refused at once, or swallowed by a black hole; both ways or one."""

    edge: Names
    mode: Literal["refuse", "black-hole"] = "refuse"
    way: Literal["both", "out", "back"] = "both"


class Surge(Part):
    """Load times `times`."""

    source: Names
    times: Number = Field(gt=0)


class Flush(Part):
    """A cache loses everything."""

    cache: Names


VERBS = ("slow", "freeze", "fail", "hang", "stop", "cut", "surge", "flush")


class Fault(Part):
    """A verb on a target with a schedule."""

    slow: Slow | None = None
    freeze: OnReplicas | None = Field(None, description="Running work stops and resumes.")
    fail: Fail | None = None
    hang: Fail | None = Field(None, description="A share of attempts holds its slot until the caller's deadline.")
    stop: OnReplicas | None = Field(None, description="Replicas crash; back after `for`.")
    cut: Cut | None = None
    surge: Surge | None = None
    flush: Flush | None = None
    name: str | None = None
    at: Duration | None = Field(None, description="When it begins.")
    for_: Distribution | None = Field(None, alias="for", description="How long; default: to the end.")
    mtbf: Distribution | None = Field(None, description="At random: time between failures; a bare duration is an exponential mean.")
    mttr: Distribution | None = Field(None, description="At random: time to repair.")
    after_requests: int | None = Field(None, ge=1, description="Begins as the n-th accepted request leaves.")
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


# The whole --------------------------------------------------------------------------------------


class Scenario(Part):
    """A scenario file."""

    schema_: Literal[1] = Field(1, alias="schema", description="Version of this format.")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name of the scenario; letters, digits, -._")
    about: str = Field("", description="What to look at.")
    duration: PositiveDuration | None = Field(None, description="Sources send until then.")
    requests: int | None = Field(None, ge=1, description="Ends when so many requests are over.")
    successes: int | None = Field(None, ge=1, description="Ends at so many successes.")
    warmup: Duration = Field(0, description="Cut from tables, not from state.")
    drain: bool = Field(True, description="After the end: no new requests, until all is answered.")
    seed: int = Field(1, ge=0, lt=2**63, description="Default seed.")
    reject_time: PositiveDuration = Field(10_000, description="Time of a local refusal.")
    bucket: PositiveDuration | None = Field(None, description="Width of a time bucket; default max(1s, duration/600).")
    healthy_share: Share = Field(0.99, gt=0, description="Of the baseline; below it a service is failing.")
    watch: tuple[str, ...] | None = Field(None, description="Edges with latency per bucket; default all if fewer than 50.")
    network: Distribution = Field(NO_TIME, description="Default one-way delay of every edge.")
    sources: dict[str, Source] = Field(min_length=1, description="Where requests come from.")
    services: dict[str, Service] = Field(min_length=1, description="Services by name.")
    policies: Policies = Field(Policies(), description="Defaults for every edge.")
    edges: dict[str, Edge] = Field(default_factory=dict, description="`caller -> callee`: network and policies.")
    caches: dict[str, Cache] = Field(default_factory=dict, description="Caches by name.")
    faults: tuple[Fault, ...] = Field((), description="What goes wrong.")
    variants: dict[str, Any] = Field(default_factory=dict, description="What is compared: each is merged over the file.")
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


