"""Records of sources; conventions as in `types`."""

from dataclasses import dataclass

from sim.distributions import Dist

POISSON, DETERMINISTIC = range(2)


@dataclass(frozen=True, slots=True)
class Source:
    id: int
    name: str
    clients: int
    sites: tuple[int, ...]
    shares: tuple[float, ...]
    """Cumulative shares of the mix, last 1.0."""
    users: int
    """Closed loop if > 0."""
    think: Dist
    arrivals: int
    rate: tuple[tuple[int, float], ...]
    """Piecewise-linear rate: (time_ns, rate per s) points; a step is two points at one time; the last
    value holds for ever."""
    burst_factors: tuple[float, float]
    """Two-state bursts: rate multipliers of (calm, burst); (1, 1) = no bursts."""
    burst_means_ns: tuple[float, float]
    """Mean stay in (calm, burst), exponential."""
