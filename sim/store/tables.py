"""Record <-> tidy CSV tables: integers of ns, names instead of ids, rows of zeros left out."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import numpy as np

from sim.record.types import GAUGES, VISITS, Columns, Copy, FaultSpan, Ints, Record, Transition
from sim.topology.names import caller_names, replica_names, target_name
from sim.topology.types import Topology
from sim.words import COUNTERS, LEDGERS, OUTCOMES, STATES


def to_csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """CSV text with \\n line ends."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def from_csv(text: str) -> Iterator[dict[str, str]]:
    """Rows of CSV text."""
    return csv.DictReader(StringIO(text))


def calls(record: Record, topology: Topology) -> str:
    """calls.csv: per ledger, step and bucket the outcomes and latency sums."""
    header = ("ledger", "step", "bucket_start_ns", *OUTCOMES, *(f"{o}_latency_ns" for o in OUTCOMES))
    rows = (
        (
            name,
            site.name,
            b * record.bucket_ns,
            *record.counts[i, site.id, b],
            *record.latency_ns[i, site.id, b],
        )
        for i, name in enumerate(LEDGERS)
        for site in topology.sites
        for b in np.flatnonzero(record.counts[i, site.id].any(axis=1))
    )
    return to_csv(header, rows)


def counters(record: Record, topology: Topology) -> str:
    """counters.csv: begun calls, fallbacks, retries ... per step and bucket."""
    rows = (
        (site.name, b * record.bucket_ns, *record.counters[site.id, b])
        for site in topology.sites
        for b in np.flatnonzero(record.counters[site.id].any(axis=1))
    )
    return to_csv(("step", "bucket_start_ns", *COUNTERS), rows)


def latency(record: Record, topology: Topology) -> str:
    """latency.csv: sparse histograms (bins of sim.record.histogram); bucket_start_ns empty = whole run."""
    rows = (
        (
            LEDGERS[ledger],
            topology.sites[site].name,
            b * record.bucket_ns if b >= 0 else "",
            OUTCOMES[o],
            bin_,
            n,
        )
        for (ledger, site), columns in sorted(record.histograms.items())
        for b, o, bin_, n in zip(*(c.tolist() for c in columns), strict=True)
    )
    return to_csv(("ledger", "step", "bucket_start_ns", "outcome", "bin", "count"), rows)


def _grid(table: Ints, names: list[str], what: str, columns: tuple[str, ...], width: int) -> str:
    rows = (
        (name, b * width, *table[i, b])
        for i, name in enumerate(names)
        for b in np.flatnonzero(table[i].any(axis=1))
    )
    return to_csv((what, "bucket_start_ns", *columns), rows)


def endpoints(record: Record, topology: Topology) -> str:
    """endpoints.csv: what happened at the replicas, per endpoint and bucket."""
    return _grid(record.visits, [e.name for e in topology.endpoints], "endpoint", VISITS, record.bucket_ns)


def replicas(record: Record, topology: Topology) -> str:
    """replicas.csv: integrals of queue, slots and cores per replica and bucket."""
    return _grid(record.gauges, replica_names(topology), "replica", GAUGES, record.bucket_ns)


def transitions(record: Record, topology: Topology) -> str:
    """breakers.csv: every transition with its cause and what was in the window: why did it trip."""
    callers = caller_names(topology)
    rows = (
        (
            t.t_ns, topology.scopes[t.scope].name, callers[t.caller] if t.caller >= 0 else "shared",
            target_name(topology, t.scope, t.target), STATES[t.from_state], STATES[t.to_state], t.cause,
            t.n, t.failures, t.slow, t.open_ns, t.scope, t.caller, t.target,
        )
        for t in record.transitions
    )  # fmt: skip
    header = (
        "t_ns", "breaker", "copy", "target", "from", "to", "cause", "n", "failures", "slow", "open_ns",
        "scope_id", "caller_id", "target_id",
    )  # fmt: skip
    return to_csv(header, rows)


def copies(record: Record, topology: Topology) -> str:
    """copies.csv: every breaker copy that came into being."""
    rows = (
        (topology.scopes[c.scope].name, c.scope, c.caller, c.target, c.t_ns, int(c.counts_trips))
        for c in record.copies
    )
    return to_csv(("breaker", "scope_id", "caller_id", "target_id", "t_ns", "counts_trips"), rows)


def faults(record: Record, topology: Topology) -> str:
    """faults.csv: every occurrence of a fault."""
    rows = ((topology.faults[f.fault].name, f.start_ns, f.end_ns, f.fault) for f in record.faults)
    return to_csv(("fault", "start_ns", "end_ns", "fault_id"), rows)


