"""Our own vectors: ours passes each, and so does the library itself where it can be run here."""

from pathlib import Path

import pytest

from sim.policies.replay import difference, replay, unrolled
from sim.scenario.vectors import load_vectors
from tests.libraries import opossum
from tests.libraries.clock import CLOCK
from tests.libraries.drivers import DRIVERS
from tests.libraries.test_real_libraries import clock  # noqa: F401

VECTORS = load_vectors(str(Path(__file__).parent / "vectors.yaml"))
REAL = [vector for vector in VECTORS if vector["verified"] == "real library"]
WAYS = {"fluxgate": "fluxgate-async"}


def by_id(vector):
    return vector["id"]


@pytest.mark.parametrize("vector", VECTORS, ids=by_id)
def test_ours_passes(vector):
    result = replay(vector)
    assert result.passed, f"step {result.step}: {result.message}"


@pytest.mark.parametrize("vector", [v for v in REAL if v["library"] != "opossum"], ids=by_id)
def test_the_library_itself_passes(vector, clock):  # noqa: F811
    library = vector["library"]
    CLOCK.exact = library in ("circuitbreaker", "purgatory", "fluxgate")
    driver = DRIVERS[WAYS.get(library, library)](vector["config"])
    try:
        passes(vector, driver, steps_of(vector))
    finally:
        driver.close()


@pytest.mark.skipif(bool(opossum.missing()), reason=opossum.missing() or "it can run")
@pytest.mark.parametrize("vector", [v for v in REAL if v["library"] == "opossum"], ids=by_id)
def test_opossum_itself_passes(vector):
    node, steps = opossum.Node(), steps_of(vector)
    try:
        passes(vector, node.play(vector["config"], steps), steps)
    finally:
        node.close()


def steps_of(vector):
    """Every repetition as a step of its own."""
    return [one for step in vector["steps"] for one in unrolled(step)]


def passes(vector, subject, steps):
    """The library shows what the vector says."""
    for number, (now_ns, step) in enumerate(steps, 1):
        message = difference(step, subject.step(now_ns, step))
        assert not message, f"{vector['id']}, repetition {number}: {message}"


def test_vectors_say_what_they_show():
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS) >= 25
    assert all(vector["notes"] and vector["source"] and vector["version"] for vector in VECTORS)
    assert {vector["verified"] for vector in VECTORS} == {"real library", "source reading"}
