"""What a breaker of the catalogue does in a standard outage, call by call: policy functions, no engine.

Calls come evenly spaced and take `latency_ns` each; within the outage a call fails, whoever asks. Nobody
waits, retries or queues, so that what is seen is the breaker's doing alone.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim import luck
from sim.policies import breaker as machine
from sim.policies import catalog
from sim.words import CLOSED, HALF_OPEN, NS, OPEN, OUTCOMES

GOOD, WASTED, REFUSED_GOOD, REFUSED_BAD = range(4)
"""What became of a call: sent and good, sent and failed, refused although it would have been good, and
refused for good reason."""
FATES = ("good", "wasted", "refused_good", "refused_bad")


@dataclass(frozen=True, slots=True)
class Outage:
    """A healthy time, an outage, a healthy time again. Times from the start, ns."""

    rate_per_s: float = 50.0
    latency_ns: int = 20_000_000
    begins_ns: int = 10 * NS
    ends_ns: int = 30 * NS
    until_ns: int = 80 * NS
    share: float = 1.0
    """Of the calls within the outage, so many fail, each by its own luck."""
    key: int = 1
    """Whose luck it is: jitter, ramps, and which calls fail if not all do."""

    def fails(self, call: int, now: int) -> bool:
        """Would this call fail if it were sent now?"""
        within = self.begins_ns <= now < self.ends_ns
        return within and (self.share >= 1.0 or luck.uniform(self.key, luck.ERROR, call) < self.share)


STANDARD = Outage()
"""20 s at 50 calls a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stay in one state: [start, end)."""

    state: int
    start_ns: int
    end_ns: int
    cause: int
    """Why it was entered: a number of `breaker.CAUSES`, 0 at the start."""


@dataclass(slots=True)
class Timeline:
    """What happened. Instants in ns from the start; None for what never came."""

    outage: Outage
    at_ns: list[int] = field(default_factory=list)
    """When each call was asked for."""
    fates: list[int] = field(default_factory=list)
    """What became of each."""
    spans: list[Span] = field(default_factory=list)
    """The states one after the other, without a gap."""
    probes: list[int] = field(default_factory=list)
    """Numbers of the calls that half-open admitted."""

    def count(self, fate: int) -> int:
        """So many calls had this fate."""
        return self.fates.count(fate)

    @property
    def trips(self) -> int:
        """Openings, those out of half-open included."""
        return sum(span.state == OPEN for span in self.spans)

    @property
    def opened_ns(self) -> int | None:
        """When it first opened."""
        return next((span.start_ns for span in self.spans if span.state == OPEN), None)

    @property
    def probed_ns(self) -> int | None:
        """When the first probe was sent."""
        return self.at_ns[self.probes[0]] if self.probes else None

    @property
    def closed_ns(self) -> int | None:
        """When it closed for good; None if it never opened or is not closed at the end."""
        last = self.spans[-1]
        return last.start_ns if last.state == CLOSED and self.trips else None


def numbers(line: Timeline) -> dict[str, Any]:
    """A timeline in numbers: counts, and instants in seconds from where they matter."""

    def seconds(instant: int | None, origin: int) -> float | None:
        return None if instant is None else (instant - origin) / NS

    outage = line.outage
    return {
        "calls": len(line.fates),
        **{name: line.count(fate) for fate, name in enumerate(FATES)},
        "trips": line.trips,
        "probes": len(line.probes),
        "opened_after_s": seconds(line.opened_ns, outage.begins_ns),
        "first_probe_after_s": seconds(line.probed_ns, outage.begins_ns),
        "closed_after_s": seconds(line.closed_ns, outage.ends_ns),
    }


class _Player:
    """One fresh copy of an entry, its calls in flight, and what is written down."""

    def __init__(self, name: str, params: Mapping[str, Any] | None, outage: Outage) -> None:
        self.params = catalog.params_from({"use": name, "params": dict(params or {})})
        learn = catalog.learn_from(catalog.parts_of(name, dict(params or {})), "library")
        self.failure = learn[OUTCOMES.index("error")]
        self.record = machine.new(self.params, outage.key)
        self.outage = outage
        self.line = Timeline(outage)
        self.in_flight: deque[tuple[int, int, int]] = deque()
        """(when it ends, ticket, verdict); all take equally long, so the oldest is the first."""
        self.state, self.since, self.cause = self.record.state, 0, 0

    def note(self, now: int) -> None:
        """Write down the state that has ended."""
        if self.record.state != self.state:
            self.line.spans.append(Span(self.state, self.since, now, self.cause))
            self.state, self.since, self.cause = self.record.state, now, self.record.cause

    def ring(self, until: int) -> None:
        """Timers up to and at an instant."""
        while (due := machine.due(self.record, self.params)) <= until:
            machine.tick(self.record, self.params, due)
            self.note(due)

    def pass_time(self, until: int) -> None:
        """Everything before the next call: timers ring before results come, results before calls."""
        while self.in_flight and self.in_flight[0][0] <= until:
            end, ticket, verdict = self.in_flight.popleft()
            self.ring(end)
            machine.settle(self.record, self.params, end, ticket, verdict, self.outage.latency_ns)
            self.note(end)
        self.ring(until)

    def call(self, number: int, now: int) -> None:
        """One call asks."""
        bad = self.outage.fails(number, now)
        ticket = machine.admit(self.record, self.params, now)
        self.note(now)
        self.line.at_ns.append(now)
        if not ticket:
            self.line.fates.append(REFUSED_BAD if bad else REFUSED_GOOD)
            return
        if self.record.state == HALF_OPEN:
            self.line.probes.append(number)
        self.line.fates.append(WASTED if bad else GOOD)
        verdict = self.failure if bad else machine.SUCCESS
        self.in_flight.append((now + self.outage.latency_ns, ticket, verdict))


def timeline(
    name: str,
    params: Mapping[str, Any] | None = None,
    outage: Outage = STANDARD,
    *,
    until_open: bool = False,
) -> Timeline:
    """An entry of the catalogue in an outage; with `until_open` only up to its first opening.

    `params` are the library's own settings. Errors as `catalog.parts_of`.
    """
    player = _Player(name, params, outage)
    gap_ns = round(NS / outage.rate_per_s)
    number = 0
    while number * gap_ns < outage.until_ns:
        now = number * gap_ns
        player.pass_time(now)
        if until_open and player.line.spans:
            break
        player.call(number, now)
        number += 1
    else:
        player.pass_time(outage.until_ns)
    end = min(number * gap_ns, outage.until_ns)
    player.line.spans.append(Span(player.state, player.since, max(end, player.since), player.cause))
    return player.line


LONG_NS, MINUTE_NS = 300 * NS, 60 * NS
KEYS = (1, 2, 3, 4, 5)
"""Lucks of which the median is told where only some calls fail."""


def _first_opening(name: str, params: Mapping[str, Any] | None, outage: Outage) -> tuple[float, int]:
    line = timeline(name, params, outage, until_open=True)
    opened = line.opened_ns
    seconds = math.inf if opened is None else (opened - outage.begins_ns) / NS
    return seconds, line.count(WASTED)


def opening_at_rate(name: str, params: Mapping[str, Any] | None, rate_per_s: float) -> tuple[float, int]:
    """(seconds until it opens, calls wasted until then) in an outage of five minutes; inf: it does not."""
    begins = STANDARD.begins_ns
    end = begins + LONG_NS
    return _first_opening(name, params, Outage(rate_per_s, begins_ns=begins, ends_ns=end, until_ns=end))


def opening_at_share(name: str, params: Mapping[str, Any] | None, share: float) -> float:
    """Seconds until it opens when this share of the calls fails for a minute: the median of five lucks."""
    end = STANDARD.begins_ns + MINUTE_NS
    found = [Outage(ends_ns=end, until_ns=end, share=share, key=key) for key in KEYS]
    return sorted(_first_opening(name, params, outage)[0] for outage in found)[len(KEYS) // 2]
