"""Scenario files: text -> located tree -> validated model; all mistakes at once, each with its place."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.scenario.load import Loaded, load_file, load_text

__all__ = ["Loaded", "load_file", "load_text"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from sim.scenario import load

        return getattr(load, name)
    raise AttributeError(name)
