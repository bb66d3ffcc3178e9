"""Import of a text, and a run of what comes out."""

import pytest

from sim import load, run
from sim.errors import InvalidScenario
from sim.scenario import load_text
from sim.vendor import detect, source
from sim.vendor.kinds import Wishes, Written


def imported(text: str, file: str = "shop.yaml") -> Written:
    """As `cascadelab import` does it."""
    read = source.parse(text, file)
    return detect.kind_of(read).write(read, Wishes())


def scenario(text: str):
    """The model of what is imported."""
    return load_text(imported(text).text).scenario()


def refused(text: str) -> str:
    """Why it is not imported."""
    with pytest.raises(InvalidScenario) as error:
        imported(text)
    return str(error.value)


def played(text: str, tmp_path, *overrides: str):
    """A run of what is imported, at a rate at which nobody waits."""
    file = tmp_path / "scenario.yaml"
    file.write_text(imported(text).text)
    return run(load(file, set=["sources.users.rate=2/s", "network=0s", *overrides]), engine="simpy")
