"""cascadelab: a laboratory for cascading failure.

    from sim import load, run, compare, open_run

Everything is loaded when it is first used: importing `sim` costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.api import compare, load, open_comparison, open_run, run
    from sim.results import Comparison, Run

    __version__: str

__all__ = ["Comparison", "Run", "__version__", "compare", "load", "open_comparison", "open_run", "run"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from sim.experiment.provenance import our_version

        return our_version()
    if name in __all__:
        from sim import api

        return getattr(api, name)
    msg = f"module 'sim' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
