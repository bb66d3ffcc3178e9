"""`cascadelab generate`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sim import units
from sim.cli import common
from sim.errors import UsageError

FAN_OUT = 3.45
"""Measured: see `sim.scenario.graph`, which is imported when it is needed."""


class InUnits(click.ParamType):  # type: ignore[type-arg]
    """A value with its unit, read as in a scenario file; as it was written, and what it means."""

    def __init__(self, name: str, read: Callable[[object], float]) -> None:
        self.name = name
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Its number. Fails with what to write instead."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _time(value: object) -> int:
    ns = units.duration_ns(value)
    if ns <= 0:
        msg = "it must be longer than 0s"
        raise ValueError(msg)
    return ns


def rate(value: object) -> float:
    """Above 0/s, per second. ValueError says what to write instead."""
    per_s = units.rate_per_s(value)
    if per_s <= 0:
        msg = "it must be above 0/s"
        raise ValueError(msg)
    return per_s


def _load(value: object) -> float:
    share = units.share(value)
    if not 0.01 <= share <= 0.95:
        msg = f"{value} is not between 1% and 95%: at 100% queues only grow"
        raise ValueError(msg)
    return share


@click.command("generate")
@click.option(
    "--services", type=click.IntRange(1, 10_000), required=True, metavar="N", help="How many services."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another graph."
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Services on the longest chain of calls; default 6, or as many as there are services.",
)
@click.option(
    "--fan-out",
    type=click.FloatRange(1, 1000),
    default=FAN_OUT,
    show_default=True,
    help="Services that one calls, on average, as far as there are so many below it.",
)
@click.option(
    "--calls",
    type=click.FloatRange(1, 1_000_000),
    metavar="N",
    help="Attempts per request of a user; default 12, or as many as a small graph makes.",
)
@click.option(
    "--rate", type=InUnits("rate", rate), default="100/s", show_default=True, help="Requests of users."
)
@click.option(
    "--utilisation",
    type=InUnits("share", _load),
    default="50%",
    show_default=True,
    help="Services are as large as keeps each at or below this.",
)
@click.option(
    "--duration", type=InUnits("time", _time), default="60s", show_default=True, help="Simulated time."
)
@click.option("--timeout", type=InUnits("time", _time), help="Timeout of every try; default: none.")
@click.option(
    "--retry",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="N",
    help="Tries of every call.",
)
@click.option("--breaker", metavar="NAME", help="Breaker between services, wherever it sees enough to trip.")
@click.option("--name", default="generated", show_default=True, help="Name of the scenario.")
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="A file that is not there yet; default: stdout."
)
def command(output: str | None, **asked: Any) -> None:
    """Write a scenario with a random service graph.

    Fan-in, fan-out and times of work are as heavy-tailed as in measured graphs, which the head of the file names.
    The same options give the same bytes.
    """
    from sim.scenario.generate import Impossible, Options, text
    from sim.scenario.graph import Wish

    wish = Wish(
        services=asked["services"],
        seed=asked["seed"],
        depth=asked["depth"],
        fan_out=asked["fan_out"],
        calls=asked["calls"],
        rate_per_s=asked["rate"],
        utilisation=asked["utilisation"],
    )
    options = Options(
        wish, asked["name"], asked["duration"], asked["timeout"], asked["retry"], asked["breaker"]
    )
    try:
        written = text(options)
    except Impossible as error:
        raise UsageError(str(error)) from error
    if output is None:
        click.echo(written, nl=False)
        return
    common.write_new(Path(output), written)
    common.say(f"{output} is written; try: cascadelab check {output}")
