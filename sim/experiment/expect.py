"""Are a scenario's expectations met?"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sim.experiment.compare import Interval, Table, interval
from sim.scenario.expect import Line

MET, NOT_MET, CANNOT_TELL = "met", "not met", "cannot tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of `expect:` for one variant."""

    line: Line
    variant: str
    verdict: str
    found: Interval

    @property
    def met(self) -> bool:
        """Only what is met is met."""
        return self.verdict == MET

    def data(self) -> dict[str, str | float]:
        """For --json: what was wanted, and beside it what was found."""
        line = self.line
        return {
            "variant": self.variant,
            "line": line.text,
            "verdict": self.verdict,
            "measure": str(line.measure),
            "op": line.op,
            "wanted": line.value,
            "found": self.found.mean,
        }

    def __str__(self) -> str:
        shown = f"{self.found.mean:.4g}"
        if 0 < self.found.infinite < self.found.n:
            shown = f"infinite in {self.found.infinite} of them"
        if self.found.half == self.found.half:
            shown += f" ± {self.found.half:.2g}"
        text = (
            self.line.text if self.line.variant or not self.variant else f"{self.variant}: {self.line.text}"
        )
        return f"{self.verdict:<11}  {text}   (found {shown}, n = {self.found.n})"


def judge_table(table: Table, lines: Iterable[Line]) -> list[Verdict]:
    """All lines, for all variants that they speak of."""
    return [
        judge(line, variant, list(table.column(variant, str(line.measure), value=table.values[0]).values()))
        for line in lines
        for variant in table.variants
        if line.variant in ("", variant)
    ]


def judge(line: Line, variant: str, values: list[float]) -> Verdict:
    """With one seed its value decides; with several the whole 95 % interval must lie on the right side."""
    found = interval(values)
    if found.n == 0 or found.n < len(values):
        return Verdict(line, variant, CANNOT_TELL, found)
    if math.isinf(found.mean):
        # No interval holds a value that never came (a recovery, say): all seeds must agree.
        sides = {line.holds(v) for v in values}
        verdict = CANNOT_TELL if len(sides) > 1 else MET if True in sides else NOT_MET
        return Verdict(line, variant, verdict, found)
    if found.n == 1 or not found.half > 0.0:
        return Verdict(line, variant, MET if line.holds(found.mean) else NOT_MET, found)
    ends = (line.holds(found.low), line.holds(found.high))
    if all(ends) and line.op != "==":
        return Verdict(line, variant, MET, found)
    if line.op == "==":
        inside = found.low <= line.value <= found.high
        return Verdict(line, variant, CANNOT_TELL if inside else NOT_MET, found)
    return Verdict(line, variant, CANNOT_TELL if any(ends) else NOT_MET, found)
