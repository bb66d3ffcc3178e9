"""HydraGen application descriptions (EricssonResearch/cloud-native-app-simulator).

As its emulator behaves: `execution_mode` says whether an endpoint's processor work comes before its calls or beside
them; `forward_requests: synchronous` makes the calls one after the other, `asynchronous` all at once;
`traffic_forward_ratio` is how many calls one request makes; `execution_time` is seconds of each of `threads`.
"""

from collections.abc import Iterator

from sim.errors import Problem
from sim.vendor.graphs import draft as d
from sim.vendor.graphs import load
from sim.vendor.graphs.quantities import cpus, limit_cores
from sim.vendor.graphs.spots import Spot
from sim.vendor.graphs.writing import write as written
from sim.vendor.kinds import Seen, Wishes, Written
from sim.vendor.source import Source, where

_TOP = ("cluster_latencies", "services", "settings")
_SERVICE = ("name", "protocol", "clusters", "resources", "processes", "readiness_probe", "endpoints")
_CLUSTER = ("cluster", "replicas", "namespace", "node", "annotations")
_ENDPOINT = ("name", "protocol", "execution_mode", "cpu_complexity", "network_complexity")
_CPU = ("execution_time", "threads")
_NETWORK = ("forward_requests", "response_payload_size", "called_services")
_CALLED = ("service", "port", "endpoint", "protocol", "traffic_forward_ratio", "request_payload_size")
_LATENCY = ("src", "dest", "latency")
HANDLING_NS = 1_000_000
"""Assumed work of a visit without `cpu_complexity`: taking the request and answering it."""
MOST_CALLS = 1000
_PAYLOAD = "request_payload_size, response_payload_size: networks have delays, not payloads"


def seen(source: Source) -> Iterator[Seen]:
    """A list `services` with endpoints."""
    for tree in source.documents:
        data = tree.data
        if isinstance(data, dict) and isinstance(data.get("services"), list):
            for i, item in enumerate(data["services"]):
                if isinstance(item, dict) and "endpoints" in item:
                    yield Seen(
                        "`endpoints:` of a service", where(tree, ("services", i, "endpoints"), on_key=True)
                    )


def write(source: Source, wishes: Wishes) -> Written:
    """The application as a scenario. Raises InvalidScenario with every mistake."""
    draft = d.Draft(source.file, "a HydraGen application description")
    problems: list[Problem] = []
    for tree in source.documents:
        _Reader(Spot(tree, (), tree.data, problems), draft).read()
    entries = [] if problems else load.uncalled(draft)
    draft.sources.append(d.Source("users", entries, "assumed: the services that no other calls"))
    draft.head.append(
        "As HydraGen runs it: `execution_mode` puts processor work before the calls or beside them, `forward_requests` "
        "makes the calls one after the other or all at once. Assumed: a failed call fails its caller. "
        "It has no timeouts, retries or breakers."
    )
    return written(draft, problems, wishes)


