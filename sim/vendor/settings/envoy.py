"""Envoy's clusters and routes -> the policies of each cluster: bootstrap, CDS and RDS files, config dumps, bare clusters."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.errors import InvalidScenario, Problem
from sim.vendor.cursor import Cursor, fields
from sim.vendor.kinds import Seen, Wishes
from sim.vendor.marked import Block, Idle, Imported, Mistakes, pick
from sim.vendor.settings import envoy_above as above
from sim.vendor.settings import envoy_fields as f
from sim.vendor.settings import envoy_filters, envoy_routes
from sim.vendor.settings import envoy_policies as made
from sim.vendor.source import Source

ORDER = "filters -> route timeout -> retry -> circuit_breakers -> outlier_detection -> per-try timeout (Envoy's router)"
_CLUSTER_KEYS = (
    "circuit_breakers",
    "outlier_detection",
    "common_lb_config",
    "circuitBreakers",
    "outlierDetection",
)
_ROOTS = ("static_resources", "staticResources", "dynamic_resources", "virtual_hosts", "virtualHosts")


def seen(source: Source) -> Iterator[Seen]:
    """Envoy's own words: static_resources, virtual_hosts, clusters with circuit_breakers or outlier_detection."""
    for cursor in _documents(source):
        data = cursor.data
        for key in data if isinstance(data, dict) and "apiVersion" not in data else ():
            if key in _ROOTS or (key in _CLUSTER_KEYS and not _is_istio(cursor / key)):
                yield Seen(f"`{key}`", (cursor / key).key_at)
            elif key in ("configs", "resources") and _typed(data[key]):
                yield Seen(f"`{key}` with Envoy's types", (cursor / key).key_at)
        items = (
            data if isinstance(data, list) else data.get("http_filters") if isinstance(data, dict) else None
        )
        for item in [data, *(items if isinstance(items, list) else ())]:
            if envoy_filters.is_filter(item):
                yield Seen(f"the filter {item['name']}", cursor.at)
        for one in _clusters(cursor):
            if any(key in one.data for key in _CLUSTER_KEYS) and one.place:
                yield Seen("a cluster", one.at)


def _is_istio(cursor: Cursor) -> bool:
    """camelCase `outlierDetection` alone is Istio's as well as protobuf's; below apiVersion it is Istio's."""
    return cursor.name == "outlierDetection" and cursor.tree.data.get("kind") is not None


def _typed(items: Any) -> bool:
    return isinstance(items, list) and any(
        isinstance(i, dict) and "envoy" in str(i.get("@type")) for i in items
    )


def _documents(source: Source) -> Iterator[Cursor]:
    for tree in source.documents:
        yield Cursor(tree, (), tree.data)


def policies(source: Source, wishes: Wishes) -> list[Imported]:
    """The policies of every cluster, or of `only` these. Raises InvalidScenario with every mistake."""
    mistakes = Mistakes()
    clusters = [one for cursor in _documents(source) for one in _clusters(cursor)]
    every = [one for cursor in _documents(source) for one in _routes(cursor)]
    routes = [one for one in every if _targets(one.entry)]
    above.unknown(_documents(source), mistakes)
    imported: list[Imported] = []
    for i, cluster in enumerate(clusters):
        if any(_beside(cluster, other) for other in clusters[:i]):
            mistakes.add(cluster.at, f"a second cluster is called {made.name_of(cluster)}: Envoy refuses it")
        imported += _imported(cluster, routes, mistakes)
    known = {made.name_of(cluster) for cluster in clusters}
    imported += _without_cluster(routes, known, mistakes)
    imported += _lone_filters(source, routes, mistakes)
    if imported and _unread(source):
        imported[0].notes.append(_unread(source))
    lost = ", ".join(above.elsewhere(one.entry for one in every if not _targets(one.entry)))
    if imported and lost:
        imported[0].notes.append(f"routes that name no cluster, and are not read: {lost}")
    if wishes.only:
        imported = pick(imported, wishes.only, source.file, "cluster")
    mistakes.end()
    if not imported:
        raise InvalidScenario([Problem("no cluster and no route of Envoy stands in this file", source.file)])
    return imported


