"""Compiles the kernel's entries, once per installation, and keeps the result while the sources stay the same.

numba optimises and translates each function by itself, together with all that it calls, before it does the
same for the caller: for a kernel of 200 small functions that takes four times as long as doing it once, at the
entry, where everything comes together. `whole` does it once. It reaches into numba's code generator; where
that has other insides, it leaves things as they are, which costs time only.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba.core import codegen, cpu

ENTRIES = ("advance_run", "start_run", "nrt", "multi3")
"""The functions that Python calls, and numba's own run time."""
SOURCES = (
    "engines",
    "policies",
    "record",
    "topology",
    "distributions.py",
    "durations.py",
    "luck.py",
    "words.py",
)
"""What the kernel is made of, below `sim/`."""


@contextmanager
def whole() -> Iterator[None]:
    """Within it, only entries are optimised and translated; the functions below become part of them."""
    library: Any = codegen.CPUCodeLibrary
    context: Any = cpu.CPUContext
    patched = [
        (library, "_optimize_final_module"),
        (library, "_finalize_final_module"),
        (context, "get_executable"),
    ]
    before: list[Any] = [getattr(place, name, None) for place, name in patched]
    if None in before or not hasattr(library, "_finalize_dynamic_globals"):
        yield
        return
    optimise, finalise, executable = before

    def optimise_entry(self: Any) -> None:
        if self.name in ENTRIES:
            make_own(self._final_module)
            optimise(self)

    def finalise_entry(self: Any) -> None:
        if self.name in ENTRIES:
            finalise(self)
        else:
            self._finalize_dynamic_globals()
            self._finalized = True

    def executable_entry(self: Any, library: Any, *more: Any) -> Any:
        # Nobody calls the others from Python: any builtin does, as long as it is no other's.
        return executable(self, library, *more) if library.name in ENTRIES else [].append

    for (place, name), made in zip(patched, (optimise_entry, finalise_entry, executable_entry), strict=True):
        setattr(place, name, made)
    try:
        yield
    finally:
        for (place, name), own in zip(patched, before, strict=True):
            setattr(place, name, own)


def make_own(module: Any) -> None:
    """What an entry calls belongs to it alone. LLVM may then inline a function that is called once, and drop
    arguments, results and checks that nobody needs; of a function that others might link with, it may not."""
    for function in module.functions:
        if not function.is_declaration and function.linkage.name == "linkonce_odr":
            function.linkage = "internal"


def stamp() -> tuple[str, int]:
    """Of the sources: numba by itself would look at the file of the entry alone."""
    root = Path(__file__).parents[2]
    digest = blake2b(digest_size=16)
    for name in SOURCES:
        place = root / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest(), 0


def prepare(entries: dict[Any, Any]) -> None:
    """Have each entry compiled, or read from disk, for the one signature that it is called with."""
    if all(entry.signatures for entry in entries):
        return
    made = stamp()
    for entry in entries:
        # numba's own stamp is the time of the entry's file; the others count as well.
        file = getattr(entry._cache, "_cache_file", None)
        if file is not None:
            file._source_stamp = made
    with whole():
        for entry, signature in entries.items():
            if not entry.signatures:
                entry.compile(signature)


def compile_elsewhere(module: str) -> None:
    """Run a module that compiles, as a process of its own: the optimiser is deaf for many seconds, and a process
    can be ended. If it fails nothing is kept, and whoever needs the kernel compiles it and sees why."""
    root = str(Path(__file__).parents[3])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        subprocess.run(
            [sys.executable, "-P", "-m", module], env=environment, capture_output=True, check=False
        )
    except OSError:
        return


@contextmanager
def alone(entry: Any) -> Iterator[None]:
    """One process compiles an entry, the others wait: what they would do is then done. Where files cannot be
    locked (Windows, some network file systems) each does it for itself."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder = Path(entry._cache.cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "compiling.lock").open("w") as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed, or this process ends
        yield


def kept(entry: Any, signature: tuple[Any, ...]) -> bool:
    """Has it been compiled for these sources, for this machine?"""
    if entry.signatures:
        return True
    file = getattr(entry._cache, "_cache_file", None)
    if file is None:
        return False
    file._source_stamp = stamp()
    return entry._cache._index_key(signature, entry.targetctx.codegen()) in file._load_index()
