"""Tables for a terminal: aligned text, units in the heads."""

import math
from typing import Any

from sim.experiment.compare import Interval, sentence
from sim.measures.evaluate import definitions
from sim.scenario.expect import parse_measure
from sim.views.shortened import MANY, first_by, sum_of
from sim.views.shortened import sentence as worst_of


def show(x: float | None, unit: str = "") -> str:
    """A number for people: shares in %, times in ms or s, - for no data."""
    if x is None or math.isnan(x):
        return "-"
    if math.isinf(x):
        return "never"
    if unit == "share":
        return f"{100 * x:.1f}%"
    if unit == "s":
        return f"{1000 * x:.1f}ms" if abs(x) < 1 else f"{x:.2f}s"
    if x == int(x) and abs(x) < 1e15:
        return f"{int(x):,}"
    return f"{x:,.3g}" if abs(x) < 100 else f"{x:,.0f}"


def show_interval(found: Interval, unit: str) -> str:
    """Mean ± half width; where something never came, in how many seeds."""
    if found.infinite:
        word = "infinite" if math.isnan(found.mean) else "never"
        return word if found.infinite == found.n else f"{word} in {found.infinite} of {found.n}"
    text = show(found.mean, unit)
    if math.isnan(found.half) or text in ("-", "never"):
        return text
    half = show(found.half, unit)
    return text if found.half == 0 else f"{text} ±{half}"


def aligned(rows: list[list[str]], left: int = 1) -> list[str]:
    """Rows as lines; the first `left` columns to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(w) if i < left else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


HEADS = {
    "S/N": "success_share",
    "bystanders": "failing_bystanders",
    "recovery": "recovery_time",
    "false B": "false_trips",
    "refused good": "refused_good",
}
"""Head of a column -> the measure below it, where the head is not the measure's own name."""
LABEL = {measure: head for head, measure in HEADS.items()}


HEAD = ["", "N", "S", "F", "B", "S/N", "R", "p50", "p99", "F by reason"]


def _line(name: str, ledger: dict[str, Any]) -> list[str]:
    reasons = "  ".join(f"{k} {int(v):,}" for k, v in ledger["F_by_reason"].items())
    return [
        name, show(ledger["N"]), show(ledger["S"]), show(ledger["F"]), show(ledger["B"]),
        show(ledger["success_share"], "share"), show(ledger["R"], "s"), show(ledger["p50"], "s"),
        show(ledger["p99"], "s"), reasons,
    ]  # fmt: skip


