"""Parts of a breaker that each make sense but not together."""

from typing import Any

from sim.policies import breaker_parts as b
from sim.policies.catalog.entry import Parts

RATIOS = {
    b.Q_FAILURE_RATIO,
    b.Q_FAILURE_PERCENT,
    b.Q_FAILURE_PERCENT_CUT,
    b.Q_FAILURE_PERCENT_ROUNDED,
    b.Q_SLOW_RATIO,
    b.Q_SUCCESS_RATIO,
}


class Contradiction(ValueError):
    """Two parts do not go together. `at`: where the one of them stands in the block, which the message says
    how to mend; `others`: further contradictions of the same block."""

    def __init__(self, at: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.at = at
        self.others: tuple[Contradiction, ...] = ()


def refuse(parts: Parts, window: Parts, rules: tuple[b.Rule, ...]) -> None:
    """Raise if parts contradict each other: the first contradiction, which knows the others."""
    found = [*of_window(parts, window, rules), *of_half_open(parts)]
    if found:
        found[0].others = tuple(found[1:])
        raise found[0]


def of_window(parts: Parts, window: Parts, rules: tuple[b.Rule, ...]) -> list[Contradiction]:
    """Rules that ask what the window does not know."""
    asked = {quantity for _, conditions in rules for quantity, _, _ in conditions}
    kind, size, found = window["window"], window.get("size", 0), []
    least = max((x for _, cs in rules for q, _, x in cs if q == b.Q_N), default=0)
    if kind == b.W_CONSECUTIVE and asked & RATIOS:
        message = "a ratio needs a window of results: write window: {count: 100} or {time: 10s}"
        found.append(Contradiction(("trip", _ratio(parts["trip"])), message))
    if kind == b.W_COUNT and least > size:
        message = f"a window of {size} results never holds the minimum of {least:g}: it cannot trip"
        found.append(Contradiction(("trip", "minimum"), message))
    if b.Q_SLOW_RATIO in asked and parts.get("slow") is None:
        message = "slow_ratio needs `slow:` to say what is slow"
        found.append(Contradiction(("trip", "slow_ratio"), message))
    if kind == b.W_COUNT and window["of"] != b.OF_RESULTS:
        message = "a window of the last results counts results: `of` is for windows of time"
        found.append(Contradiction(("window", "of"), message))
    if parts["trip"].get("on") == "bucket" and kind != b.W_TIME:
        message = "`on: bucket` needs a window of time: write window: {time: 10s, buckets: 10}"
        found.append(Contradiction(("trip", "on"), message))
    if b.Q_EMA in asked and kind != b.W_EMA:
        message = "`average_below` needs a window with an `average`"
        found.append(Contradiction(("trip", "any"), message))
    return found


def _ratio(trip: Parts) -> str:
    return next((key for key in ("failure_ratio", "slow_ratio") if trip.get(key) is not None), "any")


def of_half_open(parts: Parts) -> list[Contradiction]:
    """Half-open that could not end, and settings that nothing would heed."""
    decide, probe, found = parts["decide"], parts["probe"], []
    quota = probe.get("quota") if isinstance(probe, dict) else None
    longest = parts.get("half_open_for") or {}
    closes_anyway = longest.get("longest") and longest.get("then") == "closed"
    needed = _needed(decide)
    if quota and not closes_anyway and needed is None:
        message = (
            "a quota of probes may be used up before the trip rule decides: write probe: unbounded or single"
        )
        found.append(Contradiction(("probe", "quota"), message))
    elif quota and not closes_anyway and needed is not None and needed > quota:
        message = (
            f"a quota of {quota} probes need not give the {needed} results that decide: it might never close; "
            f"write quota: {needed} or more"
        )
        found.append(Contradiction(("probe", "quota"), message))
    if parts["late"] == "started-state":
        if not (decide == "first" or (isinstance(decide, dict) and decide.get("successes"))):
            message = (
                "with `late: started-state` any failed probe re-opens: decide is `first` or {successes: n}"
            )
            found.append(Contradiction(("decide",), message))
        elif isinstance(decide, dict) and (decide.get("failures") or 1) > 1:
            message = "with `late: started-state` the first failed probe re-opens: leave `failures` out"
            found.append(Contradiction(("decide", "failures"), message))
        if (parts.get("while_open") or "record") != "record":
            message = "with `late: started-state` results are handled by the state they began in: write while_open: record"
            found.append(Contradiction(("while_open",), message))
    return found


def _needed(decide: Any) -> int | None:
    """So many results decide half-open for certain; None: no number does."""
    if decide == "first":
        return 1
    if not isinstance(decide, dict):
        return None
    if decide.get("successes"):
        return int(decide["successes"] + (decide.get("failures") or 1) - 1)
    return int(decide["after"])
