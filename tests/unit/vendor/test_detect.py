"""What a file is, its content says."""

import pytest

from sim.errors import UsageError
from tests.unit.vendor.files import imported, wrong

R4J = "resilience4j.retry.instances.a.maxAttempts: 3\n"
ISTIO = "kind: DestinationRule\nspec: {host: a}\n"


def test_two_formats_in_one_file_are_told_with_both_places():
    told = wrong(f"{R4J}---\n{ISTIO}")
    assert "f:1:1: several formats in one file: `resilience4j` is of resilience4j" in told
    assert "f:3:7: several formats in one file: kind DestinationRule is of istio" in told
    assert "--as istio" in told


def test_one_of_them_may_be_asked_for():
    assert imported(f"{R4J}---\n{ISTIO}", kind="istio")[0].name == "a"


def test_a_file_of_no_known_format_says_which_there_are():
    told = wrong("spring: {application: {name: shop}}\n")
    assert "none of the files that can be imported" in told
    assert "resilience4j (" in told


def test_a_format_that_is_asked_for_must_be_in_the_file():
    assert "nothing in this file is of istio" in wrong(R4J, kind="istio")
    with pytest.raises(UsageError, match="no format is called 'istoi'; did you mean istio?"):
        imported(R4J, kind="istoi")


@pytest.mark.parametrize("text", ["5", "text", "[1, 2]", "a: 1", "- a\n- b", "null", "---\n---\n", '"x"'])
def test_yaml_of_any_shape_is_looked_at(text):
    assert "none of the files" in wrong(text)
