"""Where results go: `-o FOLDER`, or else results/SCENARIO/NAME below the working directory.

NAME says variant and seed (`breaker-seed3`), or the seeds (`compare-1-10`). What else makes it another run
(`--set`, `--vary`, `--plugin`, a choice of variants or measures) adds a short digest: `run-seed1-4be0c1`. So the
same command replaces its own results, and no other's; what was ended early replaces nothing that is complete, but
goes to NAME-partial. Of a file whose text has changed, or another file that
gives the scenario the same name, NAME holds the latest results; those before are kept as NAME-<their digest>.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import common

if TYPE_CHECKING:
    from sim.results import Comparison, Run


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for results."""

    folder: Path
    chosen: bool
    """By -o: what is there is to be replaced."""

    def save(self, result: "Run | Comparison") -> Path:
        """Write the tables; the folder that they are in. Raises OutputError."""
        from sim.store import complete, holds_complete, set_aside

        digest, folder = result.manifest["digest"], self.folder
        if not self.chosen and not complete(result.manifest) and holds_complete(folder, digest):
            folder = folder.with_name(f"{folder.name}-partial")
        kept = None if self.chosen else set_aside(folder, digest)
        result.save(folder, figures=False)
        if kept is not None:
            common.say(f"kept: {kept} (results that were there, of another text of the scenario)")
        return folder


def place(output: str | None, scenario: str, name: str, *different: object) -> Place:
    """Where to write, known before the run begins. Raises OutputError if nothing can be written there.

    `different` is what makes it another run than its name says.
    """
    from sim.store import check_writable

    if any(different):
        name += "-" + sha256(json.dumps(different).encode()).hexdigest()[:6]
    default = Path("results") / scenario.replace("/", "_") / name.replace("/", "_")
    chosen = Place(default if output is None else Path(output), output is not None)
    check_writable(chosen.folder)
    return chosen
