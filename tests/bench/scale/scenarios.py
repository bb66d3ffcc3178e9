"""What grows: service graphs as `cascadelab generate` writes them, and calls in flight at one graph."""

from sim.scenario import load_text
from sim.scenario.generate import Options, text
from sim.scenario.graph import Wish
from sim.topology.build import build
from sim.topology.types import Topology

GRAPH_RATE = 1000.0
"""Requests per second of a graph: the same for all, so that as many calls are in flight."""
FIXED = 100
"""Services where calls in flight grow."""
FLIGHT_RATE = 1000.0
LIVES = 3.0
"""Times of work, at least, that a run goes on, so that as many calls are in flight as it asks for."""
FLIGHT = """
schema: 1
name: in-flight
duration: {duration}s
network: 500us
policies: {{timeout: {timeout}s}}
sources: {{users: {{rate: {rate}/s, mix: {{{mix}}}}}}}
services:
{services}
"""


def graph(services: int, attempts: int) -> Topology:
    """A graph of so many services, for about so many attempts."""
    per_request = expected(services)
    seconds = max(1, round(attempts / per_request / GRAPH_RATE))
    wish = Wish(services=services, rate_per_s=GRAPH_RATE)
    return build(load_text(text(Options(wish, duration_ns=seconds * 10**9))).scenario())


def expected(services: int) -> float:
    """Attempts per request of a graph."""
    from sim.scenario.graph import draw

    return draw(Wish(services=services, rate_per_s=GRAPH_RATE)).calls


def in_flight(calls: int, attempts: int) -> Topology:
    """Services without limits, whose work lasts so long that so many calls are in flight, each with a timeout."""
    seconds = attempts / FLIGHT_RATE
    work = calls / FLIGHT_RATE
    if seconds < LIVES * work:
        seconds = LIVES * work
    names = [f"s{i:02}" for i in range(FIXED)]
    services = "\n".join(f"  {name}: {{steps: [work: {{exponential: {work:g}s}}]}}" for name in names)
    written = FLIGHT.format(
        duration=round(seconds),
        timeout=max(1, round(20 * work)),
        rate=FLIGHT_RATE,
        mix=", ".join(f"{name}: 1" for name in names),
        services=services,
    )
    return build(load_text(written).scenario())
