"""Settings of real repositories: what each file comes to, as a table.

python -m tests.unit.vendor.table > results/import/policies.txt
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim import load, run
from sim.errors import InvalidScenario
from sim.vendor import detect, source, trial
from sim.vendor.kinds import Wishes
from sim.vendor.marked import DEFAULT, Imported, leaves
from sim.views.tables import aligned
from tests.unit.vendor.files import REAL

SHORTER = ("duration=90s", "sources.users.rate=100/s")
"""Enough to see that it runs."""
HEAD = ["file", "format", "name", "policies, from the outside in", "given", "default", "no meaning"]


def lines() -> Iterator[str]:
    """The table, then what the trials of the files come to."""
    yield "# python -m tests.unit.vendor.table > results/import/policies.txt"
    yield f"# Files: {REAL.name}/ of the data beside the project. Success: at the users from 60 s to 90 s of the trial,"
    yield f"# seed 1, with {' and '.join(SHORTER)}; as imported, and without policies."
    yield ""
    rows, ran = [HEAD], []
    for path in sorted(REAL.iterdir()):
        try:
            read = source.parse(path.read_text(encoding="utf-8"), path.name)
            kind = detect.kind_of(read)
            found = kind.policies(read, Wishes())
        except InvalidScenario as error:
            ran.append(f"{path.name}: refused: {error.problems[0]}")
            continue
        rows += [[path.name, kind.name, *_row(one)] for one in found]
        ran.append(f"{path.name}: runs; success {' against '.join(_success(found, path.name))}")
    yield from (line.rstrip() for line in aligned(rows, left=4))
    yield ""
    yield from ran


def _row(one: Imported) -> list[str]:
    marks = [value.mark for _, block in one.stack for _, value in leaves(block)]
    default = marks.count(DEFAULT)
    policies = ", ".join(policy for policy, _ in one.stack)
    return [one.name, policies, str(len(marks) - default), str(default), str(len(one.idle))]


def _success(found: list[Imported], name: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.yaml"
        file.write_text(trial.text(found, name), encoding="utf-8")
        loaded = load(str(file), set=SHORTER)
        for variant in reversed(loaded.variants):
            yield f"{100 * run(loaded, seed=1, variant=variant).measure('success_share(users) during fault'):.1f} %"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*lines(), ""]))
