"""Both engines, as `sim` runs them: everything is recorded."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import blake2b

import numpy as np

from sim import engines
from sim.record.types import STARTED, WAIT_NS, Record
from sim.scenario import load_file, load_text
from sim.topology.build import build
from sim.topology.types import Topology
from tests.bench.engines import graphs
from tests.bench.engines.models import PARTS, ROOT, TEXTS, text

BOUTIQUE = ROOT / "scenarios" / "online-boutique-slow-ads.yaml"


def variants() -> tuple[str, ...]:
    """Of the shop with slow ads."""
    return tuple(load_file(str(BOUTIQUE)).variant_names)


@cache
def topology(model: str, size: int) -> Topology:
    """Of a queue for so many customers; of a shop's variant or of a graph for so many simulated seconds."""
    if model in TEXTS:
        return build(load_text(text(model, size)).scenario())
    if model == "graph":
        made = build(load_text(graphs.thousand_services()).scenario())
    else:
        made = build(load_file(str(BOUTIQUE)).scenario(model.removeprefix("boutique:")))
    return replace(made, duration_ns=size * 10**9)


def runner(engine: str, model: str, size: int) -> Callable[[int], Record]:
    """What is timed: one run of an engine."""
    made = topology(model, size)
    if engine == "compiled":
        from sim.engines.compiled.run import compile_kernel

        compile_kernel()
    return lambda seed: engines.run(made, seed, engine=engine)


def attempts(record: Record) -> int:
    return int(record.counts[1].sum())


def waits(record: Record) -> list[float]:
    """Mean waits of `PARTS` parts of a run of the queues, over all visits, in seconds."""
    usable = record.visits.shape[1] // PARTS * PARTS
    sums = record.visits[:, :usable].sum(axis=0).reshape(PARTS, -1, record.visits.shape[2]).sum(axis=1)
    return (sums[:, WAIT_NS] / sums[:, STARTED] / 1e9).tolist()


def digest(record: Record) -> str:
    """The same for runs with the same record: events, ledgers, latencies, histograms."""
    made = blake2b(str(record.events).encode(), digest_size=16)
    for table in (record.counts, record.latency_ns, record.counters, record.visits, record.gauges):
        made.update(np.ascontiguousarray(table).tobytes())
    for row in sorted(record.histograms):
        for column in record.histograms[row]:
            made.update(np.ascontiguousarray(column).tobytes())
    return made.hexdigest()
