"""What several commands share: options, progress, default folders."""

import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.errors import InvalidScenario, OutputError, UsageError
from sim.words import FOREVER

if TYPE_CHECKING:
    from sim.api import ScenarioFile

LONG_RUN_S = 600.0
LARGE_RUN_BYTES = 2 * 10**9
FAR_BEYOND = 100
"""A run without a duration that is so many times beyond its plan is told of."""
MOST_WARNINGS = 10
"""Lines of warnings; of more the first are told, and how many more there are."""
SHORT_WORK_S = 4.0
"""Below this, a second process takes as long to start as it saves."""

scenario_argument = click.argument("scenario", type=click.Path(allow_dash=True))
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override a value, such as services.db.slots=8.",
)
plugin_option = click.option(
    "--plugin",
    "plugin_files",
    multiple=True,
    metavar="FILE.py",
    help="Python file with breakers of your own.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["simpy", "compiled", "auto"]),
    default="auto",
    show_default=True,
    help="Which engine runs it; auto takes the compiled one for long runs.  [the results are the same]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Folder to write to, replacing our own. Default: under results/.",
)
figures_option = click.option("--figures/--no-figures", default=True, help="Draw figures into the folder.")


def say(text: str) -> None:
    """Words go to stderr."""
    click.echo(text, err=True)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. Raises UsageError if it is, OutputError if it cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        msg = f"{path} is there already; nothing was written: give another name, or remove it first"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror}"
        raise OutputError(msg) from error


def load(path: str, overrides: tuple[str, ...], plugin_files: tuple[str, ...]) -> "ScenarioFile":
    """The scenario that the options of a command name; its warnings are told."""
    from sim import api

    try:
        scenario = api.load(path, set=overrides, plugin=plugin_files)
    except InvalidScenario as error:
        name = _importable(path)
        if name:
            error.add_note(f"this is no scenario, but of {name}: `cascadelab import {path}` makes one of it")
        raise
    warnings = scenario.loaded.warnings
    shown = warnings if len(warnings) <= MOST_WARNINGS else warnings[: MOST_WARNINGS - 1]
    for warning in shown:
        say(f"warning: {warning}")
    if len(shown) < len(warnings):
        say(f"and {len(warnings) - len(shown):,} more warnings; `cascadelab check --json` lists all")
    return scenario


def _importable(path: str) -> str:
    """The kind of a file of another tool; empty if it is none, or came from a pipe that is read already."""
    from sim.vendor import detect, source

    try:
        return "" if path == "-" else detect.kind_of(source.read(path)).name
    except InvalidScenario:
        return ""


def take_engine(topology: Any, engine: str, trace: int = 0) -> str:
    """The engine that will run this, ready to; a word on it where that is worth one. Raises NotCovered."""
    from sim import engines

    chosen, why = engines.choose(topology, engine, trace=trace)
    words = engines.announcement(chosen, why)
    if words:
        say(words)
    engines.prepare(chosen)
    return chosen


def warn_if_long(plan: Any, runs: int, engine: str) -> None:
    """A run that would take long or much memory says so first."""
    from sim.topology.plan import show_bytes, show_seconds

    each = plan.seconds[engine]
    if each * runs > LONG_RUN_S:
        told = f"about {show_seconds(each * runs)} on one core ({runs} runs of {show_seconds(each)})"
        say(f"this will take {told}")
    if plan.bytes > LARGE_RUN_BYTES:
        say(f"each run needs about {show_bytes(plan.bytes)} of memory")


def endless_watch(topology: Any, plan: Any) -> Callable[[int], None]:
    """Hears of the events so far, and says once that a run which ends at a number is far beyond its plan."""
    limit = [math.inf if topology.duration_ns < FOREVER else FAR_BEYOND * max(plan.events, 1000)]

    def look(events: int) -> None:
        if events > limit[0]:
            limit[0] = math.inf
            wanted = (
                f"{topology.successes} successes"
                if topology.successes > 0
                else f"{topology.requests} requests"
            )
            say(
                f"{FAR_BEYOND} times the events that {wanted} should take, and no end: Ctrl-C keeps what there is"
            )

    return look


def processes(seconds: float) -> int:
    """One per core that this process may use; one for work that starting others would not shorten."""
    if seconds < SHORT_WORK_S:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def progress_bar(label: str, total: float | None, unit: str) -> Iterator[Callable[[float], None]]:
    """A bar with rate and time left on a terminal, nothing in a pipe. Yields `set(done)`."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, no_color="NO_COLOR" in os.environ)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total, rate="")

        def set_done(done: float) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, completed=done, rate=f"{speed:,.3g} {unit}/s" if speed else "")

        yield set_done


INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and `kill`: both end what is under way, and keep what is complete."""


@contextmanager
def patient_interrupt() -> Iterator[Callable[[], None]]:
    """An interrupt waits for a good moment: the function that is yielded raises it. A second one does not wait."""
    asked: list[int] = []

    def remember(number: int, frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    def look() -> None:
        if asked:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in INTERRUPTS}
    for number, handler in before.items():
        if handler is signal.default_int_handler:
            signal.signal(number, remember)
    try:
        yield look
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
