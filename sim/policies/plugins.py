"""Users' own breakers: by entry point (group `cascadelab.breakers`) or by file (`--plugin file.py`).

from sim.policies.plugins import breaker

@breaker("every-third")
class EveryThird:
    def admit(self, now_ns): ...            # a ticket (anything but None), or None: refused
    def settle(self, now_ns, ticket, outcome): ...
    # if it has them: state ("closed", "open", "half_open"), due() -> ns or None, tick(now_ns)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import UsageError

ENTRY_POINTS = "cascadelab.breakers"
T = TypeVar("T", bound=Callable[..., Any])
_marked: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a user's breaker learns of one admitted try."""

    verdict: int
    """0 success, 1 failure, 2 ignored: neither."""
    slow: bool
    name: str
    """ok, error, timeout, ... (sim.words.OUTCOMES)"""
    elapsed_ns: int

    @property
    def failed(self) -> bool:
        """Counts as a failure."""
        return self.verdict == 1

    @property
    def ignored(self) -> bool:
        """Counts as nothing."""
        return self.verdict == 2


def breaker(name: str) -> Callable[[T], T]:
    """Mark a class or function as the breaker `name`; it is called with the file's `params`."""

    def mark(factory: T) -> T:
        _marked[name] = factory
        return factory

    return mark


def from_file(path: str | Path) -> dict[str, Callable[..., Any]]:
    """The breakers that a Python file marks. Raises UsageError if there is none or it does not load."""
    path = Path(path)
    spec = spec_from_file_location(f"cascadelab_plugin_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"{path}: not a Python file"
        raise UsageError(msg)
    before = dict(_marked)
    _marked.clear()
    try:
        spec.loader.exec_module(module_from_spec(spec))
        found = dict(_marked)
    except Exception as error:
        msg = f"{path}: the plugin does not load: {type(error).__name__}: {error}"
        raise UsageError(msg) from error
    finally:
        _marked.clear()
        _marked.update(before)
    if not found:
        msg = f'{path}: marks no breaker; write @breaker("name") above a class'
        raise UsageError(msg)
    return found


def installed() -> dict[str, Callable[..., Any]]:
    """The breakers of installed packages."""
    from importlib.metadata import entry_points

    return {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def gather(files: Iterable[str | Path]) -> dict[str, Callable[..., Any]]:
    """Installed breakers and those of files; a name twice is an error."""
    found = installed()
    for path in files:
        for name, factory in from_file(path).items():
            if name in found:
                msg = f"{path}: a breaker called {name!r} is there already"
                raise UsageError(msg)
            found[name] = factory
    return found
