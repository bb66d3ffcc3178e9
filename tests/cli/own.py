"""A plugin that works for its first `good` copies in a process, and a scenario that uses it."""

from tests.cli.shell import TEXT

PLUGIN = """
import os
from sim.policies.plugins import breaker

made = 0

@breaker("mine")
class Mine:
    def __init__(self, good=0, leave=False):
        global made
        made += 1
        self.bad, self.leave = made > good, leave
        with open("made", "a") as file:
            file.write(".")
    def admit(self, now_ns):
        if self.bad and self.leave:
            os._exit(3)
        return nowhere if self.bad else 1
    def settle(self, now_ns, ticket, outcome):
        pass
"""
LINE = 1 + PLUGIN.splitlines().index("        return nowhere if self.bad else 1")


def with_plugin(place, **params):
    settings = ", ".join(f"{key}: {str(value).lower()}" for key, value in params.items())
    own = TEXT.replace("{use: consecutive, open_for: 1s}", f"{{use: mine, params: {{{settings}}}}}")
    (place / "tiny.yaml").write_text(own)
    (place / "mine.py").write_text(PLUGIN)
    return "tiny.yaml", "--plugin", "mine.py", "--no-figures", "-o", "out"
