"""What can be measured: for each row who runs it, in which process, and how large one run is."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from tests.bench.engines.models import STATIONS, batch_means

LONG, MIDDLE, SHORT, TINY = 3_200_000, 400_000, 40_000, 4_000
"""Visits in a run, by how fast the simulator is: each takes a second or less."""
ENGINES = ("compiled", "simpy")


@dataclass(frozen=True)
class Row:
    """One simulator. `needs` is the package that it takes, `host` the process that it runs in: some packages
    change what others see, so each of them has a process of its own."""

    name: str
    title: str
    host: str
    visits: int
    needs: str = ""

    @property
    def there(self) -> bool:
        """Is its package installed?"""
        return not self.needs or find_spec(self.needs) is not None


ROWS = (
    Row("floor", "floor: compiled heap, luck, one histogram", "ours", LONG, "numba"),
    Row("compiled", "cascadelab, compiled engine", "ours", LONG, "numba"),
    Row("simpy", "cascadelab, SimPy engine", "ours", SHORT),
    Row("heap", "plain Python, one heap", "ours", SHORT),
    Row("callbacks", "SimPy, callbacks only", "ours", SHORT),
    Row("textbook", "SimPy, textbook (Resource, processes)", "ours", SHORT),
    Row("counted", "Cimba, counts without customers", "cimba", LONG, "cimba"),
    Row("customers", "Cimba, a model for each customer", "cimba", MIDDLE, "cimba"),
    Row("ciw", "Ciw", "ciw", SHORT // 4, "ciw"),
    Row("salabim", "salabim", "salabim", TINY, "salabim"),
)
"""Of the queue and of the tandem."""


@dataclass(frozen=True)
class Result:
    """What one run gave: visits (attempts), CPU time, mean waits of its batches (of the queues only)."""

    visits: int
    cpu_s: float
    waits_s: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        return self.visits / self.cpu_s


Read = Callable[[Any], tuple[int, list[float]]]
"""Visits and mean waits from what a run gave: not timed."""


def prepared(row: str, model: str, size: int) -> tuple[Callable[[int], Any], Read]:
    """(what is timed, how to read what it gave). `size`: visits of a queue, seconds of anything else."""
    if row in ENGINES:
        return _ours(row, model, size)
    from tests.bench.engines import models

    stations = STATIONS[model]
    customers = size // stations

    def batches(parts: list[float]) -> list[float]:
        return models.batch_means(parts, customers)

    if row in ("counted", "customers"):
        from tests.bench.engines import cimba_models as cimba

        run = (cimba.counted if row == "counted" else cimba.with_customers)(customers, stations)
        return run, lambda waits: (customers * stations, batches(waits))
    if row == "floor":
        from tests.bench.engines import floor

        return lambda seed: floor.run(customers, stations, seed), lambda waits: (
            customers * stations,
            batches(waits),
        )
    from tests.bench.engines import peers, plain

    simulate = getattr(peers if row in ("ciw", "salabim") else plain, row)
    return lambda seed: simulate(customers, stations, seed), lambda w: (len(w), batches(models.part_means(w)))


def _ours(engine: str, model: str, size: int) -> tuple[Callable[[int], Any], Read]:
    from tests.bench.engines import ours

    calls = STATIONS.get(model, 3)
    queue = model in STATIONS
    requests = size // calls
    run = ours.runner(engine, model, requests if queue or model == "chain" else size)

    def read(record: Any) -> tuple[int, list[float]]:
        means = batch_means(ours.waits(record), requests) if queue else []
        return ours.attempts(record), means

    return run, read
