"""A graph of a thousand services, as `cascadelab generate` writes it."""

import subprocess
import sys
from functools import cache

COMMAND = ("generate", "--services", "1000", "--seed", "1", "--rate", "1000/s")


@cache
def thousand_services() -> str:
    """The scenario file; empty if this version has no `generate`."""
    made = subprocess.run(
        [sys.executable, "-m", "sim", *COMMAND], capture_output=True, text=True, check=False
    )
    return made.stdout if made.returncode == 0 else ""
