"""Evaluate a measure by its text: `p99(users) during fault`."""

from collections.abc import Iterable

from sim.errors import UsageError
from sim.measures.of_the_run import OF_A_FAULT, OF_THE_RUN, Case
from sim.measures.registry import REGISTRY
from sim.measures.selection import names_of, select, services_of, sites_of
from sim.record.types import Record
from sim.scenario.expect import Measure, parse_measure
from sim.topology.types import Topology


def definitions() -> dict[str, tuple[str, str, int]]:
    """Name -> (formula in words, and when it is nan; unit; better)."""
    ledger = {d.name: (d.about, d.unit, d.better) for d in REGISTRY.values()}
    faults = {name: spec[:3] for name, spec in OF_A_FAULT.items()}
    return ledger | faults | {name: spec[:3] for name, spec in OF_THE_RUN.items()}


def check_name(measure: str | Measure) -> Measure:
    """The measure that a text names. Raises UsageError with the nearest name if there is none."""
    try:
        m = parse_measure(measure) if isinstance(measure, str) else measure
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not any(m.name in known for known in (REGISTRY, OF_A_FAULT, OF_THE_RUN)):
        msg = f"no measure is called {m.name!r}{_near(m.name, definitions())}"
        raise UsageError(msg)
    if m.name in OF_THE_RUN and (m.target or m.window):
        msg = f"{m.name} is of the run as a whole: it takes neither target nor window"
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
    m = check_name(measure)
    case = Case(record, topology, healthy_share, twin)
    if m.name in OF_THE_RUN:
        return OF_THE_RUN[m.name][3](case)
    if m.target and not (sites_of(topology, m.target) or services_of(topology, m.target)):
        msg = f"{m.target!r} names nothing in this run{_near(m.target, names_of(topology))}"
        raise UsageError(msg)
    if m.name in OF_A_FAULT:
        return OF_A_FAULT[m.name][3](case, m)
    return REGISTRY[m.name].function(select(m, record, topology))
