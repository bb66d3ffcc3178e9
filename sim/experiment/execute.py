"""A grid of variants, parameter values and seeds, on one or many processes.

The result depends on the grid alone: not on the number of processes, nor on who finishes first.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import lru_cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from sim import engines
from sim.errors import CascadelabError
from sim.experiment.provenance import peak_memory_bytes
from sim.measures import evaluate
from sim.measures.selection import fault_span
from sim.policies import plugins
from sim.record.types import Record
from sim.scenario import load_text
from sim.scenario.expect import parse_measure
from sim.scenario.model import Scenario
from sim.scenario.variants import Override
from sim.topology.build import build
from sim.topology.types import Topology

FAULT, GOOD = "fault", "good"
"""The day with the scenario's faults, and its twin without them."""


@dataclass(frozen=True, slots=True)
class Task:
    """Everything a worker needs to run one variant at one parameter value with one seed."""

    text: str
    file: str
    base_dir: str
    overrides: tuple[Override, ...]
    plugin_files: tuple[str, ...]
    variant: str | None
    value: str
    """Value of the varied parameter; "" if nothing is varied."""
    seed: int
    measures: tuple[str, ...]
    engine: str = "simpy"
    good_day: bool = True
    """Beside a day with faults also its twin without them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run: who, and what was measured."""

    variant: str
    value: str
    seed: int
    day: str
    values: dict[str, float] = field(hash=False)
    engine: str = field(default="", compare=False)
    """That ran it; empty in what was read from a folder."""
    peak_memory_bytes: int = field(default=0, compare=False)
    """The most that the process which ran it had held by then; 0 in what was read from a folder."""


class FailedRun(CascadelabError):
    """One run of a grid failed; the cause is what it raised. Its exit code is that of the cause."""

    def __init__(self, task: Task, cause: Exception) -> None:
        who = f"variant {task.variant or '(file)'}" + (f", value {task.value}" if task.value else "")
        what = str(cause) if isinstance(cause, CascadelabError) else f"{type(cause).__name__}: {cause}"
        super().__init__(f"the run of {who}, seed {task.seed} failed: {what}")
        self.task = task
        self.exit_code = cause.exit_code if isinstance(cause, CascadelabError) else 1
        self.partial: Any = None
        """What the other runs gave, as a comparison; None if none was complete."""


@lru_cache(maxsize=1024)
def _prepare(
    text: str,
    file: str,
    base_dir: str,
    overrides: tuple[Override, ...],
    plugin_files: tuple[str, ...],
    variant: str | None,
) -> tuple[Scenario, Topology, Topology | None, dict[str, Callable[..., Any]]]:
    """Built once per worker: (scenario, topology, its twin without faults, plugins)."""
    found = plugins.gather(plugin_files)
    loaded = load_text(text, file, overrides=overrides, known_breakers=found, base_dir=Path(base_dir))
    scenario = loaded.scenario(variant)
    twin = build(scenario.model_copy(update={"faults": ()})) if scenario.faults else None
    return scenario, build(scenario), twin, found


def perform(task: Task) -> list[Row]:
    """Run a task: the day with faults, and the good day beside it."""
    scenario, topology, good_topology, found = _prepare(
        task.text, task.file, task.base_dir, task.overrides, task.plugin_files, task.variant
    )
    engine, _ = engines.choose(topology, task.engine)
    record = engines.run(topology, task.seed, engine=engine, plugins=found)
    who = (task.variant or "", task.value, task.seed)
    share = scenario.healthy_share
    twin = None
    if good_topology is not None and task.good_day:
        twin = engines.run(good_topology, task.seed, engine=engine, plugins=found)
    values = {m: evaluate(m, record, topology, healthy_share=share, twin=twin) for m in task.measures}
    rows = [Row(*who, FAULT, values, engine, peak_memory_bytes())]
    if twin is not None and good_topology is not None:
        good = _on_a_good_day(task.measures, record, twin, good_topology, share)
        rows.append(Row(*who, GOOD, good, engine, peak_memory_bytes()))
    return rows


def _on_a_good_day(
    measures: Iterable[str], record: Record, twin: Record, topology: Topology, share: float
) -> dict[str, float]:
    """The same measures over the same windows, without the faults."""
    span = fault_span(record)
    out = {}
    for text in measures:
        measure = parse_measure(text)
        if span is not None and "fault" in measure.window:
            start, end = {
                "during fault": span,
                "before fault": (topology.warmup_ns, span[0]),
                "after fault": (span[1], record.arrivals_end_ns),
            }[measure.window]
            end = min(end, record.arrivals_end_ns)
            measure = parse_measure(f"{str(measure).removesuffix(measure.window)}{start}ns..{end}ns")
        out[text] = evaluate(measure, twin, topology, healthy_share=share, twin=twin)
    return out


def execute(
    tasks: Iterable[Task],
    jobs: int = 1,
    executor: Executor | None = None,
    done: Callable[[int], None] | None = None,
) -> Iterator[Row]:
    """Rows of all tasks as they complete; `done(n)` hears of n more runs. Any Executor will do.

    A task is handed out and back alone, so that what ends it all loses only what was under way; whoever
    performs several keeps the topology between them. Raises FailedRun at the first run that fails.
    """
    if jobs == 1 and executor is None:
        yield from _told((_result(task, partial(perform, task)) for task in tasks), done)
    elif executor is not None:
        yield from _told(_completed(executor, tasks), done)
    else:
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_end_with_parent)
        try:
            yield from _told(_completed(pool, tasks), done)
        except BaseException:
            _end_workers(pool)
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _completed(pool: Executor, tasks: Iterable[Task]) -> Iterator[list[Row]]:
    futures = {pool.submit(perform, task): task for task in tasks}
    return (_result(futures[future], future.result) for future in as_completed(futures))


def _result(task: Task, get: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a task. Raises FailedRun, which names it."""
    try:
        return get()
    except BrokenExecutor as error:
        # All runs under way fail alike, and nobody knows whose process it was: this is one of them.
        died = CascadelabError(
            "a process ended without a word (killed? out of memory?), and its runs with it"
        )
        died.__cause__ = error
        raise FailedRun(task, died) from died
    except Exception as error:
        raise FailedRun(task, error) from error


def _end_workers(pool: ProcessPoolExecutor) -> None:
    """Nobody waits for what is under way. What `terminate_workers` does from Python 3.14 on."""
    for process in list((pool._processes or {}).values()):
        process.terminate()


def _told(batches: Iterable[list[Row]], done: Callable[[int], None] | None) -> Iterator[Row]:
    """Hand the rows on first, then tell of them: who interrupts from `done` has them already."""
    for rows in batches:
        yield from rows
        if done is not None:
            done(len(rows))


def _end_with_parent() -> None:
    """Ctrl-C reaches every process of a terminal: a worker ends without a word, its parent speaks.

    However the parent ends, by SIGKILL even, no worker outlives it.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
