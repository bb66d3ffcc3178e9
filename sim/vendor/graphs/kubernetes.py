"""Kubernetes manifests: workloads as services, addresses in their environment as candidates for calls."""

from collections.abc import Iterator
from typing import Any

from sim.errors import Problem
from sim.vendor.graphs import draft as d
from sim.vendor.graphs import kubernetes_keys as keys
from sim.vendor.graphs.addresses import Hint
from sim.vendor.graphs.deployed import Workload, assemble
from sim.vendor.graphs.kubernetes_scaling import scale
from sim.vendor.graphs.quantities import cpus, limit_cores
from sim.vendor.graphs.spots import Spot
from sim.vendor.graphs.writing import write as written
from sim.vendor.kinds import Seen, Wishes, Written
from sim.vendor.source import Source, where

_LINKERD = ("balancer.linkerd.io/", "balancer.alpha.linkerd.io/", "retry.linkerd.io/", "timeout.linkerd.io/")
"""Annotations of policies; others inject the proxy and watch it."""
_IN_WORDS = "Below `edges:` they are written as `breaker: {use: linkerd}`, `retry:` and `timeout:`."
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod")


def seen(source: Source) -> Iterator[Seen]:
    """A workload or a Service of Kubernetes itself."""
    for tree in source.documents:
        data = tree.data
        if not isinstance(data, dict):
            continue
        if data.get("kind") == "List" and isinstance(data.get("items"), list):
            for i, item in enumerate(data["items"]):
                if _is_ours(item):
                    yield Seen(f"`kind: {item['kind']}`", where(tree, ("items", i, "kind")))
        elif _is_ours(data):
            yield Seen(f"`kind: {data['kind']}`", where(tree, ("kind",)))


def _is_ours(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and data.get("kind") in (*WORKLOADS, "Service")
        and data.get("apiVersion") in ("v1", "apps/v1")
    )


def write(source: Source, wishes: Wishes) -> Written:
    """The workloads as a scenario. Raises InvalidScenario with every mistake."""
    draft = d.Draft(source.file, "Kubernetes manifests")
    problems: list[Problem] = []
    reader = _Reader(draft)
    for tree in source.documents:
        reader.take(Spot(tree, (), tree.data, problems))
    workloads = [made for spot in reader.workloads if (made := reader.workload(spot)) is not None]
    reader.address(workloads)
    for spot in reader.scalers:
        scale(spot, {w.name: w.service for w in workloads}, draft)
    assemble(draft, workloads, problems)
    if reader.mesh:
        draft.head.append(
            f"Annotations of Linkerd, which are not read: {', '.join(reader.mesh)}. {_IN_WORDS}"
        )
    return written(draft, problems, wishes)


