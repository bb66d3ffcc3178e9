"""How long the compiled engine takes to be there: compiled for the first time, and read from disk afterwards."""

import os
import subprocess
import sys
import tempfile
import time

from tests.bench.engines.models import ROOT

READ = "from sim.engines.compiled.run import compile_kernel; compile_kernel()"
BARE = "import numba, numpy, sim.engines"


def took_s(code: str, cache: str | None = None) -> float:
    """Wall time of a fresh Python that runs the code."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    return time.perf_counter() - began


def table(quick: bool) -> list[str]:
    """Lines."""
    took_s(READ)  # compiles it if it never was, and warms the disk's cache
    lines = [
        f"  Python with numba, nothing else           {min(took_s(BARE) for _ in range(3)):6.2f} s",
        f"  Python with the kernel, read from disk    {min(took_s(READ) for _ in range(3)):6.2f} s",
    ]
    if not quick:
        with tempfile.TemporaryDirectory() as cache:
            lines.append(f"  Python with the kernel, compiled          {took_s(READ, cache):6.2f} s")
    return lines
