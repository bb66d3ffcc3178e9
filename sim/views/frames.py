"""Tidy pandas frames."""

import math
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError
from sim.experiment.compare import DIFFERENCES, difference_rows
from sim.measures import avalanche, latency
from sim.measures.selection import fault_span, select
from sim.scenario.expect import parse_measure
from sim.topology import names
from sim.views import identities, series
from sim.words import LEDGERS, OUTCOMES, STATES

if TYPE_CHECKING:
    import pandas as pd

QS = {"p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}
OF_OUTCOMES = {**QS, "p999_s": 0.999}


def _ledger(run: Any, ledger: int) -> "pd.DataFrame":
    import pandas as pd

    record, width = run.record, series.width_s(run)
    rows = [
        (site.name, run.topology.edges[site.edge].name, b * width, *record.counts[ledger, site.id, b])
        for site in run.topology.sites
        for b in range(record.counts.shape[2])
    ]
    frame = pd.DataFrame(rows, columns=["step", "edge", "time_s", *OUTCOMES])
    frame["N"] = frame[list(OUTCOMES)].sum(axis=1)
    frame["S"] = frame["ok"]
    frame["F"] = frame["N"] - frame["S"]
    return frame


def _latency(run: Any) -> "pd.DataFrame":
    import pandas as pd

    parts = []
    for edge in run.topology.edges:
        if edge.watched:
            table = series.quantiles_s(run, edge.name, tuple(QS.values()))
            part = pd.DataFrame(table, columns=list(QS))
            part.insert(0, "edge", edge.name)
            part.insert(1, "time_s", series.times_s(run))
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["edge", "time_s", *QS])


def _outcomes(run: Any) -> "pd.DataFrame":
    """Who ended how, how often and how fast, on both ledgers: R by outcome."""
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for ledger in LEDGERS:
        for edge in run.topology.edges:
            prefix = "tries." if ledger == "tries" else ""
            chosen = select(parse_measure(f"{prefix}N({edge.name})"), run.record, run.topology)
            counts = chosen.counts()
            for i, outcome in enumerate(OUTCOMES):
                if counts[i]:
                    quantiles = [latency.quantile(chosen, q, outcome) for q in OF_OUTCOMES.values()]
                    mean = latency.mean(chosen, outcome)
                    rows.append((ledger, edge.name, outcome, int(counts[i]), mean, *quantiles))
    return pd.DataFrame(rows, columns=["ledger", "edge", "outcome", "n", "mean_s", *OF_OUTCOMES])


def _breakers(run: Any) -> "pd.DataFrame":
    import pandas as pd

    topology, callers = run.topology, names.caller_names(run.topology)
    rows = [
        (
            t.t_ns / 1e9, topology.scopes[t.scope].name, callers[t.caller] if t.caller >= 0 else "shared",
            names.target_name(topology, t.scope, t.target), STATES[t.from_state], STATES[t.to_state], t.cause,
            t.n, t.failures, t.slow, t.open_ns / 1e9,
        )
        for t in run.record.transitions
    ]  # fmt: skip
    columns = [
        "time_s",
        "breaker",
        "copy",
        "target",
        "from",
        "to",
        "cause",
        "n",
        "failures",
        "slow",
        "open_s",
    ]
    return pd.DataFrame(rows, columns=columns)


def _services(run: Any) -> "pd.DataFrame":
    import pandas as pd

    parts = []
    for service in run.topology.services:
        part = pd.DataFrame({"service": service.name, "time_s": series.times_s(run)})
        for name, gauge in series.GAUGES.items():
            part[name.replace(" ", "_")] = series.replica_gauge(run, service.id, gauge)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _faults(run: Any) -> "pd.DataFrame":
    import pandas as pd

    rows = [(run.topology.faults[f.fault].name, f.start_ns / 1e9, f.end_ns / 1e9) for f in run.record.faults]
    return pd.DataFrame(rows, columns=["fault", "start_s", "end_s"])


def _spread(run: Any) -> "pd.DataFrame":
    import pandas as pd

    span = fault_span(run.record)
    start = span[0] if span else 0
    rows = []
    for e in avalanche.failing(run.record, run.topology, run.scenario.healthy_share, run.twin):
        name = run.topology.endpoints[e.endpoint].name
        # The avalanche is lost without need, all of it: excess is asked of dependants.
        loss = run.measure(f"excess_loss({name})") if e.dependant else math.nan
        rows.append((name, e.distance, (e.since_ns - start) / 1e9, not e.dependant, loss))
    return pd.DataFrame(rows, columns=["endpoint", "distance", "after_s", "bystander", "excess_loss"])


def _identities(run: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(identities.rows(run), columns=list(identities.COLUMNS))


def _walks(run: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(run.record.walks)


FRAMES = {
    "calls": lambda run: _ledger(run, LEDGERS.index("calls")),
    "tries": lambda run: _ledger(run, LEDGERS.index("tries")),
    "outcomes": _outcomes,
    "latency": _latency,
    "breakers": _breakers,
    "services": _services,
    "faults": _faults,
    "spread": _spread,
    "identities": _identities,
    "walks": _walks,
}


def frame(run: Any, name: str) -> "pd.DataFrame":
    """A frame by name. Raises UsageError for an unknown one."""
    if name not in FRAMES:
        msg = f"no frame is called {name!r} (there are: {', '.join(FRAMES)})"
        raise UsageError(msg)
    return FRAMES[name](run)


def _rows(comparison: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        [
            {"variant": r.variant, "value": r.value, "seed": r.seed, "day": r.day, **r.values}
            for r in comparison.table.rows
        ]
    )


def _summary(comparison: Any) -> "pd.DataFrame":
    import pandas as pd

    table, out = comparison.table, []
    for variant in table.variants:
        for value in table.values:
            for day in table.days():
                row: dict[str, Any] = {"variant": variant, "value": value, "day": day}
                for measure in table.measures:
                    found = table.mean(variant, measure, day, value)
                    row[measure], row[f"{measure} ±"] = found.mean, found.half
                out.append(row)
    return pd.DataFrame(out)


def _differences(comparison: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(difference_rows(comparison.table), columns=list(DIFFERENCES))


def _ranking(comparison: Any) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        (
            value, p.better, p.worse, p.difference.interval.mean, p.difference.interval.low,
            p.difference.interval.high, p.difference.interval.infinite, p.difference.p_value, p.p_holm,
            p.told_apart,
        )
        for value in comparison.table.values
        for p in comparison.ranking(value)[1]
    ]  # fmt: skip
    columns = [
        "value", "better", "worse", "mean", "low_95", "high_95", "infinite", "p", "p_holm", "told_apart",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


COMPARISON_FRAMES = {
    "rows": _rows,
    "summary": _summary,
    "differences": _differences,
    "ranking": _ranking,
}


def comparison_frame(comparison: Any, name: str) -> "pd.DataFrame":
    """A frame of a comparison by name. Raises UsageError for an unknown one."""
    if name not in COMPARISON_FRAMES:
        msg = f"no frame is called {name!r} (there are: {', '.join(COMPARISON_FRAMES)})"
        raise UsageError(msg)
    return COMPARISON_FRAMES[name](comparison)
