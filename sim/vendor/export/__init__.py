"""Policies of a scenario -> settings files of libraries and meshes, where they can be said there."""

from collections.abc import Callable, Iterable
from importlib import import_module
from textwrap import wrap

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
LEFT_OUT = {
    "resilience4j": "exception classes are stand-ins for outcomes (error, timeout, ...), and ignored classes, "
    "metrics and whatever else has no meaning here are left out",
    "envoy": "clusters and routes are named after services; endpoints, TLS, health checks and matches are not here",
    "istio": "hosts are named after services; subsets, tls, load balancing and matches are not here",
    "polly": "sections are named after services; what code adds to the handlers is not here",
    "sentinel": "resources are named after services; limitApp, cluster mode and system rules are not here",
}
"""What a file in use says beside, or in other words: a scenario does not know it."""
HEAD_WIDTH = 108
WITH_COMMENTS = ("resilience4j", "envoy", "istio")


def caution(target: str) -> str:
    """What to know before the file is put to use."""
    return f"these are the policies only: {LEFT_OUT[target]}; merge them into your file, do not replace it"


def text(target: str, calls: Iterable[Call], tree: Tree) -> str:
    """The file, headed by the caution where comments can be. Raises InvalidScenario with every policy that cannot be said there, and why."""
    refusals = Refusals(tree)
    write: Callable[[list[Call], Refusals], str] = import_module(f"sim.vendor.export.{target}").text
    out = write(list(calls), refusals)
    if refusals.found:
        raise InvalidScenario(refusals.found)
    if target not in WITH_COMMENTS:
        return out
    head = "".join(f"# {line}\n" for line in wrap(caution(target), HEAD_WIDTH, break_on_hyphens=False))
    return head + out
