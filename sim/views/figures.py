"""Every figure by name; saving as PNG and SVG, byte for byte the same each time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError
from sim.store import write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = {
    "overview": "offered load and goodput, outcomes, latency, breakers and queues on one page",
    "outcomes": "S and F by reason per second, per source and edge",
    "latency": "latency p50, p90 and p99 over time",
    "trips": "trip rate: B per second and B/N",
    "states": "breaker states over time, a strip per copy",
    "queues": "queue and busy slots per service",
    "graph": "the call graph coloured by health at chosen times",
    "spread": "first failing time by distance from the fault",
}
COMPARISON_FIGURES = {
    "comparison": "measures across variants with intervals, fault run beside good day",
    "curve": "measures over the varied parameter",
}
STYLE = Path(__file__).with_name("cascadelab.mplstyle")


@contextmanager
def style() -> Iterator[None]:
    """Our style sheet, for a while."""
    from matplotlib import rc_context

    with rc_context(fname=str(STYLE)):
        yield


def draw(run: Any, name: str) -> "Figure":
    """A figure of a run. Raises UsageError for an unknown name."""
    if name not in FIGURES:
        msg = f"no figure is called {name!r} (there are: {', '.join(FIGURES)})"
        raise UsageError(msg)
    from sim.views import graph_plot, spread_plot, time_plots

    functions = {
        "overview": time_plots.overview,
        "outcomes": time_plots.outcomes,
        "latency": time_plots.latency,
        "trips": time_plots.trips,
        "states": time_plots.states,
        "queues": time_plots.queues,
        "graph": graph_plot.health,
        "spread": spread_plot.spread,
    }
    with style():
        return functions[name](run)


def draw_comparison(comparison: Any, name: str) -> "Figure":
    """A figure of a comparison. Raises UsageError for an unknown name."""
    from sim.views import comparison_plots

    if name not in COMPARISON_FIGURES:
        msg = f"no figure is called {name!r} (there are: {', '.join(COMPARISON_FIGURES)})"
        raise UsageError(msg)
    with style():
        return getattr(comparison_plots, name)(comparison)  # type: ignore[no-any-return]


def _write(figure: "Figure", folder: Path, name: str) -> list[Path]:
    out = []
    for kind, unstable in (("png", "Software"), ("svg", "Date")):
        drawn = BytesIO()
        with style():
            figure.savefig(drawn, format=kind, metadata={unstable: None})
        out.append(folder / f"{name}.{kind}")
        write_file(out[-1], drawn.getvalue())
    return out


def save_figures(run: Any, folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Draw figures of a run into a folder; all that have something to show, or those named."""
    chosen = list(names) or [n for n in FIGURES if n not in ("trips", "states") or run.record.copies]
    if not names and not run.record.faults:
        chosen = [n for n in chosen if n != "spread"]
    return [path for name in chosen for path in _write(draw(run, name), folder, name)]


def save_comparison_figures(comparison: Any, folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Draw figures of a comparison into a folder."""
    chosen = names or (("curve",) if comparison.path else ("comparison",))
    return [path for name in chosen for path in _write(draw_comparison(comparison, name), folder, name)]
