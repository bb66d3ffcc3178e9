"""Where a breaker lives, and how many copies of it there are."""

from pydantic import Field, model_validator

from sim.scenario.fields import Duration, Part, Whole


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
