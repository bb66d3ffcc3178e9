"""A draft -> the text of a scenario, every assumption marked beside its value."""

import json
import re
from collections.abc import Iterator
from pathlib import PurePath

from sim.errors import Problem, UsageError
from sim.scenario.source import MAX_BYTES
from sim.units import show_ns, show_rate, show_share
from sim.vendor.graphs import draft as d
from sim.vendor.graphs import load
from sim.vendor.graphs.spots import refuse
from sim.vendor.kinds import Wishes, Written

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS = ("true", "false", "null", "none", "yes", "no", "on", "off", "nan", "inf")
_WIDTH = 108
TO_BEGIN_WITH = "# To begin with: a fault"
STARTER = "no fault in it yet: uncomment the lines at its end, and `cascadelab compare` it"


def write(draft: d.Draft, problems: list[Problem], wishes: Wishes) -> Written:
    """The scenario, and how many of its values are assumed.

    Raises InvalidScenario with all problems, UsageError for a wish that no graph of services can fulfil.
    """
    idle = [name for name, given in (("--only", wishes.only), ("--profile", wishes.profiles)) if given]
    idle += [f"--{name.replace('_', '-')}" for name, given in wishes.options.items() if given]
    if idle:
        msg = f"{', '.join(idle)}: this is {draft.format}, which is read as a whole"
        raise UsageError(msg)
    problems += d.undefined(draft)
    if not problems:
        problems += load.circles(draft)
    if not problems and not all(source.entries for source in draft.sources):
        message = "each service is called by another: none is left for users to call"
        problems.append(Problem(message, draft.file, hint=draft.entry_hint))
    if problems:
        refuse(problems)
    per_request = load.visits(draft)
    if per_request is None:
        refuse(
            [Problem("these calls never end: each visit causes one visit more, or more than one", draft.file)]
        )
    text = "\n".join(_Writer(draft, per_request).lines()) + "\n"
    if len(text) > MAX_BYTES:
        refuse(
            [
                Problem(
                    f"the scenario would be larger than {MAX_BYTES // 10**6} MB, the most that one may be",
                    draft.file,
                )
            ]
        )
    return Written(text, (_summary(draft, text), *([STARTER] if f"\n{TO_BEGIN_WITH}" in text else [])))


def _summary(draft: d.Draft, text: str) -> str:
    edges = len({(service.name, call.service) for service, _, call, _ in draft.calls()})
    words = f"{draft.format}: {len(draft.services):,} services, {edges:,} calls between them"
    marks = (("assumed", "assumed"), ("unconfirmed", "unconfirmed"))
    counts = [f"{n:,} {word}" for mark, word in marks if (n := len(re.findall(f"# {mark}\\b", text)))]
    return f"{words}; values marked in the file: {', '.join(counts)}" if counts else words


