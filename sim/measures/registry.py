"""Every measure: its name, its formula in words, its unit, which way is better, and its function."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.measures import breakers, latency
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

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Definition:
    """One measure."""

    name: str
    about: str
    unit: str
    better: int
    """+1 higher, -1 lower, 0 neither."""
    function: Callable[[Selection], float]


REGISTRY: dict[str, Definition] = {}


def _add(name: str, about: str, unit: str, better: int, function: Callable[[Selection], float]) -> None:
    REGISTRY[name] = Definition(name, about, unit, better, function)


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b else NAN


def _outcome(which: int) -> Callable[[Selection], float]:
    return lambda s: float(s.counts()[which])


def _counter(which: int) -> Callable[[Selection], float]:
    return lambda s: float(s.counter(which))


def _quantile(q: float) -> Callable[[Selection], float]:
    return lambda s: latency.quantile(s, q)


def _visits(s: Selection, what: int) -> int:
    endpoints = [e.id for e in s.topology.endpoints if e.service in s.services]
    return int(s.record.visits[endpoints, s.buckets, what].sum())


def _gauge(s: Selection, what: int) -> float:
    rows = [
        i for k in s.services for sv in (s.topology.services[k],)
        for i in range(sv.first_replica, sv.first_replica + sv.replicas_max)
    ]  # fmt: skip
    return float(s.record.gauges[rows, s.buckets, what].sum())


def _utilisation(s: Selection) -> float:
    busy = capacity = 0.0
    for k in s.services:
        service = s.topology.services[k]
        if service.cores > 0:
            rows = list(range(service.first_replica, service.first_replica + service.replicas_max))
            busy += float(s.record.gauges[rows, s.buckets, r.WORKING_NS].sum())
            capacity += service.cores * float(s.record.gauges[rows, s.buckets, r.UP_NS].sum())
    return _ratio(busy, capacity)


def _refused_good(s: Selection) -> float:
    """Breakers and limiters stand on inner edges: for the whole they count wherever they are."""
    sites = list(s.sites) if s.target else slice(None)
    return float(s.record.counters[sites, s.buckets, REFUSED_GOOD].sum())


def _width_s(s: Selection) -> float:
    """Of the buckets of the window; the last one of a run may be cut short."""
    width = s.record.bucket_ns
    end = min(s.buckets.stop * width, s.record.arrivals_end_ns)
    return max(0, int(end - s.buckets.start * width)) / 1e9


def _requests(s: Selection) -> int:
    sites = [x.id for x in s.topology.sites if x.source >= 0]
    return int(s.record.counters[sites, s.buckets, STARTED].sum())


_add(
    "N",
    "completed calls, those that the caller's own policies refused included",
    "",
    0,
    lambda s: float(s.counts().sum()),
)
_add("S", "of these, answered well and in time", "", 1, lambda s: float(s.counts()[OK]))
_add("F", "all others: N - S", "", -1, lambda s: float(s.counts().sum() - s.counts()[OK]))
for _i, _name in enumerate(REASONS, 1):
    _add(_name, f"F by reason: {_name}", "", -1, _outcome(_i))
_add("success_share", "S / N", "share", 1, lambda s: _ratio(float(s.counts()[OK]), float(s.counts().sum())))
_add(
    "failure_share",
    "F / N",
    "share",
    -1,
    lambda s: 1.0 - _ratio(float(s.counts()[OK]), float(s.counts().sum())),
)
_add("goodput", "successes per second", "1/s", 1, lambda s: _ratio(float(s.counts()[OK]), _width_s(s)))
_add(
    "offered",
    "calls begun per second",
    "1/s",
    0,
    lambda s: _ratio(s.counter(TRIES_STARTED if s.ledger else STARTED), _width_s(s)),
)
_add(
    "started",
    "calls begun; started = N + in flight over the whole run",
    "",
    0,
    lambda s: float(s.counter(TRIES_STARTED if s.ledger else STARTED)),
)
_add(
    "in_flight",
    "begun and not over at the end of the run",
    "",
    0,
    lambda s: float(s.record.in_flight[s.ledger, list(s.sites)].sum()),
)
_add("R", "mean latency of completed calls", "s", -1, latency.mean)
for _q, _name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999")):
    _add(
        _name,
        f"latency below which {100 * _q:g} % of completed calls lie",
        "s",
        -1,
        _quantile(_q),
    )
_add(
    "degraded",
    "calls that succeeded with a failed optional step or a fallback below them",
    "",
    -1,
    lambda s: float(s.counter(DEGRADED)),
)
_add("fallback", "failed calls that a fallback answered", "", -1, lambda s: float(s.counter(FALLBACK)))
for _name in ("retries", "retries_denied", "hedges", "unused"):
    _add(
        _name,
        {
            "retries": "retries sent",
            "retries_denied": "retries that a budget denied",
            "hedges": "further copies sent by hedging",
            "unused": "answers that came but were not needed",
        }[_name],
        "",
        0,
        _counter(COUNTERS.index(_name)),
    )
_add(
    "refused_good",
    "refused tries, anywhere if no target is named, that would have succeeded at that instant: no fault on "
    "callee or edge, room, its own coin",
    "",
    -1,
    _refused_good,
)
_add(
    "cache_hit_share",
    "look-ups answered by the cache",
    "share",
    1,
    lambda s: _ratio(s.counter(CACHE_HITS), s.counter(CACHE_HITS) + s.counter(CACHE_MISSES)),
)
_add("trips", "B: transitions of breaker copies into open, re-openings included", "", -1, breakers.trips)
_add("B", "B: transitions of breaker copies into open, re-openings included", "", -1, breakers.trips)
_add("reopenings", "of B, those from half-open", "", -1, breakers.reopenings)
_add("false_trips", "trips while no fault was active", "", -1, breakers.false_trips)
_add("trips_per_s", "B per second", "1/s", -1, lambda s: _ratio(breakers.trips(s), s.seconds))
_add(
    "trips_per_try",
    "B / N of tries",
    "share",
    -1,
    lambda s: _ratio(breakers.trips(s), float(s.record.counts[1, list(s.sites), s.buckets].sum())),
)
_add("open_share", "share of (copies x time) spent open", "share", -1, breakers.open_share)
_add("attempts", "attempts that arrived at the service", "", -1, lambda s: float(_visits(s, r.ARRIVED)))
_add(
    "amplification",
    "attempts that arrived at the service per request of the sources",
    "",
    -1,
    lambda s: _ratio(_visits(s, r.ARRIVED), _requests(s)),
)
_add(
    "wasted_work",
    "share of work whose answer found nobody",
    "share",
    -1,
    lambda s: _ratio(_visits(s, r.WASTED_NS), _visits(s, r.WORK_NS)),
)
_add("utilisation", "cores at work / cores that are up", "share", 0, _utilisation)
_add(
    "busy_slots",
    "mean taken slots, summed over replicas",
    "",
    0,
    lambda s: _ratio(_gauge(s, r.INSIDE_NS) / 1e9, _width_s(s)),
)
_add(
    "queue_length",
    "mean waiting attempts, summed over replicas",
    "",
    -1,
    lambda s: _ratio(_gauge(s, r.QUEUE_NS) / 1e9, _width_s(s)),
)
_add(
    "wait",
    "mean time in the queue of finished attempts",
    "s",
    -1,
    lambda s: _ratio(_visits(s, r.WAIT_NS) / 1e9, _visits(s, r.FINISHED)),
)
_add(
    "sojourn",
    "mean time at the replica of finished attempts",
    "s",
    -1,
    lambda s: _ratio(_visits(s, r.SOJOURN_NS) / 1e9, _visits(s, r.FINISHED)),
)
