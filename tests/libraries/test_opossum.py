"""The entry `opossum` against opossum itself under node, step by step, on random histories."""

import pytest
from hypothesis import given, settings

from tests.libraries import opossum
from tests.libraries.histories import DRAWS, Tally, agree, history
from tests.libraries.test_real_libraries import SOME, require_worth

pytestmark = pytest.mark.skipif(bool(opossum.missing()), reason=opossum.missing())


@pytest.fixture
def node():
    node = opossum.Node()
    yield node
    node.close()


def check(node, examples):
    """So many histories on which both agree; returns what they came to."""
    tally = Tally()

    @settings(SOME, max_examples=examples)
    @given(case=opossum.cases(), draws=DRAWS)
    def law(case, draws):
        steps = history(case, draws, opossum.OUTCOMES, ())
        agree(node.play(case.config, steps), "opossum", case, steps, tally)

    law()
    return tally


def test_ours_agrees_with_opossum_on_100_histories(node):
    require_worth(check(node, 100), 100)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ours_agrees_with_opossum_on_2000_histories(node):
    tally = check(node, 2000)
    require_worth(tally, 2000)
    print(f"\nopossum: {tally.told()}")
