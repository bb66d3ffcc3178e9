"""Compose files: services as services, addresses in their environment and dependencies as candidates for calls."""

from collections.abc import Iterator

from sim.errors import Problem
from sim.scenario.diagnostics import nearest
from sim.vendor.graphs import draft as d
from sim.vendor.graphs.addresses import Hint
from sim.vendor.graphs.deployed import Lead, Workload, assemble
from sim.vendor.graphs.quantities import limit_cores
from sim.vendor.graphs.spots import Spot
from sim.vendor.graphs.writing import write as written
from sim.vendor.kinds import Seen, Wishes, Written
from sim.vendor.source import Source, where

_TOP = ("version", "name", "services", "networks", "volumes", "configs", "secrets", "models")
_READ = (
    "cpus", "container_name", "depends_on", "deploy", "env_file", "environment", "extends", "hostname", "image", "links",
    "ports", "scale",
)  # fmt: skip
"""Of a service; all else is how it is deployed."""
_SERVICE = tuple(
    "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name "
    "cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec "
    "depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file "
    "environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc "
    "isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit "
    "models network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop "
    "privileged profiles provider pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open "
    "stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes "
    "volumes_from working_dir".split()
)
_DEPLOY = (
    "endpoint_mode", "labels", "mode", "placement", "replicas", "resources", "restart_policy", "rollback_config",
    "update_config",
)  # fmt: skip


def seen(source: Source) -> Iterator[Seen]:
    """A mapping `services` whose values say image, build or what only compose says."""
    for tree in source.documents:
        data = tree.data
        services = data.get("services") if isinstance(data, dict) else None
        if not isinstance(services, dict) or "sources" in data:
            continue
        for name, value in services.items():
            if isinstance(value, dict) and value.keys() & {
                "image",
                "build",
                "extends",
                "depends_on",
                "environment",
            }:
                yield Seen(f"service `{name}` with an image", where(tree, ("services", name), on_key=True))


def write(source: Source, wishes: Wishes) -> Written:
    """The services as a scenario. Raises InvalidScenario with every mistake."""
    draft = d.Draft(source.file, "a compose file")
    problems: list[Problem] = []
    spots: dict[str, Spot] = {}
    for tree in source.documents:
        root = Spot(tree, (), tree.data, problems)
        for field in root.fields():
            _top(field, draft)
        services = root.get("services")
        for spot in services.fields() if services is not None else ():
            spots[spot.name] = spot
    hosts = {host: name for name, spot in spots.items() for host in _hosts(spot)}
    assemble(draft, [_workload(spot, hosts, draft) for spot in spots.values()], problems)
    return written(draft, problems, wishes)


def _top(field: Spot, draft: d.Draft) -> None:
    if field.name in ("include", "extends"):
        field.wrong("other files are not read: give what `docker compose config` prints", on_key=True)
    elif field.name.startswith("x-"):
        draft.leave("x-...: extensions, read where they are used", field.line)
    elif field.name not in _TOP:
        field.wrong(f"a compose file has no key {field.name!r}", on_key=True)
    elif field.name != "services":
        draft.leave(field.name, field.line)


def _hosts(spot: Spot) -> Iterator[str]:
    """Names by which others reach it."""
    yield spot.name
    for key in ("container_name", "hostname"):
        found = spot.get(key)
        if found is not None and isinstance(found.value, str):
            yield found.value


def _workload(spot: Spot, hosts: dict[str, str], draft: d.Draft) -> Workload:
    service = d.Service(spot.name, spot.at(on_key=True))
    workload = Workload(service)
    fields = {field.name: field for field in spot.fields() if not field.name.startswith("x-")}
    spot_keys = {k: v for k, v in fields.items() if v.value is not None}
    for name, field in fields.items():
        if name not in _SERVICE:
            field.wrong(f"a service of compose has no key {name!r}{nearest(name, _SERVICE)}", on_key=True)
    draft.other |= dict.fromkeys(name for name in spot_keys if name not in _READ)
    if "extends" in spot_keys:
        spot_keys["extends"].wrong(
            "other services are not merged: give what `docker compose config` prints", on_key=True
        )
    if "env_file" in spot_keys:
        draft.leave("env_file: other files are not read", spot_keys["env_file"].line)
    if "image" in spot_keys:
        workload.image = spot_keys["image"].text()
    workload.published = "ports" in spot_keys and any(_is_fixed(p) for p in spot_keys["ports"].items())
    _size(spot_keys, service, draft)
    for hint in _environment(spot_keys.get("environment")):
        workload.hear(hint, hosts, draft)
    for key in ("depends_on", "links"):
        _named(spot_keys.get(key), key, hosts, workload)
    return workload


def _is_fixed(port: Spot) -> bool:
    """`8080:80` can be reached from outside at a known place."""
    if isinstance(port.value, dict):
        return port.get("published") is not None
    return isinstance(port.value, str) and ":" in port.value.replace("${", "").strip()


def _size(fields: dict[str, Spot], service: d.Service, draft: d.Draft) -> None:
    """Replicas and limits."""
    if "cpus" in fields:
        limit_cores(service, fields["cpus"])
    if "scale" in fields:
        service.replicas = fields["scale"].whole(1)
    deploy = fields.get("deploy")
    if deploy is None:
        return
    deploy.only(_DEPLOY, "deploy")
    if (replicas := deploy.get("replicas")) is not None:
        service.replicas = replicas.whole(1)
    resources = deploy.get("resources")
    for kind in (
        resources.only(("limits", "reservations"), "resources").fields() if resources is not None else ()
    ):
        for field in kind.only(("cpus", "memory", "pids", "devices"), kind.name).fields():
            if kind.name == "limits" and field.name == "cpus":
                limit_cores(service, field)
            else:
                draft.leave(f"{kind.name} of {field.name}", field.line)
    draft.other |= dict.fromkeys(
        f"deploy.{f.name}" for f in deploy.fields() if f.name not in ("replicas", "resources")
    )


def _environment(spot: Spot | None) -> Iterator[Hint]:
    """`NAME: value`, or a list of `NAME=value` and of names whose value comes from outside."""
    if spot is None:
        return
    if isinstance(spot.value, dict):
        for field in spot.fields():
            yield Hint(field.name, "" if field.value is None else str(field.value), field.at())
        return
    for item in spot.items():
        name, _, value = str(item.value).partition("=")
        yield Hint(name, value, item.at())


def _named(spot: Spot | None, key: str, hosts: dict[str, str], workload: Workload) -> None:
    """A list of services, or a mapping of them to conditions."""
    if spot is None:
        return
    for item in spot.fields() if isinstance(spot.value, dict) else spot.items():
        name = item.name if isinstance(spot.value, dict) else item.text().split(":")[0]
        if name in hosts:
            workload.leads.append(Lead(hosts[name], f"from {key}", item.at(on_key=True)))
        else:
            item.wrong(f"no service is called {name!r}", on_key=True)
