"""`generate` as from a shell."""

import pytest

from tests.cli.shell import call


def test_a_generated_file_passes_check_without_a_word(place, capsys):
    code, out, err = call(capsys, "generate", "--services", "40", "--timeout", "5s", "--retry", "2", "--breaker",
                          "consecutive", "-o", "big.yaml")  # fmt: skip
    assert (code, out) == (0, "")
    assert "check big.yaml" in err
    code, out, err = call(capsys, "check", "big.yaml")
    assert (code, err) == (0, "")
    assert "generated: holds" in out


def test_stdout_and_file_hold_the_same_bytes(place, capsys):
    _, out, _ = call(capsys, "generate", "--services", "9", "--seed", "4", "--name", "nine")
    call(capsys, "generate", "--services", "9", "--seed", "4", "--name", "nine", "-o", "nine.yaml")
    assert out == (place / "nine.yaml").read_text()
    assert "#   cascadelab generate --services 9 --seed 4 --name nine\n" in out


def test_a_file_that_is_there_is_never_overwritten(place, capsys):
    code, out, err = call(capsys, "generate", "--services", "3", "-o", "tiny.yaml")
    assert (code, out) == (2, "")
    assert "nothing was written" in err
    assert call(capsys, "generate", "--services", "3", "-o", "nowhere/x.yaml")[0] == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "--services"),
        ("--services 0", "1<=x"),
        ("--services 10001", "10000"),
        ("--services 3 --depth 4", "a chain of 4 services needs as many"),
        ("--services 3 --depth 0", "--depth"),
        ("--services 3 --fan-out 0", "--fan-out"),
        ("--services 3 --calls 1000", "at most"),
        ("--services 3 --rate 5", "5/s"),
        ("--services 3 --rate 0/s", "above 0/s"),
        ("--services 3 --rate 1e12/s", "write a lower rate"),
        ("--services 3 --utilisation 100%", "between 1% and 95%"),
        ("--services 3 --duration 5", "5s or 5ms"),
        ("--services 3 --timeout 0s", "longer than 0s"),
        ("--services 3 --retry 0", "--retry"),
        ("--services 3 --breaker consecutve", "did you mean consecutive?"),
        ("--services 1 --breaker consecutive", "no call between services"),
        ("--services 3 --name a/b", "is no name"),
        ("--services 10000 --fan-out 40", "smaller --services"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(options, words, place, capsys):
    code, out, err = call(capsys, "generate", *options.split(), "-o", "x.yaml")
    assert (code, out) == (2, "")
    assert words in err
    assert not (place / "x.yaml").exists()
