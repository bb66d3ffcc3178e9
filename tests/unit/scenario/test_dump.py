"""The lines that are written once each are those that ruamel writes of the whole."""

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sim.scenario.dump import text

KEYS = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=12
) | st.sampled_from(["no", "1", "1.0", "null", "a -> b", "x: y", "- z", "#"])
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
    | st.lists(st.sampled_from(["words", "that", "fold: ", "'s", "where", "the line ends"]), max_size=60).map(
        " ".join
    )
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


def whole(data):
    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 110
    yaml.dump(data, out)
    return out.getvalue()


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
def test_the_text_is_what_ruamel_writes_of_the_whole(data):
    assert text(data) == whole(data)
