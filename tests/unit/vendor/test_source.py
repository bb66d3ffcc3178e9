"""Files of other tools as located documents."""

import pytest

from sim.errors import InvalidScenario
from sim.vendor import source


def wrong(text, file="f"):
    with pytest.raises(InvalidScenario) as error:
        source.parse(text, file)
    return str(error.value)


def test_several_yaml_documents_are_read_with_their_positions():
    read = source.parse("a: 1\n---\nb: {c: 2}\n---\n", "f.yaml")
    assert [tree.data for tree in read.documents] == [{"a": 1}, {"b": {"c": 2}}]
    assert read.documents[1].values["b", "c"].line == 3


def test_a_key_that_is_a_number_is_read_as_text():
    assert source.parse("ports: {8080: http, true: x}", "f").documents[0].data == {
        "ports": {"8080": "http", "true": "x"}
    }


def test_json_is_read_with_its_positions_and_the_comments_of_dotnet():
    read = source.parse(
        '// head\n{\n\t"a": [1, 2.5e1, "x\\u00e9\\ud83d\\ude00"], /* b */ "c": null,\n}\n', "f.json"
    )
    (tree,) = read.documents
    assert tree.data == {"a": [1, 25.0, "xé😀"], "c": None}
    assert (tree.keys["a",].line, tree.keys["a",].col) == (3, 2)
    assert (tree.values["a", 1].line, tree.values["a", 1].col) == (3, 11)


def test_properties_are_read_with_their_positions():
    read = source.parse("# head\na.b=1\n\n  c.d : two \\\n   three\ne\\:f g\n", "f.properties")
    (tree,) = read.documents
    assert tree.data == {"a.b": "1", "c.d": "two three", "e:f": "g"}
    assert (tree.values["a.b",].line, tree.values["a.b",].col) == (2, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "f: the file is empty"),
        ('{"a": 1 "b": 2}', "f:1:9: not JSON: a comma or } is missing here"),
        ('{"a": 1, "a": 2}', 'f:1:10: not JSON: duplicate key "a"'),
        ('{"a": [1, 2', "f:1:12: not JSON: ] is missing at the end"),
        ('{"a": }', "f:1:7: not JSON: a value is missing here"),
        ('{"a": 1}\n{"b": 1}', "f:2:1: not JSON: something more stands behind"),
        ("[" * 200 + "1" + "]" * 200, "nested too deeply"),
        ("a: 1\na: 2", 'f:2:1: duplicate key "a"'),
        ("a.b=1\na.b=2", 'f:2:1: duplicate key "a.b", first in line 1'),
        (
            "a: !!python/object/apply:os.system [ls]",
            "f:1:4: the tag 'tag:yaml.org,2002:python/object/apply:os.system' means nothing here",
        ),
        ("a: !include other.yaml", "f:1:4: the tag '!include' means nothing here"),
        ("spec:\n  host: {{ .Values.host }}\n", "f:2:9: this is a template"),
        ("{% if x %}\na: 1\n{% endif %}\n", "f:1:1: this is a template"),
        ("{{- if .Values.x }}\na: 1\n{{- end }}\n", "f:1:1: this is a template"),
        ("a: &a [*a]", "f:1:8: not YAML: found endless alias"),
        (
            "\n".join(
                ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12))]
            ),
            "alias bomb",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_position(text, words):
    assert words in wrong(text)


def test_a_file_of_fifty_megabytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "big.yaml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InvalidScenario, match="50 MB is no settings file; at most 5 MB"):
        source.read(str(tmp_path / "big.yaml"))


def test_bytes_that_are_no_utf_8_are_told_with_their_position(tmp_path):
    (tmp_path / "bad.yaml").write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(InvalidScenario, match=r"bad.yaml:2:4: byte 0xff is not UTF-8"):
        source.read(str(tmp_path / "bad.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "! a comment of Java\na.b.c: 5\n",
        "!a comment of Java\na.b.c=5\n",
        "a.b.c 5\n",
        "a.b.c=5\n",
    ],
)
def test_properties_are_known_by_their_comments_and_blanks_too(text):
    read = source.parse(text, "f")
    assert read.form == "properties"
    assert read.documents[0].data == {"a.b.c": "5"}
