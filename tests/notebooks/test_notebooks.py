"""Every notebook runs from top to bottom, and is committed without what a run leaves in it."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

PLACE = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(PLACE.glob("*.ipynb"))
LIMIT_S = 120
"""Per cell. On an idle core each whole notebook takes less than 20 s; a busy machine fails no test."""


class ThisPython(KernelSpecManager):
    """The kernel `python3` is the interpreter that runs the tests, whatever else is installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class Kernel(AsyncKernelManager):
    """Its kernels are of this Python."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return ThisPython()


def client(notebook: nbformat.NotebookNode) -> NotebookClient:
    return NotebookClient(
        notebook,
        kernel_manager_class=Kernel,
        timeout=LIMIT_S,
        resources={"metadata": {"path": str(PLACE)}},
    )


def test_there_are_at_least_four():
    assert len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_is_valid_and_holds_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].source.startswith("# ")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert path.stat().st_size < 30_000


@pytest.mark.filterwarnings("ignore::Warning")  # those of Jupyter are not ours to heed
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_and_every_figure_shows(path):
    notebook = nbformat.read(path, as_version=4)
    client(notebook).execute()
    shown = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert not [out for out in shown if out.output_type == "stream" and out.name == "stderr"]
    assert any("image/png" in out.get("data", {}) for out in shown)
    for out in shown:
        plain = out.get("data", {}).get("text/plain", "")
        assert not plain.startswith("<Figure") or "image/png" in out["data"]


def test_the_kernel_is_this_interpreter():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import sys; sys.executable")])
    client(notebook).execute()
    found = notebook.cells[0].outputs[0]["data"]["text/plain"].strip("'")
    assert os.path.samefile(found, sys.executable)
