"""Run folders: written aside and moved into place; read back to an equal record."""

from sim.store.folder import write_file, write_folder
from sim.store.run import Stored, load_run, run_files

__all__ = ["Stored", "load_run", "run_files", "write_file", "write_folder"]
