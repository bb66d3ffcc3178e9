"""muBench work models (mSvcBench/muBench).

As its service cells behave: the internal service runs first, then the groups of external services in parallel, the
services of a group one after the other; a failed call does not stop its group.

Model: a service below which a call failed answers all the same, and the request counts as degraded; muBench answers 500
when all groups are through.

Model: `seq_len` below the size of its group calls each with the chance that it is among those chosen, one by one.
"""

from collections.abc import Iterator
from typing import Any

from sim.errors import Problem
from sim.vendor.graphs import draft as d
from sim.vendor.graphs import load
from sim.vendor.graphs.quantities import cpus, limit_cores
from sim.vendor.graphs.spots import Spot
from sim.vendor.graphs.writing import write as written
from sim.vendor.kinds import Seen, Wishes, Written
from sim.vendor.source import Source, where

_LEFT = {
    "request_method": "request_method: rest or grpc",
    "cpu-requests": "cpu-requests: a reservation, not a limit",
    "memory-requests": "memory-requests, memory-limits",
    "memory-limits": "memory-requests, memory-limits",
    **dict.fromkeys(("url", "path", "image", "namespace"), "url, path, image, namespace"),
    **dict.fromkeys(
        ("node_selector", "node_affinity", "pod_antiaffinity"),
        "node_selector, node_affinity, pod_antiaffinity",
    ),
}
_SERVICE = ("external_services", "internal_service", "workers", "threads", "replicas", "cpu-limits", *_LEFT)
_GROUP = ("seq_len", "services", "probabilities")
_STRESS = {
    "cpu_stress": ("run", "range_complexity", "thread_pool_size", "trials"),
    "memory_stress": ("run", "memory_size", "memory_io"),
    "disk_stress": ("run", "tmp_file_name", "disk_write_block_count", "disk_write_block_size"),
    "sleep_stress": ("run", "sleep_time"),
}


def seen(source: Source) -> Iterator[Seen]:
    """A mapping of services with `external_services` or `internal_service`."""
    for tree in source.documents:
        for name, value in tree.data.items() if isinstance(tree.data, dict) else ():
            if isinstance(value, dict) and ("external_services" in value or "internal_service" in value):
                key = next(k for k in ("external_services", "internal_service") if k in value)
                yield Seen(f"`{key}`", where(tree, (name, key), on_key=True))


def write(source: Source, wishes: Wishes) -> Written:
    """The model as a scenario. Raises InvalidScenario with every mistake."""
    draft = d.Draft(source.file, "a muBench work model")
    problems: list[Problem] = []
    for tree in source.documents:
        for spot in Spot(tree, (), tree.data, problems).fields():
            if spot.name in draft.services:
                spot.wrong("two services are called so", on_key=True)
            elif isinstance(spot.value, dict):
                draft.services[spot.name] = _service(spot, draft)
            else:
                spot.wrong("a service is a mapping with `external_services` and `internal_service`")
    for call in (call for _, _, call, _ in draft.calls()):
        _unescape(call, draft)
    entries = [] if problems else load.uncalled(draft)
    draft.sources.append(d.Source("users", entries, "assumed: the services that no other calls"))
    draft.head.append(
        "As muBench runs it: the internal service first, then the groups of external services in parallel, those of a "
        "group one after the other. A failed call does not stop its group: calls are `optional`, and a request "
        "below which one failed is counted as degraded, where muBench answers 500 in the end. It has no timeouts, retries or breakers."
    )
    return written(draft, problems, wishes)


def _unescape(call: d.Call, draft: d.Draft) -> None:
    """`s1__2` is a further call of s1."""
    if call.service not in draft.services and call.service.split("__")[0] in draft.services:
        call.service = call.service.split("__")[0]


