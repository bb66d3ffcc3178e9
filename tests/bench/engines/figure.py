"""A bar for every simulator and model, on a logarithmic axis."""

from pathlib import Path

from tests.bench.engines.rounds import Key, Runs
from tests.bench.engines.rows import ROWS

OURS, OTHERS, FLOOR = "#0072b2", "#b0b0b0", "#444444"
"""Told apart by brightness too."""


def draw(
    path: Path, queues: list[tuple[str, str]], shown: list[tuple[str, str]], runs: dict[Key, Runs]
) -> None:
    """`queues`: (title, model) with all simulators; `shown`: (title, model) with our engines alone."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    groups = [(title, _bars(model, runs)) for title, model in queues]
    groups.append(("our engines with policies, faults and large graphs", _engines(shown, runs)))
    heights = [len(bars) for _, bars in groups]
    figure, panels = plt.subplots(
        len(groups),
        1,
        figsize=(9, 0.27 * sum(heights) + 2.2),
        sharex=True,
        height_ratios=heights,
        layout="constrained",
    )
    for panel, (title, bars) in zip(panels, groups, strict=True):
        names, rates, colours = zip(*reversed(bars), strict=True)
        panel.barh(names, rates, color=colours, height=0.72)
        panel.set_title(title, loc="left", fontsize=10)
        panel.set_xscale("log")
        panel.tick_params(axis="y", labelsize=8, length=0)
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.grid(axis="x", alpha=0.35, linewidth=0.6)
        panel.set_axisbelow(True)
        for place, rate in enumerate(rates):
            panel.annotate(f" {rate:,.0f}", (rate, place), va="center", fontsize=7.5, annotation_clip=False)
    panels[-1].set_xlabel("attempts (visits of a station) per second of CPU time, one core; logarithmic")
    panels[-1].set_xlim(left=1000, right=4 * max(run.rate for run in runs.values()))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _bars(model: str, runs: dict[Key, Runs]) -> list[tuple[str, float, str]]:
    colours = {"compiled": OURS, "simpy": OURS, "floor": FLOOR}
    measured = [row for row in ROWS if (row.name, model) in runs]
    return [(row.title, runs[row.name, model].rate, colours.get(row.name, OTHERS)) for row in measured]


def _engines(shown: list[tuple[str, str]], runs: dict[Key, Runs]) -> list[tuple[str, float, str]]:
    engines = (("compiled", "compiled"), ("simpy", "SimPy"))
    return [
        (f"{name}, {title}", runs[engine, model].rate, OURS)
        for name, model in shown
        for engine, title in engines
    ]
