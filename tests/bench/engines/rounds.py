"""Interleaved rounds: in each, every row of a table runs once, so that other work on the machine slows all alike."""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.bench.engines.models import ROOT
from tests.bench.engines.rows import Result

WARM = 20
"""Times shorter is the run that warms up."""


class Hosts:
    """Processes that run rows, begun when first asked. As a context manager: they end with it."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._running.values():
            process.stdin.close()
            process.wait()

    def ask(self, host: str, do: str, **what: Any) -> Any:
        """What a host answers. Raises RuntimeError if it ended instead."""
        if host not in self._running:
            command = [sys.executable, "-m", "tests.bench.engines.host"]
            self._running[host] = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        process = self._running[host]
        process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {host} ended with {process.wait()} at {what}")
        return json.loads(line)

    def measure(self, host: str, row: str, model: str, size: int, seed: int) -> Result:
        given = self.ask(host, "measure", row=row, model=model, size=size, seed=seed)
        return Result(given["visits"], given["cpu_s"], tuple(given["waits_s"]))


@dataclass
class Runs:
    """What the runs of one row gave, a result for each round."""

    results: list[Result] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median, per second of CPU time."""
        return statistics.median(result.rate for result in self.results)

    @property
    def visits(self) -> int:
        return round(statistics.median(result.visits for result in self.results))

    @property
    def waits_s(self) -> list[float]:
        return [wait for result in self.results for wait in result.waits_s]

    def over(self, other: "Runs") -> float:
        """How many times as fast as the other: the median of the rounds' own ratios."""
        pairs = zip(self.results, other.results, strict=True)
        return statistics.median(mine.rate / its.rate for mine, its in pairs)


Key = tuple[str, str]
"""(row, model)."""


def measure(hosts: Hosts, asked: dict[Key, tuple[str, int]], rounds: int) -> dict[Key, Runs]:
    """`rounds` runs of each (row, model), which is asked for as (host, size), with another seed in each round.
    A short run of each comes first, so that what is compiled is warm."""
    runs: dict[Key, Runs] = {key: Runs() for key in asked}
    for (row, model), (host, size) in asked.items():
        hosts.measure(host, row, model, max(1, size // WARM), seed=1)
    for seed in range(1, rounds + 1):
        for (row, model), (host, size) in asked.items():
            runs[row, model].results.append(hosts.measure(host, row, model, size, seed))
    return runs
