"""Amounts as Kubernetes and its kin write them."""

import math
import re

from sim.vendor.graphs import draft as d
from sim.vendor.graphs.spots import Spot

_CPU = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(m?)")
MOST_CPUS = 10_000


def cpus(spot: Spot) -> float:
    """2, "0.5" or 500m, as processors."""
    if isinstance(spot.value, str):
        found = _CPU.fullmatch(spot.value.strip())
        number = float(found[1]) / (1000 if found[2] else 1) if found and len(found[1]) < 20 else 0.0
        if not 0 < number <= MOST_CPUS:
            spot.wrong(f"{spot.value!r} is not a number of processors: write 2, 0.5 or 500m")
            return 1.0
        return number
    return spot.number(0.001, MOST_CPUS, 1.0)


def limit_cores(service: d.Service, spot: Spot) -> float:
    """The limit of a container as whole cores of its replica; the processors that it allows."""
    limit = cpus(spot)
    service.cores = math.ceil(limit)
    service.cores_note = f"cpu limit {spot.value}" + ("" if service.cores == limit else ", rounded up")
    return limit
