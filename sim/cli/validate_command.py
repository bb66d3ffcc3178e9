"""`cascadelab validate`."""

import math
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import common, folders

if TYPE_CHECKING:
    from sim.validation.run import Validation
    from sim.validation.target import Target

FAILED = 4
INTERRUPTED = 130


@click.command("validate")
@click.option("--quick", is_flag=True, help="About a minute: fewer points, the same rule.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this target (repeat it).")
@common.engine_option
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes; default: one per core.  [the results are the same]"
)
@common.json_option
@common.output_option
@click.pass_context
def command(
    ctx: click.Context, quick: bool, names: tuple[str, ...], engine: str, jobs: int | None, as_json: bool,
    output: str | None,
) -> None:  # fmt: skip
    """Run closed forms and published results as scenarios, and compare.

    One line per observable: exact or published value, simulated value with its interval, how well the runs
    resolve it, and a verdict. What is not resolved has failed. A page with a figure per target goes to
    results/validation. Exit code 4 if any check failed.
    """
    from sim.errors import UsageError
    from sim.experiment.execute import FailedRun
    from sim.validation.run import Validation

    targets = _chosen(names)
    place = folders.place(output, "validation", "quick" if quick else "full", *names)
    validation = Validation(targets, quick=quick, engine=engine)
    if not validation.checks:
        msg = f"no check of {' and '.join(names)} is quick; leave out --quick"
        raise UsageError(msg)
    for name in validation.engines:
        _prepare(name)
    began = time.perf_counter()
    ended: BaseException | None = None
    try:
        _run(validation, jobs or common.processes(math.inf))
    except (KeyboardInterrupt, FailedRun) as error:
        ended = error
    facts = {"quick": quick, "only": list(names), "wall_s": time.perf_counter() - began}
    _tell(validation, place.folder, as_json=as_json, interrupted=ended is not None, **facts)
    if isinstance(ended, FailedRun):
        raise ended
    failed = any(not o.passed for o in validation.outcomes)
    ctx.exit(INTERRUPTED if ended is not None else FAILED if failed else 0)


def _chosen(names: tuple[str, ...]) -> "list[Target]":
    """The targets of these names, or all. Raises UsageError with the nearest name."""
    from difflib import get_close_matches

    from sim.errors import UsageError
    from sim.validation.targets import TARGETS

    for name in names:
        if name not in TARGETS:
            near = get_close_matches(name, TARGETS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(TARGETS)}"
            msg = f"no target is called {name!r}; {hint}"
            raise UsageError(msg)
    return [target for target in TARGETS.values() if not names or target.name in names]


def _prepare(engine: str) -> None:
    """Have it compiled before processes are started, and say so where that takes a while."""
    from sim import engines

    words = engines.announcement(engine, "")
    if words:
        common.say(words)
    engines.prepare(engine)


def _run(validation: "Validation", jobs: int) -> None:
    """Run it, with a bar."""
    runs = 0
    with common.progress_bar("validate", validation.runs, "runs") as show:

        def done(n: int) -> None:
            nonlocal runs
            runs += n
            show(runs)

        validation.run(jobs, done)


def _tell(validation: "Validation", folder: Path, *, as_json: bool, interrupted: bool, **facts: Any) -> None:
    """The table to stdout, then the page to its folder: one that cannot be written costs nothing of the other."""
    from sim.experiment import provenance
    from sim.store import write_folder
    from sim.store.run import to_json
    from sim.views.validation_page import validation_files
    from sim.views.validation_text import table_text, validation_data

    outcomes = validation.outcomes
    manifest = provenance.manifest(
        format=1, kind="validation", date=f"{datetime.now(UTC):%Y-%m-%d}", engines=list(validation.engines),
        interrupted=interrupted, command=shlex.join(["cascadelab", *sys.argv[1:]]), **facts,
    )  # fmt: skip
    try:
        if as_json:
            click.echo(to_json(validation_data(outcomes)), nl=False)
        else:
            click.echo(table_text(outcomes))
    finally:
        write_folder(folder, validation_files(outcomes, manifest))
        common.say(f"results: {folder}   ({facts['wall_s']:.0f} s)")
    if interrupted:
        common.say(f"ended after {len(outcomes)} of {validation.checks} checks")