def _clusters(root: Cursor) -> Iterator[Cursor]:
    """Every message of a cluster in a document, wherever its kind of file puts it."""
    lists = [
        root.below(*path)
        for path in (
            ("static_resources", "clusters"),
            ("staticResources", "clusters"),
            ("clusters",),
            ("resources",),
        )
    ]
    if isinstance(root.data, list):
        lists.append(root)
    for found in lists:
        if found is not None and isinstance(found.data, list):
            yield from (found / i for i, item in enumerate(found.data) if _is_cluster(item))
    if _is_cluster(root.data) and any(key in root.data for key in _CLUSTER_KEYS):
        yield root
    configs = root.below("configs")
    for i, config in enumerate(
        configs.data if configs is not None and isinstance(configs.data, list) else ()
    ):
        for key in ("static_clusters", "dynamic_active_clusters", "dynamic_warming_clusters"):
            here = (configs / i).below(key) if configs is not None and isinstance(config, dict) else None
            for j, item in enumerate(here.data if here is not None and isinstance(here.data, list) else ()):
                if here is not None and isinstance(item, dict) and _is_cluster(item.get("cluster")):
                    yield here / j / "cluster"


def _beside(one: Cursor, other: Cursor) -> bool:
    """Two of one name in one list."""
    same = one.tree is other.tree and one.place[:-1] == other.place[:-1]
    return same and made.name_of(one) == made.name_of(other)


def _is_cluster(item: Any) -> bool:
    if not isinstance(item, dict) or "apiVersion" in item or "kind" in item:
        return False
    kind = str(item.get("@type", ""))
    if kind:
        return kind.endswith(".Cluster")
    return "virtual_hosts" not in item and "virtualHosts" not in item and ("name" in item or "circuit_breakers" in item
                                                                          or "outlier_detection" in item)  # fmt: skip


class Found(NamedTuple):
    """A route where it stands."""

    entry: Cursor
    host: Cursor
    manager: Cursor | None
    """The connection manager that has the route."""

    @property
    def filters(self) -> Cursor | None:
        """Of its connection manager."""
        here = self.manager
        return (here.below("http_filters") or here.below("httpFilters")) if here is not None else None

    @property
    def label(self) -> str:
        """Its name, if it has one."""
        return str(self.entry.data.get("name") or "")


def _routes(root: Cursor, manager: Cursor | None = None) -> Iterator[Found]:
    """Every route of a document, wherever it stands: listeners hold them deep inside."""
    data = root.data
    if isinstance(data, list):
        for i in range(len(data)):
            yield from _routes(root / i, manager)
        return
    if not isinstance(data, dict):
        return
    if any(key in data for key in ("http_filters", "httpFilters", "route_config", "routeConfig")):
        manager = root
    for key in data:
        here = root / key
        if key not in ("virtual_hosts", "virtualHosts"):
            yield from _routes(here, manager)
            continue
        for i, host in enumerate(here.data if isinstance(here.data, list) else ()):
            listed = (here / i).below("routes") if isinstance(host, dict) else None
            for j, entry in enumerate(
                listed.data if listed is not None and isinstance(listed.data, list) else ()
            ):
                if listed is not None and isinstance(entry, dict):
                    yield Found(listed / j, here / i, manager)


def _targets(entry: Cursor) -> list[str]:
    """The clusters that a route names."""
    route = entry.below("route")
    found = route.below("cluster") if route else None
    if found is not None:
        return [str(found.data)]
    weighted = route.below("weighted_clusters") or route.below("weightedClusters") if route else None
    listed = weighted.below("clusters") if weighted else None
    items = listed.data if listed is not None and isinstance(listed.data, list) else ()
    return [str(item["name"]) for item in items if isinstance(item, dict) and "name" in item]