def in_flight(record: Record, topology: Topology) -> str:
    """in_flight.csv: begun and not over at the end."""
    rows = (
        (LEDGERS[i], site.name, record.in_flight[i, site.id])
        for i in range(len(LEDGERS))
        for site in topology.sites
        if record.in_flight[i, site.id]
    )
    return to_csv(("ledger", "step", "in_flight"), rows)


# Reading back -------------------------------------------------------------------------------------


def read_record(files: dict[str, str], topology: Topology, facts: dict[str, int]) -> Record:
    """The record that the tables describe; `facts` holds end_ns, bucket_ns, buckets, ..."""
    t, width = facts["buckets"], facts["bucket_ns"]
    site_of = {s.name: s.id for s in topology.sites}
    counts, sums = read_calls(files["calls.csv"], topology, t, width)
    counting = np.zeros((len(topology.sites), t, len(COUNTERS)), np.int64)
    for row in from_csv(files["counters.csv"]):
        counting[site_of[row["step"]], int(row["bucket_start_ns"]) // width] = [int(row[c]) for c in COUNTERS]
    flying = np.zeros((len(LEDGERS), len(topology.sites)), np.int64)
    for row in from_csv(files["in_flight.csv"]):
        flying[LEDGERS.index(row["ledger"]), site_of[row["step"]]] = int(row["in_flight"])
    endpoint_names = [e.name for e in topology.endpoints]
    return Record(
        end_ns=facts["end_ns"],
        arrivals_end_ns=facts["arrivals_end_ns"],
        events=facts["events"],
        bucket_ns=width,
        counts=counts,
        latency_ns=sums,
        counters=counting,
        histograms=_histograms(files["latency.csv"], site_of, width),
        visits=_read_grid(files["endpoints.csv"], endpoint_names, "endpoint", VISITS, t, width),
        gauges=_read_grid(files["replicas.csv"], replica_names(topology), "replica", GAUGES, t, width),
        in_flight=flying,
        transitions=[
            Transition(
                int(r["t_ns"]), int(r["scope_id"]), int(r["caller_id"]), int(r["target_id"]), STATES.index(r["from"]),
                STATES.index(r["to"]), r["cause"], int(r["n"]), int(r["failures"]), int(r["slow"]), int(r["open_ns"]),
            )
            for r in from_csv(files["breakers.csv"])
        ],
        copies=[
            Copy(int(r["scope_id"]), int(r["caller_id"]), int(r["target_id"]), int(r["t_ns"]), r["counts_trips"] == "1")
            for r in from_csv(files["copies.csv"])
        ],
        faults=[FaultSpan(int(r["fault_id"]), int(r["start_ns"]), int(r["end_ns"])) for r in from_csv(files["faults.csv"])],
    )  # fmt: skip


def read_calls(text: str, topology: Topology, buckets: int, width: int) -> tuple[Ints, Ints]:
    """(counts, latency sums) of calls.csv."""
    site_of = {s.name: s.id for s in topology.sites}
    shape = (len(LEDGERS), len(topology.sites), buckets, len(OUTCOMES))
    counts, sums = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for row in from_csv(text):
        at = (LEDGERS.index(row["ledger"]), site_of[row["step"]], int(row["bucket_start_ns"]) // width)
        counts[at] = [int(row[o]) for o in OUTCOMES]
        sums[at] = [int(row[f"{o}_latency_ns"]) for o in OUTCOMES]
    return counts, sums


def _read_grid(
    text: str, names: list[str], what: str, columns: tuple[str, ...], buckets: int, width: int
) -> Ints:
    table = np.zeros((len(names), buckets, len(columns)), np.int64)
    row_of = {name: i for i, name in enumerate(names)}
    for row in from_csv(text):
        table[row_of[row[what]], int(row["bucket_start_ns"]) // width] = [int(row[c]) for c in columns]
    return table


def _histograms(text: str, site_of: dict[str, int], width: int) -> dict[tuple[int, int], Columns]:
    rows: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {
        (ledger, site): [] for ledger in range(len(LEDGERS)) for site in site_of.values()
    }
    for row in from_csv(text):
        bucket = int(row["bucket_start_ns"]) // width if row["bucket_start_ns"] else -1
        place = (LEDGERS.index(row["ledger"]), site_of[row["step"]])
        rows[place].append((bucket, OUTCOMES.index(row["outcome"]), int(row["bin"]), int(row["count"])))
    out = {}
    for place, found in rows.items():
        table = np.array(found, dtype=np.int64).reshape(-1, 4)
        narrow = (table[:, 0].astype(np.int32), table[:, 1].astype(np.int8), table[:, 2].astype(np.int16))
        out[place] = (*narrow, table[:, 3])
    return out
