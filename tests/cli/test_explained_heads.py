"""Every head that a table of `run` or `compare` prints is known to `cascadelab explain`."""

import pytest

from sim import compare, load
from sim.cli import main
from sim.views import tables

SCENARIO = """
name: heads
duration: 6s
sources: {users: {rate: 20/s, call: web}}
services: {web: {steps: [{call: db}]}, db: {steps: [{work: 2ms}]}}
edges: {web -> db: {timeout: 300ms}}
faults: [{hang: {service: db}, at: 2s, for: 2s}]
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 1s}}}}
rank_by: tries.p99(web -> db) during fault
"""


def heads_of_a_comparison(place):
    """The first row of everything that is aligned, as it is printed."""
    (place / "s.yaml").write_text(SCENARIO)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        aligned = tables.aligned
        patch.setattr(tables, "aligned", lambda rows: found.append(rows[0]) or aligned(rows))
        text = tables.comparison_text(compare(load(place / "s.yaml"), [1, 2]))
    assert all(head in text for row in found for head in row)
    assert len(found) == 3
    return [head.partition(": against ")[0] for row in found for head in row]


def test_every_printed_head_is_explained(capsys, tmp_path):
    heads = [*tables.HEAD, *heads_of_a_comparison(tmp_path)]
    for head in dict.fromkeys(filter(None, heads)):
        with pytest.raises(SystemExit) as end:
            main(["explain", head])
        out, err = capsys.readouterr()
        assert not end.value.code, (head, err)
        assert len(out.split()) > 5, head


def test_a_head_of_two_words_needs_no_quotes(capsys):
    with pytest.raises(SystemExit):
        main(["explain", "false", "B"])
    assert "false_trips (measure" in capsys.readouterr().out
