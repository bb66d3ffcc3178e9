"""isotope service graphs (istio/tools, isotope/convert/pkg/graph).

As its services behave: errorRate is decided before the script; a failing call aborts the script and the service
answers 500; a list within the script runs concurrently; `probability` of a call is a whole percentage, 0 or absent
being always.

Model: a concurrent group fails with its first failing call; isotope waits for the others before it answers.
"""

import re
from collections.abc import Iterator
from typing import Any

from sim import units
from sim.vendor.graphs import draft as d
from sim.vendor.graphs import load
from sim.vendor.graphs.spots import Spot
from sim.vendor.graphs.writing import write as written
from sim.vendor.kinds import Seen, Wishes, Written
from sim.vendor.source import Source, where

_TOP = ("defaults", "services")
_DEFAULTS = ("type", "numReplicas", "errorRate", "responseSize", "script", "requestSize", "numRbacPolicies")
_SERVICE = (
    "name",
    "type",
    "numReplicas",
    "isEntrypoint",
    "errorRate",
    "responseSize",
    "script",
    "numRbacPolicies",
)
_CALL = ("service", "size", "probability")
_LEFT = {
    "type": "type: http or grpc",
    "requestSize": "requestSize: networks have delays, not payloads",
    "responseSize": "responseSize: networks have delays, not payloads",
    "numRbacPolicies": "numRbacPolicies",
}
_SIZE = re.compile(r"\d+(\.\d+)? ?([KMGTP]i?)?B?", re.IGNORECASE)


def seen(source: Source) -> Iterator[Seen]:
    """A list `services` whose items have a name and what only isotope has, and no endpoints."""
    for tree in source.documents:
        data = tree.data
        if not isinstance(data, dict) or not isinstance(data.get("services"), list):
            continue
        items = [item for item in data["services"] if isinstance(item, dict)]
        if items and all("endpoints" not in item for item in items) and any("name" in item for item in items):
            yield Seen("`services:` with a script each", where(tree, ("services",), on_key=True))


def write(source: Source, wishes: Wishes) -> Written:
    """The graph as a scenario. Raises InvalidScenario with every mistake."""
    draft = d.Draft(source.file, "an isotope service graph", entry_hint="write isEntrypoint: true at one")
    problems: list[Any] = []
    entries: list[load.Place] = []
    for tree in source.documents:
        root = Spot(tree, (), tree.data, problems)
        _Reader(root.only(_TOP, "an isotope file"), draft, entries).read()
    note = ""
    if not entries and not problems:
        entries = load.uncalled(draft)
        note = "assumed: no service is an entry point; those that nobody calls"
    draft.sources.append(d.Source("users", entries, note))
    draft.head.append(
        "As isotope runs it: errorRate is decided before the script; a failing call aborts the script; lists within a "
        "script run concurrently, and here fail with their first failing call (isotope waits for the others first). "
        "It has no timeouts, retries or breakers."
    )
    return written(draft, problems, wishes)


class _Reader:
    def __init__(self, root: Spot, draft: d.Draft, entries: list[load.Place]) -> None:
        self.root = root
        self.draft = draft
        self.entries = entries
        self.defaults: dict[str, Spot] = {}

    def read(self) -> None:
        given = self.root.get("defaults")
        if given is not None:
            self.defaults = {spot.name: spot for spot in given.only(_DEFAULTS, "defaults").fields()}
        self.left(self.defaults)
        services = list(self.root.listed("services"))
        if not services:
            self.root.wrong("there are no services")
        for spot in services:
            self.service(spot)

    def left(self, fields: dict[str, Spot]) -> None:
        """What a scenario has no counterpart for, checked all the same."""
        for key, what in _LEFT.items():
            if key not in fields:
                continue
            if key == "type":
                fields[key].one_of("http", "grpc")
            elif key == "numRbacPolicies":
                fields[key].whole(0)
            else:
                _size(fields[key])
            self.draft.leave(what, fields[key].line)

    def service(self, spot: Spot) -> None:
        own = {field.name: field for field in spot.only(_SERVICE, "a service").fields()}
        if "name" not in own:
            spot.wrong("a service needs a name")
            return
        name = own["name"].text()
        if name in self.draft.services:
            own["name"].wrong(f"two services are called {name!r}")
            return
        self.left(own)
        all_ = {**self.defaults, **own}
        script = (
            self.script(all_["script"], spot) if "script" in all_ and all_["script"].value is not None else []
        )
        service = d.Service(name, own["name"].at(), sleeps=any(isinstance(s, d.Work) for s in _flat(script)))
        work = d.Work(d.WORK_NS, note=d.ASSUMED)
        rate = _share(all_["errorRate"]) if "errorRate" in all_ else 0.0
        service.endpoints["main"] = d.Endpoint([work, *script], rate)
        if "numReplicas" in all_:
            service.replicas = all_["numReplicas"].whole(1)
        if "isEntrypoint" in own and own["isEntrypoint"].flag():
            self.entries.append((name, "main"))
        self.draft.services[name] = service

    def script(self, spot: Spot, service: Spot) -> list[d.Step]:
        return [step for item in spot.items() for step in self.command(item)]

    def command(self, spot: Spot) -> Iterator[d.Step]:
        if isinstance(spot.value, list):
            branches = [list(self.command(item)) for item in spot.items() if self.flat(item)]
            if branches:
                yield d.Parallel(branches)
            return
        fields = list(spot.only(("sleep", "call"), "a command of a script").fields())
        if len(fields) != 1 or fields[0].name not in ("sleep", "call"):
            if len(fields) != 1:
                spot.wrong("a command is one of `sleep: 10ms` and `call: name`")
            return
        if fields[0].name == "call":
            yield from self.call(fields[0])
        else:
            yield d.Work(_time(fields[0]), fixed=True, note="sleep")

    def flat(self, spot: Spot) -> bool:
        if isinstance(spot.value, list):
            spot.wrong("isotope refuses a concurrent list within a concurrent list")
        return isinstance(spot.value, dict)

    def call(self, spot: Spot) -> Iterator[d.Step]:
        if not isinstance(spot.value, dict):
            yield d.Call(spot.text(), "main", spot.at())
            return
        spot.only(_CALL, "a call")
        name, size, chance = spot.get("service"), spot.get("size"), spot.get("probability")
        if size is not None:
            _size(size)
            self.draft.leave("size of a call: networks have delays, not payloads", size.line)
        if name is None:
            spot.wrong("a call needs `service`")
            return
        percent = chance.whole(0, 100) if chance is not None else 0
        yield d.Call(name.text(), "main", name.at(), (percent or 100) / 100)


def _flat(steps: list[d.Step]) -> Iterator[d.Step]:
    for step in steps:
        yield step
        if isinstance(step, d.Parallel):
            for branch in step.branches:
                yield from _flat(branch)


def _time(spot: Spot) -> int:
    """A duration as Go writes it."""
    try:
        return units.duration_ns(spot.text("0s"))
    except ValueError as error:
        spot.wrong(str(error))
        return 0


def _size(spot: Spot) -> None:
    if isinstance(spot.value, int) and not isinstance(spot.value, bool):
        spot.whole(0, 2**62)
    elif not _SIZE.fullmatch(spot.text("0")):
        spot.wrong(f"{spot.value!r} is not a size: write 128 or 1 KB")


def _share(spot: Spot) -> float:
    """0.1 or 10%."""
    if isinstance(spot.value, str):
        try:
            return units.share(spot.value)
        except ValueError as error:
            spot.wrong(str(error))
            return 0.0
    return spot.number(0, 1)
