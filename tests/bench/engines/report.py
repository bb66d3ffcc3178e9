"""The tables as text, and what is required of them."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.bench.engines import models
from tests.bench.engines.rounds import Key, Runs
from tests.bench.engines.rows import ROWS

PACKAGES = ("numba", "numpy", "simpy", "cimba", "ciw", "salabim")


def machine() -> Iterator[str]:
    """What all of it was measured on."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} is not installed")
    yield f"{platform.platform()}, {_cpu()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    yield ", ".join(found)
    busy = os.getloadavg()[0]
    if busy > 0.5:
        yield f"THE MACHINE IS BUSY: load {busy:.1f} as this begins; ratios bear it, rates do not"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()


def queues(model: str, title: str, runs: dict[Key, Runs]) -> Iterator[str]:
    """Every simulator on one model, as a multiple of the textbook, with its mean wait."""
    yield ""
    yield title
    yield f"  {'':<44}{'visits':>9}{'visits/s':>13}{'x textbook':>12}   mean wait"
    for row in ROWS:
        if not row.there:
            yield f"  {row.title:<44}{row.needs} is not installed: pip install '.[bench]'"
            continue
        mine = runs[row.name, model]
        ratio, wait = mine.over(runs["textbook", model]), models.judge(mine.waits_s)
        yield f"  {row.title:<44}{mine.visits:>9,}{mine.rate:>13,.0f}{ratio:>12.2f}   {wait}"


def pairs(
    title: str, shown: list[tuple[str, str]], runs: dict[Key, Runs], same: dict[str, bool]
) -> Iterator[str]:
    """Both engines on each of the models (title, model)."""
    yield ""
    yield title
    yield f"  {'':<34}{'attempts':>10}{'SimPy/s':>11}{'compiled/s':>13}{'ratio':>8}   records"
    for name, model in shown:
        slow, fast = runs["simpy", model], runs["compiled", model]
        yield (
            f"  {name:<34}{fast.visits:>10,}{slow.rate:>11,.0f}{fast.rate:>13,.0f}{fast.over(slow):>8.1f}"
            f"   {'the same' if same[model] else 'DIFFER'}"
        )


@dataclass(frozen=True)
class Required:
    """A figure, and the least or the most that it should be."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def __str__(self) -> str:
        bound = f"at least {self.least:,.4g}" if self.least is not None else f"at most {self.most:,.4g}"
        return f"  {self.what:<62}{self.value:>12,.4g}   {bound}: {'met' if self.met else 'MISSED'}"


def required(runs: dict[Key, Runs], boutiques: list[str]) -> Iterator[Required]:
    """What the compiled engine has to reach, all of it as ratios in this run but for attempts per second."""
    for model, name in (("queue", "M/M/4"), ("tandem", "tandem")):
        mine = runs["compiled", model]
        yield Required(f"{name}: times as fast as textbook SimPy", mine.over(runs["textbook", model]), 20)
        if ("counted", model) in runs:
            yield Required(
                f"{name}: times as fast as Cimba without customers", mine.over(runs["counted", model]), 1
            )
        yield Required(f"{name}: times as slow as the floor", runs["floor", model].over(mine), most=4)
    slowest = min(boutiques, key=lambda model: runs["compiled", model].rate)
    rate = runs["compiled", slowest].rate
    yield Required(
        f"Online Boutique, {slowest.removeprefix('boutique:')} (the slowest): attempts/s", rate, 500_000
    )


def parts(breakdown: list[tuple[str, float]]) -> Iterator[str]:
    """Where the time of an attempt goes."""
    total = sum(ns for _, ns in breakdown)
    yield ""
    yield "where the time of an attempt of M/M/4 goes in the compiled engine: parts added to the floor, one by one"
    for part, ns in breakdown:
        yield f"  {part:<72}{ns:>7.0f} ns{100 * ns / total:>6.0f} %"
    yield f"  {'all':<72}{total:>7.0f} ns"
