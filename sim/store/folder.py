"""A folder appears whole or not at all, and so does a file that comes later."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import OutputError

Content = str | bytes


def write_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """Write files (by relative name) beside `folder`, then move them into place.

    What was there before is replaced only once the new one is complete. Raises OutputError.
    """
    folder = Path(folder)
    aside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        aside.chmod(0o755)
        for name, content in files.items():
            place = aside / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        _replace(aside, folder)
    except OSError as error:
        msg = f"{folder}: cannot be written: {error.strerror or error}; what was there before is untouched"
        raise OutputError(msg) from error
    finally:
        if aside is not None and aside.exists():
            shutil.rmtree(aside, ignore_errors=True)


def check_writable(folder: Path) -> None:
    """Could `write_folder` write there? To be asked before a long run. Raises OutputError."""
    folder = Path(folder)
    try:
        _refuse_what_is_not_ours(folder)
        above = folder.parent
        while not above.exists() and above != above.parent:
            above = above.parent
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        msg = f"{folder}: cannot be written: {error.strerror or error}"
        raise OutputError(msg) from error


def complete(manifest: Mapping[str, Any]) -> bool:
    """Was nothing interrupted, and did nothing fail?"""
    return not manifest.get("interrupted") and not manifest.get("failed")


def holds_complete(folder: Path, digest: str) -> bool:
    """Does it hold complete results of the scenario with this digest?"""
    found = _manifest(folder)
    return found.get("digest") == digest and complete(found)


def _manifest(folder: Path) -> dict[str, Any]:
    """That of a results folder; empty if there is none of ours: `write_folder` judges what is there."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def set_aside(folder: Path, digest: str) -> Path | None:
    """Make room for results of the scenario with this digest: those of another one are kept beside, under theirs.

    Returns where they are kept; None if there is nothing to keep. Raises OutputError.
    """
    before = _manifest(folder).get("digest")
    if before in (None, digest):
        return None
    kept = folder.with_name(f"{folder.name}-{str(before)[:8]}")
    try:
        _replace(folder, kept)
    except OSError as error:
        msg = f"{folder}: cannot be moved to {kept}: {error.strerror or error}; it is untouched"
        raise OutputError(msg) from error
    return kept


def write_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there: a folder that is there gets it whole or not at all.

    Raises OutputError.
    """
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror or error}; what is there already is complete"
        raise OutputError(msg) from error
    finally:
        aside.unlink(missing_ok=True)


def _refuse_what_is_not_ours(folder: Path) -> None:
    """Only an empty folder and one of our own are replaced."""
    if folder.exists() and not (folder / "manifest.json").exists() and any(folder.iterdir()):
        msg = f"{folder}: is not a results folder of ours and not empty; nothing was written"
        raise OutputError(msg)


def _replace(aside: Path, folder: Path) -> None:
    _refuse_what_is_not_ours(folder)
    if folder.exists():
        old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
        folder.rename(old)
        try:
            aside.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old)
    else:
        aside.rename(folder)
