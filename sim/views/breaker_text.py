"""An entry of the catalogue explained: settings, parts, states, what it does in a standard outage, traps."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from textwrap import fill
from typing import Any

from sim.policies import catalog
from sim.policies.catalog.entry import by_own_name
from sim.policies.catalog.values import VALUES
from sim.policies.options import Option
from sim.policies.timeline import Timeline, numbers, opening_at_rate, opening_at_share, timeline
from sim.units import show_ns
from sim.views.breaker_words import WIDE, count, diagram, percent
from sim.views.tables import aligned
from sim.views.timeline_text import after, strip, timeline_text
from sim.words import CLOSED, NS, STATES

RATES = (50.0, 10.0, 3.0, 1.0)
SHARES = (1.0, 0.5, 0.3, 0.1)
LATE_S = 10.0
"""An opening later than this is told among the traps."""
SHORTEST_TIME = 10**6
"""In the parts of an entry a larger whole number is a time in ns; counts are small."""
TIMES = ("fixed", "longest", "interval")
"""Parts that are times also when they are 0."""
UNITS = {"duration_ms": "ms", "duration_s": "s", "percent": "%"}
"""What a bare number of a setting counts."""


def as_written(value: Any, key: str = "") -> str:
    """A part as a scenario file spells it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {as_written(v, k)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_written, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    time = isinstance(value, int) and (value >= SHORTEST_TIME or key in TIMES)
    return show_ns(value) if time else str(value)


# As data -----------------------------------------------------------------------------------------


def entry_data(name: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything that is told of an entry, with settings of its own. Errors as `catalog.parts_of`."""
    entry = catalog.ENTRIES[name]
    given = {**dict(entry.example), **by_own_name(entry, params or {})}
    parts = catalog.parts_of(name, given)
    machine = catalog.params_from({"use": name, "params": given})
    line = timeline(name, given)
    trips = machine.rules and machine.initial == CLOSED
    data = {
        "name": name,
        "kind": "breaker",
        "about": entry.about,
        "version": entry.version,
        "source": entry.source,
        "settings": _settings(name, given),
        "parts": {k: as_written(v, k) for k, v in parts.items() if v is not None},
        "diagram": diagram(machine),
        "outage": asdict(line.outage),
        "timeline": {**numbers(line), "states": _states(line), "strip": strip(line)},
        "at_rate": [_at_rate(name, given, rate) for rate in RATES if trips],
        "at_share": [_at_share(name, given, share) for share in SHARES if trips],
    }
    return {
        **data,
        "traps": list(entry.traps),
        "seen": seen(data, wedges=entry.wedges and machine.half_open_ns == 0),
    }


def _settings(name: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    entry = catalog.ENTRIES[name]
    return [
        {
            "name": o.name,
            "default": as_written(o.default),
            "unit": UNITS.get(o.kind, "") if not isinstance(o.default, str) else "",
            "given": _value(o, given[o.name]) if o.name in given else None,
            "about": o.about,
        }
        for o in entry.options
    ]


def _value(option: Option, value: Any) -> str:
    unit = UNITS.get(option.kind, "") if not isinstance(value, str) else ""
    return f"{as_written(value)} {unit}".rstrip()


def _states(line: Timeline) -> list[dict[str, Any]]:
    return [{"state": STATES[s.state], "from_s": s.start_ns / NS, "to_s": s.end_ns / NS} for s in line.spans]


def _at_rate(name: str, given: Mapping[str, Any], rate: float) -> dict[str, Any]:
    opens, wasted = opening_at_rate(name, given, rate)
    return {"rate_per_s": rate, "opened_after_s": _finite(opens), "wasted": wasted}


def _at_share(name: str, given: Mapping[str, Any], share: float) -> dict[str, Any]:
    return {"share": share, "opened_after_s": _finite(opening_at_share(name, given, share))}


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


# As sentences ------------------------------------------------------------------------------------


def seen(data: dict[str, Any], *, wedges: bool) -> list[str]:
    """Traps that the numbers show."""
    found, line = [], data["timeline"]
    if line["opened_after_s"] is None and not line["refused_bad"]:
        found.append(f"It does not open in that outage: all {line['wasted']:,} failing calls are sent.")
    never = [row for row in data["at_rate"] if row["opened_after_s"] is None]
    late = [row for row in data["at_rate"] if (row["opened_after_s"] or 0.0) >= LATE_S]
    if never and len(never) < len(data["at_rate"]):
        rate = _calls(max(row["rate_per_s"] for row in never))
        found.append(f"At {rate} per copy it cannot trip: five minutes of failures do not open it.")
    if late:
        row = late[0]
        found.append(
            f"At {_calls(row['rate_per_s'])} per copy it needs {after(row['opened_after_s'], '')} and {row['wasted']} "
            "failed calls to open."
        )
    some = [row for row in data["at_share"] if row["share"] < 1.0]
    blind = [row["share"] for row in some if row["opened_after_s"] is None]
    if blind and line["opened_after_s"] is not None:
        found.append(f"It does not open within a minute when {percent(max(blind))} of the calls fail.")
    if not blind and line["opened_after_s"] is not None:
        share = min(row["share"] for row in some)
        found.append(
            f"It opens though only {percent(share)} of the calls fail, and refuses the good ones too."
        )
    return found + _costs(line, wedges=wedges)


def _calls(rate_per_s: float) -> str:
    return f"{count(rate_per_s, 'call')}/s"


def _costs(line: dict[str, Any], *, wedges: bool) -> list[str]:
    found = []
    if line["refused_good"] > line["wasted"]:
        until = after(line["closed_after_s"], "to the end")
        how = f"for {until}" if line["closed_after_s"] is not None else "to the end"
        found.append(
            f"When all is well again it goes on refusing {how}: {line['refused_good']:,} good calls."
        )
    if wedges:
        found.append("A probe that hangs keeps it from closing: let a timeout end every call.")
    return found


# As text -----------------------------------------------------------------------------------------


def entry_text(data: dict[str, Any]) -> str:
    """The data of an entry, for a terminal."""
    head = f"{data['name']} (breaker)"
    origin = f"Library: {data['version']}. Read in: {data['source']}." if data["version"] else ""
    blocks = [head, fill(data["about"], WIDE), fill(origin, WIDE), _settings_text(data["settings"])]
    if data["parts"]:
        parts = "\n".join(
            fill(f"{k}: {v}", WIDE, initial_indent="  ", subsequent_indent="    ")
            for k, v in data["parts"].items()
        )
        blocks.append(f"Parts that they come to, each of which the file may replace:\n{parts}")
    blocks.append("States:\n" + "\n".join(f"  {row}" for row in data["diagram"]))
    blocks += [timeline_text(data), _rates_text(data)]
    traps = [*data["traps"], *data["seen"]]
    told = [fill(trap, WIDE, initial_indent="  * ", subsequent_indent="    ") for trap in traps]
    blocks.append("\n".join(["Traps:", *told]))
    return "\n\n".join(filter(None, blocks))


def _settings_text(found: list[dict[str, Any]]) -> str:
    if not found:
        return ""
    rows = [
        [
            f"  {o['name']}",
            o["given"] or f"{o['default']} {o['unit']}".rstrip(),
            o["about"] + (f" (default {o['default']} {o['unit']}".rstrip() + ")" if o["given"] else ""),
        ]
        for o in found
    ]
    return "\n".join(["Settings, under `params:` of a breaker:", *aligned(rows, left=3)])


def _rates_text(data: dict[str, Any]) -> str:
    rates, shares = data["at_rate"], data["at_share"]
    if not rates:
        return ""
    by_rate = [
        ["  calls/s per copy", *(f"{row['rate_per_s']:g}" for row in rates)],
        ["  opens after", *(after(row["opened_after_s"], "never") for row in rates)],
        ["  calls wasted", *(f"{row['wasted']:,}" for row in rates)],
    ]
    by_share = [
        ["  calls that fail", *(percent(row["share"]) for row in shares)],
        ["  opens after", *(after(row["opened_after_s"], "never") for row in shares)],
    ]
    return "\n".join(
        [
            "How soon it opens when every call fails (never: not in five minutes):",
            *aligned(by_rate),
            "and at 50 calls/s when only some fail, by chance (never: not in a minute; median of five):",
            *aligned(by_share),
        ]
    )


NARROW = 28
"""A value longer than this has a line of its own."""


def part_text(name: str) -> str:
    """A part of a breaker: what it is, and its values."""
    values = VALUES[name]
    wide = max((len(v) for v in values if len(v) <= NARROW), default=0)
    lines = []
    for value, words in values.items():
        fits = len(value) <= NARROW
        first = f"  {value.ljust(wide)}  "
        lines += [] if fits else [first.rstrip()]
        indent = " " * (wide + 4 if wide else 6)
        lines.append(fill(words, WIDE, initial_indent=first if fits else indent, subsequent_indent=indent))
    about = fill(catalog.PARTS[name], WIDE)
    return "\n".join([f"{name} (part of a breaker)", "", about, "", "Its values:", *lines])
