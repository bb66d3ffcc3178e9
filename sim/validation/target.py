"""What is validated: a target is a list of checks, a check runs one scenario and holds what must come out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.validation.acceptance import Rule

INSTALLED = Path(__file__).with_name("scenarios")
CHECKOUT = Path(__file__).parents[2] / "scenarios" / "validation"


def scenario_file(name: str) -> Path:
    """Where a scenario of a target lies: beside this file in an installed package, else in the checkout."""
    return next((f for f in (CHECKOUT / name, INSTALLED / name) if f.exists()), INSTALLED / name)


@dataclass(frozen=True, slots=True)
class Panel:
    """One set of axes of a target's figure."""

    title: str
    x: str
    y: str
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """A theoretical curve: what an observable must be, as a function of the parameter that varies.

    Known by its panel and label: checks that lie on one curve may each bring it.
    """

    panel: Panel
    label: str
    formula: Callable[[float], float] = field(compare=False)
    steps: bool = False
    """The parameter takes these values only: points of theory, and no line between them."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One observable of a check, and what it must be.

    `observable` is a measure, or `measure / measure`.
    """

    observable: str
    curve: Curve
    rule: Rule
    published: str = ""
    """The figure as it was printed, where that says more than the formula."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is run: replications, and overrides such as `duration=20000s`."""

    replications: int
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One configuration of a scenario. Its observables come from the same runs, so they count as one check."""

    name: str
    scenario: str
    """File name below scenarios/validation; empty if `trial` stands in its place."""
    x: float
    """Value of the parameter that varies."""
    expected: tuple[Expected, ...]
    full: Effort
    quick: Effort | None = None
    """None: only in the full run."""
    settings: tuple[str, ...] = ()
    """As of --set."""
    variant: str | None = None
    trial: Callable[[int], Mapping[str, float]] | None = None
    """Seed -> observables: what is examined without a run, such as the random numbers themselves."""

    def effort(self, quick: bool) -> Effort | None:
        """What is run of it."""
        return self.quick if quick else self.full


@dataclass(frozen=True, slots=True)
class Target:
    """A published result or a set of closed forms."""

    name: str
    about: str
    """What is compared, in a sentence."""
    source: str
    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()
    """What the page says beside the figure: where a published claim is wrong, what the model leaves out."""
