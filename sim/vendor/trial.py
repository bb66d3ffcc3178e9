"""Imported policies -> a scenario that runs: one caller, the callees of the file, an outage, with and without."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sim.units import duration_ns, show_rate
from sim.vendor import write
from sim.vendor.marked import Imported, plain

CALLER = "app"
BYSTANDER = "home"
"""A page that needs none of the callees."""
USUAL_RATE = 50
WHEN = {"at": "60s", "for": "60s"}
BELOW_LIMIT = 0.8
"""Load of a callee, as a share of what a rate limit of the file lets pass."""
SHORT = 40
"""Faults and variants of so many characters stand in one line: whoever tries more adds to them."""
HOSTS = 10
"""Replicas of a callee whose hosts are judged one by one."""


def text(imported: list[Imported], file: str) -> str:
    """The scenario."""
    names = callees(imported)
    tree = _tree(imported, names, file)
    shown = "-" if file == "<stdin>" else file
    head = [
        f"# Made by `cascadelab import {shown}`. The policies below `edges:` are those of the file; load, services and",
        "# faults are made up for a trial. To put the policies into a scenario of yours:",
        f"#   cascadelab import {shown} --into SCENARIO.yaml --at 'web -> db{'=NAME' if len(names) > 1 else ''}' -o NEW.yaml",
    ]
    body = [
        *write.lines(tree[0]),
        "edges:",
        *_edges(imported, names, file),
        *write.lines(tree[1], short=SHORT),
    ]
    return "\n".join([*head, *body, ""])


def callees(imported: Iterable[Imported]) -> list[str]:
    """Names of services that a scenario takes, one per import."""
    found: list[str] = []
    for one in imported:
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", one.name).strip("-") or "callee"
        name = f"{name}-service" if name in (CALLER, BYSTANDER, "users") else name
        again = 2
        while name in found:
            name, again = f"{name.removesuffix(f'-{again - 1}')}-{again}", again + 1
        found.append(name)
    return found


def _edges(imported: list[Imported], names: list[str], file: str) -> Iterator[str]:
    for one, name in zip(imported, names, strict=True):
        yield f"  {CALLER} -> {name}:"
        yield from block(one, file, 4)


def block(one: Imported, file: str, indent: int) -> Iterator[str]:
    """The policies of one import as the block of an edge."""
    pad = " " * indent
    yield from (f"{pad}{line}" for line in write.heading(one, file))
    if one.stack:
        yield f"{pad}stack:"
        yield from write.lines([{policy: inner} for policy, inner in one.stack], indent + 2)
    else:
        yield f"{pad}stack: []"
    yield from (f"{pad}{line}" for line in write.remarks(one))


def _tree(imported: list[Imported], names: list[str], file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands above the edges, and below them."""
    rates = [rate(one) for one in imported]
    by_host = [any(policy == "outlier" for policy, _ in one.stack) for one in imported]
    pages = {BYSTANDER: {"steps": [{"work": "1ms"}]}}
    pages |= {name: {"steps": [{"work": "1ms"}, {"call": name}]} for name in names}
    services: dict[str, Any] = {CALLER: {"slots": 64, "queue": 100, "endpoints": pages}}
    callee = {"slots": 50, "queue": 200, "steps": [{"work": {"exponential": "20ms"}}]}
    services |= {
        name: {"replicas": HOSTS, **callee} if hosts else callee
        for name, hosts in zip(names, by_host, strict=True)
    }
    shares = {f"{CALLER}.{name}": one for name, one in zip(names, rates, strict=True)}
    shares[f"{CALLER}.{BYSTANDER}"] = USUAL_RATE
    users = {"rate": show_rate(sum(shares.values())), "mix": shares, "policies": {"timeout": "5s"}}
    faults = [
        {
            **({"fail": {"replica": f"{name}[0]"}} if hosts else {"slow": {"service": name, "times": 100}}),
            **WHEN,
        }
        for name, hosts in zip(names, by_host, strict=True)
    ]
    above = {
        "schema": 1,
        "name": _named(file),
        "about": f"Callees get slow for a minute; where hosts are judged, one host fails. {BYSTANDER} calls nobody.",
        "duration": "180s",
        "sources": {"users": users},
        "services": services,
    }
    return above, {"faults": faults, "variants": {"without": {"edges": None}, "as-imported": {}}}


def _named(file: str) -> str:
    stem = re.sub(r"\.(ya?ml|json|properties|conf)$", "", file.replace("\\", "/").rsplit("/", 1)[-1])
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._") or "imported"


def rate(one: Imported) -> int:
    """Calls a second of a trial: below the rate limits of the file, so that not all is refused."""
    limits = [_limit(plain(block)) for policy, block in one.stack if policy == "rate_limit"]
    low = min([USUAL_RATE, *(BELOW_LIMIT * limit for limit in limits)])
    return max(1, int(low))


def _limit(block: dict[str, Any]) -> float:
    params = block.get("params", {})
    if "limitForPeriod" in params:
        return float(params["limitForPeriod"]) * 1e9 / max(1, duration_ns(params["limitRefreshPeriod"]))
    return float(str(block.get("rate", "50/s")).removesuffix("/s"))
