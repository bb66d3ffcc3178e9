"""Cost of an attempt against services and against calls in flight, beside a logarithm."""

import math
from pathlib import Path

from tests.bench.scale import scenarios
from tests.bench.scale.rounds import Case, Runs

OURS, LOG = "#0072b2", "#444444"


def draw(path: Path, graphs: list[Case], flights: list[Case], runs: dict[Case, Runs]) -> None:
    """Two panels that share the axis of cost."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    flying = sum(runs[case].median("in_flight") for case in graphs) / len(graphs)
    titles = (
        ("services", graphs, f"service graphs, about {float(f'{flying:.0e}'):,.0f} attempts in flight"),
        ("calls in flight", flights, f"{scenarios.FIXED} services"),
    )
    for panel, (what, cases, title) in zip(panels, titles, strict=True):
        sizes = [case.size for case in cases]
        costs = [sorted(runs[case].ns) for case in cases]
        middle = [cost[len(cost) // 2] for cost in costs]
        panel.plot(sizes, middle, color=OURS, marker="o", label="measured (median; bar: all rounds)")
        panel.vlines(sizes, [cost[0] for cost in costs], [cost[-1] for cost in costs], color=OURS)
        logs = [middle[0] * math.log10(size) / math.log10(sizes[0]) for size in sizes]
        panel.plot(
            sizes, logs, color=LOG, linestyle="--", linewidth=1, label="the first, times the logarithm"
        )
        panel.set_xscale("log")
        panel.set_xlabel(what)
        panel.set_title(title, loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(alpha=0.35, linewidth=0.6)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("CPU time of an attempt [ns]")
    panels[0].legend(frameon=False, fontsize=8.5)
    figure.savefig(path, dpi=130)
    plt.close(figure)
