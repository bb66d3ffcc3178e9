"""Of a graph with a weakness at every service the first are told, and how many more there are."""

import json

from tests.cli.shell import call

SERVICES = 30
TEXT = f"""
name: weak
duration: 1s
sources: {{users: {{rate: 100/s, mix: {{{", ".join(f"s{i}: 1" for i in range(SERVICES))}}}}}}}
services:
{"".join(f"  s{i}: {{slots: 1, queue: 1, steps: [work: 1s]}}" + chr(10) for i in range(SERVICES))}
"""


def test_the_first_warnings_are_told_and_the_others_counted(place, capsys):
    (place / "weak.yaml").write_text(TEXT)
    code, _, err = call(capsys, "check", "weak.yaml")
    assert code == 0
    told = err.count("warning: ")
    assert told < 12
    assert f"and {SERVICES - told} more warnings; `cascadelab check --json` lists all" in err
    _, out, _ = call(capsys, "check", "weak.yaml", "--json")
    assert len(json.loads(out)["warnings"]) == SERVICES
