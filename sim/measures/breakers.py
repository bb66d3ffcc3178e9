"""B and what belongs to it: trips, re-openings, time open, false trips."""

from weakref import ref

import numpy as np
from numpy.typing import NDArray

from sim.measures.names import names_in
from sim.measures.selection import Selection
from sim.record.types import Copy, Record, Transition
from sim.topology.types import WITH_STATES, CallSite
from sim.words import CLOSED, HALF_OPEN, OPEN


def scopes_of(s: Selection) -> set[int]:
    """Breaker scopes of the selection's sites; those of every site for the whole."""
    sites = _with_gateways(s) if s.target else s.topology.sites
    return {layer.scope for site in sites for layer in site.layers if layer.scope >= 0}


def _with_gateways(s: Selection) -> list[CallSite]:
    """The selected sites; for those that call a gateway also its own, where their breaker lives."""
    t = s.topology
    own = [t.sites[i] for i in s.sites]
    called = {t.endpoints[x.callee].service for x in own}
    gateways = {e for k in called if t.services[k].gateway for e in t.services[k].endpoints}
    from_endpoint = names_in(t).of_endpoint
    return own + [t.sites[i] for e in sorted(gateways) for i in from_endpoint.get(e, ())]


def guarded(s: Selection) -> NDArray[np.int64]:
    """Outcomes of the tries that a breaker guards: on the selection's sites, on all of them for the whole."""
    sites = _with_gateways(s) if s.target else s.topology.sites
    ids = [x.id for x in sites if any(layer.kind in WITH_STATES for layer in x.layers)]
    table: NDArray[np.int64] = s.record.counts[1, ids, s.buckets].sum(axis=(0, 1))
    return table


class _Log:
    """Copies and transitions of one record by scope; a summary asks for every scope, many times."""

    def __init__(self, record: Record) -> None:
        self.of = ref(record)  # which may be large, and may go
        self.copies: dict[int, list[Copy]] = {}
        self.transitions: dict[int, list[Transition]] = {}
        for copy in record.copies:
            self.copies.setdefault(copy.scope, []).append(copy)
        for transition in record.transitions:
            self.transitions.setdefault(transition.scope, []).append(transition)


_latest: list[_Log] = []


def _log(record: Record) -> _Log:
    """Its log; that of the record that was asked for last is kept."""
    if _latest and _latest[0].of() is record:
        return _latest[0]
    found = _Log(record)
    _latest[:] = [found]
    return found


def _copies(s: Selection) -> list[Copy]:
    log = _log(s.record).copies
    return [copy for scope in sorted(scopes_of(s)) for copy in log.get(scope, ())]


def _transitions(s: Selection) -> list[Transition]:
    """Those of a scope in the order in which they happened."""
    log = _log(s.record).transitions
    return [transition for scope in sorted(scopes_of(s)) for transition in log.get(scope, ())]


def unknown(s: Selection) -> bool:
    """A user's class without `state` is among them: its B is unknown, not 0."""
    return not all(c.counts_trips for c in _copies(s))


def moves(s: Selection, *, to: int, since: tuple[int, ...]) -> list[Transition]:
    """Transitions of the selection's breakers into a state within the window."""
    start, end = s.span
    last = s.record.counts.shape[2] == s.buckets.stop
    return [
        t
        for t in _transitions(s)
        if t.to_state == to
        and t.from_state in since
        and t.t_ns >= start
        and (t.t_ns < end or last)
        and t.cause != "forced"
    ]


def trips(s: Selection) -> float:
    """Transitions into open, re-openings included, summed over copies."""
    return float("nan") if unknown(s) else float(len(moves(s, to=OPEN, since=(CLOSED, HALF_OPEN))))


def reopenings(s: Selection) -> float:
    """Transitions from half-open back into open."""
    return float("nan") if unknown(s) else float(len(moves(s, to=OPEN, since=(HALF_OPEN,))))


def false_trips(s: Selection) -> float:
    """Trips while no fault was active."""
    if unknown(s):
        return float("nan")
    spans = [(f.start_ns, f.end_ns) for f in s.record.faults]
    found = moves(s, to=OPEN, since=(CLOSED, HALF_OPEN))
    return float(sum(1 for t in found if not any(a <= t.t_ns <= b for a, b in spans)))


def tripped(s: Selection) -> dict[tuple[int, int, int], tuple[int, int]]:
    """(scope, caller, target) -> (B, of these re-openings) of every copy that tripped."""
    out: dict[tuple[int, int, int], tuple[int, int]] = {}
    for t in moves(s, to=OPEN, since=(CLOSED, HALF_OPEN)):
        b, again = out.get((t.scope, t.caller, t.target), (0, 0))
        out[t.scope, t.caller, t.target] = b + 1, again + (t.from_state == HALF_OPEN)
    return out


def open_share(s: Selection) -> float:
    """Share of (copies x time) spent open; nan without breakers."""
    start, end = s.span
    copies: dict[tuple[int, int, int], int] = {}
    for c in _copies(s):
        # A restarted caller's new copy goes on where its old one was.
        copies.setdefault((c.scope, c.caller, c.target), max(c.t_ns, start))
    if not copies or unknown(s):
        return float("nan")
    total = sum(max(0, end - t) for t in copies.values())
    opened: dict[tuple[int, int, int], int] = {}
    spent = 0
    for t in _transitions(s):
        who = (t.scope, t.caller, t.target)
        if who in copies:
            if t.from_state == OPEN:
                spent += _overlap(opened.pop(who, t.t_ns), t.t_ns, start, end)
            if t.to_state == OPEN:
                opened[who] = t.t_ns
    spent += sum(_overlap(t, end, start, end) for t in opened.values())
    return spent / total if total else float("nan")


def _overlap(a: int, b: int, start: int, end: int) -> int:
    return max(0, min(b, end) - max(a, start))
