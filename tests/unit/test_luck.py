"""Luck is a function of identity, and its bits are those of the published generator."""

import pytest

from sim import luck


def test_splitmix64_gives_the_published_numbers():
    """Test vector of Vigna's reference implementation, seed 1234567."""
    found = [luck.splitmix64(1234567, n) for n in range(5)]
    assert found == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_a_child_is_an_output_of_its_parent():
    """Purpose, a and b only choose which output it is."""
    assert luck.child(99, luck.WORK, 3, 2) == luck.splitmix64(99, luck.WORK | 3 << 8 | 2 << 36)


def test_many_draws_at_once_are_the_same_bits():
    """The vectorised children and their uniforms, for keys with and without the top bit."""
    for key in (3, 2**63 + 12345, 2**64 - 1):
        many = luck.children(key, luck.REQUEST, 1000, 50)
        assert many.tolist() == [luck.child(key, luck.REQUEST, a) for a in range(1000, 1050)]
        assert luck.units(many).tolist() == [luck.uniform(key, luck.REQUEST, a) for a in range(1000, 1050)]
        assert luck.child_of_each(many, luck.CALL).tolist() == [
            luck.child(k, luck.CALL) for k in many.tolist()
        ]


@pytest.mark.parametrize("neighbour", ["request", "purpose", "repetition", "seed"])
def test_neighbours_are_uncorrelated(neighbour):
    """Streams keyed as the simulator keys them, side by side: |correlation| below 4 standard errors."""
    root = luck.named(1, "users")

    def pair(k):
        if neighbour == "request":
            keys = luck.child(root, luck.REQUEST, k), luck.child(root, luck.REQUEST, k + 1)
            return tuple(luck.uniform(key, luck.WORK, 0) for key in keys)
        key = luck.child(root, luck.REQUEST, k)
        if neighbour == "purpose":
            return luck.uniform(key, luck.WORK, 0), luck.uniform(key, luck.ERROR, 0)
        if neighbour == "repetition":
            return luck.uniform(key, luck.CALL, 1, 0), luck.uniform(key, luck.CALL, 1, 1)
        other = luck.child(luck.named(2, "users"), luck.REQUEST, k)
        return luck.uniform(key, luck.WORK), luck.uniform(other, luck.WORK)

    n = 20_000
    pairs = [pair(k) for k in range(n)]
    mean = sum(a for a, _ in pairs) / n
    assert abs(mean - 0.5) < 4 * (1 / 12 / n) ** 0.5
    correlation = sum((a - 0.5) * (b - 0.5) for a, b in pairs) / n * 12
    assert abs(correlation) < 4 / n**0.5
