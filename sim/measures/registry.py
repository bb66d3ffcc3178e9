"""Every measure of a target and a window: its name, its formula in words, its unit, which way is better, its
function, and when it has no value."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.measures import breakers, latency, load
from sim.measures.load import ratio
from sim.measures.selection import Selection
from sim.record import types as r
from sim.words import (
    CACHE_HITS,
    CACHE_MISSES,
    COUNTERS,
    DEGRADED,
    FALLBACK,
    OK,
    REASONS,
    REFUSED_GOOD,
    STARTED,
    TRIES_STARTED,
)

Function = Callable[[Selection], float]


@dataclass(frozen=True, slots=True)
class Definition:
    """One measure."""

    name: str
    formula: str
    unit: str
    better: int
    """+1 higher, -1 lower, 0 neither."""
    function: Function
    nan: str = ""
    """When it has no value, in words; "" = never."""

    @property
    def about(self) -> str:
        """The formula, and when there is no value."""
        return f"{self.formula}; nan (no value) {self.nan}" if self.nan else self.formula


REGISTRY: dict[str, Definition] = {}


def _add(name: str, formula: str, unit: str, better: int, function: Function, nan: str = "") -> None:
    REGISTRY[name] = Definition(name, formula, unit, better, function, nan)


def _outcome(which: int) -> Function:
    return lambda s: float(s.counts()[which])


def _counter(which: int) -> Function:
    return lambda s: float(s.counter(which))


def _quantile(q: float) -> Function:
    return lambda s: latency.quantile(s, q)


def _completed(s: Selection) -> float:
    return float(s.counts().sum())


def _failed(s: Selection) -> float:
    return float(s.counts().sum() - s.counts()[OK])


def _begun(s: Selection) -> float:
    return float(s.counter(TRIES_STARTED if s.ledger else STARTED))


def _per_finished(what: int) -> Function:
    return lambda s: ratio(load.visits(s, what) / 1e9, load.visits(s, r.FINISHED))


def _refused_good(s: Selection) -> float:
    """Breakers and limiters stand on inner edges: for the whole they count wherever they are."""
    sites = list(s.sites) if s.target else slice(None)
    return float(s.record.counters[sites, s.buckets, REFUSED_GOOD].sum())


_NOTHING = "where nothing was completed"
_EMPTY = "in a window without length"
_SOURCE = "for a source, which has no replicas"
_STATELESS = "if a breaker of your own tells no state"

_add(
    "N", "completed calls, those that the caller's own policies refused included", "", 0, _completed,
)  # fmt: skip
_add("S", "of these, answered well and in time", "", 1, _outcome(OK))
_add("F", "all others: N - S", "", -1, _failed)
for _i, _name in enumerate(REASONS, 1):
    _add(_name, f"F by reason: {_name}", "", -1, _outcome(_i))
_add("success_share", "S / N", "share", 1, lambda s: ratio(_outcome(OK)(s), _completed(s)), _NOTHING)
_add("failure_share", "F / N", "share", -1, lambda s: ratio(_failed(s), _completed(s)), _NOTHING)
_add("goodput", "successes per second", "1/s", 1, lambda s: ratio(_outcome(OK)(s), load.width_s(s)), _EMPTY)
_add("offered", "calls begun per second", "1/s", 0, lambda s: ratio(_begun(s), load.width_s(s)), _EMPTY)
_add("started", "calls begun; started = N + in flight over the whole run", "", 0, _begun)
_add(
    "in_flight", "begun and not over at the end of the run", "", 0,
    lambda s: float(s.record.in_flight[s.ledger, list(s.sites)].sum()),
)  # fmt: skip
_add("R", "mean latency of completed calls", "s", -1, latency.mean, _NOTHING)
for _q, _name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999")):
    _add(
        _name, f"latency below which {100 * _q:g} % of completed calls lie", "s", -1, _quantile(_q),
        f"{_NOTHING}, and in a window of its own on an edge that is not watched",
    )  # fmt: skip
_add(
    "degraded", "calls that succeeded with a failed optional step or a fallback below them", "", -1,
    _counter(DEGRADED),
)  # fmt: skip
_add("fallback", "failed calls that a fallback answered", "", -1, _counter(FALLBACK))
_COUNTED = {
    "retries": "retries sent",
    "retries_denied": "retries that a budget denied",
    "hedges": "further copies sent by hedging",
    "unused": "answers that came but were not needed",
}
for _name, _about in _COUNTED.items():
    _add(_name, _about, "", 0, _counter(COUNTERS.index(_name)))
_add(
    "refused_good",
    "refused tries, anywhere if no target is named, that would have succeeded at that instant: no fault on "
    "callee or edge, room, its own coin",
    "", -1, _refused_good,
)  # fmt: skip
_add(
    "cache_hit_share", "look-ups answered by the cache", "share", 1,
    lambda s: ratio(s.counter(CACHE_HITS), s.counter(CACHE_HITS) + s.counter(CACHE_MISSES)),
    "where nothing was looked up",
)  # fmt: skip
for _name in ("trips", "B"):
    _add(
        _name, "B: transitions of breaker copies into open, re-openings included", "", -1, breakers.trips,
        _STATELESS,
    )  # fmt: skip
_add("reopenings", "of B, those from half-open", "", -1, breakers.reopenings, _STATELESS)
_add("false_trips", "trips while no fault was active", "", -1, breakers.false_trips, _STATELESS)
_add(
    "trips_per_s", "B per second", "1/s", -1, lambda s: ratio(breakers.trips(s), s.seconds),
    f"{_EMPTY}, and {_STATELESS}",
)  # fmt: skip
_add(
    "trips_per_try",
    "B / N of the tries that a breaker guards: of the target's, of all without a target",
    "share", -1, lambda s: ratio(breakers.trips(s), float(breakers.guarded(s).sum())),
    f"where no breaker guards a try, and {_STATELESS}",
)  # fmt: skip
_add(
    "open_share", "share of (copies x time) spent open", "share", -1, breakers.open_share,
    f"where no breaker came into being, and {_STATELESS}",
)  # fmt: skip
_add(
    "attempts", "attempts that arrived at the service, or at the endpoint", "", -1,
    lambda s: load.visits(s, r.ARRIVED), "for a source, where nothing arrives",
)  # fmt: skip
_add(
    "amplification", "attempts that arrived at the service, or endpoint, per request of the sources", "", -1,
    load.amplification, "for a source, where nothing arrives, and without requests",
)  # fmt: skip
_add(
    "wasted_work", "share of work whose answer found nobody", "share", -1,
    lambda s: ratio(load.visits(s, r.WASTED_NS), load.visits(s, r.WORK_NS)), "where no work was done",
)  # fmt: skip
_add(
    "utilisation", "cores at work / cores that are up", "share", 0, load.utilisation,
    "where no service with a limited number of cores is up",
)  # fmt: skip
_add(
    "busy_slots", "mean taken slots, summed over replicas", "", 0, lambda s: load.gauge(s, r.INSIDE_NS),
    f"{_SOURCE}, and {_EMPTY}",
)  # fmt: skip
_add(
    "queue_length", "mean waiting attempts, summed over replicas", "", -1,
    lambda s: load.gauge(s, r.QUEUE_NS), f"{_SOURCE}, and {_EMPTY}",
)  # fmt: skip
for _name, _what, _about in (
    ("wait", r.WAIT_NS, "mean time in the queue of finished attempts"),
    ("sojourn", r.SOJOURN_NS, "mean time at the replica of finished attempts"),
):
    _add(_name, _about, "s", -1, _per_finished(_what), "where no attempt finished")
