"""Workloads of deployment files -> a draft. Calls are what addresses and dependencies hint at: all unconfirmed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.errors import Problem
from sim.scenario.source import Position
from sim.vendor.graphs import addresses, load
from sim.vendor.graphs import draft as d

TELEMETRY = "telemetry, assumed not to be waited for"
HEAD = (
    "A deployment file says where services are, not who calls whom: each call below is a candidate, taken from "
    "an address or a dependency, and assumed to be made once per visit, one after the other. It says nothing of "
    "work, of endpoints and of load."
)


@dataclass(frozen=True, slots=True)
class Lead:
    """Something that hints at a call."""

    service: str
    why: str
    at: Position


@dataclass(slots=True)
class Workload:
    """What is deployed under one name."""

    service: d.Service
    image: str = ""
    reachable: bool = True
    """Others can address it."""
    published: bool = False
    """From outside, too."""
    leads: list[Lead] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    """What it names and the file has not, each once."""
    elsewhere: dict[str, None] = field(default_factory=dict)
    """Variables with addresses that are set elsewhere."""

    @property
    def name(self) -> str:
        return self.service.name

    def hear(self, hint: addresses.Hint, hosts: dict[str, str], draft: d.Draft) -> None:
        """Take the leads of an environment variable; `hosts`: addressable names -> workloads."""
        for found in addresses.named(hint, hosts):
            if found.service:
                why = f"from environment variable {hint.variable}"
                self.leads.append(Lead(hosts[found.service], why, hint.at))
            elif addresses.is_telemetry(hint.variable):
                draft.leave("addresses of telemetry that is not in the file", hint.at.line)
            elif found.missing in (hint.variable, *addresses.variables(hint.value)):
                self.elsewhere[found.missing] = None
            else:
                self.missing[f"{found.missing} ({hint.variable})"] = None

    def remarks(self) -> Iterator[str]:
        """Of what no call is written for."""
        if self.missing:
            yield f"unconfirmed: calls what is not in this file, and is not written here: {', '.join(self.missing)}"
        if self.elsewhere:
            yield f"unconfirmed: may call more, at addresses that are set elsewhere: {', '.join(self.elsewhere)}"


def assemble(draft: d.Draft, workloads: list[Workload], problems: list[Problem]) -> None:
    """Fill the draft: services with their calls, and sources."""
    draft.head.append(HEAD)
    by_name = {w.name: w for w in workloads}
    clients = [w for w in workloads if _is_client(w, workloads)]
    for workload in workloads:
        if workload in clients:
            continue
        draft.services[workload.name] = workload.service
        steps: list[d.Step] = [d.Work(d.WORK_NS, note=d.ASSUMED), *_calls(workload, by_name)]
        workload.service.endpoints["main"] = d.Endpoint(steps)
        workload.service.notes += workload.remarks()
    _open_behind(draft, {w.name for w in workloads if addresses.is_telemetry(w.name, w.image)})
    _open_circles(draft, [*dict.fromkeys(name for name, _ in load.uncalled(draft)), *draft.services])
    if not draft.services:
        problems.append(Problem("there are no services in this file", draft.file))
        return
    _sources(draft, workloads, clients, by_name)


def _is_client(workload: Workload, workloads: list[Workload]) -> bool:
    """Calls others and is called by nobody: it has no address, or makes load by its name."""
    called = any(lead.service == workload.name for w in workloads if w is not workload for lead in w.leads)
    calls = any(lead.service != workload.name for lead in workload.leads)
    makes_load = addresses.is_generator(workload.name, workload.image)
    return calls and not called and (makes_load or not workload.reachable)


def _calls(workload: Workload, by_name: dict[str, Workload]) -> Iterator[d.Call]:
    """One call for each service that something hints at, in the order of the file."""
    whys: dict[str, list[Lead]] = {}
    for lead in workload.leads:
        if lead.service != workload.name:
            whys.setdefault(lead.service, []).append(lead)
    for name, leads in whys.items():
        telemetry = addresses.is_telemetry(name, by_name[name].image)
        note = f"unconfirmed: {_and(leads)}" + (f"; {TELEMETRY}" if telemetry else "")
        yield d.Call(name, "main", leads[0].at, wait=not telemetry, note=note)


def _and(leads: list[Lead]) -> str:
    return " and ".join(dict.fromkeys(lead.why for lead in leads)).replace("and from", "and")


def _open_behind(draft: d.Draft, telemetry: set[str]) -> None:
    """What telemetry calls that sends telemetry itself, it does not call for a request: such calls are comments."""
    callers: dict[str, set[str]] = {}
    for service, _, call, _ in draft.calls():
        callers.setdefault(call.service, set()).add(service.name)
    sending, todo = set(telemetry), list(telemetry)
    while todo:
        new = callers.get(todo.pop(), set()) - sending
        sending |= new
        todo += new
    for service, _, call, _ in list(draft.calls()):
        if service.name in telemetry and call.service in sending - telemetry:
            call.left_out = True
            call.note += "; left out, for it sends its telemetry here"


def _open_circles(draft: d.Draft, order: list[str]) -> None:
    """A call that would come back to its caller is a comment: as a call it would never end."""
    done: set[str] = set()
    for start in order:
        path: dict[str, Iterator[d.Call]] = {start: _made(draft, start)} if start not in done else {}
        while path:
            name = next(reversed(path))
            call = next(path[name], None)
            if call is None:
                done.add(name)
                del path[name]
            elif call.service in path:
                call.left_out = True
                round_ = load.circle([(on_it, "main") for on_it in path], (call.service, "main"))
                call.note += f"; left out, for these go in a circle: {round_}"
            elif call.service not in done:
                path[call.service] = _made(draft, call.service)


def _made(draft: d.Draft, name: str) -> Iterator[d.Call]:
    return (call for _, _, call, _ in draft.calls(draft.services[name]))


def _sources(
    draft: d.Draft, workloads: list[Workload], clients: list[Workload], by_name: dict[str, Workload]
) -> None:
    """Those that make load, and users for what nobody else is known to call."""
    reached: set[str] = set()
    for client in clients:
        calls = [c for c in _calls(client, by_name) if c.service in draft.services and c.wait]
        if not calls:
            continue
        why = "it has no address, so nobody calls it" if not client.reachable else "by its name it makes load"
        source = d.Source(client.name, [(c.service, "main") for c in calls], f"unconfirmed: {why}")
        source.entry_notes = [c.note for c in calls]
        draft.sources.append(source)
        reached.update(c.service for c in calls)
    calling = {service.name for service, _, _, _ in draft.calls()}
    published = {w.name for w in workloads if w.published}
    uncalled = [place for place in load.uncalled(draft) if place[0] not in reached]
    entries = [place for place in uncalled if place[0] in calling | published]
    for name, _ in uncalled:
        if (name, "main") not in entries and (draft.sources or entries):
            draft.services[name].notes.append(
                "unconfirmed: nothing in the file says who calls it, so nobody does"
            )
    if entries or not draft.sources:
        entries = entries or uncalled or [(name, "main") for name in draft.services]
        draft.sources.append(d.Source("users", entries, "unconfirmed: those that no other is known to call"))
