"""What only the whole file shows: names that name nothing, endless calls, faults on what is not there."""

import re
from collections.abc import Collection

from sim.scenario import expect, offered, whole
from sim.scenario.check_policies import Found, PolicyChecker
from sim.scenario.hopeless import hopeless
from sim.scenario.model import Scenario, Step
from sim.scenario.offered import Site, missed, mix
from sim.scenario.policies import no_policies
from sim.scenario.source import Location, Tree

REPLICA = re.compile(r"(?P<service>.+)\[(?P<first>\d+)(?:\.\.(?P<last>\d+))?\]")


class Checker(PolicyChecker):
    """Walks one model and collects what is wrong."""

    def __init__(
        self,
        model: Scenario,
        tree: Tree,
        breakers: frozenset[str],
        variants: tuple[str, ...],
        left_out: Collection[Location] = (),
    ) -> None:
        super().__init__(model, tree, breakers, left_out)
        self.variants = variants
        self.endpoints = {f"{s}.{e}" for s, spec in model.services.items() for e in spec.endpoints}
        self.single = {s for s, spec in model.services.items() if len(spec.endpoints) == 1}
        self.sites: list[Site] = []
        self.edges: set[str] = set()

    def endpoint(self, name: str, place: Location) -> str | None:
        """`service.endpoint` of a reference, or None with a problem noted."""
        if name in self.endpoints:
            return name
        if name in self.single:
            return f"{name}.{next(iter(self.model.services[name].endpoints))}"
        if name in self.model.services:
            known = {e for e in self.endpoints if e.startswith(f"{name}.")}
            self.problem(place, f"{name!r} has several endpoints: write one of {', '.join(sorted(known))}")
        else:
            self.unknown(place, "endpoint", name, self.endpoints | self.single)
        return None

    def called(self, caller: str, name: str, place: Location) -> str | None:
        """`endpoint` of a callee, and the edge to it; behind an unknown one any edge of the caller may stand."""
        callee = self.endpoint(name, place)
        there = (name.split(".")[0], *(() if callee else self.model.services))
        self.edges |= {f"{caller.split('.')[0]} -> {service}" for service in there}
        return callee

    def run(self) -> Found:
        """All checks."""
        model = self.model
        self.policies(model.policies, ("policies",))
        for name, source in model.sources.items():
            at: Location = ("sources", name)
            if name in model.services:
                self.problem(at, "a source and a service share this name; give one another name")
            for key, weight in mix(source).items():
                place = (*at, "call") if source.call else (*at, "mix", key)
                callee = self.called(name, key, place)
                if callee:
                    self.sites.append(Site(name, callee, weight, False, no_policies(), place))
            if source.rate and offered.silent(source.rate, model.duration):
                message = "no request is ever sent: the rate is 0/s all the time; write a rate above 0/s, such as 50/s"
                self.problem((*at, "rate"), message)
            if source.users is None and source.rate and source.rate.replay:
                path = model.base_dir / source.rate.replay
                if not path.is_file():
                    self.problem((*at, "rate", "replay"), f"{path} is not there")
            self.policies(source.policies, (*at, "policies"))
        for name, service in model.services.items():
            self.policies(service.policies, ("services", name, "policies"))
            for endpoint, spec in service.endpoints.items():
                at = ("services", name, "endpoints", endpoint, "steps")
                if ("services", name, "steps") in self.tree.values:
                    at = ("services", name, "steps")
                self.steps(f"{name}.{endpoint}", spec.steps, at)
        self.edge_names()
        self.endless()
        self.faults()
        self.operations()
        self.expectations()
        if not self.found.problems and not self.unjudged:
            self.load()
        return self.found

    def load(self) -> None:
        """What shows once every name is known: multiplying calls, late timeouts, idle breakers, overload."""
        found = offered.offered(self.model, self.sites)
        if found.endless:
            caller = found.endless.caller
            message = f"each visit of {caller} causes one more or more on average: the calls never end"
            self.problem(found.endless.at, f"{message}; lower a `probability` or `repeat` on the way round")
        around = [(site, whole.applied(self.model, site)) for site in self.sites]
        for (place, message), own in whole.late_timeouts(self.model, around):
            if own:
                self.problem(place, message)
            else:
                self.warning(place, message)
        if self.model.successes and self.model.duration is None and hopeless(self.model):
            message = "it never ends: every attempt fails, and no fallback answers; give it a `duration` too"
            self.problem(("successes",), message)
        for place, message in whole.rival_choosers(around):
            self.problem(place, message)
        for place, message in whole.unlike_gateways(around):
            self.problem(place, message)
        if found.endless:
            return
        for place, message in (
            *whole.idle_operations(self.model, around),
            *whole.idle_breakers(self.model, around, found),
            *whole.idle_ejectors(self.model, around),
            *whole.overload(self.model, self.sites, found),
        ):
            self.warning(place, message)

    def steps(self, caller: str, steps: tuple[Step, ...], at: Location) -> None:
        for i, step in enumerate(steps):
            if step.parallel is not None:
                for j, branch in enumerate(step.parallel):
                    self.steps(caller, branch, (*at, i, "parallel", j))
            if step.call is None:
                continue
            callee = self.called(caller, step.call, (*at, i, "call"))
            if callee:
                self.sites.append(self.site(caller, callee, step, (*at, i)))
            if step.cache is not None and step.cache not in self.model.caches:
                self.unknown((*at, i, "cache"), "cache", step.cache, set(self.model.caches))
            self.policies(step.policies, (*at, i, "policies"))

    def site(self, caller: str, callee: str, step: Step, at: Location) -> Site:
        cache = self.model.caches.get(step.cache) if step.cache is not None else None
        looked = step.probability * step.repeat
        calls = looked * (missed(cache) if cache else 1.0)
        certain = step.probability >= 1.0 and cache is None
        return Site(caller, callee, calls, certain, step.policies, at, looked - calls)

    def edge_names(self) -> None:
        for name in self.model.edges:
            if name not in self.edges:
                self.unknown(("edges", name), "edge", name, self.edges)
            self.policies(self.model.edges[name], ("edges", name))
        for i, name in enumerate(self.model.watch or ()):
            if name not in self.edges:
                self.unknown(("watch", i), "edge", name, self.edges)

    def endless(self) -> None:
        """A cycle of calls each made for certain never ends."""
        certain: dict[str, list[tuple[str, Location]]] = {}
        for site in self.sites:
            if site.certain:
                certain.setdefault(site.caller, []).append((site.callee, (*site.at, "call")))
        done: set[str] = set()
        for start in sorted(certain):
            self._follow(start, certain, done)

    def _follow(self, node: str, certain: dict[str, list[tuple[str, Location]]], done: set[str]) -> None:
        stack: list[tuple[str, int]] = [(node, 0)]
        path = [node]
        while stack:
            current, i = stack.pop()
            calls = certain.get(current, [])
            if current in done or i >= len(calls):
                done.add(current)
                path.pop()
                continue
            stack.append((current, i + 1))
            callee, at = calls[i]
            if callee in path:
                circle = " -> ".join([*path[path.index(callee) :], callee])
                self.problem(
                    at, f"this call never ends: {circle}; give one of them a `probability` below 100%"
                )
            elif callee not in done:
                stack.append((callee, 0))
                path.append(callee)

    def faults(self) -> None:
        model = self.model
        for i, fault in enumerate(model.faults):
            at: Location = ("faults", i, fault.verb)
            spec = getattr(fault, fault.verb)
            known = {
                "service": set(model.services),
                "edge": self.edges,
                "source": set(model.sources),
                "cache": set(model.caches),
            }
            for what, names in known.items():
                for name in getattr(spec, what, ()):
                    if name not in names:
                        self.unknown((*at, what), what, name, names)
                    elif what == "source" and model.sources[name].users:
                        message = f"{name} is a closed loop: a surge multiplies a rate, and users have none"
                        self.problem((*at, what), message)
            for name in getattr(spec, "endpoint", ()):
                self.endpoint(name, (*at, "endpoint"))
            for name in getattr(spec, "replica", ()):
                self.replica(name, (*at, "replica"))
            if fault.at is not None and model.duration is not None and fault.at >= model.duration:
                self.problem(("faults", i, "at"), "the fault begins after the run has ended")

    def operations(self) -> None:
        for i, operation in enumerate(self.model.operations):
            at: Location = ("operations", i)
            for name in operation.edge:
                if name not in self.edges:
                    self.unknown((*at, "edge"), "edge", name, self.edges)
            if self.model.duration is not None and operation.at >= self.model.duration:
                self.problem((*at, "at"), "the operation comes after the run has ended")

    def replica(self, name: str, at: Location) -> None:
        match = REPLICA.fullmatch(name)
        if not match:
            self.problem(at, f"{name!r} is not a replica; write db[0] or db[0..2]")
            return
        service = self.model.services.get(match["service"])
        if service is None:
            self.unknown(at, "service", match["service"], set(self.model.services))
            return
        most = service.autoscale.max if service.autoscale else service.replicas
        if int(match["last"] or match["first"]) >= most or int(match["last"] or match["first"]) < int(
            match["first"]
        ):
            self.problem(at, f"{match['service']} has replicas 0 to {most - 1}")

    def expectations(self) -> None:
        targets = expect.Targets(
            sources=set(self.model.sources),
            services=set(self.model.services),
            endpoints=self.endpoints,
            edges=self.edges,
        )
        for i, line in enumerate(self.model.expect):
            for message in expect.mistakes(line, self.variants, targets):
                self.problem(("expect", i), message)
        for message in expect.mistakes_of_measure(self.model.rank_by, targets):
            self.problem(("rank_by",), message)


def check(
    model: Scenario,
    tree: Tree,
    breakers: frozenset[str],
    variants: tuple[str, ...],
    left_out: Collection[Location] = (),
) -> Found:
    """Problems and warnings of one variant of a scenario. `left_out`: wrong keys that the model lacks; what is
    said beside them is not judged together."""
    return Checker(model, tree, breakers, variants, left_out).run()
