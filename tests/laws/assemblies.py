"""Random breakers: any row of the catalogue, or complete parts put together at random."""

from hypothesis import assume
from hypothesis import strategies as st

from sim.policies import catalog
from sim.policies.catalog.parts import params_from_parts

S = 1_000_000_000
MS = 1_000_000
ROWS = tuple(name for name in catalog.names() if name != "none")
SHARES = (0.1, 0.29, 0.5, 0.57, 0.99)
counts = st.integers(1, 6)
spans = st.sampled_from([S, 3 * S, 10 * S])


def some(**fields):
    """A mapping with any of these."""
    return st.fixed_dictionaries({}, optional=fields)


windows = st.one_of(
    st.just("consecutive"),
    st.builds(lambda n: {"count": n}, st.integers(1, 12)),
    st.builds(
        lambda time, buckets, grid, of: {"time": time, "buckets": buckets, "grid": grid, "of": of},
        spans,
        st.sampled_from([1, 2, 3, 10]),
        st.sampled_from(["reset", "epoch", "lazy", "kept"]),
        st.sampled_from(["results", "started", "asked"]),
    ),
    st.builds(
        lambda time, of: {"interval": time, "of": of},
        st.sampled_from([0, S, 5 * S]),
        st.sampled_from(["results", "started"]),
    ),
    st.builds(lambda time, tau: {"time": time, "average": tau, "by": "time"}, spans, spans),
    st.builds(lambda time, n: {"time": time, "average": n, "by": "results"}, spans, counts),
)
causes = st.one_of(
    st.builds(lambda n: {"streak": n}, counts),
    st.builds(lambda n: {"failures": n}, counts),
    st.builds(lambda x: {"failure_ratio": x}, st.sampled_from(SHARES)),
    st.builds(lambda x: {"slow_ratio": x}, st.sampled_from(SHARES)),
    st.builds(lambda x: {"success_below": x}, st.sampled_from(SHARES)),
    st.builds(lambda x: {"average_below": x}, st.sampled_from(SHARES)),
    st.just({"mean_latency": S}),
)
limits = some(
    minimum=counts, age=spans, seen=counts, state=st.sampled_from(["closed", "closed", "half_open"])
)
rules = st.builds(lambda cause, limit: {**limit, **cause}, causes, limits)
trips = st.builds(
    lambda clauses, above, percent, on, slow_of: {
        "any": clauses, "above": above, "percent": percent, "on": on, "slow_of": slow_of
    },
    st.lists(rules, min_size=1, max_size=2),
    st.booleans(),
    st.sampled_from(["exact", "percent", "cut", "rounded"]),
    st.sampled_from(["any", "failure", "bucket"]),
    st.sampled_from(["results", "successes"]),
)  # fmt: skip
jitters = some(
    jitter=st.sampled_from([0.0, 0.2, 1.0]),
    spread=st.sampled_from(["both", "added", "equal"]),
    step=st.sampled_from([1, MS, S]),
)
lengths = st.one_of(
    st.builds(lambda x: {"fixed": x}, st.sampled_from([0, 1, S, 5 * S])),
    st.builds(lambda m: {"exponential": {"initial": S, "multiplier": m, "cap": 9 * S}}, st.floats(1, 4)),
    st.builds(lambda xs: {"list": xs, "then": 2 * S}, st.lists(spans, min_size=1, max_size=3)),
)
probes = st.one_of(
    st.sampled_from(["single", "unbounded", "one-per-open-time"]),
    st.builds(lambda n: {"quota": n}, counts),
    st.builds(lambda n: {"concurrent": n}, counts),
    st.builds(
        lambda a, b: {"ramp": {"start": a, "end": b, "over": 5 * S}}, st.floats(0.2, 1), st.floats(0.2, 1)
    ),
)
decisions = st.one_of(
    st.sampled_from(["first", "trip-rule", "trip-rule-on-failure"]),
    st.builds(lambda n, m: {"successes": n, "failures": m}, counts, st.integers(1, 3)),
    st.builds(
        lambda x, n, how: {"failure_ratio": x, "after": n, "percent": how},
        st.sampled_from(SHARES),
        counts,
        st.sampled_from(["exact", "percent", "cut", "rounded"]),
    ),
)
parts = st.fixed_dictionaries(
    {
        "window": windows,
        "trip": trips,
        "slow": st.just(S),
        "open_for": st.builds(lambda a, b: {**a, **b}, lengths, jitters),
        "leave_open": st.sampled_from(["request", "read", "touch", "timer"]),
        "expiry": st.sampled_from(["inclusive", "strict"]),
        "probe": probes,
        "ignored": st.sampled_from(["gives-back", "gives-any-back", "reopens", "rolls-back"]),
        "half_open_for": st.sampled_from([{}, {"longest": 4 * S}, {"longest": S, "then": "closed"}]),
        "decide": decisions,
        "late": st.sampled_from(["current-state", "generation", "started-state", "same-state"]),
        "while_open": st.sampled_from(["record", "record", "ignore", "restart-or-close"]),
        "clear": st.sampled_from(["transition", "close", "never"]),
        "initial": st.sampled_from(["closed"] * 3 + ["open", "half_open", "metrics_only", "disabled"]),
    }
)


@st.composite
def assemblies(draw):
    """Parameters of complete parts; contradictory ones are discarded."""
    said = draw(parts)
    try:
        return params_from_parts(said)
    except catalog.Contradiction:
        assume(False)


@st.composite
def rows(draw):
    """Parameters of a row of the catalogue with its defaults."""
    return catalog.params_from({"use": draw(st.sampled_from(ROWS))})
