"""Commands as from a shell, in this process or in one of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.cli import main

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PROGRAM = (sys.executable, "-m", "sim")
TEXT = """
schema: 1
name: tiny
duration: 10s
sources:
  users: {rate: 30/s, call: web, policies: {timeout: 1s}}
services:
  web: {slots: 4, queue: 20, steps: [work: {exponential: 2ms}, call: db]}
  db: {slots: 2, queue: 20, steps: [work: {exponential: 10ms}]}
faults:
  - fail: {service: db}
    at: 4s
    for: 3s
variants:
  none: {}
  breaker: {edges: {web -> db: {breaker: {use: consecutive, open_for: 1s}}}}
expect:
  - "breaker: trips(web -> db) >= 1"
"""


def call(capsys, *args):
    """(exit code, stdout, stderr) of a command."""
    with pytest.raises(SystemExit) as end:
        main(list(args))
    out = capsys.readouterr()
    return end.value.code or 0, out.out, out.err


def shell(*args, cwd, **options):
    """A command in a process of its own."""
    options = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([*PROGRAM, *args], cwd=cwd, env=ENVIRONMENT, **options)