def _service(spot: Spot, draft: d.Draft) -> d.Service:
    service = d.Service(spot.name, spot.at(on_key=True))
    spot.only(_SERVICE, "a service")
    for key, what in _LEFT.items():
        found = spot.get(key)
        if found is not None:
            draft.leave(what, found.line)
            if key == "request_method":
                found.one_of("rest", "grpc")
            elif key == "cpu-requests":
                cpus(found)
    if (found := spot.get("cpu-limits")) is not None:
        limit_cores(service, found)
    if (found := spot.get("replicas")) is not None:
        service.replicas = found.whole(1)
    workers, threads = spot.get("workers"), spot.get("threads")
    if workers is not None and threads is not None:
        service.slots = workers.whole(1) * threads.whole(1)
        service.slots_note = "workers x threads"
    elif (one := workers or threads) is not None:
        one.wrong("workers and threads are written both, or neither", on_key=True)
    steps = [*_internal(spot.get("internal_service"), service, draft), *_external(spot)]
    service.endpoints["main"] = d.Endpoint(steps)
    return service


def _internal(spot: Spot | None, service: d.Service, draft: d.Draft) -> Iterator[d.Step]:
    if spot is None:
        yield d.Work(d.WORK_NS, note="assumed: no internal service")
        return
    for function in spot.fields():
        if function.name != "loader":
            draft.leave(f"settings of {function.name}: what it does is code", function.line)
            yield d.Work(d.WORK_NS, note=f"assumed: {function.name}")
            continue
        yield from _loader(function, service, draft)


def _loader(spot: Spot, service: d.Service, draft: d.Draft) -> Iterator[d.Step]:
    spot.only((*_STRESS, "mean_response_size", "function_id"), "a loader")
    if (size := spot.get("mean_response_size")) is not None:
        size.number(0)
        draft.leave("mean_response_size: networks have delays, not payloads", size.line)
    works = list(_stresses(spot, service))
    yield from works or [d.Work(d.WORK_NS, note="assumed: no stress is run")]


def _stresses(spot: Spot, service: d.Service) -> Iterator[d.Step]:
    for kind, keys in _STRESS.items():
        stress = spot.get(kind)
        run = stress.only(keys, kind).get("run") if stress is not None else None
        if stress is None or run is None or not run.flag():
            continue
        if kind == "sleep_stress":
            time = stress.get("sleep_time")
            if time is None:
                stress.wrong("sleep_time is missing")
                continue
            service.sleeps = True
            yield d.Work(round(time.number(0, 86_400) * 1e9), fixed=True, note="sleep_time")
        elif kind == "cpu_stress":
            yield _cpu(stress)
        else:
            yield d.Work(d.WORK_NS, note=f"assumed: {kind}")


def _cpu(stress: Spot) -> d.Work:
    """Digits of pi: how long they take depends on the machine."""
    digits = [int(item.number(0)) for item in stress.listed("range_complexity")]
    trials = found.whole(1, 10**9) if (found := stress.get("trials")) is not None else 1
    if len(digits) not in (0, 2):
        stress.wrong("range_complexity is [least, most]")
    said = f"{trials} x {' to '.join(map(str, sorted(set(digits))))} digits of pi" if digits else "cpu_stress"
    return d.Work(d.WORK_NS, note=f"assumed: {said}")


def _external(spot: Spot) -> Iterator[d.Step]:
    groups: list[list[d.Step]] = []
    for group in spot.listed("external_services"):
        group.only(_GROUP, "a group")
        steps: list[d.Step] = list(_group(group))
        groups += [steps] if steps else []
    if len(groups) > 1:
        yield d.Parallel(groups)
    else:
        yield from (step for steps in groups for step in steps)


def _group(group: Spot) -> Iterator[d.Step]:
    services = list(group.listed("services"))
    seq_len = group.get("seq_len")
    chosen = seq_len.whole(0, 10**9) if seq_len is not None else len(services)
    share = min(1.0, chosen / len(services)) if services else 1.0
    chances = _chances(group.get("probabilities"))
    note = "" if share == 1 else f"{chosen} of {len(services)} are called; assumed: each by itself"
    for spot in services:
        name = spot.text()
        chance = float(f"{share * chances.get(name, 1.0):.6g}")
        if chance > 0:
            yield d.Call(name, "main", spot.at(), chance, optional=True, note=note)


def _chances(spot: Spot | None) -> dict[str, Any]:
    return {} if spot is None else {field.name: field.number(0, 1) for field in spot.fields()}
