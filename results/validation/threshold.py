"""Makes threshold.png and threshold.svg beside this file: `python results/validation/threshold.py`.

Goodput and attempts over time of scenarios/metastable-outage.yaml at ten offered loads, without a breaker and with
one, means of twenty seeds; the published threshold is drawn in (Bronson et al., HotOS 2021, section 2.1).
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

import sim
from sim.validation.formulas.metastability import threshold
from sim.views import palette
from sim.views.canvas import new_figure
from sim.views.figures import style

HERE = Path(__file__).parent
SCENARIO = HERE.parents[1] / "scenarios" / "metastable-outage.yaml"
LOADS = range(100, 281, 20)
SEEDS = range(1, 21)
BUCKET, END, OUTAGE = 2, 200, (30, 40)
"""Seconds; of the scenario."""
CAPACITY, ATTEMPTS, TIMEOUT = 300, 2, 1
"""Of the scenario: answers per second, tries per call, seconds."""
BELOW, ABOVE = ("#56B4E9", "#004A75"), ("#E69F00", "#A63C00")
"""From the lowest to the highest load of the two groups: blues and oranges, which no colour blindness mixes up."""
SHOWN = {"goodput": "goodput", "attempts": "attempts(database)"}

Series = NDArray[np.float64]
TIMES = np.arange(0, END, BUCKET)


def measured(load: int, variant: str) -> dict[str, Series]:
    """Goodput and attempts per second over time, means over the seeds."""
    changes = [f"duration={END}s", f"bucket={BUCKET}s", "drain=false", f"sources.users.rate={load}/s"]
    scenario = sim.load(SCENARIO, set=changes)
    sums = {name: np.zeros(len(TIMES)) for name in SHOWN}
    for seed in SEEDS:
        run = sim.run(scenario, seed=seed, variant=variant, engine="compiled")
        for name, measure in SHOWN.items():
            found = np.array([run.measure(f"{measure} {t}s..{t + BUCKET}s") for t in TIMES])
            sums[name] += found if name == "goodput" else found / BUCKET
    return {name: total / len(SEEDS) for name, total in sums.items()}


def colour(load: int) -> str:
    """Blue below the threshold, orange above; the darker the more load."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    above = load > threshold(CAPACITY, ATTEMPTS)
    group = [x for x in LOADS if (x > threshold(CAPACITY, ATTEMPTS)) == above]
    place = group.index(load) / max(1, len(group) - 1)
    return to_hex(LinearSegmentedColormap.from_list("", ABOVE if above else BELOW)(place))


def panel(axes: Axes, found: dict[int, Series], title: str, limit: float) -> None:
    """The lines of one measure in one variant, and a limit; each line with its load at the right end."""
    axes.axvspan(*OUTAGE, color=palette.FAULT, alpha=0.16, lw=0)
    for load, series in found.items():
        axes.plot(TIMES + BUCKET / 2, series, color=colour(load), lw=1.6)
    axes.axhline(limit, color="black", lw=1.4, ls=(0, (5, 2)))
    axes.set_title(title)
    axes.set_xlim(0, END)
    axes.set_xlabel("time [s]")
    last = {load: float(series[-10:].mean()) for load, series in found.items()}
    stuck = [load for load, y in last.items() if y < 1]
    for load, y in last.items():
        if load not in stuck:
            beside(axes, y, f"{load}/s", load)
    if stuck:
        beside(axes, 0, f"{min(stuck)} to\n{max(stuck)}/s", max(stuck), align="bottom")


def beside(axes: Axes, y: float, text: str, load: int, align: str = "center") -> None:
    """A label at the right end of a line."""
    axes.annotate(
        text, (END, y), xytext=(3, 0), textcoords="offset points", va=align, color=colour(load), fontsize=7.5,
        annotation_clip=False,
    )  # fmt: skip


def note(axes: Axes, x: float, y: float, text: str, *, below: bool = False) -> None:
    """Words in a panel that end at x."""
    axes.annotate(
        text, (x, y), xytext=(0, -3 if below else 3), textcoords="offset points", ha="right",
        va="top" if below else "bottom", fontsize=9, fontweight="bold", path_effects=palette.rim(), zorder=5,
    )  # fmt: skip


def main() -> None:
    """Run everything and draw."""
    limit = threshold(CAPACITY, ATTEMPTS)
    found = {v: {load: measured(load, v) for load in LOADS} for v in ("none", "breaker")}
    title = "Ten seconds of outage, one retry: above half of its capacity a database never comes back"
    with style():
        figure = new_figure(11.5, 8.2, title)
        grid = figure.subplots(2, 2, sharey="row")
        for column, (variant, name) in enumerate(
            (("none", "without a breaker"), ("breaker", "with a breaker"))
        ):
            lines = {m: {load: series[m] for load, series in found[variant].items()} for m in SHOWN}
            panel(grid[0][column], lines["goodput"], f"Answered in time, {name}", limit)
            panel(grid[1][column], lines["attempts"], f"Attempts at the database, {name}", CAPACITY)
        note(grid[0][0], END, limit, f"published threshold: {limit:g}/s")
        note(grid[0][0], END, 215, "offered more than that:\nbusy for ever, in time never")
        note(grid[1][0], END, CAPACITY, f"it can answer {CAPACITY}/s", below=True)
        note(grid[1][1], END, CAPACITY, f"it can answer {CAPACITY}/s")
        grid[0][0].text(OUTAGE[1] + 1, 288, "outage", color=palette.FAULT_EDGE, fontsize=9)
        grid[0][0].set_ylabel("goodput [1/s]")
        grid[1][0].set_ylabel("attempts [1/s]")
        for axes in grid.flat:
            axes.set_ylim(bottom=0)
        figure.supxlabel(
            f"Offered load at the right end of each line; means of {len(SEEDS)} runs. Queries wait {TIMEOUT} s and are "
            "tried once more; the database works on for those who left.",
            fontsize=8.5, x=0.01, ha="left",
        )  # fmt: skip
        for kind, unstable in (("png", "Software"), ("svg", "Date")):
            figure.savefig(HERE / f"threshold.{kind}", metadata={unstable: None})


if __name__ == "__main__":
    main()
