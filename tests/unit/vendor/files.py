"""Files of other tools as tests use them: text in, policies out, and back."""

import pytest

from sim.errors import InvalidScenario
from sim.scenario import source as scenarios
from sim.scenario.load import load_text
from sim.vendor import detect, export, source, trial
from sim.vendor.export.calls import calls
from sim.vendor.kinds import Wishes
from sim.vendor.marked import leaves, plain_stack
from tests.shared import PLACE

REAL = PLACE / "data" / "policy"
"""Files of real repositories, beside the checkout."""


def imported(text, file="f", *, kind="", **wishes):
    """The policies of a file."""
    read = source.parse(text, file)
    return detect.kind_of(read, kind).policies(read, Wishes(**wishes))


def one(text, **wishes):
    """Of a file with one import."""
    (only,) = imported(text, **wishes)
    return only


def stack(text, **wishes):
    """The stack of the only import, as a scenario has it."""
    return plain_stack(one(text, **wishes))


def block(text, kind, **wishes):
    """Its first policy of a kind."""
    return next(single[kind] for single in stack(text, **wishes) if kind in single)


def marks(text, kind, **wishes):
    """(mark, note) of the values of its first policy of a kind, by their last key."""
    found = next(inner for policy, inner in one(text, **wishes).stack if policy == kind)
    return {place[-1]: (value.mark, value.note) for place, value in leaves(found)}


def idle(text, **wishes):
    """Settings without meaning, with their reasons."""
    return {i.name: i.why for found in imported(text, **wishes) for i in found.idle}


def wrong(text, file="f", **wishes):
    """What is told of a file that is refused."""
    with pytest.raises(InvalidScenario) as error:
        imported(text, file, **wishes)
    return str(error.value)


def written(scenario, target, edges=()):
    """A scenario as settings of another tool."""
    loaded = load_text(scenario, "s.yaml")
    tree = scenarios.parse(scenario, "s.yaml")
    return export.text(target, calls(loaded.scenario(None), tree, frozenset(), edges), tree)


def refused(scenario, target, edges=()):
    """Why a scenario cannot be written so."""
    with pytest.raises(InvalidScenario) as error:
        written(scenario, target, edges)
    return str(error.value)


def there_and_back(text, target, **wishes):
    """(policies of a file, those of what is exported from them), both by name."""
    first = imported(text, **wishes)
    out = written(trial.text(first, "f"), target)
    second = imported(out, kind=target)
    names = trial.callees(first)
    return dict(zip(names, map(plain_stack, first), strict=True)), {i.name: plain_stack(i) for i in second}
