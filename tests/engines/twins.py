"""What it means that both engines give the same record."""

import numpy as np


def assert_same(a, b):
    """Every number of two records."""
    assert (a.events, a.end_ns, a.arrivals_end_ns, a.bucket_ns) == (
        b.events,
        b.end_ns,
        b.arrivals_end_ns,
        b.bucket_ns,
    )
    for name in ("counts", "latency_ns", "counters", "visits", "gauges", "in_flight"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert a.histograms.keys() == b.histograms.keys()
    for row, columns in a.histograms.items():
        for x, y in zip(columns, b.histograms[row], strict=True):
            assert np.array_equal(x, y) and x.dtype == y.dtype
    assert a.transitions == b.transitions
    assert a.copies == b.copies
    assert a.faults == b.faults


def run_both(world, progress, simpy_run):
    """The record of `world`, which the compiled engine has to give as well, where it covers the run."""
    from sim.engines.compiled.run import Run, compile_kernel
    from sim.engines.coverage import uncovered

    topology, seed = world.topology, world.seed
    comparable = progress is None and not uncovered(topology, world.trace)
    record = simpy_run(world, progress)
    if comparable:
        compile_kernel()
        assert_same(Run(topology, seed).run(), record)
    return record
