"""opossum under node: one process that plays whole histories on a fake clock."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sim.policies.options import MS
from sim.words import NS
from tests.libraries.histories import FINE_NS, TICK_NS, Case, Timed

HERE = Path(__file__).parent / "node"
OUTCOMES = ("ok", "fail", "timeout", "excluded")


def directory() -> Path | None:
    """Where opossum is installed: CASCADELAB_OPOSSUM, else node_modules beside play.js."""
    given = os.environ.get("CASCADELAB_OPOSSUM")
    found = Path(given) if given else HERE / "node_modules" / "opossum"
    return found if (found / "package.json").is_file() else None


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    if shutil.which("node") is None:
        return "node is not there"
    if directory() is None:
        return "opossum is not there: npm install in tests/libraries/node, or set CASCADELAB_OPOSSUM"
    return ""


class Node:
    """The process."""

    def __init__(self) -> None:
        command = ["node", str(HERE / "play.js"), str(directory())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def play(self, options: dict[str, Any], steps: list[Timed]) -> "Played":
        """What each step shows."""
        assert self.process.stdin is not None and self.process.stdout is not None
        history = {"options": options, "steps": [(now_ns / MS, step) for now_ns, step in steps]}
        self.process.stdin.write(json.dumps(history) + "\n")
        self.process.stdin.flush()
        return Played(steps, json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End it."""
        self.process.communicate(timeout=10)


class Played:
    """A history that has been played, behind the interface of a driver."""

    def __init__(self, steps: list[Timed], answers: list[dict[str, Any]]) -> None:
        assert len(steps) == len(answers)
        self.answers = iter(zip(steps, answers, strict=True))

    def step(self, now_ns: int, step: dict[str, Any]) -> dict[str, Any]:
        """What this step showed; steps before it that nobody asks for are passed over."""
        return next(answer for (_, played), answer in self.answers if played is step)


@st.composite
def cases(draw: Any) -> Case:
    """Settings on the grid of milliseconds."""
    buckets = draw(st.integers(1, 12))
    rolling = draw(st.sampled_from([12, 100, 250, 1000, 1001, 10_000]).filter(lambda ms: ms >= buckets))
    config = {
        "errorThresholdPercentage": draw(st.integers(0, 100) | st.sampled_from([33.3, 66.6, 12.5])),
        "resetTimeout": draw(st.sampled_from([0, 1, 15, 250, 1000, 3000])),
        "rollingCountTimeout": rolling,
        "rollingCountBuckets": buckets,
        "volumeThreshold": draw(st.integers(0, 5)),
        "allowWarmUp": draw(st.booleans()),
    }
    width = rolling // buckets * MS
    lengths = (config["resetTimeout"] * MS, width, width * buckets, rolling * MS)
    resolution = draw(st.sampled_from([FINE_NS, TICK_NS // 8, MS]))
    return Case(config, lengths, resolution, far_ns=(20 * NS,))
