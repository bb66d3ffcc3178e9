"""Evaluate a measure by its text: `p99(users) during fault`."""

from collections.abc import Callable, Iterable

from sim.errors import UsageError
from sim.measures import avalanche
from sim.measures.registry import REGISTRY
from sim.measures.selection import names_of, select
from sim.record.types import Record
from sim.scenario.expect import Measure, parse_measure
from sim.topology.types import Topology

Whole = Callable[[Record, Topology, float, Record | None], float]


def _failing(which: Callable[[avalanche.Endangered], bool]) -> Whole:
    def count(record: Record, topology: Topology, healthy: float, twin: Record | None) -> float:
        return float(sum(1 for e in avalanche.failing(record, topology, healthy, twin) if which(e)))

    return count


OF_THE_RUN: dict[str, tuple[str, str, int, Whole]] = {
    "failing_endpoints": ("endpoints that failed after the fault began", "", -1, _failing(lambda e: True)),
    "failing_bystanders": (
        "the avalanche: endpoints that failed without a mandatory path to what the fault touched", "", -1,
        _failing(lambda e: not e.dependant),
    ),
    "failing_dependants": (
        "failing endpoints with a mandatory path to what the fault touched", "", -1,
        _failing(lambda e: e.dependant),
    ),
    "lost_requests": (
        "requests of the sources that failed from the fault's start on", "", -1,
        lambda record, topology, healthy, twin: avalanche.lost_requests(record, topology),
    ),
    "recovery_time": (
        "time from the fault's end to the window from which the success share stays at its baseline; "
        "inf if it does not come back",
        "s", -1,
        lambda record, topology, healthy, twin: avalanche.recovery_time(record, topology, twin)[0],
    ),
}  # fmt: skip
"""Measures of the run as a whole: they take neither target nor window."""


def definitions() -> dict[str, tuple[str, str, int]]:
    """Name -> (formula in words, unit, better)."""
    ledger = {d.name: (d.about, d.unit, d.better) for d in REGISTRY.values()}
    return ledger | {name: spec[:3] for name, spec in OF_THE_RUN.items()}


def check_name(measure: str | Measure) -> Measure:
    """The measure that a text names. Raises UsageError with the nearest name if there is none."""
    try:
        m = parse_measure(measure) if isinstance(measure, str) else measure
    except ValueError as error:
        raise UsageError(str(error)) from error
    if m.name not in REGISTRY and m.name not in OF_THE_RUN:
        msg = f"no measure is called {m.name!r}{_near(m.name, definitions())}"
        raise UsageError(msg)
    return m


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), 1)
    return f"; did you mean {near[0]}?" if near else ""


def evaluate(
    measure: str | Measure,
    record: Record,
    topology: Topology,
    *,
    healthy_share: float = 0.99,
    twin: Record | None = None,
) -> float:
    """The value of a measure; nan where there is no data. Raises UsageError for an unknown name."""
    m = check_name(measure) if isinstance(measure, str) else measure
    if m.name in OF_THE_RUN:
        return OF_THE_RUN[m.name][3](record, topology, healthy_share, twin)
    definition = REGISTRY[check_name(m).name]
    selection = select(m, record, topology)
    if m.target and not (selection.sites or selection.services):
        msg = f"{m.target!r} names nothing in this run{_near(m.target, names_of(topology))}"
        raise UsageError(msg)
    return definition.function(selection)
