"""The battery tells good numbers from bad ones."""

import numpy as np
import pytest

from sim import luck
from sim.validation import random_numbers as rn
from sim.validation.acceptance import PASS
from sim.validation.targets import TARGETS

CHECKS = {check.name: check for check in TARGETS["random-numbers"].checks}


def verdicts(check, samples):
    """Verdict of each observable for what replications gave."""
    return {
        e.observable: e.rule.judge(
            [(s[e.observable], 1.0) for s in samples], e.curve.formula(check.x)
        ).verdict
        for e in check.expected
    }


def failed(source, n=40):
    """The tests that numbers of this source do not pass: seed -> bits."""
    found = verdicts(CHECKS["stream of requests"], [rn.battery(source(seed)) for seed in range(n)])
    return {name for name, verdict in found.items() if verdict == "FAIL"}


def pcg(seed):
    return np.random.default_rng(seed).integers(0, 1 << 64, rn.N, dtype=np.uint64)


def test_another_good_generator_passes():
    assert not failed(pcg)


@pytest.mark.parametrize(
    ("spoil", "caught"),
    [
        (lambda z: z | np.uint64(1), {"chi2 of the low bits per dof", "chi2 of each bit per dof", "ones"}),
        (lambda z: np.where(z >> np.uint64(58) == 0, z << np.uint64(1), z), {"chi2 per dof"}),
        (lambda z: np.sort(z.reshape(-1, 2), axis=1).ravel(), {"chi2 of pairs per dof"}),
        (lambda z: np.repeat(z[::2], 2), {"neighbours on one side", "collisions"}),
        (lambda z: np.arange(rn.N, dtype=np.uint64) << np.uint64(48), {"birthday spacings", "collisions", "Kolmogorov"}),
    ],
    ids=["stuck bit", "too few small ones", "sorted pairs", "repeated", "counter"],
)  # fmt: skip
def test_bad_numbers_are_caught(spoil, caught):
    assert caught <= failed(lambda seed: spoil(pcg(seed)))


@pytest.mark.parametrize("name", rn.STREAMS)
def test_a_stream_holds_what_the_engines_draw(name):
    """Its bits are those of `luck.child`, key by key."""
    z = rn.STREAMS[name](7)
    root = luck.named(7, "users")
    first = luck.child(root, luck.REQUEST, 0)
    assert len(z) == rn.N
    assert (
        z[1]
        == {
            "requests": lambda: luck.child(luck.child(root, luck.REQUEST, 1), luck.WORK),
            "steps": lambda: luck.child(first, luck.WORK, 1),
            "tries": lambda: luck.child(luck.child(luck.child(first, luck.CALL), luck.RETRY, 1), luck.ERROR),
            "purposes": lambda: luck.child(first, luck.ARRIVAL + 1),
            "seeds": lambda: luck.child(
                luck.child(luck.named(7 * (rn.N >> 4) + 1, "users"), luck.REQUEST), luck.WORK
            ),
        }[name]()
    )


def test_half_of_the_bits_change_with_one_bit_of_the_key():
    assert set(verdicts(CHECKS["avalanche"], [rn.avalanche(seed) for seed in range(10)]).values()) == {PASS}


def test_the_published_outputs_come_out():
    assert rn.known_answers(1) == {"published outputs": 10.0}
