"""Policies of a scenario -> settings files of libraries and meshes, where they can be said there."""

from collections.abc import Callable, Iterable
from importlib import import_module

from sim.errors import InvalidScenario
from sim.scenario.source import Tree
from sim.vendor.export.calls import Call, Refusals

TARGETS = {
    "resilience4j": "Spring Boot's application.yml",
    "envoy": "clusters and routes",
    "istio": "DestinationRule and VirtualService",
    "polly": "options of Microsoft.Extensions.Http.Resilience",
    "sentinel": "flow and degrade rules",
}
"""What can be written, and what it is."""


def text(target: str, calls: Iterable[Call], tree: Tree) -> str:
    """The file. Raises InvalidScenario with every policy that cannot be said there, and why."""
    refusals = Refusals(tree)
    write: Callable[[list[Call], Refusals], str] = import_module(f"sim.vendor.export.{target}").text
    out = write(list(calls), refusals)
    if refusals.found:
        raise InvalidScenario(refusals.found)
    return out
