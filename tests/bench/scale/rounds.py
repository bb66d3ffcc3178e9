"""Interleaved rounds: in each, every case runs once, in a process of its own."""

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sim.engines.compiled.run import compile_kernel
from tests.bench.engines.models import ROOT
from tests.bench.scale import scenarios


class Case(NamedTuple):
    """What is run: `graph` of so many services or `in_flight` of so many calls, for about so many attempts."""

    kind: str
    size: int
    attempts: int


@dataclass(frozen=True)
class Runs:
    """What the runs of one case gave."""

    results: list[dict[str, Any]]

    def median(self, name: str) -> float:
        return float(statistics.median(result[name] for result in self.results))

    @property
    def ns(self) -> list[float]:
        """CPU time of an attempt, of each round."""
        return [1e9 * result["run_s"] / result["attempts"] for result in self.results]

    def over(self, other: "Runs") -> float:
        """Times the cost of the other: the median of the rounds' own ratios."""
        return statistics.median(a / b for a, b in zip(self.ns, other.ns, strict=True))


def measure(cases: Iterable[Case], rounds: int) -> dict[Case, Runs]:
    """Build each topology once, here; run it in every round. The kernel is compiled before, by nobody of these."""
    compile_kernel()
    runs: dict[Case, Runs] = {case: Runs([]) for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        files = {case: _built(case, Path(folder) / f"{case.kind}-{case.size}") for case in runs}
        for _ in range(rounds):
            for case, file in files.items():
                runs[case].results.append(_run(file))
                print(f"{case.kind} {case.size:,}: {runs[case].ns[-1]:,.0f} ns", file=sys.stderr)
    return runs


def _built(case: Case, file: Path) -> Path:
    topology = getattr(scenarios, case.kind)(case.size, case.attempts)
    file.write_bytes(pickle.dumps(topology, protocol=5))
    return file


def _run(file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.scale.child", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{file.name} ended with {done.returncode}: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
