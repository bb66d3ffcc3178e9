"""Istio's DestinationRule and VirtualService -> the policies of each host, subset and port."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.errors import InvalidScenario, Problem
from sim.vendor.cursor import Cursor, fields
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Idle, Imported, Mistakes, pick
from sim.vendor.settings import istio_fields as f
from sim.vendor.settings import istio_hosts as hosts
from sim.vendor.settings import istio_policies as made
from sim.vendor.settings.envoy_policies import same, unheard
from sim.vendor.source import Source

ORDER = "timeout -> retries -> connectionPool -> outlierDetection -> perTryTimeout (Istio's sidecar)"
KINDS = ("DestinationRule", "VirtualService", *f.GONE_KINDS)


class Target(NamedTuple):
    """Where requests go."""

    host: str
    subset: str = ""
    port: str = ""


@dataclass(slots=True)
class Rule:
    """What a DestinationRule says."""

    host: str
    policy: dict[str, Cursor]
    subsets: dict[str, dict[str, Cursor]] = field(default_factory=dict)
    """What each says itself."""
    ports: dict[str, dict[str, Cursor]] = field(default_factory=dict)
    """Of the destination, or `subset:port`."""
    idle: list[Idle] = field(default_factory=list)


@dataclass(slots=True)
class Route:
    """A route of a VirtualService."""

    targets: list[Target]
    read: dict[str, Cursor]
    name: str
    idle: list[Idle]
    line: int


def seen(source: Source) -> Iterator[Seen]:
    """Resources of networking.istio.io."""
    for resource in _resources(source):
        if _is_istio(resource):
            kind = resource.below("kind")
            yield Seen(f"kind {resource.data.get('kind')}", kind.at if kind else resource.at)


def _is_istio(resource: Cursor) -> bool:
    group = str(resource.data.get("apiVersion", ""))
    return resource.data.get("kind") in KINDS or group.startswith(("networking.istio.io", "config.istio.io"))


def _resources(source: Source) -> Iterator[Cursor]:
    """Every resource, those of a List too."""
    for tree in source.documents:
        root = Cursor(tree, (), tree.data)
        items = root.below("items")
        if isinstance(root.data, dict) and root.data.get("kind") == "List" and items is not None:
            if isinstance(items.data, list):
                yield from (items / i for i, item in enumerate(items.data) if isinstance(item, dict))
        elif isinstance(root.data, dict):
            yield root


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every host, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    rules: list[Rule] = []
    routes: list[Route] = []
    others: list[str] = []
    for resource in _resources(source):
        kind = str(resource.data.get("kind", ""))
        if kind in f.GONE_KINDS:
            mistakes.add(resource.at, f"kind {kind}: {f.GONE_KINDS[kind]}")
        elif kind not in KINDS:
            others.append(f"{kind or 'a document without kind'} (line {resource.at.line})")
        elif kind == "DestinationRule":
            rules += _rule(resource, rules, mistakes)
        else:
            routes += _service(resource, mistakes)
    imported = list(_imported(rules, routes, mistakes))
    if others and imported:
        imported[0].notes.append(f"no settings of policies, and not read: {', '.join(others)}")
    lost = ", ".join(f"{_instead(route)} (line {route.line})" for route in routes if not route.targets)
    if lost and imported:
        imported[0].notes.append(f"routes without a destination of their own, and not read: {lost}")
    if wishes.only:
        imported = pick(imported, wishes.only, source.file, "host")
    mistakes.end()
    if not imported:
        message = "no DestinationRule and no VirtualService with HTTP routes stands in this file"
        raise InvalidScenario([Problem(message, source.file)])
    return imported


def _instead(route: Route) -> str:
    """What a route has instead of destinations."""
    words = [one.name for one in route.idle if one.name in ("delegate", "redirect", "directResponse")]
    return words[0] if words else "no destination"


def _spec(resource: Cursor, mistakes: Mistakes) -> Cursor | None:
    read = fields(resource, f.RESOURCE, str(resource.data["kind"]), [], mistakes)
    if "spec" not in read:
        mistakes.add(resource.at, f"{resource.data['kind']}: `spec` is missing")
    return read.get("spec")


def _rule(resource: Cursor, before: list[Rule], mistakes: Mistakes) -> Iterator[Rule]:
    spec = _spec(resource, mistakes)
    if spec is None:
        return
    idle: list[Idle] = []
    read = fields(spec, f.RULE, "a DestinationRule", idle, mistakes)
    if "host" not in read:
        mistakes.add(spec.key_at, "DestinationRule: `host` is missing")
        return
    host = hosts.full(str(read["host"].data), resource)
    if any(rule.host == host for rule in before):
        message = f"a second DestinationRule for {read['host'].data}: Istio takes the trafficPolicy of one of them; join them"
        mistakes.add(read["host"].at, message)
        return
    rule = Rule(host, {}, idle=idle)
    rule.policy = _traffic(read.get("trafficPolicy"), rule, "", mistakes)
    for subset in read["subsets"].items(mistakes) if "subsets" in read else ():
        own = fields(subset, f.SUBSET, "a subset", idle, mistakes)
        if "name" not in own:
            mistakes.add(subset.at, "a subset: `name` is missing")
            continue
        name = str(own["name"].data)
        if name in rule.subsets:
            mistakes.add(
                own["name"].at, f"a second subset is called {name}: Istio takes one of them; join them"
            )
        rule.subsets[name] = _traffic(own.get("trafficPolicy"), rule, name, mistakes)
    yield rule


def _traffic(policy: Cursor | None, rule: Rule, subset: str, mistakes: Mistakes) -> dict[str, Cursor]:
    """The parts of a traffic policy; its settings for single ports go to the rule."""
    if policy is None:
        return {}
    read = fields(policy, f.TRAFFIC, "trafficPolicy", rule.idle, mistakes)
    ports = read.pop("portLevelSettings", None)
    for one in ports.items(mistakes) if ports is not None else ():
        own = fields(one, f.PORT, "portLevelSettings", rule.idle, mistakes)
        port = own.pop("port", None)
        number = port.below("number") if port is not None else None
        if number is None:
            mistakes.add(one.at, "portLevelSettings: `port: {number: 8080}` is missing")
            continue
        # Istio: what stands at a port inherits nothing; what it leaves out has its default.
        rule.ports[f"{subset}:{number.data}"] = own
    return read


def _service(resource: Cursor, mistakes: Mistakes) -> Iterator[Route]:
    spec = _spec(resource, mistakes)
    if spec is None:
        return
    shared: list[Idle] = []
    read = fields(spec, f.SERVICE, "a VirtualService", shared, mistakes)
    for i, http in enumerate(read["http"].items(mistakes) if "http" in read else ()):
        idle = list(shared)
        own = fields(http, f.ROUTE, "an HTTP route", idle, mistakes)
        targets = []
        for target in own["route"].items(mistakes) if "route" in own else ():
            to = fields(target, f.TARGET, "a destination", idle, mistakes).get("destination")
            at = fields(to, f.DESTINATION, "destination", idle, mistakes) if to is not None else {}
            if "host" not in at:
                mistakes.add(target.at, "a destination: `destination: {host: ...}` is missing")
                continue
            port = at["port"].below("number") if "port" in at else None
            subset = str(at["subset"].data) if "subset" in at else ""
            host = hosts.full(str(at["host"].data), resource)
            targets.append(Target(host, subset, str(port.data) if port else ""))
        label = own.get("name")
        yield Route(
            targets, own, str(label.data) if label is not None else f"route-{i + 1}", idle, http.at.line
        )


def _imported(rules: list[Rule], routes: list[Route], mistakes: Mistakes) -> Iterator[Imported]:
    """One import per host, subset and port with settings of its own, or that a route names."""
    asked = list(dict.fromkeys(target for route in routes for target in route.targets))
    every = [rule.host for rule in rules] + [target.host for target in asked]
    done: set[Target] = set()
    names: set[str] = set()
    for rule in rules:
        own = [Target(rule.host), *(Target(rule.host, subset) for subset in rule.subsets)]
        own += [Target(rule.host, *port.split(":")) for port in rule.ports]
        first: list[Imported] = []
        for target in own:
            ways = list(_ways(target, rule, routes, mistakes))
            meant = [other for other in asked if _same(other, target)]
            done |= set(meant)
            if any(sum(hosts.same(one.host, other.host) for one in rules) > 1 for other in meant):
                ways[0].notes.append(
                    "a VirtualService without a namespace leads here, and to others of this name"
                )
            if first and not target.port and all(any(same(way, f) for f in first) for way in ways):
                first[0].notes.append(f"subset {target.subset}: as the host")
                continue
            first = first or ways
            ports = ", ".join(port[1:] for port in rule.ports if port.startswith(":"))
            if ports and target.subset and not target.port:
                ways[0].notes.append(
                    f"on port {ports} the subset stands over the host's portLevelSettings instead"
                )
            yield from _named(target, ways, every, names)
    for target in asked:
        if target in done:
            continue
        fitting = [rule for rule in rules if hosts.covers(rule.host, target.host)]
        found = max(fitting, key=lambda rule: hosts.closeness(rule.host), default=None)
        ways = list(_ways(target, found, routes, mistakes))
        if target.subset and (found is None or target.subset not in found.subsets):
            for way in ways:
                way.notes.append(f"no DestinationRule of this file has the subset {target.subset}")
        done |= {other for other in asked if _same(other, target)}
        yield from _named(target, ways, every, names)


def _named(target: Target, ways: list[Imported], every: list[str], names: set[str]) -> Iterator[Imported]:
    """Names once each: that of the host, then subset, port and, behind the first way, the route."""
    for way in ways:
        way.name = "-".join(filter(None, (hosts.label(target.host, every), *target[1:], way.name)))
        base, again = way.name, 2
        while way.name in names:
            way.name, again = f"{base}-{again}", again + 1
        names.add(way.name)
        yield way


def _ways(target: Target, rule: Rule | None, routes: list[Route], mistakes: Mistakes) -> Iterator[Imported]:
    """How requests go there: by each route, or by the route that Istio makes where the file has none."""
    idle = list(rule.idle) if rule is not None else []
    policy = _policy(target, rule)
    bulkhead, limits = made.pool(policy.get("connectionPool"), policy.get("retryBudget"), idle, mistakes)
    outlier = made.outlier(policy.get("outlierDetection"), idle, mistakes)
    inner = [*((("bulkhead", bulkhead),) if bulkhead else ()), *((("outlier", outlier),) if outlier else ())]
    ways: list[Imported] = []
    leading = [route for route in routes if any(_same(one, target) for one in route.targets)]
    for route in leading or (None,):
        own: list[Idle] = []
        outer, per_try = made.route(route.read if route else {}, limits, own, mistakes)
        told = [*idle, *(route.idle if route else ()), *own]
        way = Imported("", f.VERSION, ORDER, [*outer, *inner, *per_try], told)
        way.notes += unheard(way)
        if route is None:
            way.notes.append(
                "no VirtualService of this file leads here: retries are those of every route of a mesh"
            )
        again = next((other for other in ways if same(way, other)), None)
        if again is not None:
            again.idle += [one for one in told if one not in again.idle]
            continue
        if ways and route is not None:
            way.name = route.name
        ways.append(way)
    yield from ways


def _policy(target: Target, rule: Rule | None) -> dict[str, Cursor]:
    """What holds there (Istio's MergeTrafficPolicy): the destination's settings of the port, else its own; over them
    those of the subset; instead of all of them those of the subset's port. Only the retry budget is of no port."""
    if rule is None:
        return {}
    budget = {name: one for name, one in rule.policy.items() if name == "retryBudget"}
    at_port = rule.ports.get(f":{target.port}")
    policy = rule.policy if at_port is None else {**budget, **at_port}
    policy = {**policy, **rule.subsets.get(target.subset, {})}
    own = rule.ports.get(f"{target.subset}:{target.port}") if target.subset else None
    if own is None:
        return policy
    return {**{name: one for name, one in policy.items() if name == "retryBudget"}, **own}


def _same(asked: Target, target: Target) -> bool:
    return hosts.same(target.host, asked.host) and asked[1:] == target[1:]
