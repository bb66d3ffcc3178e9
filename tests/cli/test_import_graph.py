"""`cascadelab import` of a service graph."""

import json

from tests.cli.shell import call

GRAPH = "services:\n- name: a\n  isEntrypoint: true\n  script: [call: b]\n- name: b\n"


def test_what_it_writes_can_be_checked_and_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graph.yaml").write_text(GRAPH)
    code, out, err = call(capsys, "import", "graph.yaml", "-o", "shop.yaml")
    assert (code, out) == (0, "")
    assert (
        "an isotope service graph: 2 services, 1 calls between them; values marked in the file: 10 assumed"
        in err
    )
    code, out, _ = call(capsys, "check", "shop.yaml", "--json")
    assert (code, json.loads(out)["warnings"]) == (0, [])
    code, out, _ = call(capsys, "run", "shop.yaml", "--no-figures", "--json")
    assert code == 0
    assert json.loads(out)


def test_a_mistake_in_the_file_ends_with_3_and_its_position(tmp_path, capsys):
    file = tmp_path / "graph.yaml"
    file.write_text(GRAPH.replace("call: b", "call: c"))
    code, out, err = call(capsys, "import", str(file))
    assert (code, out) == (3, "")
    assert f"{file}:4:18: no service is called 'c'" in err


def test_an_option_that_means_nothing_for_a_graph_is_refused(tmp_path, capsys):
    file = tmp_path / "graph.yaml"
    file.write_text(GRAPH)
    code, _, err = call(capsys, "import", str(file), "--only", "a")
    assert code == 2
    assert "--only: this is an isotope service graph, which is read as a whole" in err
