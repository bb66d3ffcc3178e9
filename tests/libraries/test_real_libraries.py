"""The catalogue's breakers against the libraries themselves, step by step, on random histories.

100 histories for each library; `-m slow -s`: 2,000, and a line on what they came to.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings

from tests.libraries.clock import CLOCK, virtual_time
from tests.libraries.drivers import DRIVERS
from tests.libraries.histories import CASES, DRAWS, Tally, agree, history

SOME = settings(
    report_multiple_bugs=False, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
WAYS = [(name, name.partition("-")[0]) for name in DRIVERS]
"""(driver, library)"""


@pytest.fixture
def clock():
    """Virtual time, and an event loop for what asks for one, though nothing ever runs on it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with virtual_time() as clock:
        yield clock
    asyncio.set_event_loop(None)
    loop.close()


def check(name, library, examples):
    """So many histories on which both agree; returns what they came to."""
    driver, tally = DRIVERS[name], Tally()
    alone = name.endswith(("-call", "-sync"))

    @settings(SOME, max_examples=examples)
    @given(case=CASES[library], draws=DRAWS)
    def law(case, draws):
        steps = history(case, draws, driver.outcomes, tuple(driver.operations), alone=alone)
        CLOCK.exact = case.exact
        real = driver(case.config)
        try:
            agree(real, library, case, steps, tally)
        finally:
            real.close()

    law()
    return tally


def require_worth(tally, examples):
    """The histories went through every transition, and often."""
    assert tally.histories >= examples
    for before, after in (("closed", "open"), ("open", "half_open"), ("open", "open")):
        assert tally.moves(before, after) > examples / 10, (before, after, tally)


@pytest.mark.parametrize(("name", "library"), WAYS)
def test_ours_agrees_with_the_library_on_100_histories(name, library, clock):
    require_worth(check(name, library, 100), 100)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "library"), WAYS)
def test_ours_agrees_with_the_library_on_2000_histories(name, library, clock):
    tally = check(name, library, 2000)
    require_worth(tally, 2000)
    print(f"\n{name}: {tally.told()}")
