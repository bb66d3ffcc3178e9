"""Where a result comes from: versions, git state, arguments."""

import hashlib
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
"""Where this code lies."""
PACKAGES = ("simpy", "numpy", "pandas", "matplotlib", "scipy", "pydantic", "ruamel.yaml")


def our_version() -> str:
    """The version of the distribution, or `unknown` in an uninstalled checkout."""
    try:
        return version("cascadelab")
    except PackageNotFoundError:
        return "unknown"


def digest(text: str) -> str:
    """SHA-256 of a resolved scenario."""
    return hashlib.sha256(text.encode()).hexdigest()


def _git() -> dict[str, Any] | None:
    place = PACKAGE
    command = ["git", "-C", str(place)]
    try:
        commit = subprocess.run(
            [*command, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=5
        )
        state = subprocess.run(
            [*command, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.stdout.strip(), "dirty": bool(state.stdout.strip())}


def peak_memory_bytes() -> int:
    """The most that this process has held so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def manifest(**facts: Any) -> dict[str, Any]:
    """The manifest of a folder: the facts given (that workers have held more memory than this process is one), and the whole truth about where it was made."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "absent"
    return {
        "peak_memory_bytes": peak_memory_bytes(),
        **facts,
        "version": our_version(),
        "sim": str(PACKAGE),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "git": _git(),
        "argv": sys.argv,
    }
