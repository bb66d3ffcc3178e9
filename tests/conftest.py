"""Settings of all tests."""

import pytest
from hypothesis import settings

# No deadline per example: how fast the machine is at this moment is not a property of the code.
settings.register_profile("cascadelab", deadline=None, print_blob=True)
settings.load_profile("cascadelab")


def pytest_addoption(parser):
    parser.addoption(
        "--twins",
        action="store_true",
        help="every run of the tests runs on the compiled engine too, and must be the same",
    )


@pytest.fixture(autouse=True, scope="session")
def twins(request):
    """With --twins: whatever the SimPy engine runs in a test, the compiled engine runs as well."""
    if not request.config.getoption("--twins"):
        yield
        return
    from sim.engines.simpy_engine.world import World
    from tests.engines.twins import run_both

    simpy_run = World.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "run", lambda world, progress=None: run_both(world, progress, simpy_run))
        yield
