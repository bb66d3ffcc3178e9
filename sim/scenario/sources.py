"""Sources: where requests come from."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sim import units
from sim.scenario.dists import NO_TIME, Distribution
from sim.scenario.fields import RATE as RATE_TEXT
from sim.scenario.fields import Duration, Number, Part, PositiveDuration, RatePerS, Short, Weight, Whole
from sim.scenario.policies import Policies, no_policies

WHOLE_TO = 0.0005
"""Percentages may be rounded: three times 33.33 % is a whole."""


class Ramp(Part):
    """From one rate to another over a time."""

    from_: RatePerS = Field(alias="from", description="Rate before.")
    to: RatePerS = Field(description="Rate after.")
    over: PositiveDuration = Field(description="How long the change takes.")
    after: Duration = Field(0, description="When the change begins.")


class StepRate(Part):
    """One rate, then another."""

    from_: RatePerS = Field(alias="from", description="Rate before.")
    to: RatePerS = Field(description="Rate after.")
    at: Duration = Field(description="When the rate changes.")


class Spike(Part):
    """A base rate with one spike."""

    base: RatePerS = Field(description="Rate outside the spike.")
    peak: RatePerS = Field(description="Rate in the spike.")
    at: Duration = Field(description="When the spike begins.")
    for_: PositiveDuration = Field(alias="for", description="How long the spike lasts.")


class Sine(Part):
    """A daily curve: mean + amplitude * sin(2 pi t / period), as 24 straight pieces a period."""

    mean: RatePerS = Field(description="Rate averaged over a period.")
    amplitude: RatePerS = Field(description="Largest distance from the mean.")
    period: PositiveDuration = Field(description="Time from peak to peak.")

    @model_validator(mode="after")
    def _positive(self) -> "Sine":
        if self.amplitude > self.mean:
            msg = "sine: the amplitude is at most the mean, or the rate would be negative"
            raise ValueError(msg)
        return self


class Rate(Part):
    """How many requests per second, as a function of time."""

    constant: RatePerS | None = Field(None, description="The same rate all the time; `rate: 50/s` for short.")
    points: tuple[tuple[Duration, RatePerS], ...] | None = Field(None, description="[[time, rate], ...]")
    ramp: Ramp | None = Field(None, description="From one rate to another over a time.")
    step: StepRate | None = Field(None, description="One rate, then another.")
    spike: Spike | None = Field(None, description="A base rate with one spike.")
    sine: Sine | None = Field(None, description="A daily curve.")
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


_RATE_FORMS = {
    "anyOf": [
        RATE_TEXT,
        {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 2, "maxItems": 2}},
    ]
}


class Bursts(Part):
    """Two states: calm, and bursts with `factor` times the calm rate. The long-run mean is the rate."""

    factor: Number = Field(gt=1, description="Rate in a burst over the calm rate.")
    calm: PositiveDuration = Field(description="Mean stay in calm (exponential).")
    burst: PositiveDuration = Field(description="Mean stay in a burst (exponential).")


class Arrivals(Part):
    """Bursty arrivals."""

    bursts: Bursts = Field(description="Poisson with a two-state rate.")


def _whole(mix: Any) -> Any:
    """Percentages are of one whole; plain numbers are weights of any sum."""
    if not isinstance(mix, dict):
        return mix
    shares = {name: w for name, w in mix.items() if isinstance(w, str) and w.strip().endswith("%")}
    if not shares:
        return mix
    if others := [name for name in mix if name not in shares]:
        msg = f"{next(iter(shares))} has a percentage, {others[0]} a plain number; write all in %, or none"
        raise ValueError(msg)
    try:
        total = sum(units.share(w) for w in shares.values())
    except ValueError:
        return mix  # said where it stands
    if abs(total - 1.0) > WHOLE_TO:
        fair = ", ".join(f"{name}: {text.strip().rstrip('%').strip()}" for name, text in shares.items())
        msg = (
            f"the percentages add up to {units.show_share(round(total, 6))}, not 100%; correct them, or write plain "
            f"weights: {{{fair}}}"
        )
        raise ValueError(msg)
    return mix


class Source(Part):
    """Where requests come from: the users. A caller like any other."""

    rate: Annotated[Rate, Short(_rate, _RATE_FORMS)] | None = Field(
        None, description="Open loop: requests per second."
    )
    arrivals: Literal["poisson", "deterministic"] | Arrivals = Field(
        "poisson", description="Spacing of arrivals."
    )
    clients: Whole | None = Field(
        None,
        ge=1,
        description="Arrival k belongs to client hash(k) mod n. Default 1; users in a closed loop.",
    )
    users: Whole | None = Field(None, ge=1, description="Closed loop: so many users who wait, then think.")
    think: Distribution = Field(NO_TIME, description="Think time of a user.")
    call: str | None = Field(None, description="Endpoint that every request calls.")
    mix: Annotated[dict[str, Weight] | None, BeforeValidator(_whole)] = Field(
        None, description="Endpoints with weights: all in %, together 100 %, or all plain numbers."
    )
    network: Distribution | None = Field(None, description="One-way delay to the callees.")
    policies: Policies = Field(default_factory=no_policies, description="Policies around its calls.")

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
        if self.users is None and "think" in self.model_fields_set:
            msg = "`think` belongs to a closed loop: `users`"
            raise ValueError(msg)
        if self.users is not None and "arrivals" in self.model_fields_set:
            msg = "`arrivals` belongs to an open loop; users think instead"
            raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not set, and without what belongs to the other kind of loop."""
        other = "think" if self.users is None else "arrivals"
        return {k: v for k, v in write(self).items() if v is not None and k != other}
