"""What `import` and `explain --import` share: how a file of another tool is read."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.cli import common

if TYPE_CHECKING:
    from sim.vendor.kinds import Kind, Wishes
    from sim.vendor.source import Source

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--as", "kind", default="", metavar="FORMAT", help="Read the file as this; default: by its content."
    ),
    click.option(
        "--only", multiple=True, metavar="NAME", help="Only what is called so in the file (repeat it)."
    ),
    click.option(
        "--profile", "profiles", multiple=True, metavar="NAME", help="Active Spring profile (repeat it)."
    ),
    click.option(
        "--thread-pool",
        is_flag=True,
        help="resilience4j: of two bulkheads of an instance take the thread pool.",
    ),
)


def options(command: F) -> F:
    """The options that say how to read a file."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read(file: str, **asked: Any) -> "tuple[Source, Kind, Wishes]":
    """A file, what it is, and what is wished of it; a profile that the file does not name is told.

    Raises InvalidScenario with what is wrong, UsageError.
    """
    from sim.vendor import detect, source
    from sim.vendor.kinds import Wishes
    from sim.vendor.settings import spring

    found = source.read(file)
    wishes = Wishes(asked["only"], asked["profiles"], {"thread_pool": asked["thread_pool"]})
    kind = detect.kind_of(found, asked["kind"])
    for words in spring.unknown_profiles(found, wishes.profiles):
        common.say(f"warning: {words}")
    return found, kind, wishes