def _imported(cluster: Cursor, routes: list[Found], mistakes: Mistakes) -> Iterator[Imported]:
    """A cluster as its routes ask it: one import per way in which they do."""
    idle: list[Idle] = []
    known = {**f.CLUSTER, "@type": "it says that this is a cluster"}
    message = fields(cluster, known, "a cluster", idle, mistakes, both=True)
    name = made.name_of(cluster)
    bulkhead, limits = made.bulkhead(message, idle, mistakes)
    outlier = made.outlier(message, idle, mistakes)
    inner = [(kind, block) for kind, block in (("bulkhead", bulkhead), ("outlier", outlier)) if block]
    asked = [one for one in routes if name in _targets(one.entry)]
    if not asked:
        note = "no route of this file leads here: Envoy's route timeout (15 s) and retries are said by routes"
        left = [*idle, *made.unused(limits)]
        yield Imported(name, f.VERSION, ORDER, inner, left, [note])
    yield from _by_route(name, asked, limits, inner, idle, mistakes)


def _by_route(
    name: str, asked: list[Found], limits: made.Limits | None, inner: list[tuple[str, Block]],
    idle: list[Idle], mistakes: Mistakes,
) -> Iterator[Imported]:  # fmt: skip
    ways: list[Imported] = []
    for found in asked:
        own: list[Idle] = []
        streams = above.manager(found.manager, own, mistakes)
        chain = envoy_filters.policies(found.filters, own, mistakes)
        outer, per_try = envoy_routes.route(found.entry, found.host, streams, limits, own, mistakes)
        way = Imported(name, f.VERSION, ORDER, [*chain, *outer, *inner, *per_try], [*idle, *own])
        way.notes += made.unheard(way)
        again = next((other for other in ways if made.same(way, other)), None)
        if again is not None:
            again.idle += [one for one in own if one not in again.idle]
            continue
        if ways:
            way.name = f"{name}-{found.label or f'route-{len(ways) + 1}'}"
        ways.append(way)
    yield from ways


def _without_cluster(routes: list[Found], known: set[str], mistakes: Mistakes) -> Iterator[Imported]:
    """Clusters that routes name, and that stand in another file."""
    names = dict.fromkeys(name for one in routes for name in _targets(one.entry) if name not in known)
    for name in names:
        asked = [one for one in routes if name in _targets(one.entry)]
        for way in _by_route(name, asked, None, [], [], mistakes):
            way.notes.append(
                "the cluster itself stands in another file: its limits and ejection are not known here"
            )
            yield way


def _lone_filters(source: Source, routes: list[Found], mistakes: Mistakes) -> Iterator[Imported]:
    """Filters that stand by themselves."""
    used = [(one.filters.tree, one.filters.place) for one in routes if one.filters is not None]
    for cursor in _documents(source):
        listed = cursor if isinstance(cursor.data, list) else cursor.below("http_filters")
        if envoy_filters.is_filter(cursor.data):
            listed = Cursor(cursor.tree, (), [cursor.data])
        if listed is None or (listed.tree, listed.place) in used:
            continue
        if any(map(envoy_filters.is_filter, listed.data if isinstance(listed.data, list) else ())):
            one = Imported("http-filters", f.VERSION, ORDER, [])
            one.stack = envoy_filters.policies(listed, one.idle, mistakes)
            yield one


def _unread(source: Source) -> str:
    """Parts of a bootstrap that say nothing of policies."""
    read = ("clusters", "resources", "configs", "virtual_hosts", "virtualHosts", "name", "http_filters", "listeners",
            "static_resources", "staticResources")  # fmt: skip
    names = [key for c in _documents(source) if isinstance(c.data, dict) and not _is_cluster(c.data)
             for key in c.data if key not in read]  # fmt: skip
    return f"no settings of policies, and not read: {', '.join(dict.fromkeys(names))}" if names else ""
