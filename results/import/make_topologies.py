"""Makes topologies.txt again: `python results/import/make_topologies.py [DATA]`.

Every file of DATA/{isotope,mubench,hydragen,deploy} is imported and what comes out is run once, or the reason stands
here for which it is refused. Without DATA, ../shared/data beside the checkout.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim import load, run
from sim.errors import CascadelabError
from sim.vendor import detect, source
from sim.vendor.kinds import Wishes

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data"
FOLDERS = ("isotope", "mubench", "hydragen", "deploy")
HEAD = (
    "file",
    "format",
    "services",
    "calls",
    "assumed",
    "unconfirmed",
    "requests",
    "attempts",
    "succeeded",
    "p50",
)


def rows(data: Path) -> Iterator[tuple[str, ...]]:
    """One for each file."""
    for folder in FOLDERS:
        for file in sorted((data / folder).iterdir()):
            name = f"{folder}/{file.name}"
            try:
                yield (name, *imported(file))
            except CascadelabError as error:
                yield name, f"refused: {str(error).splitlines()[0].replace(f'{data}/', '')}"


def imported(file: Path) -> tuple[str, ...]:
    """What is in the scenario, and how a run of it ends."""
    read = source.read(str(file))
    kind = detect.kind_of(read)
    text = kind.write(read, Wishes()).text
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scenario.yaml")
        path.write_text(text, encoding="utf-8")
        one = run(load(path, set=["duration=60s"]), seed=1, engine="simpy")
    services = one.topology.services
    edges = {
        edge
        for edge in one.frame("calls")["edge"]
        if not edge.startswith(tuple(f"{s} ->" for s in one.scenario.sources))
    }
    attempts = sum(one.measure(f"attempts({service.name})") for service in services)
    return (
        kind.name, f"{len(services):,}", f"{len(edges):,}", f"{text.count('# assumed'):,}",
        f"{text.count('# unconfirmed'):,}", f"{one.measure('N'):,.0f}", f"{attempts:,.0f}",
        f"{one.measure('S'):,.0f}", f"{one.measure('p50') * 1e3:.1f} ms",
    )  # fmt: skip


def table(found: list[tuple[str, ...]]) -> str:
    """Columns as wide as they need; numbers to the right."""
    whole = [HEAD, *(row for row in found if len(row) == len(HEAD))]
    widths = [max(len(row[i]) for row in whole) for i in range(len(HEAD))]
    widths[0] = max(len(row[0]) for row in [*whole, *found])

    def line(row: tuple[str, ...]) -> str:
        cells = (
            cell.ljust(w) if i < 2 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=False))
        )
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in [HEAD, *found])


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    text = f"""\
Topologies as their projects publish them, imported and run once (seed 1, 60 s, as imported).
`python results/import/make_topologies.py DATA`; where the files are from stands in DATA/README.md.
calls: pairs of services that call each other. assumed, unconfirmed: marks in the scenario that comes out.

{table(list(rows(data)))}
"""
    (HERE / "topologies.txt").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
