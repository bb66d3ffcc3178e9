"""The kinds of files that can be imported: who recognises one by its content, who reads it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from sim.scenario.source import Position
from sim.vendor.source import Source


class Seen(NamedTuple):
    """What shows in a file that it is of a kind, and where."""

    what: str
    at: Position


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says beside the file; a reader takes what concerns it."""

    only: tuple[str, ...] = ()
    """Names of instances, clusters, hosts, resources or services to read; empty: all."""
    profiles: tuple[str, ...] = ()
    """Active Spring profiles."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of one kind alone."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an import comes to."""

    text: str
    """A scenario as YAML."""
    words: tuple[str, ...] = ()
    """What the user is told beside it, on stderr."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of files. Its module has `seen(source) -> Iterator[Seen]`, and `write(source, wishes) -> Written`;
    one of policy settings has `policies(source, wishes) -> list[Imported]` instead of `write`."""

    name: str
    about: str
    module: str

    def seen(self, source: Source) -> Iterator[Seen]:
        """Where the file shows that it is of this kind; the first is enough."""
        found: Iterator[Seen] = self._its("seen")(source)
        return found

    @property
    def of_policies(self) -> bool:
        """Settings of policies; else a graph of services."""
        return hasattr(import_module(self.module), "policies")

    @property
    def policies(self) -> Callable[..., Any]:
        """Its reader of policies."""
        return self._its("policies")

    @property
    def write(self) -> Callable[[Source, Wishes], Written]:
        """Its reader of a graph."""
        return self._its("write")

    def _its(self, name: str) -> Callable[..., Any]:
        its: Callable[..., Any] = getattr(import_module(self.module), name)
        return its


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("resilience4j", "`resilience4j.` in Spring's settings", "sim.vendor.settings.resilience4j"),
        Kind("hystrix", "`hystrix.command.` in properties or YAML", "sim.vendor.settings.hystrix"),
        Kind("envoy", "clusters and routes: bootstrap, CDS, RDS, config dump", "sim.vendor.settings.envoy"),
        Kind("istio", "DestinationRule and VirtualService", "sim.vendor.settings.istio"),
        Kind("sentinel", "flow and degrade rules as a JSON list", "sim.vendor.settings.sentinel"),
        Kind("polly", "options of Microsoft.Extensions.Http.Resilience", "sim.vendor.settings.polly"),
        Kind("isotope", "a service graph of istio's load tests: scripts", "sim.vendor.graphs.isotope"),
        Kind("mubench", "a work model of muBench: external_services", "sim.vendor.graphs.mubench"),
        Kind("hydragen", "an application of HydraGen: endpoints", "sim.vendor.graphs.hydragen"),
        Kind("kubernetes", "Deployments and Services", "sim.vendor.graphs.kubernetes"),
        Kind("compose", "services with images", "sim.vendor.graphs.compose"),
    )
}
"""By name."""
