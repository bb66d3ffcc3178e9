"""Models below tests/theory that are no scenarios: `replicate(seed, **settings)` -> observables by name."""

from collections.abc import Callable, Iterable
from functools import cache
from runpy import run_path

from sim.validation.target import THEORY


def replicate(name: str, seed: int, settings: Iterable[str]) -> dict[str, float]:
    """One replication; settings are `name=value`, and reach the model as texts."""
    found = _function(name)(seed, **dict(text.split("=", 1) for text in settings))
    return {observable: float(value) for observable, value in found.items()}


@cache
def _function(name: str) -> Callable[..., dict[str, float]]:
    function: Callable[..., dict[str, float]] = run_path(str(THEORY / name))["replicate"]
    return function
