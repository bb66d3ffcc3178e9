"""A breaker under test: time in seconds, results as words, parts as a scenario file spells them."""

from sim.policies import breaker as m
from sim.policies import catalog
from sim.policies.catalog.parts import params_from_parts
from sim.words import OPEN

S = 1_000_000_000
MS = 1_000_000
OK, BAD, IGNORED = m.SUCCESS, m.FAILURE, m.IGNORE
PLAIN = {
    "window": "consecutive",
    "trip": {"failures": 2},
    "open_for": {"fixed": 5 * S},
    "leave_open": "request",
    "expiry": "inclusive",
    "probe": "single",
    "decide": "first",
    "late": "current-state",
    "clear": "transition",
}
"""Two failures in a row open it for 5 s; the first result of a single probe decides."""


class Copy:
    """One copy, made at 0 s."""

    def __init__(self, at_s=0, **parts):
        self.p = params_from_parts({**PLAIN, **parts})
        self.b = m.new(self.p, key=7, now=round(at_s * S))

    @classmethod
    def of(cls, row, **params):
        """A row of the catalogue with its own settings."""
        copy = cls()
        copy.p = catalog.params_from({"use": row, "params": params})
        copy.b = m.new(copy.p, key=7)
        return copy

    @property
    def state(self):
        return self.b.state

    @property
    def why(self):
        return m.CAUSES[self.b.cause]

    def ask(self, at_s):
        return m.admit(self.b, self.p, round(at_s * S))

    def end(self, at_s, ticket, verdict, lasts_s=0.0):
        m.settle(self.b, self.p, round(at_s * S), ticket, verdict, round(lasts_s * S))

    def call(self, at_s, verdict, lasts_s=0.0):
        ticket = self.ask(at_s)
        if ticket:
            self.end(at_s, ticket, verdict, lasts_s)
        return bool(ticket)

    def run(self, *verdicts, at_s=0):
        for verdict in verdicts:
            self.call(at_s, verdict)
        return self.b.state

    def tick(self, at_s):
        m.tick(self.b, self.p, round(at_s * S))
        return self.b.state

    def look(self, at_s):
        m.look(self.b, self.p, round(at_s * S))
        return self.b.state

    @property
    def due_s(self):
        return m.due(self.b, self.p) / S


def opened(**parts):
    """A breaker that two failures opened at 0 s for 5 s."""
    copy = Copy(**parts)
    copy.run(BAD, BAD)
    assert copy.state == OPEN
    return copy
