"""Makes everything in this folder again: `python results/reference/make.py [NAME ...]`.

Each entry is a command that a user could type; what README shows of its folder is copied here, and
README.md of this folder lists commands and times.
"""

import json
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

COMPARISON = ("comparison.txt", "figures/comparison.svg", "figures/comparison.png")
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "slow-ads": ("compare scenarios/online-boutique-slow-ads.yaml --seeds 1..20", COMPARISON),
    "slow-catalog": ("compare scenarios/online-boutique-slow-catalog.yaml --seeds 1..20", COMPARISON),
    "retry-storm": ("compare scenarios/retry-storm.yaml --seeds 1..20", COMPARISON),
    "partial-failure": ("compare scenarios/partial-failure.yaml --seeds 1..20", COMPARISON),
    "catalogue": (
        "explain --figure {folder}/catalogue.png --figure {folder}/catalogue.svg",
        ("catalogue.png", "catalogue.svg"),
    ),
    "breaker-scope": (
        "compare scenarios/breaker-scope.yaml --seeds 1..5 --vary services.web.replicas=1,2,4,8,16,32,64 "
        "--variant per-replica --variant shared --variant shared-late "
        "--measure 'attempts(store) during fault' --measure 'refused_good(web -> store) before fault'",
        ("comparison.txt", "figures/curve.png", "figures/curve.svg"),
    ),
    "slow-database-none": (
        "run scenarios/slow-database.yaml --variant none --seed 1",
        ("stdout.txt", "figures/overview.png", "figures/graph.png", "figures/spread.png"),
    ),
    "slow-database-consecutive": (
        "run scenarios/slow-database.yaml --variant consecutive --seed 1",
        ("stdout.txt", "figures/overview.png", "figures/trips.png", "figures/latency.png", "figures/states.png"),
    ),
    "slow-database-curve": (
        "compare scenarios/slow-database.yaml --seeds 1..5 --variant none --variant consecutive "
        "--vary faults.0.slow.times=2,5,8,11,14,17,20",
        ("comparison.txt", "figures/curve.png"),
    ),
}  # fmt: skip


def kept(name: str, file: str) -> str:
    """What a file is called here."""
    path = Path(file)
    return path.name if path.stem == name else f"{name}-{path.name}"


def make(name: str) -> float:
    """Run one command; seconds that it took."""
    command, files = COMMANDS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / name
        folder.mkdir()
        placed = command if "{folder}" in command else f"{command} -o {{folder}}"
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "sim", *shlex.split(placed.format(folder=folder))],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        took = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        (folder / "stdout.txt").write_text(done.stdout)
        for file in files:
            shutil.copy(folder / file, HERE / kept(name, file))
    return took


def main() -> None:
    """Make the chosen entries, or all, and the list of them."""
    known = HERE / "times.json"
    times = json.loads(known.read_text()) if known.exists() else {}
    for name in sys.argv[1:] or COMMANDS:
        times[name] = round(make(name), 1)
        known.write_text(json.dumps(times, indent=1, sort_keys=True) + "\n")
        print(f"{times[name]:7.1f} s  {name}", flush=True)
    lines = [
        "What the project's README shows, made by `python results/reference/make.py`"
        f" ({platform.machine()}, two cores, Python {platform.python_version()}).",
        "",
        "| files | command | seconds |",
        "|---|---|---|",
    ]
    for name, (command, files) in COMMANDS.items():
        shown = ", ".join(f"[{Path(f).name}]({kept(name, f)})" for f in files)
        lines.append(f"| {shown} | `cascadelab {command.replace('{folder}/', '')}` | {times.get(name, '')} |")
    (HERE / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