def run_text(run: Any) -> str:
    """The ledger of a run: sources, then edges; the avalanche; the breakers."""
    summary = run.summary
    rows = [HEAD, _line("all requests", summary["whole"])]
    if len(summary["sources"]) > 1:
        rows += [_line(f"  {n}", led) for n, led in summary["sources"].items()]
    edges, note = _edges(summary["edges"])
    rows += edges
    widths = [max(len(r[i]) for r in rows) for i in range(len(HEAD) - 1)]
    lines = [run.title, ""]
    for row in rows:
        cells = [
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append(("  ".join(cells) + "   " + row[-1]).rstrip())
    lines += note
    if summary["in_flight"]:
        lines.append(f"in flight at the end: {summary['in_flight']:,} (started = N + in flight)")
    lines += ["", *_avalanche(summary["avalanche"])]
    return "\n".join(lines)


def _edges(ledgers: dict[str, dict[str, Any]]) -> tuple[list[list[str]], list[str]]:
    """(rows, what to say below them): every edge, or of many those that fail most and the sum of the others."""
    if len(ledgers) < MANY:
        return [_line(n, ledger) for n, ledger in ledgers.items()], []
    worst, others = first_by(ledgers, lambda n: (-ledgers[n]["F"], -ledgers[n]["N"]))
    fine = sum(not ledgers[n]["F"] for n in others)
    rest = f"{len(others):,} others" + (f", {fine:,} of them without F" if fine < len(others) else "")
    rows = [
        *(_line(n, ledgers[n]) for n in worst),
        _line(rest, sum_of(ledgers[n] for n in others)),
    ]
    which = "with the most failed calls" if ledgers[worst[0]]["F"] else "with the most calls: none fails"
    return rows, [f"the {len(worst)} of {len(ledgers):,} edges {which}; summary.json holds all of them"]


def lag(seconds: float, bucket_s: float) -> str:
    """A time that is known to the bucket: `< 1 s`, `3 to 4 s`."""
    if seconds < bucket_s:
        return f"< {bucket_s:g} s"
    return f"{seconds:g} to {seconds + bucket_s:g} s"


def _avalanche(found: dict[str, Any]) -> list[str]:
    bucket_s = found.get("bucket_s", 1.0)  # a folder of an earlier version has none
    lines = []
    bystanders = [f for f in found["failing"] if f["bystander"]]
    dependants = [f for f in found["failing"] if not f["bystander"]]
    if bystanders:
        lost = f"; lost requests to them: {show(found.get('lost_bystander_requests'))}"
        names = worst_of(bystanders, lambda f: f["F"], lambda f: _since(f, bucket_s))
        lines.append(f"avalanche: failing bystanders {names}{lost}")
    else:
        lines.append("avalanche: no bystander fails")
    if dependants:
        names = worst_of(
            dependants, lambda f: f["F"], lambda f: _since(f, bucket_s, f", excess loss {_excess(f)}")
        )
        lines.append(f"failing dependants: {names}")
        lines.append("  (excess loss: F beyond what fails if every call the fault touches failed at once)")
    if found.get("doubtful"):
        names = worst_of(
            found["doubtful"],
            lambda d: d["N"] - d["S"],
            lambda d: f"{d['endpoint']} ({d['S']} of {d['N']} succeeded)",
        )
        lines.append("low during the fault, too briefly or with too few calls to be called failing:")
        lines.append(f"  {names}")
    lines += _recovery(found, bucket_s)
    lines.append(f"lost requests: {show(found['lost_requests'])}")
    return lines


def _recovery(found: dict[str, Any], bucket_s: float) -> list[str]:
    seconds = found["recovery_s"]
    if seconds is None or (isinstance(seconds, float) and math.isnan(seconds)):
        return []
    never = seconds in ("inf", math.inf)
    came = "never within the run" if never else f"{lag(seconds, bucket_s)} after the fault's end"
    return [f"recovery: {came} ({found['recovery_note']})"]


def _since(f: dict[str, Any], bucket_s: float, more: str = "") -> str:
    return f"{f['endpoint']} (after {lag(f['after_s'], bucket_s)}{more})"


def _excess(f: dict[str, Any]) -> str:
    """Excess loss of a failing dependant, with its sign: in whole calls, beside its F."""
    loss = f.get("excess_loss")  # a folder of an earlier version has none
    known = loss is not None and not math.isnan(loss)
    return f"{loss:+,.0f} of F {show(f['F'])}" if known else "-"


COLUMNS = ("N", "S", "F", "B", "R", "p50", "p99", "success_share", "failing_bystanders", "recovery_time")
GOOD_COLUMNS = ("success_share", "p99", "false_trips", "refused_good")


def _unit(measure: str) -> str:
    return definitions()[parse_measure(measure).name][1]


def seeds(c: Any) -> str:
    """How many."""
    n = len(c.table.seeds)
    return f"{n} seed" if n == 1 else f"{n} seeds"


def comparison_text(c: Any) -> str:
    """Fault run, good day, differences, ranking, expectations."""
    t = c.table
    lines = [f"{c.name}: {len(t.variants)} variants, {seeds(c)}; mean ± half of the 95 % interval"]
    for value in t.values:
        if c.path:
            lines += ["", f"{c.path} = {value}"]
        lines += _one_value(c, value)
    if c.verdicts:
        lines += ["", "expectations:", *(f"  {v}" for v in c.verdicts)]
    if c.path:
        lines += ["", f"expectations are not judged: they speak of the file's own {c.path}"]
    return "\n".join(lines)


def _one_value(c: Any, value: str) -> list[str]:
    t = c.table
    fault_day = "good" in t.days()
    columns = [*COLUMNS, *([c.rank_by] if c.rank_by not in COLUMNS else [])]
    rows = [["with the fault" if fault_day else "", *(LABEL.get(m, m) for m in columns)]]
    for v in t.variants:
        rows.append([v or "(file)", *(show_interval(t.mean(v, m, value=value), _unit(m)) for m in columns)])
    lines = ["", *aligned(rows)]
    if fault_day:
        rows = [["on a good day", *(LABEL.get(m, m) for m in GOOD_COLUMNS)]]
        for v in t.variants:
            rows.append(
                [v or "(file)", *(show_interval(t.mean(v, m, "good", value), _unit(m)) for m in GOOD_COLUMNS)]
            )
        lines += ["", *aligned(rows)]
    if len(t.variants) > 1:
        lines += ["", *_differences(c, value)]
        order, pairs = c.ranking(value)
        lines += ["", sentence(order, pairs, c.rank_by)]
    return lines


def _differences(c: Any, value: str) -> list[str]:
    t, base = c.table, c.table.variants[0]
    rows = [[f"{c.rank_by}: against {base}", "difference", "seeds above/below", "p"]]
    for v in t.variants[1:]:
        d = t.difference(v, base, c.rank_by, value=value)
        p = "-" if math.isnan(d.p_value) else f"{d.p_value:.2g}"
        rows.append([v, show_interval(d.interval, _unit(c.rank_by)), f"{d.above}/{d.below}", p])
    return aligned(rows)


def summary_rows(c: Any) -> tuple[list[str], list[list[Any]]]:
    """comparison.csv: a row per variant, value, day and measure."""
    header = ["variant", "value", "day", "measure", "unit", "mean", "low_95", "high_95", "n", "infinite"]
    rows = []
    for v in c.table.variants:
        for value in c.table.values:
            for day in c.table.days():
                for m in c.table.measures:
                    i = c.table.mean(v, m, day, value)
                    rows.append([v, value, day, m, _unit(m), i.mean, i.low, i.high, i.n, i.infinite])
    return header, rows


def comparison_data(c: Any) -> dict[str, Any]:
    """The comparison for --json."""
    header, rows = summary_rows(c)
    order, pairs = c.ranking(c.table.values[0]) if len(c.table.variants) > 1 else (list(c.table.variants), [])
    return {
        "scenario": c.name,
        "seeds": list(c.table.seeds),
        "rank_by": c.rank_by,
        "vary": c.path,
        "measures": [dict(zip(header, row, strict=True)) for row in rows],
        "ranking": order,
        "pairs": [
            {"better": p.better, "worse": p.worse, "difference": p.difference.interval.mean, "infinite": p.difference.interval.infinite, "p_holm": p.p_holm, "told_apart": p.told_apart}
            for p in pairs
        ],
        "expect": [v.data() for v in c.verdicts],
    }  # fmt: skip
