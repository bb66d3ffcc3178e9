"""Run folders: written aside and moved into place; read back to an equal record."""

from sim.store.folder import check_writable, complete, holds_complete, set_aside, write_file, write_folder
from sim.store.run import Stored, load_run, run_files

__all__ = [
    "Stored",
    "check_writable",
    "complete",
    "holds_complete",
    "load_run",
    "run_files",
    "set_aside",
    "write_file",
    "write_folder",
]
