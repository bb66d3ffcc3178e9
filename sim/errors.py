"""What can go wrong, and the exit code that says so.

    CascadelabError
    |-- UsageError (2)          the command line asks for what is not there
    |-- InvalidScenario (3)     the input is wrong; carries every problem found
    |-- PluginError (3)         a user's own breaker fails; says where in her file
    |-- SimulationError (3)     the model cannot go on: time stands still
    |-- StoreError (3)          a results folder cannot be read
    |   `-- OutputError (5)     results cannot be written: a full disk, no permission
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
    """0 where lines say nothing: the command line, a file as a whole."""
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
        if self.col and self.source:
            shown = self.source if len(self.source) <= 160 else self.source[:157] + "..."
            text += f"\n    {shown}\n    {' ' * min(self.col - 1, 157)}^"
        return text


class InvalidScenario(CascadelabError):
    """A scenario file is wrong. `problems` holds every mistake."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        # What an exception is made of is what it is made of again in another process.
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class PluginError(CascadelabError):
    """A user's own breaker fails: its file does not load, or its code raises."""

    exit_code = 3


class SimulationError(CascadelabError):
    """The model cannot go on."""

    exit_code = 3


class StoreError(CascadelabError):
    """A results folder cannot be read."""

    exit_code = 3


class OutputError(StoreError):
    """Results cannot be written."""

    exit_code = 5


class ExpectationError(CascadelabError):
    """An expectation is not met."""

    exit_code = 4
