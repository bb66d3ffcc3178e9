"""What can go wrong, and the exit code that says so.

    CascadelabError
    |-- UsageError (2)          the command line asks for what is not there
    |-- InvalidScenario (3)     the input is wrong; carries every problem found
    |-- SimulationError (3)     the model cannot go on: time stands still
    |-- StoreError (3)          a run folder cannot be read or written
    `-- ExpectationError (4)    a scenario's `expect:` is not met

0 is fine, 1 an internal error, 130 interrupted.
"""

from dataclasses import dataclass


class CascadelabError(Exception):
    """The root."""

    exit_code = 1


class UsageError(CascadelabError):
    """The command line or a call asks for what is not there."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what, where, and what to write instead."""

    message: str
    file: str = ""
    line: int = 0
    col: int = 0
    source: str = ""
    """The line of text it is in."""
    hint: str = ""

    def __str__(self) -> str:
        where = (
            f"{self.file}:{self.line}:{self.col}: " if self.line else (f"{self.file}: " if self.file else "")
        )
        text = f"{where}{self.message}"
        if self.hint:
            text += f"; {self.hint}"
        if self.line and self.source:
            shown = self.source if len(self.source) <= 160 else self.source[:157] + "..."
            text += f"\n    {shown}\n    {' ' * min(self.col - 1, 157)}^"
        return text


class InvalidScenario(CascadelabError):
    """A scenario file is wrong. `problems` holds every mistake."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(p) for p in problems))


class SimulationError(CascadelabError):
    """The model cannot go on."""

    exit_code = 3


class StoreError(CascadelabError):
    """A run folder cannot be read or written."""

    exit_code = 3


class ExpectationError(CascadelabError):
    """An expectation is not met."""

    exit_code = 4