class _Writer:
    def __init__(self, draft: d.Draft, per_request: dict[load.Place, float]) -> None:
        self.draft = draft
        self.names = d.names(list(draft.services))
        self.endpoints = {s.name: d.names(list(s.endpoints)) for s in draft.services.values()}
        self.per_request = per_request

    def lines(self) -> Iterator[str]:
        yield from self.head()
        yield "schema: 1"
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", PurePath(self.draft.file).name.split(".")[0]).strip("-._")
        yield f"name: {_scalar(stem or 'imported')}"
        yield f"about: Imported from {_scalar_text(PurePath(self.draft.file).name)}. Look at what a fault below takes down above."
        yield f"duration: {load.DURATION_S}s"
        yield "network: 500us # assumed: one way"
        yield from self.sources()
        yield "services:"
        for service in self.draft.services.values():
            yield from self.service(service)
        yield from self.edges()
        yield from self.suggestion()

    def head(self) -> Iterator[str]:
        draft = self.draft
        yield f"# Imported from {_one_line(PurePath(draft.file).name)}, {draft.format}."
        yield "# `assumed` marks what the file does not say, `unconfirmed` what it only hints at: set them to what you know."
        for line in draft.head:
            yield from _wrapped(line)
        if draft.left or draft.other:
            yield "# Of the file, but without a counterpart in a scenario:"
            for what, lines in draft.left.items():
                yield from _wrapped(f"  {what}: line{'s' if len(lines) > 1 else ''} {_places(lines)}")

        if draft.other:
            yield from _wrapped(f"  how it is deployed: {', '.join(draft.other)}")

    def sources(self) -> Iterator[str]:
        draft = self.draft
        rate, why = load.rate(draft, self.per_request)
        yield "sources:"
        taken = set(self.names.values())
        for source in draft.sources:
            name = next(
                n
                for n in (
                    source.name,
                    f"{source.name}-source",
                    *(f"{source.name}-{i}" for i in range(2, 10**6)),
                )
                if n not in taken
            )
            taken.add(name)
            yield f"  {_scalar(name)}:{_note(source.note)}"
            yield f"    rate: {show_rate(rate / len(draft.sources))} # assumed{f': {why}' if why else ''}"
            notes = source.entry_notes or [""] * len(source.entries)
            if len(source.entries) == 1:
                yield f"    call: {self.place(*source.entries[0])}{_note(notes[0])}"
                continue
            yield "    mix: # assumed: all as often"
            for entry, note in zip(source.entries, notes, strict=True):
                yield f"      {self.place(*entry)}: 1{_note(note)}"

    def place(self, service: str, endpoint: str) -> str:
        """How a call names it."""
        name = self.names[service]
        if len(self.endpoints[service]) == 1:
            return _scalar(name)
        return _scalar(f"{name}.{self.endpoints[service][endpoint]}")

    def service(self, service: d.Service) -> Iterator[str]:
        name = self.names[service.name]
        yield f"  {_scalar(name)}:{_note('' if name == service.name else f'{service.name} in the file')}"
        yield from (f"    {line}" for note in service.notes for line in _wrapped(note))
        if service.replicas != 1 or service.replicas_note:
            yield f"    replicas: {service.replicas}{_note(service.replicas_note)}"
        if service.autoscale:
            yield f"    autoscale: {service.autoscale}{_note(service.autoscale_note)}"
        if not service.sleeps:
            cores = service.cores if service.cores is not None else d.CORES
            yield f"    cores: {cores}{_note(service.cores_note or (d.ASSUMED if service.cores is None else ''))}"
        slots = service.slots if service.slots is not None else d.SLOTS
        yield f"    slots: {slots}{_note(service.slots_note or (d.ASSUMED if service.slots is None else ''))}"
        yield f"    queue: {d.QUEUE} # assumed"
        if list(service.endpoints) == ["main"]:
            yield from self.endpoint(service.endpoints["main"], "    ")
            return
        yield "    endpoints:"
        for key, endpoint in service.endpoints.items():
            clean = self.endpoints[service.name][key]
            yield f"      {_scalar(clean)}:{_note('' if clean == key else f'{key} in the file')}"
            yield from self.endpoint(endpoint, "        ")

    def endpoint(self, endpoint: d.Endpoint, indent: str) -> Iterator[str]:
        if endpoint.error_rate:
            yield f"{indent}error_rate: {show_share(endpoint.error_rate)}"
            yield f"{indent}fail_fast: true"
        yield f"{indent}steps:"
        yield from self.steps(endpoint.steps, indent + "  ")

    def steps(self, steps: list[d.Step], indent: str) -> Iterator[str]:
        for step in steps:
            if isinstance(step, d.Work):
                yield f"{indent}- work: {_work(step)}{_note(step.note)}"
            elif isinstance(step, d.Call):
                yield f"{indent}{'# ' if step.left_out else ''}- {self.call(step)}{_note(step.note)}"
            else:
                yield f"{indent}- parallel:{_note(step.note)}"
                for branch in step.branches:
                    yield from self.branch(branch, indent + "    ")

    def branch(self, steps: list[d.Step], indent: str) -> Iterator[str]:
        """One step, or a list of them."""
        inner = list(self.steps(steps, indent + ("  " if len(steps) > 1 else "")))
        if len(steps) > 1:
            inner[0] = f"{indent}- {inner[0].lstrip()}"
        yield from inner

    def call(self, step: d.Call) -> str:
        callee = (
            self.place(step.service, step.endpoint) if step.service in self.names else _scalar(step.service)
        )
        words = [f"call: {callee}"]
        words += [f"probability: {show_share(step.probability)}"] if step.probability != 1 else []
        words += [f"repeat: {step.repeat}"] if step.repeat != 1 else []
        words += ["optional: true"] if step.optional else []
        words += [] if step.wait else ["wait: false"]
        return words[0] if len(words) == 1 else f"{{{', '.join(words)}}}"

    def edges(self) -> Iterator[str]:
        if self.draft.network_ns:
            yield "edges:"
            for (caller, callee), ns in self.draft.network_ns.items():
                name = f"{self.names[caller]} -> {self.names[callee]}"
                yield f"  {_scalar(name)}: {{network: {show_ns(ns)}}}"

    def suggestion(self) -> Iterator[str]:
        """A fault and a breaker to begin with, where most calls go."""
        into: dict[str, set[str]] = {}
        for service, _, call, _ in self.draft.calls():
            if call.wait and self.per_request.get((call.service, call.endpoint)):
                into.setdefault(call.service, set()).add(service.name)
        if not into:
            return
        target = max(into, key=lambda name: len(into[name]))
        yield f"{TO_BEGIN_WITH} at the service that most others call ({len(into[target]):,}), with and without breakers."
        yield "# policies: {timeout: 1s}"
        yield "# faults:"
        yield f"#   - {{slow: {{service: {_scalar(self.names[target])}, times: 200}}, at: 20s, for: 20s}}"
        yield "# variants:"
        yield "#   none: {}"
        yield f"#   breaker: {{services: {{{_scalar(self.names[target])}: {{policies: {{breaker: consecutive}}}}}}}}"


def _work(step: d.Work) -> str:
    time = show_ns(step.mean_ns)
    return time if step.fixed else f"{{exponential: {time}}}"


def _scalar(text: str) -> str:
    """As YAML that is read back as this text."""
    plain = _PLAIN.fullmatch(text) or re.fullmatch(r"[A-Za-z][\w-]* -> [A-Za-z][\w-]*", text, re.ASCII)
    return text if plain and text.lower() not in _WORDS else json.dumps(text)


def _scalar_text(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text) or "stdin"


def _note(text: str) -> str:
    return f" # {_one_line(text)}" if text else ""


def _one_line(text: str) -> str:
    """A comment ends at the end of its line, whatever a file calls its services."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _wrapped(text: str) -> Iterator[str]:
    indent = len(text) - len(text.lstrip())
    line = " " * indent
    for word in _one_line(text).split():
        if len(line) + len(word) > _WIDTH and line.strip():
            yield f"# {line.rstrip()}"
            line = " " * (indent + 2)
        line += word + " "
    yield f"# {line.rstrip()}"


def _places(lines: list[int]) -> str:
    lines = sorted(set(lines))
    shown = ", ".join(map(str, lines[:8]))
    return shown if len(lines) <= 8 else f"{shown} and {len(lines) - 8:,} more"