class _Reader:
    def __init__(self, draft: d.Draft) -> None:
        self.draft = draft
        self.workloads: list[Spot] = []
        self.services: list[Spot] = []
        self.scalers: list[Spot] = []
        self.configs: dict[str, Spot] = {}
        self.mesh: list[str] = []
        """Annotations that say how a mesh calls a service."""
        self.pods: dict[str, Spot] = {}
        """Pod spec of each workload."""
        self.labels: dict[str, dict[str, str]] = {}

    def take(self, spot: Spot) -> None:
        """Sort one document."""
        kind = spot.get("kind")
        self.annotated(spot.get("metadata"))
        if kind is None:
            spot.wrong("a manifest needs `apiVersion` and `kind`")
        elif kind.value == "HorizontalPodAutoscaler":
            self.scalers.append(spot.only(keys.OBJECT, "a HorizontalPodAutoscaler"))
        elif (api := spot.get("apiVersion")) is None or api.value not in ("v1", "apps/v1"):
            self.draft.leave(f"kind {kind.value} of {api.value if api else 'no apiVersion'}", kind.line)
        elif kind.value == "List":
            for item in spot.listed("items"):
                self.take(item)
        elif kind.value in WORKLOADS:
            self.workloads.append(spot.only(keys.OBJECT, f"a {kind.value}"))
        elif kind.value == "Service":
            self.services.append(spot.only(keys.OBJECT, "a Service"))
        elif kind.value == "ConfigMap":
            name = _name(spot)
            data = spot.get("data")
            if name and data is not None:
                self.configs[name] = data
        else:
            self.draft.leave(f"kind {kind.text('?')}", kind.line)

    def annotated(self, meta: Spot | None) -> None:
        """What a mesh takes from annotations."""
        listed = meta.get("annotations") if meta is not None and isinstance(meta.value, dict) else None
        for one in listed.fields() if listed is not None and isinstance(listed.value, dict) else ():
            if one.name.startswith(_LINKERD):
                self.mesh.append(f"{one.name}: {one.value} (line {one.line})")

    def workload(self, spot: Spot) -> Workload | None:
        """A service of the scenario; None with a problem noted."""
        name, kind, spec = _name(spot), str(spot.value["kind"]), spot.get("spec")
        if spec is None or not name:
            spot.wrong(f"a {kind} needs metadata.name and spec")
            return None
        if name in self.pods:
            spot.wrong(f"two workloads are called {name!r}: import one namespace at a time")
            return None
        service = d.Service(name, spec.at(on_key=True))
        if kind == "Pod":
            pod, meta = spec, spot.get("metadata")
        else:
            spec.only(keys.WORKLOAD, f"spec of a {kind}")
            if (replicas := spec.get("replicas")) is not None:
                service.replicas = self.replicas(replicas, service)
            template = spec.get("template")
            inner = (
                template.only(("metadata", "spec"), "a template").get("spec")
                if template is not None
                else None
            )
            if template is None or inner is None:
                spec.wrong("there is no template with a spec")
                return None
            pod, meta = inner, template.get("metadata")
        if kind == "DaemonSet":
            service.replicas_note = "assumed: one node"
        self.pods[name] = pod.only(keys.POD, "spec of a pod")
        self.other(spec, "replicas", "selector", "template", *keys.POD)
        self.other(pod, "containers")
        self.labels[name] = _texts(meta.get("labels") if meta is not None else None)
        containers = list(pod.listed("containers"))
        for i, container in enumerate(containers):
            self.resources(container.only(keys.CONTAINER, "a container"), service, main=i == 0)
            self.other(container, "env", "envFrom", "image", "name", "resources")
        image = containers[0].get("image") if containers else None
        return Workload(service, image.text() if image is not None else "", reachable=False)

    def other(self, spot: Spot, *read: str) -> None:
        """What is there beside what is read."""
        self.draft.other |= dict.fromkeys(field.name for field in spot.fields() if field.name not in read)

    def replicas(self, spot: Spot, service: d.Service) -> int:
        if spot.value == 0:
            service.replicas_note = "assumed: the file has 0"
            return 1
        return spot.whole(1)

    def resources(self, container: Spot, service: d.Service, *, main: bool) -> None:
        """The limit of the first container; the others stand beside it."""
        resources = container.get("resources")
        if resources is None:
            return
        resources.only(("limits", "requests", "claims"), "resources")
        for kind in ("limits", "requests"):
            found = resources.get(kind)
            for field in found.fields() if found is not None else ():
                if field.name == "cpu" and kind == "limits" and main:
                    limit_cores(service, field)
                    continue
                if field.name == "cpu":
                    cpus(field)
                whose = "" if main else " of further containers"
                self.draft.leave(f"{kind} of {field.name}{whose}", field.line)

    def address(self, workloads: list[Workload]) -> None:
        """Who can be reached by which name, then what each container's environment names."""
        hosts: dict[str, str] = {}
        by_name = {w.name: w for w in workloads}
        for spot in self.services:
            name, spec = _name(spot), spot.get("spec")
            selector = (
                spec.only(keys.SERVICE, "spec of a Service").get("selector") if spec is not None else None
            )
            wanted = _texts(selector).items()
            chosen = [w for w in workloads if wanted and wanted <= self.labels[w.name].items()]
            if not chosen:
                self.draft.leave(f"Service {name}: it selects no workload of the file", spot.line)
                continue
            if len(chosen) > 1:
                others = ", ".join(w.name for w in chosen[1:])
                chosen[0].service.notes.append(
                    f"assumed: Service {name} leads here, though it selects {others} too"
                )
            hosts[name] = chosen[0].name
            for workload in chosen:
                workload.reachable = True
            kind = spec.get("type") if spec is not None else None
            if kind is not None and kind.value in ("LoadBalancer", "NodePort"):
                chosen[0].published = True
        for name, pod in self.pods.items():
            if name not in by_name:
                continue
            for container in pod.listed("containers"):
                for hint in self.environment(container):
                    by_name[name].hear(hint, hosts, self.draft)

    def environment(self, container: Spot) -> Iterator[Hint]:
        for spot in container.listed("env"):
            spot.only(("name", "value", "valueFrom"), "an environment variable")
            named, value, origin = spot.get("name"), spot.get("value"), spot.get("valueFrom")
            if named is None:
                spot.wrong("an environment variable needs a name")
            elif value is not None:
                yield Hint(named.text(), str(value.value), value.at())
            elif origin is not None:
                yield from self.from_config(named.text(), origin)
        for spot in container.listed("envFrom"):
            reference = spot.get("configMapRef")
            config = self.configs.get(_name_of(reference))
            if config is None:
                self.draft.leave("envFrom: its values are not in the file", spot.line)
                continue
            for field in config.fields():
                yield Hint(field.name, str(field.value), field.at())

    def from_config(self, variable: str, origin: Spot) -> Iterator[Hint]:
        reference = origin.get("configMapKeyRef")
        key = reference.get("key") if reference is not None else None
        config = self.configs.get(_name_of(reference))
        found = config.get(str(key.value)) if config is not None and key is not None else None
        if found is not None:
            yield Hint(variable, str(found.value), found.at())
        else:
            self.draft.leave("valueFrom: its value is not in the file", origin.line)


def _name(spot: Spot) -> str:
    return _name_of(spot.get("metadata"))


def _name_of(spot: Spot | None) -> str:
    found = spot.get("name") if spot is not None else None
    return found.text() if found is not None else ""


def _texts(spot: Spot | None) -> dict[str, str]:
    """A mapping of labels."""
    return {field.name: str(field.value) for field in spot.fields()} if spot is not None else {}
