"""`cascadelab import` of a service graph."""

import json

from sim.scenario.load import load_file
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


def test_the_fault_it_suggests_runs_and_leaves_time_to_recover(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graph.yaml").write_text(GRAPH)
    _, _, err = call(capsys, "import", "graph.yaml", "-o", "shop.yaml")
    assert err.endswith("shop.yaml is written; try: cascadelab check shop.yaml\n")
    assert "no fault in it yet: uncomment the lines at its end, and `cascadelab compare` it" in err
    text = (tmp_path / "shop.yaml").read_text()
    begin = text.index("# policies:")
    starter = "".join(line[2:] for line in text[begin:].splitlines(keepends=True))
    (tmp_path / "shop.yaml").write_text(text[:begin] + starter)
    loaded = load_file("shop.yaml")
    assert "at: 20s, for: 20s" in starter
    assert loaded.scenario("breaker").duration >= 2 * 40 * 10**9
    code, out, _ = call(capsys, "compare", "shop.yaml", "--seeds", "1..2", "--no-figures", "-o", "out")
    assert code == 0
    assert "breaker" in out


def test_without_calls_no_fault_is_suggested(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graph.yaml").write_text(GRAPH[: GRAPH.index("  script")])
    code, _, err = call(capsys, "import", "graph.yaml", "-o", "shop.yaml")
    assert code == 0
    assert "uncomment" not in err


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
