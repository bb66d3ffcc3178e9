"""Plain data as YAML text."""

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sim.scenario import dump

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(), st.text(max_size=30),
    st.sampled_from(["", "true", "1e3", "- a", "a: b", "0x1f", "~", "a\nb", " a", "caller -> callee", "'", "-0.0"]),
)  # fmt: skip
DATA = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def by_the_library(data):
    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = dump.WIDTH
    yaml.dump(data, out)
    return out.getvalue()


@given(st.dictionaries(st.text(max_size=10), DATA, max_size=5) | st.lists(DATA, max_size=5))
def test_it_is_what_the_library_writes(data):
    assert dump.text(data) == by_the_library(data)