class _Reader:
    def __init__(self, root: Spot, draft: d.Draft) -> None:
        self.root = root.only(_TOP, "a HydraGen description")
        self.draft = draft
        self.clusters: dict[str, set[str]] = {}

    def read(self) -> None:
        if (settings := self.root.get("settings")) is not None:
            self.draft.leave("settings", settings.line)
        for spot in self.root.listed("services"):
            self.service(spot.only(_SERVICE, "a service"))
        for spot in self.root.listed("cluster_latencies"):
            self.latency(spot.only(_LATENCY, "a latency"))

    def service(self, spot: Spot) -> None:
        named = spot.get("name")
        if named is None:
            spot.wrong("a service needs a name")
            return
        name = named.text()
        if name in self.draft.services:
            named.wrong(f"two services are called {name!r}")
            return
        service = self.draft.services[name] = d.Service(name, named.at())
        for key, what in (("protocol", "protocol"), ("readiness_probe", "readiness_probe")):
            if (found := spot.get(key)) is not None:
                self.draft.leave(what, found.line)
        self.place(spot, service)
        slower = self.cores(spot, service)
        for endpoint in spot.listed("endpoints"):
            self.endpoint(endpoint.only(_ENDPOINT, "an endpoint"), service, slower)
        if not service.endpoints:
            spot.wrong("a service needs endpoints")

    def place(self, spot: Spot, service: d.Service) -> None:
        """Replicas, over all clusters."""
        clusters = list(spot.listed("clusters"))
        replicas = 0
        for cluster in clusters:
            cluster.only(_CLUSTER, "a cluster")
            count, where_ = cluster.get("replicas"), cluster.get("cluster")
            replicas += count.whole(1) if count is not None else 1
            if where_ is not None:
                self.clusters.setdefault(service.name, set()).add(where_.text())
            for key in ("namespace", "node", "annotations"):
                if (found := cluster.get(key)) is not None:
                    self.draft.leave("namespace, node, annotations", found.line)
        service.replicas = max(1, replicas)

    def cores(self, spot: Spot, service: d.Service) -> float:
        """Set its cores; how many times as long work takes where the limit is no whole number."""
        resources, processes = spot.get("resources"), spot.get("processes")
        slower, count = 1.0, processes.whole(0) if processes is not None else 0
        for kind in (
            resources.only(("limits", "requests"), "resources").fields() if resources is not None else ()
        ):
            for field in kind.only(("cpu", "memory"), kind.name).fields():
                if field.name == "cpu" and kind.name == "limits":
                    slower = limit_cores(service, field) ** -1 * (service.cores or 1)
                    continue
                if field.name == "cpu":
                    cpus(field)
                self.draft.leave(f"{kind.name} of {field.name}", field.line)
        if count and processes is not None and (service.cores is None or count < service.cores):
            service.cores, service.cores_note, slower = count, f"processes {count}", 1.0
        return slower

    def endpoint(self, spot: Spot, service: d.Service, slower: float) -> None:
        named = spot.get("name")
        if named is None:
            spot.wrong("an endpoint needs a name")
            return
        name = named.text()
        if name in service.endpoints:
            named.wrong(f"two endpoints are called {name!r}")
        if (protocol := spot.get("protocol")) is not None:
            self.draft.leave("protocol", protocol.line)
        mode = spot.get("execution_mode")
        beside = mode is not None and mode.one_of("sequential", "parallel") == "parallel"
        work = list(self.work(spot.get("cpu_complexity"), slower))
        calls = list(self.network(spot.get("network_complexity")))
        steps: list[d.Step] = [d.Parallel([work, calls])] if beside and calls else [*work, *calls]
        service.endpoints[name] = d.Endpoint(steps)

    def work(self, spot: Spot | None, slower: float) -> Iterator[d.Step]:
        if spot is None:
            yield d.Work(HANDLING_NS, note="assumed: no cpu_complexity")
            return
        spot.only(_CPU, "cpu_complexity")
        time, threads = spot.get("execution_time"), spot.get("threads")
        if time is None:
            spot.wrong("execution_time is missing")
            return
        seconds = time.number(0, 86_400) * slower
        work = d.Work(max(1, round(seconds * 1e9)), fixed=True)
        count = threads.whole(1, 1000) if threads is not None else 1
        yield work if count == 1 else d.Parallel([[work] for _ in range(count)], f"{count} threads")

    def network(self, spot: Spot | None) -> Iterator[d.Step]:
        if spot is None:
            return
        spot.only(_NETWORK, "network_complexity")
        forward = spot.get("forward_requests")
        together = forward is not None and forward.one_of("synchronous", "asynchronous") == "asynchronous"
        if (size := spot.get("response_payload_size")) is not None:
            size.number(0)
            self.draft.leave(_PAYLOAD, size.line)
        calls = [self.call(called) for called in spot.listed("called_services")]
        made = [(call, times) for call, times in calls if call is not None and times]
        if not together:
            for call, times in made:
                call.repeat = times
                yield call
            return
        branches: list[list[d.Step]] = [[call] for call, times in made for _ in range(times)]
        if len(branches) > MOST_CALLS:
            spot.wrong(f"{len(branches):,} calls at once; {MOST_CALLS:,} is the most that is written out")
        elif len(branches) == 1:
            yield from branches[0]
        elif branches:
            yield d.Parallel(branches)

    def call(self, spot: Spot) -> tuple[d.Call | None, int]:
        spot.only(_CALLED, "a called service")
        service, endpoint, ratio = (
            spot.get("service"),
            spot.get("endpoint"),
            spot.get("traffic_forward_ratio"),
        )
        for key, what in (("request_payload_size", _PAYLOAD), ("protocol", "protocol"), ("port", "port")):
            if (found := spot.get(key)) is not None:
                self.draft.leave(what, found.line)
        if service is None or endpoint is None:
            spot.wrong("a called service needs `service` and `endpoint`")
            return None, 0
        times = ratio.whole(0, MOST_CALLS) if ratio is not None else 1
        return d.Call(service.text(), endpoint.text(), service.at()), times

    def latency(self, spot: Spot) -> None:
        """One way, from each service of a cluster to those that it calls in the other."""
        ends = [spot.get(key) for key in _LATENCY]
        if any(end is None for end in ends):
            spot.wrong("a latency needs `src`, `dest` and `latency`")
            return
        src, dest, seconds = (end for end in ends if end is not None)
        ns = round(seconds.number(0, 3600) * 1e9)
        used = False
        for service, _, call, _ in self.draft.calls():
            here, there = self.clusters.get(service.name, set()), self.clusters.get(call.service, set())
            if src.text() not in here or dest.text() not in there:
                continue
            if len(here) > 1 or len(there) > 1:
                spot.wrong(
                    f"{service.name} or {call.service} is in several clusters: a scenario has one delay per edge"
                )
                return
            self.draft.network_ns[service.name, call.service] = ns
            used = True
        if not used:
            self.draft.leave("cluster_latencies between which no call goes", spot.line)
