"""Users' own breakers: by entry point (group `cascadelab.breakers`) or by file (`--plugin file.py`).

    from sim.policies.plugins import breaker

    @breaker("every-third")
    class EveryThird:
        def __init__(self, n=3): ...            # takes the `params:` of the scenario file
        def admit(self, now_ns): ...            # a ticket (anything but None), or None: refused
        def settle(self, now_ns, ticket, outcome): ...
        # if it has them: state ("closed", "open", "half_open"), due() -> ns or None, tick(now_ns)

Times are integer nanoseconds of simulated time. `sim.policies.conformance.check_breaker` tells
whether such a class keeps the promises that a simulation (and a user) relies on.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from typing import Any, Protocol, TypeVar

from sim.errors import CascadelabError, PluginError, UsageError
from sim.policies import breaker as machine
from sim.policies import catalog
from sim.words import FOREVER, STATES

ENTRY_POINTS = "cascadelab.breakers"
Factory = Callable[..., Any]
T = TypeVar("T", bound=Factory)
_marked: list[tuple[str, Factory]] = []


class UserBreaker(Protocol):
    """What every user's breaker has. `state`, `due` and `tick` are optional beside it."""

    def admit(self, now_ns: int) -> Any:
        """A ticket (anything but None), or None: refused."""

    def settle(self, now_ns: int, ticket: Any, outcome: "Outcome") -> None:
        """The result of an admitted try; called once per ticket, perhaps much later."""


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


class Recorded:
    """A built-in breaker behind the interface of a user's class."""

    def __init__(self, params: machine.Params, key: int) -> None:
        self.params = params
        self.record = machine.new(params, key)

    @property
    def state(self) -> str:
        """Name of the state."""
        return STATES[self.record.state]

    def admit(self, now_ns: int) -> int | None:
        """A ticket, or None."""
        return machine.admit(self.record, self.params, now_ns) or None

    def settle(self, now_ns: int, ticket: int, outcome: Outcome) -> None:
        """The result of an admitted try."""
        bound = self.params.slow_ns
        elapsed = max(outcome.elapsed_ns, bound + 1) if outcome.slow else min(outcome.elapsed_ns, bound)
        machine.settle(self.record, self.params, now_ns, ticket, outcome.verdict, elapsed)

    def due(self) -> int | None:
        """The instant of the next transition by timer."""
        at = machine.due(self.record, self.params)
        return at if at < FOREVER else None

    def tick(self, now_ns: int) -> None:
        """That transition."""
        machine.tick(self.record, self.params, now_ns)


def as_user(params: machine.Params, key: int = 1) -> Recorded:
    """A fresh copy of a built-in breaker as a user's class would look."""
    return Recorded(params, key)


def breaker(name: str) -> Callable[[T], T]:
    """Mark a class or function as the breaker `name`; it is called with the file's `params`."""

    def mark(factory: T) -> T:
        _marked.append((name, factory))
        return factory

    return mark


def from_file(path: str | Path) -> dict[str, Factory]:
    """The breakers that a Python file marks.

    Raises UsageError if there is no such file, PluginError if it does not load, or marks nothing usable.
    """
    path = Path(path)
    # Two files of one name are two modules; the name is known while the file runs (dataclasses ask for it).
    place = blake2b(str(path.resolve()).encode(), digest_size=4).hexdigest()
    module_name = f"cascadelab_plugin_{path.stem}_{place}"
    spec = spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"{path}: not a Python file"
        raise UsageError(msg)
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    before = list(_marked)
    _marked.clear()
    try:
        spec.loader.exec_module(module)
        marked = list(_marked)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        msg = f"{_place(error, {spec.origin}) or path}: the plugin does not load: {_said(error)}"
        raise PluginError(msg) from error
    finally:
        _marked[:] = before
    if not marked:
        msg = f'{path}: marks no breaker; write @breaker("name") above a class'
        raise PluginError(msg)
    return _collect((str(path), name, factory) for name, factory in marked)


def installed() -> dict[str, Factory]:
    """The breakers of installed packages. Raises PluginError if one does not load."""
    from importlib.metadata import entry_points

    return _collect(_load(point) for point in entry_points(group=ENTRY_POINTS))


def gather(files: Iterable[str | Path]) -> dict[str, Factory]:
    """Installed breakers and those of files; a name twice is an error."""
    found = [("an installed package", name, factory) for name, factory in installed().items()]
    for path in files:
        found += [(str(path), name, factory) for name, factory in from_file(path).items()]
    return _collect(found)


def make(name: str, factory: Factory, params: dict[str, Any]) -> UserBreaker:
    """One copy of a user's breaker. Raises PluginError if it cannot be made or has no admit and settle."""
    try:
        made = factory(**params)
    except Exception as error:
        where = _place(error, {_file(factory)}) or _file(factory)
        msg = f"breaker {name!r} cannot be made with params {params}: {_said(error)}"
        raise PluginError(f"{where}: {msg}" if where else msg) from error
    for method in ("admit", "settle"):
        if not callable(getattr(made, method, None)):
            msg = f"breaker {name!r} has no {method}(): it needs admit(now_ns) and settle(now_ns, ticket, outcome)"
            raise PluginError(msg)
    user: UserBreaker = made
    return user


@contextmanager
def answerable(factories: Iterable[Factory]) -> Iterator[None]:
    """Within: what is raised by the code of these breakers is theirs. Raises PluginError with its place."""
    try:
        yield
    except (CascadelabError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        place = _place(error, {_file(factory) for factory in factories})
        if not place:
            raise
        msg = f"{place}: the plugin fails: {_said(error)}"
        raise PluginError(msg) from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _file(factory: Factory) -> str | None:
    """The file that a class or function stands in."""
    module = sys.modules.get(getattr(factory, "__module__", ""))
    return getattr(module, "__file__", None)


def _place(error: BaseException, files: Collection[str | None]) -> str:
    """`file:line` of the last step that an error took through these files; empty if it did not."""
    if isinstance(error, SyntaxError) and error.filename in files:
        return f"{error.filename}:{error.lineno}"
    steps = [f for f in extract_tb(error.__traceback__) if f.filename in files]
    return f"{steps[-1].filename}:{steps[-1].lineno}" if steps else ""


def _load(point: Any) -> tuple[str, str, Factory]:
    where = f"entry point {point.name} = {point.value}"
    try:
        return where, point.name, point.load()
    except (Exception, SystemExit) as error:
        msg = f"{where}: the plugin does not load: {type(error).__name__}: {error}"
        raise PluginError(msg) from error


def _collect(found: Iterable[tuple[str, Any, Factory]]) -> dict[str, Factory]:
    """By name; refuses names that are no names or taken, and things that cannot be breakers."""
    out: dict[str, Factory] = {}
    for where, name, factory in found:
        if not isinstance(name, str) or not name:
            msg = f"{where}: a breaker's name is a text, not {name!r}"
        elif name in catalog.names():
            msg = f"{where}: {name!r} is a breaker of the catalogue; choose another name"
        elif name in out:
            msg = f"{where}: a breaker called {name!r} is there already"
        elif not callable(factory):
            msg = f"{where}: {name!r} is no class or function"
        elif isinstance(factory, type) and not (hasattr(factory, "admit") and hasattr(factory, "settle")):
            msg = f"{where}: the class of {name!r} needs admit(now_ns) and settle(now_ns, ticket, outcome)"
        else:
            out[name] = factory
            continue
        raise PluginError(msg)
    return out
