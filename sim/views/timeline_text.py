"""A timeline as a line of characters, and in numbers: for a terminal."""

from typing import Any

from sim.policies.timeline import GOOD, REFUSED_BAD, REFUSED_GOOD, WASTED, Timeline
from sim.views.breaker_words import count, seconds
from sim.views.tables import aligned
from sim.words import NS

STRIP = {"x": "closed, calls fail", ".": "closed, calls are good", "#": "open", "?": "a probe"}
SIGNS = {GOOD: ".", WASTED: "x", REFUSED_GOOD: "#", REFUSED_BAD: "#"}
WORTH = ".#x?"
"""Of two signs in one second the later one here is shown."""
CELL_NS = NS
FINE_S = 10.0
"""Below this, hundredths of a second are told."""


def strip(line: Timeline) -> str:
    """A character a second: what was most worth seeing in it."""
    signs = ["."] * -(-line.outage.until_ns // CELL_NS)
    probes = set(line.probes)
    for number, (now, fate) in enumerate(zip(line.at_ns, line.fates, strict=True)):
        sign = "?" if number in probes else SIGNS[fate]
        cell = now // CELL_NS
        signs[cell] = max(sign, signs[cell], key=WORTH.index)
    return "".join(signs)


def _ruler(data: dict[str, Any]) -> str:
    outage = data["outage"]
    begin, end = outage["begins_ns"] // CELL_NS, outage["ends_ns"] // CELL_NS
    return f"{' ' * begin}|{'outage'.center(end - begin - 2, '-')}|"


def after(x: float | None, otherwise: str) -> str:
    """1.02 s, 23 s, or what is said of never."""
    return otherwise if x is None else f"{x:.2f} s" if x < FINE_S else f"{x:.0f} s"


def timeline_text(data: dict[str, Any]) -> str:
    """The strip of an entry over its outage, and its numbers."""
    outage, line = data["outage"], data["timeline"]
    begin, end = seconds(outage["begins_ns"]), seconds(outage["ends_ns"])
    signs = ", ".join(f"{sign} {words}" for sign, words in STRIP.items())
    opened = after(line["opened_after_s"], "never")
    rows = [
        ["  opened", f"{opened} after the outage began" if opened != "never" else "never"],
        ["  closed", _closed(line)],
        ["  trips", f"{line['trips']}, {count(line['probes'], 'probe')}" + _first(line)],
        ["  wasted", f"{line['wasted']:,} failing calls were sent"],
        ["  refused", f"{line['refused_bad']:,} failing calls, and {line['refused_good']:,} good ones"],
    ]
    return "\n".join(
        [
            f"In an outage: {outage['rate_per_s']:g} calls/s of {seconds(outage['latency_ns'])}; all fail from "
            f"{begin} to {end}. A character a second:",
            f"({signs})",
            "",
            line["strip"],
            _ruler(data),
            "",
            *aligned(rows, left=2),
        ]
    )


def _first(line: dict[str, Any]) -> str:
    first = line["first_probe_after_s"]
    return "" if first is None else f", the first {after(first, '')} after the outage began"


def _closed(line: dict[str, Any]) -> str:
    if line["opened_after_s"] is None:
        return "never" if line["refused_bad"] else "all the time"
    return (
        f"{after(line['closed_after_s'], '')} after it ended"
        if line["closed_after_s"] is not None
        else "not again"
    )
