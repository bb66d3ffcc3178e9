"""Values of a varied parameter on an axis."""

import pytest

from sim.experiment.vary import magnitudes


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["500ms", "1s", "2m"], [5e8, 1e9, 1.2e11]),
        (["60/m", "2/s"], [1.0, 2.0]),
        (["5%", "50%"], [0.05, 0.5]),
        (["0.5", "2", "1e3"], [0.5, 2.0, 1000.0]),
        (["fifo", "lifo"], None),
        (["1s", "2"], None),
        (["1s", "2/s"], None),
    ],
)
def test_values_lie_where_their_units_say(values, places):
    """A second is more than 500 milliseconds."""
    assert magnitudes(values) == places
