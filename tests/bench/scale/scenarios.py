"""What grows: service graphs as `cascadelab generate` writes them, and calls in flight at one graph."""

from sim.scenario import load_text
from sim.scenario.generate import Options, text
from sim.scenario.graph import Wish, draw
from sim.topology.build import build
from sim.topology.types import Topology

IN_FLIGHT = 1000.0
"""Attempts in flight, on average and at most, in every graph: their rates of requests are chosen so."""
FIXED = 100
"""Services where calls in flight grow."""
RATE = 1000.0
"""Requests per second there: calls last longer."""
LIVES = 6.0
"""Times of work, at least, that such a run goes on, so that as many calls are in flight as it asks for."""
FLIGHT = """
schema: 1
name: in-flight
duration: {duration}s
network: 500us
policies: {{timeout: {timeout:g}s}}
sources: {{users: {{rate: {rate:g}/s, mix: {{{mix}}}}}}}
services:
{services}
"""


def graph(services: int, attempts: int) -> Topology:
    """A graph of so many services, for about so many attempts, with about `IN_FLIGHT` in flight."""
    wish, calls = _wish(services)
    seconds = max(1, round(attempts / calls / wish.rate_per_s))
    return build(load_text(text(Options(wish, duration_ns=seconds * 10**9))).scenario())


def _wish(services: int) -> tuple[Wish, float]:
    """(what graph, attempts per request in it). The rate changes sizes, and so how long a visit takes, a little."""
    rate = 1000.0
    for _ in range(4):
        made = draw(Wish(services=services, rate_per_s=rate))
        inside = sum(node.visits * node.latency_s for node in made.nodes)
        rate = float(f"{IN_FLIGHT / inside:.4g}")
    return Wish(services=services, rate_per_s=rate), made.calls


def in_flight(calls: int, attempts: int) -> Topology:
    """Services without limits, whose work lasts so long that so many calls are in flight, each with a timeout."""
    work = calls / RATE
    names = [f"s{i:02}" for i in range(FIXED)]
    written = FLIGHT.format(
        duration=round(max(attempts / RATE, LIVES * work)),
        timeout=3 * work + 1,
        rate=RATE,
        mix=", ".join(f"{name}: 1" for name in names),
        services="\n".join(
            f"  {name}: {{steps: [work: {{lognormal: {{mean: {work:g}s, cv: 0.5}}}}]}}" for name in names
        ),
    )
    return build(load_text(written).scenario())
